"""The language of conditions: what holds, how it is told and written again, and what is refused with its line."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from conformance.case import Case
from conformance.corpus.conditions import ALWAYS, NEVER, Condition, Not
from conformance.corpus.impossible import contradiction
from conformance.corpus.random_cases import numbered
from conformance.corpus.when import Where, parse
from conformance.corpus.yaml_file import FileError, read
from conformance.run import infer


class Asked(NamedTuple):
    check: str = "forward"
    dtype: str = "float32"
    fill: str = "exact"
    device: str = "cpu"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("conditions") / "when.yaml"

    def read_back(text: str, kind: type | None = None) -> Condition:
        path.write_text(text, encoding="utf-8")
        document = read(path)
        return parse(document, document.data, tuple, *([kind] if kind else []))

    return read_back


def los(case: Case) -> list[int]:
    return [lo for lo, _ in case.padding]


MEANT = {
    "groups: {above: 1}": lambda case: case.groups > 1,
    "groups: [2, 3]": lambda case: case.groups in (2, 3),
    "stride: 1": lambda case: set(case.stride) == {1},
    "kernel: {at_most: stride}": lambda case: all(k <= s for k, s in zip(case.kernel, case.stride, strict=True)),
    "some_axis: {stride: 3}": lambda case: 3 in case.stride,
    "some_axis: {stride: 3, input: {above: 1}}": lambda case: any(
        s == 3 and i > 1 for s, i in zip(case.stride, case.input, strict=True)
    ),
    "some_axis: [{stride: 3}, {input: {above: 1}}]": lambda case: 3 in case.stride and max(case.input) > 1,
    "not: {padding_lo: 0}": lambda case: any(los(case)),
    "not: [{rank: 1}, {rank: 3}]": lambda case: case.rank == 2,
    "not: {output_padding: {below: [stride, dilation]}}": lambda case: any(
        p >= s and p >= e for p, s, e in zip(case.output_padding, case.stride, case.dilation, strict=True)
    ),
    "bias: true\nbatch: {other_than: [1, 2]}": lambda case: case.bias and case.batch not in (1, 2),
    "depthwise: false": lambda case: not case.groups == case.in_channels > 1,
    "axes_differ_in: stride": lambda case: len(set(case.stride)) > 1,
    "- {rank: 1}\n- {groups: 1, bias: false}": lambda case: case.rank == 1 or (case.groups == 1 and not case.bias),
    "conv_padding_lo: {at_least: 0}": lambda case: all(
        (k - 1) * e >= lo for k, e, lo in zip(case.kernel, case.dilation, los(case), strict=True)
    ),
    "conv_input: {above: input}": lambda case: all(
        o + (k - 1) * e > i for o, k, e, i in zip(case.output, case.kernel, case.dilation, case.input, strict=True)
    ),
    "forward_padding: valid": lambda case: all(
        lo == 0 and 0 <= more - hi < s
        for (lo, hi), more, s in zip(case.padding, case.output_padding, case.stride, strict=True)
    ),
    "forward_padding: same": lambda case: all(
        (i - 1) * s < o <= i * s and lo == max(full - o, 0) // 2
        for i, s, o, lo, full in zip(case.input, case.stride, case.output, los(case), case.full, strict=True)
    ),
    "some_axis: {convolved: {at_most: 0}}": lambda case: any(
        i + lo + hi < (k - 1) * e + 1
        for i, (lo, hi), k, e in zip(case.input, case.padding, case.kernel, case.dilation, strict=True)
    ),
}


@pytest.mark.parametrize("text", MEANT)
def test_a_condition_holds_where_it_should(text, written):
    condition, meant = written(text), MEANT[text]
    cases = [numbered(11, number) for number in range(400)]
    cases = [replace(case, output_padding=tuple(p + case.batch % 3 for p in case.output_padding)) for case in cases]
    found = [condition.holds(case) for case in cases]
    assert found == [meant(case) for case in cases]
    assert len(set(found)) == 2, "these cases do not try both"


@pytest.mark.parametrize("text", MEANT)
def test_it_can_be_written_again(text, written):
    condition = written(text)
    assert written(json.dumps(condition.data())) == condition


def test_whatever_a_diagnosis_says_can_be_read(written):
    for atom in infer.atoms():
        condition = Condition(((atom,),))
        assert written(json.dumps(condition.data())) == condition


def test_positions_that_no_stamp_reaches(written):
    """Counted by hand: stride 3, kernel 2: of 0 1 . 3 4 . 6 7 two are bare; output padding 1 adds one."""
    numbers = {"in_channels": 1, "out_channels": 1, "batch": 1, "groups": 1, "bias": False, "dilation": (1,)}
    case = Case(id="a/b", input=(3,), kernel=(2,), stride=(3,), padding=((0, 0),), output_padding=(1,), **numbers)
    assert written("uncovered: 3").holds(case)
    spread = Case(
        id="a/c",
        input=(2,),
        kernel=(3,),
        stride=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        **(numbers | {"dilation": (3,)}),
    )
    assert written("uncovered: 2").holds(spread)  # 0 1 . 3 4 . 6 7


PLAIN = {"in_channels": 1, "out_channels": 1, "batch": 1, "groups": 1, "bias": False}


def test_dilations_of_the_last_two_axes_exchanged(written):
    """Counted by hand: answer [1, 6, 7]; the kernel of 3 taps spans 7 of the 6, not 3, and 3 of the 7, not 7."""
    numbers = {"input": (1, 4, 1), "kernel": (1, 3, 3), "stride": (1, 1, 1), "dilation": (2, 1, 3)}
    case = Case(id="a/b", padding=((0, 0),) * 3, output_padding=(0, 0, 0), **numbers, **PLAIN)
    assert case.output == (1, 6, 7)
    assert [written(f"some_axis: {{back_exchanged: {length}}}").holds(case) for length in (0, 1, 5, 6)] == [1, 1, 1, 0]


def test_negative_padding_extends_and_pairs_are_explicit_whatever_they_are(written):
    numbers = {"input": (3, 4), "kernel": (2, 2), "stride": (2, 3), "dilation": (1, 1), "output_padding": (0, 0)}
    case = Case(id="a/b", padding=((0, -1), (1, -3)), **numbers, **PLAIN)
    assert written("some_axis: {extension_hi: {at_least: stride}}").holds(case)
    assert not written("extension_hi: {at_least: stride}").holds(case)
    assert written("forward_padding: explicit").holds(case)
    valid = replace(case, padding=((0, 0), (0, 0)))
    assert written("forward_padding: valid").holds(valid)
    assert written("forward_padding: explicit").holds(replace(valid, convention="tensorflow_explicit"))


ROWS = "dtype: [float16, bfloat16]\ncheck: {other_than: forward}\ngroups: 1"


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (Asked("grad_input", "float16"), True),
        (Asked("forward", "float16"), False),
        (Asked("grad_input", "float32"), False),
    ],
)
def test_rows(asked, holds, written):
    condition = written(ROWS)
    one = numbered(0, 0)
    case = next(case for case in (numbered(0, number) for number in range(50)) if case.groups == 1)
    other = next(case for case in (numbered(0, number) for number in range(50)) if case.groups > 1)
    assert condition.holds(case, asked) is holds
    assert condition.on(case).holds(case, asked) is holds
    assert condition.on(other) == NEVER
    assert written("batch: {at_least: 0}").on(one) == ALWAYS


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(MEANT)), st.sampled_from(["forward", "grad_bias"]))
def test_deciding_a_case_first_changes_nothing(number, text, check):
    """`on(case)` and then the row is `holds` of both; tried with a part on the check in front of each alternative."""
    found = MEANT[text](case := numbered(3, number))
    condition = Condition(tuple((*atoms, *CHECK.alternatives[0]) for atoms in PARSED[text].alternatives))
    asked = Asked(check)
    assert condition.on(case).holds(case, asked) == condition.holds(case, asked) == (found and check == "forward")


@pytest.fixture(autouse=True, scope="module")
def _parsed(written):
    PARSED.update({text: written(text) for text in MEANT})
    global CHECK
    CHECK = written("check: forward")


PARSED: dict[str, Condition] = {}
CHECK = ALWAYS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("groups: {above: 1}\nsome_axis: {stride: 3}", "groups > 1 and stride = 3 on some axis"),
        ("stride: 1", "stride = 1 on every axis"),
        ("some_axis: {stride: 3, input: {above: 1}}", "input length > 1 and stride = 3 on one axis"),
        ("in_channels: {multiple_of: 16}", "input channels is a multiple of 16"),
        ("output_padding: {below: [stride, dilation]}", "output padding < stride or dilation on every axis"),
        ("bias: false\ndtype: [float16, bfloat16]", "without bias and float16 or bfloat16"),
        ("not: {padding_lo: 0}", "not (padding at the beginning = 0 on every axis)"),
        ("expect: refuse\ninvalid: dtype of b", "must be refused and what is invalid is dtype of b"),
        ("- {rank: 1}\n- {check: grad_bias}", "rank = 1; or grad bias"),
        ("memory: x sliced", "x sliced in memory"),
        ("depthwise: true", "depthwise"),
    ],
)
def test_it_is_told_in_plain_words(text, says, written):
    assert str(written(text)) == says


@pytest.mark.parametrize(
    ("text", "line", "gist"),
    [
        ("groups: {abov: 1}", 1, "unknown key 'abov', did you mean 'above'"),
        ("groups: 1\nstrde: 3", 2, "unknown key 'strde', did you mean 'stride'"),
        ("groups: {above: 3, below: 4}", 1, "groups can never be so: it would be at least 4 and at most 3"),
        ("check: forwrd", 1, "there is no 'forwrd', did you mean 'forward'"),
        ("rank: 2\nsome_axis: {}", 2, "names nothing"),
        ("stride: []", 1, "name at least one number"),
        ("stride: {}", 1, "compared with nothing"),
        ("check: []", 1, "names nothing"),
        ("bias: 3", 1, "bias: expected true or false, got an integer"),
        ("groups: 1\nnot:\n  dtype: float61", 3, "there is no 'float61'"),
        ("groups: 1\nnot: {}", 2, "expected a mapping"),
        ("- {rank: 1}\n- {rank: x}", 2, "there is no number 'x'"),
        ("[]", 1, "expected a mapping"),
        ("3", 1, "expected a mapping"),
        ("groups:\n  above: stid", 2, "there is no number 'stid', did you mean 'stride'"),
        ("some_axis:\n  - {stride: 1}\n  - {strid: 1}", 3, "unknown key 'strid'"),
        ("groups: null", 1, "groups has no value"),
        ("groups: 1.5", 1, "groups: expected"),
    ],
)
def test_mistakes_have_their_line(text, line, gist, written):
    with pytest.raises(FileError) as caught:
        written(text)
    assert gist in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("stride: 1\nsome_axis: {stride: {above: 2}}", 1, "stride = 1 on every axis and stride > 2 on some axis"),
        ("stride: [1, 2]\nsome_axis: {stride: {multiple_of: 3}}", 1, "stride is a multiple of 3"),
        ("some_axis: {kernel: {above: 2, at_most: 2}}", 1, "kernel can never be so"),
        ("kernel: 3\nnot: {kernel: 3}", 1, "kernel = 3 on every axis and not (kernel = 3 on every axis)"),
        ("dtype: float16\nnot: {dtype: [float16, float32]}", 1, "float16 and not (float16 or float32)"),
        ("check: {other_than: [forward, grad_input, grad_weight, grad_bias]}", 1, "not forward"),
        ("bias: true\nnot: [{bias: true}, {groups: 1}]", 1, "with bias and not (with bias; or groups = 1)"),
        ("rank: 4", 1, "rank = 4"),
        ("rank: {below: 1}", 1, "rank < 1"),
        (
            "stride: {below: dilation}\ndilation: {below: stride}",
            1,
            "stride < dilation on every axis and dilation < stride",
        ),
        ("input: {above: kernel}\nsome_axis: {input: kernel}", 1, "input length > kernel"),
        (
            "- {groups: 2}\n- groups: 2\n  batch: {above: 1, other_than: 2}\n  not: {groups: {above: 1}}",
            2,
            "groups = 2 and not",
        ),
    ],
)
def test_what_can_never_hold_is_refused_with_its_line(text, line, said, written):
    with pytest.raises(FileError) as caught:
        written(text)
    assert "can never" in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.line == line


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(infer.atoms()), min_size=1, max_size=3), st.integers(0, 400))
def test_what_some_question_meets_is_no_contradiction(atoms, number):
    """Also where all that is said is turned around twice."""
    twice = [Not(Condition(((Not(Condition(((atom,),))),),))) for atom in atoms]
    met = [atom for atom in [*atoms, *twice] if atom.holds(numbered(9, number), Asked())]
    assert contradiction(met) is None


def test_a_condition_of_cases_does_not_speak_of_rows(written):
    with pytest.raises(FileError, match="unknown key 'dtype'"):
        written("dtype: float16", Where)
