"""docs/specification.md says what the code says, what the oracle computes, and what the frameworks answer."""

from __future__ import annotations

import doctest
import importlib.util
import itertools
import math
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest
from documents import ROOT, blocks
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from conformance import oracle
from conformance.case import Case
from conformance.corpus.random_cases import numbered
from conformance.oracle.operands import make_operands

NAME = "docs/specification.md"
TEXT = (ROOT / NAME).read_text(encoding="utf-8")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def as_case(x, w, b, stride, dilation, padding, output_padding, groups=1) -> Case:
    """The same question as one of ours; the arrays are canonical."""
    return Case(
        id="specification/example",
        input=x.shape[2:],
        kernel=w.shape[2:],
        in_channels=x.shape[1],
        out_channels=w.shape[1] * groups,
        batch=x.shape[0],
        groups=groups,
        stride=tuple(stride),
        dilation=tuple(dilation),
        padding=tuple(map(tuple, padding)),
        output_padding=tuple(output_padding),
        bias=b is not None,
    )


def by_oracle(x, w, b=None, **words) -> np.ndarray:
    operands = {"x": x, "w": w} | ({} if b is None else {"b": np.array(b)})
    with np.errstate(invalid="ignore"):
        return oracle.answer(as_case(x, w, b, **words), "forward", {name: a * 1.0 for name, a in operands.items()})


@pytest.fixture(scope="module")
def functions() -> dict:
    """The names that the document's Python blocks define."""
    names: dict = {}
    for block in blocks(NAME, "python"):
        if block.text.startswith(("def ", "import numpy")):
            exec(compile("\n" * block.line + block.text, NAME, "exec"), names)
    assert {"conv_transpose", "stamps", "matrix", "zero_insertion", "adjoint"} <= names.keys()
    return names


def test_generated_parts_are_what_the_code_says():
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs" / "generated.py")
    generated = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generated)
    texts = [document.read_text(encoding="utf-8") for document in generated.DOCUMENTS]
    assert {part["name"] for text in texts for part in generated.PART.finditer(text)} == set(generated.PARTS)
    for text in texts:
        assert generated.regenerated(text) == text, "run: python docs/generated.py"


def test_examples_hold_and_are_the_oracle_s(functions):
    asked = []

    def checked(x, w, b=None, **words):
        with np.errstate(invalid="ignore"):
            y = functions["conv_transpose"](x, w, b, **words)
        asked.append(np.array_equal(y, by_oracle(x, w, b, **words), equal_nan=True))
        return y

    names = functions | {"conv_transpose": checked}
    exec(compile(next(b.text for b in blocks(NAME, "python") if "def stamps" in b.text), NAME, "exec"), names)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for block in blocks(NAME, "pycon"):
        test = doctest.DocTestParser().get_doctest(block.text, {}, NAME, NAME, block.line)
        test.globs = names
        said: list[str] = []
        assert not runner.run(test, out=said.append, clear_globs=False).failed, "".join(said)
    assert len(asked) >= 15
    assert all(asked)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_definition_is_the_oracle_s(functions, seed):
    case = numbered(7, seed)
    assume(case.size * math.prod(case.input) < 10**6)
    arrays = make_operands(case, "forward", "float64", "exact", seed).arrays
    words = {"stride": case.stride, "dilation": case.dilation, "padding": case.padding, "groups": case.groups}
    y = functions["conv_transpose"](**arrays, output_padding=case.output_padding, **words)
    assert np.array_equal(y, oracle.answer(case, "forward", arrays))
    assert np.array_equal(y, oracle.answer_by_definition(case, "forward", arrays))


