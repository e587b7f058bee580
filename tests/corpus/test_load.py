"""Family files → cases: what a file means, and what it is told, with its line, where it means nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import oracle
from conformance.corpus import load
from conformance.corpus.yaml_file import FileError
from conformance.mutants.catalogue import kills
from conformance.oracle.compare import Expected
from conformance.oracle.operands import make_operands

HEAD = "why: test\nbase: {in_channels: 3, out_channels: 2, input: [4, 5], kernel: [3, 2]}\ncases:\n"


@pytest.fixture
def family(tmp_path):
    def family(text, name="stride", head=HEAD):
        folder = tmp_path / "cases"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.yaml"
        path.write_text(head + text, encoding="utf-8")
        return path

    return family


def refusal(path):
    with pytest.raises(FileError) as caught:
        load.load_family(path)
    return caught.value


def test_a_case_and_its_defaults(family):
    [case] = load.load_family(family("  - id: plain\n    why: because\n"))
    assert (case.id, case.family, case.why) == ("stride/plain", "stride", "because")
    assert case.where == "cases/stride.yaml:4"
    assert (case.batch, case.groups, case.bias, case.expect) == (2, 1, False, "answer")
    assert (case.stride, case.dilation, case.padding, case.output_padding) == ((1, 1), (1, 1), ((0, 0),) * 2, (0, 0))
    assert (case.dtypes, case.checks, case.fills) == (("float32",), ("forward",), ("exact", "real"))
    assert case.output == (6, 6)


def test_values_for_all_axes_for_each_axis_and_for_each_end(family):
    cases = load.load_family(
        family(
            "  - {id: one, stride: 2, padding: 1, output_padding: 1}\n"
            "  - {id: each, stride: [2, 3], padding: [1, 2], output_padding: [0, 1]}\n"
            "  - {id: ends, padding: [[1, 2], [3, 0]]}\n"
            "  - {id: mixed, padding: [1, [3, -1]]}\n"
            "  - {id: rank, input: [4], kernel: 3}\n"
        )
    )
    one, each, ends, mixed, rank = cases
    assert (one.stride, one.padding, one.output_padding) == ((2, 2), ((1, 1), (1, 1)), (1, 1))
    assert (each.stride, each.padding, each.output_padding) == ((2, 3), ((1, 1), (2, 2)), (0, 1))
    assert ends.padding == ((1, 2), (3, 0))
    assert mixed.padding == ((1, 1), (3, -1))
    assert (rank.rank, rank.kernel, rank.stride) == (1, (3,), (1,))


def test_axes_multiply_in_the_order_of_the_file(family):
    text = (
        "  - id: s{stride}-p{padding}\n    axes:\n      stride: [2, [2, 1]]\n      padding: [0, [[0, 2], [1, 0]]]\n"
        "  - axes: {bias: [true], dtypes: [[float64]], stride: [[1, 2]]}\n"
        "  - {id: last, stride: 3}\n"
    )
    cases = load.load_family(family(text))
    assert [case.id.partition("/")[2] for case in cases] == [
        "s2-p0",
        "s2-p[[0,2],[1,0]]",
        "s[2,1]-p0",
        "s[2,1]-p[[0,2],[1,0]]",
        "bias=true,dtypes=[float64],stride=[1,2]",
        "last",
    ]
    assert [case.where for case in cases] == ["cases/stride.yaml:4"] * 4 + [f"cases/stride.yaml:{n}" for n in (8, 9)]
    assert (cases[3].stride, cases[3].padding) == ((2, 1), ((0, 2), (1, 0)))


def test_a_convention_becomes_numbers(family):
    text = "  - {id: same, convention: tensorflow_same, stride: [2, 4], output_size: [8, 19], kernel: [3, 2]}\n"
    [case] = load.load_family(family(text))
    assert case.full == (9, 18)
    assert (case.padding, case.output_padding) == (((0, 1), (0, 0)), (0, 1))
    assert case.output == case.output_size


def test_an_illegal_size_is_a_question_to_refuse(family):
    text = "  - {id: same, convention: tensorflow_same, stride: 2, output_size: [6, 9], expect: refuse}\n"
    [case] = load.load_family(family(text))
    assert (case.expect, case.convention, case.output_size) == ("refuse", "tensorflow_same", (6, 9))


def test_operands_are_the_only_fill(family):
    operands = "operands: {x: ones, w: [[[1, 2]]]}"
    text = "  - {id: given, %s, input: [2], kernel: 2, in_channels: 1, out_channels: 1}\n"
    [case] = load.load_family(family(text % operands))
    assert case.fills == ("given",)
    assert case.operands == {"x": "ones", "w": [[[1, 2]]]}


def test_operands_of_two_dtypes_are_a_question_to_refuse_and_travel_as_such(family):
    [case] = load.load_family(family("  - {id: mixed, operand_dtypes: {w: int32}, expect: refuse}\n"))
    tensors = Expected(case, "forward", "float32", "exact").tensors
    assert {name: (dtype, str(array.dtype)) for name, (dtype, array) in tensors.items()} == {
        "x": ("float32", "float32"),
        "w": ("int32", "int32"),
    }


def test_a_size_that_overflows_is_a_question_to_refuse(family):
    [case] = load.load_family(family("  - {id: big, stride: 4611686018427387904, expect: refuse}\n"))
    assert max(case.output) > 2**63
    assert max(case.question()["output"]) == 2**63 - 1


def test_an_option_makes_a_question_to_refuse(family):
    [case] = load.load_family(family("  - {id: option, options: {batch_stride: 2}, expect: refuse}\n"))
    assert case.options == {"batch_stride": 2}


#: (the text of `cases`, its first line being line 4; line of the error, gist)
WRONG = [
    ("  - {id: a}\n  - {id: b, strid: 2}\n", 5, "unknown key 'strid', did you mean 'stride'?"),
    ("  - {id: a, stride: 2}\n  - stride: 2\n", 5, "id is missing"),
    ("  - {id: a}\n  - {id: b}\n  - {id: a}\n", 6, "the id 'stride/a' is already given on line 4"),
    ("  - id: s{stride}\n    axes:\n      stride: [1, 2]\n      padding: [0, 1]\n", 4, "'stride/s1' is already given"),
    ("  - id: a\n    axes:\n      stride: []\n", 6, "the axis stride is empty"),
    ("  - id: a\n    axes: {}\n", 5, "axes: expected a mapping of keys to lists"),
    ("  - id: a\n    axes: [1]\n", 5, "axes: expected a mapping of keys to lists"),
    ("  - id: a\n    axes:\n      stride: 2\n", 6, "the axis stride is empty"),
    ("  - id: a\n    axes:\n      strides: [1]\n", 6, "unknown key 'strides', did you mean 'stride'?"),
    ("  - id: a\n    stride: 2\n    axes:\n      stride: [1]\n", 7, "stride is in the case and in its axes"),
    ("  - id: s{strid}\n    axes: {stride: [1]}\n", 4, "the id names {strid}, which is not an axis: there are stride"),
    ("  - id: s{stride}\n    stride: 3\n", 4, "the id names {stride}, which is not an axis: there are no axes"),
    ("  - id: s{stride}\n    axes:\n      stride: [2,\n        [1, x]]\n", 7, "expected an integer, got a text"),
    ("  - id: s{stride}\n    axes:\n      stride: [2,\n        [1]]\n", 7, "stride has 1 entry, input has 2 entries"),
    ("  - id: a\n    padding: [1, 2, 3]\n", 5, "padding has 3 entries, input has 2 entries: write one for each axis"),
    ("  - id: a\n    padding:\n      - 1\n      - [1, 2, 3]\n", 7, "padding: expected a list of length 2"),
    ("  - id: a\n    stride: 1.5\n", 5, "stride: expected"),
    ("  - id: a\n    bias: 1\n", 5, "bias: expected true or false, got an integer"),
    ("  - id: a\n    stride: [1, no]\n", 5, 'write false or "no"'),
    ("  - id: a\n    input: []\n", 5, "input has 0 lengths"),
    ("  - id: a\n    input: [1, 2, 3, 4]\n    kernel: 1\n", 5, "batch and channels are keys of their own"),
    ("  - id: a\n    input: [4]\n", 2, "kernel has 2 entries, input has 1 entry"),
    ("  - id: a\n    input: null\n", 4, "input is missing: write it in the case or in base"),
    ("  - id: a b\n", 4, "the id 'stride/a b' may have letters, digits"),
    ("  - id: a/b\n", 4, "the id 'stride/a/b' may have letters, digits"),
    ('  - id: ""\n', 4, "the id 'stride/' may have letters, digits"),
    ("  - id: ä\n", 4, "may have letters, digits"),
    ("  - id: a*\n", 4, "may have letters, digits"),
    ("  - id: 3\n", 4, "id: expected a text"),
    ("  - id: a\n    dtypes: [float23]\n", 5, "there is no 'float23', did you mean 'float32'"),
    ("  - id: a\n    dtypes: []\n", 5, "dtypes is empty"),
    ("  - id: a\n    checks: [forward, forward]\n", 5, "checks repeats itself"),
    ("  - id: a\n    checks: [forwards]\n", 5, "there is no 'forwards', did you mean 'forward'?"),
    ("  - id: a\n    checks: [grad_bias]\n", 5, "grad_bias needs a bias"),
    ("  - id: a\n    expect: fail\n", 5, "there is no 'fail', there are answer, refuse"),
    ("  - id: a\n    stride: 0\n", 5, "there is no answer: stride is 0 on axis 0"),
    ("  - id: a\n    groups: 2\n", 5, "there is no answer: in_channels 3 is not a multiple of groups 2"),
    ("  - id: a\n    stride: 1\n    padding: 4\n", 6, "there is no answer: output length is -2 on axis 0"),
    ("  - id: a\n    shapes: {x: [2, 4, 4, 5]}\n", 5, "x has shape [2, 4, 4, 5], the other numbers ask"),
    ("  - id: a\n    expect: refuse\n", 5, "the numbers have an answer: delete expect: refuse"),
    ("  - id: a\n    expect: refuse\n    shapes: {x: [2, 3, 4, 5]}\n", 5, "the numbers have an answer"),
    ("  - id: a\n    stride: 0\n    expect: refuse\n    checks: [grad_input]\n", 7, "must be refused has no gradients"),
    ("  - id: a\n    expect: refuse\n    shapes:\n      b: [3]\n", 7, "b has a shape and there is no bias"),
    ("  - id: a\n    expect: refuse\n    operand_dtypes:\n      b: int32\n", 7, "b has a dtype and there is no bias"),
    ("  - id: a\n    operand_dtypes:\n      w: float64\n", 5, "w is of dtype float64, the other operands of float32"),
    ("  - id: a\n    expect: refuse\n    operand_dtypes: {w: float32}\n", 5, "the numbers have an answer"),
    ("  - id: a\n    operand_dtypes: {g: float64}\n", 5, "there is no 'g'"),
    ("  - id: a\n    shapes:\n      z: [3]\n", 5, "there is no 'z', there are x, w, b"),
    ("  - id: a\n    batch: -1\n", 5, "there is no answer: batch must be at least 0"),
    ("  - id: a\n    convention: same\n", 5, "unknown convention 'same'"),
    ("  - id: a\n    convention: tensorflow_same\n", 5, "needs output_size"),
    ("  - id: a\n    convention: jax_same\n    output_size: [4, 5]\n", 5, "delete output_size"),
    ("  - id: a\n    convention: jax_same\n    padding: 1\n", 5, "jax_same gives the padding itself: delete padding"),
    ("  - id: a\n    convention: jax_same\n    output_padding: 1\n", 6, "gives the output padding itself"),
    ("  - id: a\n    convention: jax_same\n    stride: 0\n    expect: refuse\n", 5, "a convention needs sound numbers"),
    ("  - id: a\n    convention: tensorflow_same\n    output_size: [5, 5]\n", 6, "output size 5 on axis 0 is not 4"),
    ("  - id: a\n    output_size: [5, 5]\n", 5, "output size [5, 5] was asked for, the numbers give [6, 6]"),
    ("  - id: a\n    output_size: [6]\n", 5, "output_size has 1 entry"),
    ("  - id: a\n    input_layout: NCWH2\n", 5, "'NCWH2' is not a permutation of 'NCHW'"),
    ("  - id: a\n    input_layout: NCC\n", 5, "is not a permutation of 'NCHW'"),
    ("  - id: a\n    kernel_layout: NCHW\n", 5, "'NCHW' is not a permutation of 'IOHW'"),
    ("  - id: a\n    input: [4]\n    kernel: 3\n    kernel_layout: IOHW\n", 7, "is not a permutation of 'IOW'"),
    ("  - id: a\n    fills: [given]\n", 5, "the fill given stands alone and goes with operands"),
    ("  - id: a\n    fills: [exact]\n    operands: {x: ones}\n", 5, "the fill given stands alone"),
    ("  - id: a\n    operands:\n      x: one\n", 6, "x is not an array of numbers"),
    ("  - id: a\n    operands:\n      x: [[1, 2], [3]]\n", 6, "x is not an array of numbers"),
    ("  - id: a\n    operands:\n      w: [[1, 2], [3, 4]]\n", 6, "w has shape [2, 2], the case needs [3, 2, 3, 2]"),
    ("  - id: a\n    operands:\n      b: [1, 2]\n", 6, "b is given and there is no bias"),
    ("  - id: a\n    operands:\n      g: ones\n", 6, "g is given and no gradient is checked"),
    ("  - id: a\n    operands:\n      y: ones\n", 6, 'write true or "y"'),
    ("  - id: a\n    batch: 400000000\n", 4, "has more than 268435456 elements"),
    ("  - id: a\n    input: [100000, 100000]\n", 4, "has more than 268435456 elements"),
    ("  - id: a\n    kernel: [100000, 100000]\n", 4, "has more than 268435456 elements"),
    ("  - id: a\n    stride: [100000, 100000]\n", 4, "has more than 268435456 elements"),
    ("  - id: a\n    dilation: 9223372036854775807\n    padding: 1\n", 4, "more than 2^60 elements"),
    ("  - id: a\n    padding: [[-9223372036854775807, 0], 0]\n", 4, "more than 2^60 elements"),
    ("  - id: a\n    stride: [20000, 20000]\n    padding: [[30000, 30000], [40000, 40000]]\n", 4, "y before padding"),
    ("  - id: s{stride}\n    axes:\n      stride: [" + "1, " * 20_000 + "1]\n", 4, "more than 20000 cases in a file"),
    (
        "  - id: a\n    axes:\n" + "".join(f"      {key}: [{'1, ' * 999}1]\n" for key in ("stride", "groups", "batch")),
        4,
        "more than 20000 cases in a file",
    ),
    ("  - {id: a}\n  - 3\n", 5, "cases: expected a mapping, got an integer"),
    ("  []\n", 3, "the family is empty"),
    ("  - id: a\n    claim: {number: 1}\n", 5, "missing required field"),
    ("  - id: a\n    claim:\n      nunber: 1\n", 6, "unknown key 'nunber', did you mean 'number'?"),
]
CLAIM = "  - id: a\n    claim: {number: 1, source: s, says: t, known: confirmed"
WRONG += [
    (CLAIM + "}\n", 5, "a claim has one of values, not_values, answers, definition, with or without shape"),
    (CLAIM + ", values: [1], answers: true}\n", 5, "a claim has one of"),
    (CLAIM + ", values: [[1], 2]}\n", 5, "values is not an array of numbers"),
    (CLAIM + ", shape: [1]}\n    checks: [forward, grad_input]\n", 5, "a claim is about one check, the case has 2"),
    (CLAIM.replace("says: t", 'says: ""') + ", shape: [1]}\n", 5, "a claim says something and has a source"),
    (CLAIM.replace("confirmed", "maybe") + ", shape: [1]}\n", 5, "there is no 'maybe', there are confirmed, refuted"),
]


@pytest.mark.parametrize(("text", "line", "gist"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_its_line(family, text, line, gist):
    path = family(text)
    error = refusal(path)
    assert gist in error.message
    assert error.line == line
    assert str(error).startswith(f"{path}:{line}: ")


#: (a whole file, line, gist)
WRONG_FILES = [
    ("cases: [{id: a}]\n", 1, "missing required field `why`"),
    ("why: test\nbase: {}\n", 1, "missing required field `cases`"),
    ("why: test\nbas: {}\ncases: []\n", 2, "unknown key 'bas', did you mean 'base'?"),
    ("why: test\nbase:\n  strid: 1\ncases: []\n", 3, "unknown key 'strid', did you mean 'stride'?"),
    ("why: test\nbase:\n  stride: a\ncases: []\n", 3, "stride: expected"),
    ("why: test\nbase:\n  id: a\ncases: []\n", 3, "all cases would have the same id"),
    ("why: test\nbase:\n  axes: {stride: [1]}\ncases: []\n", 3, "unknown key 'axes'"),
    ("why: test\ncases:\n  - id: a\n", 3, "input is missing: write it in the case or in base"),
    (
        "why: test\nbase:\n  stride: [1, 2, 3]\n  input: [1, 2]\n  kernel: 1\n  in_channels: 2\n"
        "  out_channels: 1\ncases:\n  - id: a\n",
        3,
        "stride has 3 entries",
    ),
    ("- why: test\n", 1, "expected a mapping, got a list"),
]


@pytest.mark.parametrize(("text", "line", "gist"), WRONG_FILES, ids=range(len(WRONG_FILES)))
def test_what_is_wrong_with_a_file_is_said_with_its_line(family, text, line, gist):
    error = refusal(family(text, head=""))
    assert gist in error.message
    assert error.line == line


def test_a_folder_is_its_families_sorted(family):
    family("  - {id: z}\n  - {id: a}\n", name="second")
    family("  - {id: b}\n", name="first")
    folder = family("smoke: [no case]\n", name="tiers", head="").parent
    (folder / "known").mkdir()
    (folder / "known" / "torch.yaml").write_text("not: a family\n")
    ids = ["first/b", "second/z", "second/a"]
    assert [case.id for case in load.load(folder)] == ids
    assert [case.id for case in load.load([folder / "second.yaml", folder / "first.yaml"])] == ids
    assert [case.id for case in load.load([folder, folder / "first.yaml"])] == ids


def test_folders_that_do_not_go_together(family, tmp_path):
    path = family("  - {id: a}\n")
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(FileError, match="no family file"):
        load.load(other)
    (other / "stride.yaml").write_text(path.read_text())
    with pytest.raises(FileError, match="the family 'stride' is already there"):
        load.load([path.parent, other])
    with pytest.raises(FileError, match=r"missing\.yaml: no such file"):
        load.load(tmp_path / "missing.yaml")
    with pytest.raises(FileError, match="rename the file"):
        load.load_family(path.rename(path.with_name("a b.yaml")))


@pytest.fixture
def cases(family):
    return load.load_family(
        family("  - id: s{stride}\n    axes: {stride: [1, [1, 2], [2, 1]]}\n  - {id: plain}\n  - {id: s-1}\n")
    )


@pytest.mark.parametrize(
    ("globs", "names"),
    [
        ([], ["s1", "s[1,2]", "s[2,1]", "plain", "s-1"]),
        (["*"], ["s1", "s[1,2]", "s[2,1]", "plain", "s-1"]),
        (["stride/s[1,2]"], ["s[1,2]"]),
        (["stride/s[*"], ["s[1,2]", "s[2,1]"]),
        (["stride/s?"], ["s1"]),
        (["stride/s?1", "stride/p*"], ["plain", "s-1"]),
        (["stride/plain", "stride/s1", "*/plain"], ["s1", "plain"]),
    ],
)
def test_brackets_are_literal_and_the_order_is_that_of_the_cases(cases, globs, names):
    assert [case.id.partition("/")[2] for case in load.select(cases, globs)] == names


@pytest.mark.parametrize(
    ("glob", "gist"),
    [
        ("stride/plan", "no case is called 'stride/plan', did you mean 'stride/plain'"),
        ("stride", "did you mean 'stride/*'"),
        ("stride/s[12]", "did you mean 'stride/s[1,2]'"),
        ("Stride/plain", "did you mean 'stride/plain'"),
        ("zzz", "no case is called 'zzz', the known ones are stride/*, stride/s1"),
    ],
)
def test_a_glob_for_nothing_is_an_error(cases, glob, gist):
    with pytest.raises(FileError) as caught:
        load.select(cases, ["stride/plain", glob])
    assert gist in str(caught.value)


def test_tiers(cases, family):
    path = family("smoke: [stride/plain, 'stride/s[*']\ncompiled: ['*1']\n", name="tiers", head="")
    assert load.load_tiers(path, cases) == {
        "smoke": ["stride/s[1,2]", "stride/s[2,1]", "stride/plain"],
        "compiled": ["stride/s1", "stride/s-1"],
    }


@pytest.mark.parametrize(
    ("text", "line", "gist"),
    [
        ("smoke:\n  - stride/plain\n  - stride/plan\n", 3, "no case is called 'stride/plan', did you mean"),
        ("smoke: [stride/plain]\ncompiled: []\n", 2, "the tier 'compiled' is empty"),
        ("smoke: stride/plain\n", 1, "expected a list"),
        ("smoke: [3]\n", 1, "expected a text, got an integer"),
    ],
)
def test_tiers_that_mean_nothing(cases, family, text, line, gist):
    path = family(text, name="tiers", head="")
    with pytest.raises(FileError) as caught:
        load.load_tiers(path, cases)
    assert gist in caught.value.message
    assert caught.value.line == line


def test_the_digest_is_over_the_meaning(family):
    def digest(text):
        return load.digest(load.load_family(family(text)))

    plain = digest("  - {id: a, stride: 2}\n  - {id: b}\n")
    assert plain == digest("# other\n  - {id: b, why: words}\n\n  - id: a\n    stride: [2, 2]\n    source: book\n")
    claim = "  - {id: a, claim: {number: 1, source: s, says: %s, known: confirmed, shape: [%d]}}\n"
    assert digest(claim % ("this", 1)) == digest(claim % ("that", 1))
    others = [
        "  - {id: a, stride: 3}\n  - {id: b}\n",
        "  - {id: a, stride: 2}\n  - {id: c}\n",
        "  - {id: a, stride: 2}\n",
        "  - {id: a, stride: 2, bias: true}\n  - {id: b}\n",
        "  - {id: a, stride: 2, input_layout: NHWC}\n  - {id: b}\n",
        claim % ("this", 1),
        claim % ("this", 2),
    ]
    assert len({plain, *map(digest, others)}) == len(others) + 1
    assert len(plain) == 64


def test_loading_needs_no_arrays():
    code = (
        "import sys; from conformance import folder; from conformance.corpus import load; "
        "load.load(folder('cases')); print('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


KEYS = [field for field in load.KEYS if field != "id"]
small = st.integers(-2, 6)
values = st.one_of(
    small,
    st.lists(small, max_size=3),
    st.lists(st.lists(small, min_size=2, max_size=2), max_size=2),
    st.sampled_from([True, None, 0.5, "refuse", "ones", "NHWC", "IOHW", "tensorflow_same", "jax_same", {}, 2**62]),
    st.sampled_from([["given"], ["forward", "grad_bias"], {"x": [1]}, {"b": "ones"}, {"w": [[1], [2, 3]]}]),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=5), st.dictionaries(st.sampled_from(KEYS), values))
def test_any_values_are_a_case_or_an_error_with_its_line(family, written, axes):
    axes = {key: [value, value] for key, value in list(axes.items())[:1] if key not in written}
    entry = {"id": "a", **written, **({"axes": axes} if axes else {})}
    cases, said = [], None
    try:
        cases = load.load_family(family(f"  - {json.dumps(entry)}\n"))
    except FileError as error:
        said = error
    if said is not None:
        assert said.line in (2, 4)
        assert len(str(said).splitlines()) == 1
    for case in cases:
        assert case.expect == "refuse" or case.problem() is None
        assert all(length >= 0 for length in case.y_shape) or case.expect == "refuse"


def test_operands_may_be_infinite_and_nothing_else(tmp_path):
    path = tmp_path / "taps.yaml"
    text = "why: taps\ncases:\n  - id: a\n    why: b\n    batch: 1\n    in_channels: 1\n    out_channels: 1\n"
    text += "    input: [3]\n    kernel: [2]\n    stride: 3\n"
    path.write_text(text + "    operands: {x: [[[1, -.inf, 3]]], w: [[[1, .nan]]]}\n")
    (case,) = load.load_family(path)
    assert not case.finite
    assert msgspec.json.decode(msgspec.json.encode(case), type=type(case)).operands == case.operands
    operands = make_operands(case, "forward", "float32", "given").arrays
    np.testing.assert_array_equal(operands["x"], [[[1, -np.inf, 3]]])
    np.testing.assert_array_equal(operands["w"], [[[1, np.nan]]])
    # each tap alone reaches its position
    right = [[[1, np.nan, 0, -np.inf, np.nan, 0, 3, np.nan]]]
    np.testing.assert_array_equal(oracle.answer(case, "forward", operands), right)
    assert kills(case, "forward", "float32", "given")["zeros-inserted-multiplied"]
    path.write_text(text + "    batch_of: .inf\n")
    with pytest.raises(FileError, match=r"\.inf means different things.*are for operands"):
        load.load_family(path)