@given(
    x=st.lists(st.integers(-9, 9), max_size=5),
    w=st.lists(st.integers(-9, 9), min_size=1, max_size=5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    padding=st.tuples(st.integers(-2, 6), st.integers(-2, 6)),
    output_padding=st.integers(0, 5),
)
@settings(max_examples=300, deadline=None)
def test_the_forms_agree(functions, x, w, stride, dilation, padding, output_padding):
    """Empty inputs, crops beyond the kernel, negative ones and output padding beyond the stride included."""
    words = {"stride": stride, "dilation": dilation, "padding": padding, "output_padding": output_padding}
    per_axis = {word: [value] for word, value in words.items()}
    line = [np.array(each, float).reshape(1, 1, -1) for each in (x, w)]
    assume(as_case(*line, None, **per_axis).problem() is None)
    right = by_oracle(*line, **per_axis).ravel().tolist()
    assert functions["stamps"](x, w, **words) == right
    assert functions["zero_insertion"](x, w, **words).tolist() == right
    assert functions["adjoint"](x, w, **words).tolist() == right
    assert (functions["matrix"](len(x), w, **words).T @ np.array(x, float)).tolist() == right


def test_the_gradients_of_the_example_are_the_oracle_s():
    """§4 prints dx and dw of x = [1, 2, 3], w = [1, 10, 100], h = [1, …, 6], s = 2, lo = 1."""
    case = as_case(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), None, [2], [1], [(1, 0)], [0])
    operands = {
        name: np.array(values, float).reshape(1, 1, -1)
        for name, values in {"x": [1, 2, 3], "w": [1, 10, 100], "g": [1, 2, 3, 4, 5, 6]}.items()
    }
    for check, printed in (("grad_input", "[210, 432, 654]"), ("grad_weight", "[16, 22, 28]")):
        assert str(oracle.answer(case, check, operands).astype(int).ravel().tolist()) == printed
        assert printed in TEXT


def test_the_table_of_what_is_valid():
    """Each row's least value is valid, and one less is not."""
    good = as_case(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), None, [2], [1], [(1, 0)], [0])
    names = {
        "N": "batch",
        "I": "input",
        "C": "in_channels",
        "M": "out_channels",
        "K": "kernel",
        "s": "stride",
        "e": "dilation",
        "g": "groups",
        "op": "output_padding",
    }
    seen = set()
    for letters, least in re.findall(r"^\| (\w+(?:, \w+)*) \| ≥ (\d) \|$", TEXT, re.MULTILINE):
        for letter in letters.split(", "):
            seen.add(letter)
            for value, valid in ((int(least), True), (int(least) - 1, False)):
                whole = letter in "NCMg"
                changed = replace(good, **{names[letter]: value if whole else (value,)})
                if letter == "I":
                    changed = replace(changed, padding=((0, 0),))
                assert (changed.problem() is None) == valid, (letter, value)
    assert seen == set(names)


def test_the_number_of_terms():
    """§9.1's formula against counting."""
    assert "n = min(⌈I/(e/d)⌉, ⌈K/(s/d)⌉) with d = gcd(s, e)" in TEXT
    for length, kernel, s, e in itertools.product(range(1, 6), range(1, 6), range(1, 5), range(1, 5)):
        sums = [i * s + k * e for i in range(length) for k in range(kernel)]
        d = math.gcd(s, e)
        assert max(map(sums.count, sums)) == min(math.ceil(length / (e // d)), math.ceil(kernel / (s // d)))


def test_formulas_and_sections_are_numbered_and_found():
    formulas = [int(number) for number in re.findall(r"  \((\d+)\)$", TEXT, re.MULTILINE)]
    assert formulas == list(range(1, len(formulas) + 1))
    assert {int(number) for number in re.findall(r"(?:[Ff]ormula|condition) (\d+)", TEXT)} <= set(formulas)
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?) ", TEXT, re.MULTILINE))
    assert set(re.findall(r"§(\d+(?:\.\d+)?)", TEXT)) <= sections
    top = [int(number) for number in re.findall(r"^## (\d+) ", TEXT, re.MULTILINE)]
    assert top == list(range(1, len(top) + 1))


NEEDS = sorted({block.needs for block in blocks(NAME, "pycon", needs=None)} - {""})


def test_every_version_is_named_where_a_reader_sees_it():
    named = set(re.findall(r"^\| [^|]+ \| ([\w-]+ [\d.]+) \|$", TEXT, re.MULTILINE))
    assert named == {need.replace("==", " ") for needs in NEEDS for need in needs.split()}


@pytest.mark.parametrize("needs", NEEDS)
def test_frameworks_answer_as_printed(needs, tmp_path):
    """All blocks that need the same packages, in a process of its own."""
    for need in needs.split():
        package, _, wanted = need.partition("==")
        try:
            found = version(package).partition("+")[0]
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed")
        if found != wanted:
            pytest.skip(f"{package} is {found}, printed is what {wanted} answers")
    file = tmp_path / "examples.txt"
    file.write_text("\n".join(block.text for block in blocks(NAME, "pycon", needs)), encoding="utf-8")
    words = ["-m", "doctest", "-o", "ELLIPSIS", "-o", "NORMALIZE_WHITESPACE", str(file)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:]
