"""What a family file or a ledger may say, and what it is told where it says anything else: the line and the way out."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.corpus.yaml_file import FileError, convert, read


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    stride: int = 1
    pair: tuple[int, int] = (0, 0)
    word: Literal["answer", "refuse"] = "answer"
    numbers: dict[str, int] = {}


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    cases: list[Inner]
    inner: Inner | None = None


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "file.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path, type=dict):
    with pytest.raises(FileError) as caught:
        convert(read(path), type)
    return caught.value


def test_plain_values_are_what_they_look_like(write):
    text = """
a: {int: 3, minus: -4, zero: 0, point: 0.5, down: -1.25, yes!: true, "no": false, nothing: null}
b: [word, two words, "yes", 'on', "010", 1.2.3, a=b, x:y, [1, []], {}]
c: |
  yes
  no
d: "\\u00e9"
"""
    assert read(write(text)).data == {
        "a": {
            "int": 3,
            "minus": -4,
            "zero": 0,
            "point": 0.5,
            "down": -1.25,
            "yes!": True,
            "no": False,
            "nothing": None,
        },
        "b": ["word", "two words", "yes", "on", "010", "1.2.3", "a=b", "x:y", [1, []], {}],
        "c": "yes\nno\n",
        "d": "é",
    }


def test_kinds_of_numbers(write):
    data = read(write("a: [1, 1.0, 9223372036854775807, -9223372036854775808]")).data["a"]
    assert [type(number) for number in data] == [int, float, int, int]
    assert data[2:] == [2**63 - 1, -(2**63)]


def test_a_byte_order_mark_and_carriage_returns_are_no_content(write):
    document = read(write(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n"))
    assert document.data == {"a": 1, "b": 2}
    assert document.line(("b",)) == 2


def test_every_value_has_its_line(write):
    document = read(write("# head\na: 1\nb:\n  - x: 1\n    y_: [1,\n      2]\n  - 3\n"))
    lines = {(): 2, ("a",): 2, ("b",): 3, ("b", 0): 4, ("b", 0, "y_"): 5, ("b", 0, "y_", 1): 6, ("b", 1): 7}
    assert {steps: document.line(steps) for steps in lines} == lines
    assert document.line(("b", 0, "missing", 3)) == 4
    assert str(document.error(("b", 1), "wrong: correct it")).endswith("file.yaml:7: wrong: correct it")


#: What stands behind "a: " → what the message tells to write instead.
TRAPS = {
    "yes": 'write true or "yes"',
    "No": 'write false or "No"',
    "ON": 'write true or "ON"',
    "off": 'write false or "off"',
    "y": 'write true or "y"',
    "n": 'write false or "n"',
    "True": 'write true or "True"',
    "FALSE": 'write false or "FALSE"',
    "~": 'write null or "~"',
    "Null": 'write null or "Null"',
    "": "no value: write null",
    "1e3": 'write 1000.0 for the number or "1e3" for the text',
    "1.5E-3": "write 0.0015 for the number",
    "1e999999999": 'write "1e999999999" for the text',
    "010": "write 10 for the number",
    "-07": "write -7 for the number",
    "08": "write 8 for the number",
    "0x1F": "write 31 for the number",
    "0b101": "write 5 for the number",
    "0o17": "write 15 for the number",
    "1_000": "write 1000 for the number",
    "+5": "write 5 for the number",
    ".5": "write 0.5 for the number",
    "1.": "write 1.0 for the number",
    "1:30": 'write "1:30"',
    "190:20:30.15": 'write "190:20:30.15"',
    "2026-01-02": 'write "2026-01-02"',
    ".inf": "are for operands",
    "-.INF": "are for operands",
    ".NaN": "are for operands",
    "=": 'write "="',
}


@pytest.mark.parametrize("text", TRAPS)
def test_what_yaml_1_1_and_1_2_read_differently_is_refused(write, text):
    error = refusal(write(f"ok: 1\na: {text}\n"))
    assert error.line == 2
    assert TRAPS[text] in error.message


@pytest.mark.parametrize("text", TRAPS)
def test_the_same_in_quotes_is_text(write, text):
    assert read(write(f'a: "{text}"')).data == {"a": text}


#: (content, line, gist)
WRONG = [
    ("", 1, "the file is empty"),
    ("# only\n# comments\n", 1, "the file is empty"),
    ("a: 1\nb: &x [1]\nc: *x\n", 2, "anchor &x"),
    ("a: 1\nb: *x\n", 2, "alias *x"),
    ("a: &a [1]\nb: &b [*a, *a, *a]\n", 1, "anchor &a"),
    ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tag tag:yaml.org,2002:python/object/apply:os.system"),
    ("a: 1\nb: !!int 3\n", 2, "tag"),
    ("a: ! text\n", 1, "tag"),
    ("a: 1\nb: 2\na: 3\n", 3, "'a' is already given on line 1"),
    ("b: 1\na: {x: 1, x: 2}\n", 2, "'x' is already given on line 2"),
    ("b: 1\n<<: {a: 1}\n", 2, "merge keys"),
    ("b: 1\n3: a\n", 2, 'a key must be a word 3: write "3"'),
    ("b: 1\nyes: a\n", 2, 'write true or "yes"'),
    ("b: 1\n? [a, b]\n: 3\n", 2, "a key must be a word"),
    ("a: 1\nb:\n\t- 1\n", 3, "a tab: write spaces"),
    ("a: 1 \t# comment\n", 1, "a tab: write spaces"),
    ("a: 1\nb: \x07\n", 2, "invisible character U+0007"),
    ("a: 1\nb: \x85\n", 2, "invisible character U+0085"),
    (b"a: 1\nb: 2\nc: \xff\n", 3, "not UTF-8"),
    ("a: 1".encode("utf-16"), 1, "not UTF-8"),
    ("a: 1\nb: [1, 2\nc: 3\n", 3, "not YAML"),
    ("a: 1\nb: 'text\n", 2, "not YAML"),
    ("a: 1\nb: [\n\n", 3, "not YAML"),
    ("a: 1\n---", 2, "a second document"),
    ("a: 1\n  b: 2\n", 2, "not YAML"),
    ("a: 1\nb: @x\n", 2, "not YAML"),
    ("a: 1\n---\nb: 2\n", 2, "a second document"),
    ("a: 1\nb: " + "[" * 30 + "]" * 30, 2, "nested deeper than 20 levels"),
    ("a: 1\nb: " + "{a: " * 30 + "1" + "}" * 30, 2, "nested deeper than 20 levels"),
    ("[" * 100_000, 1, "nested deeper than 20 levels"),
    ("a: 1\nb: 9223372036854775808\n", 2, "beyond 64 bits"),
    ("a: 1\nb: -9223372036854775809\n", 2, "beyond 64 bits"),
    ("a: 1\nb: " + "9" * 10_000, 2, "beyond 64 bits"),
    ("a: " + "x" * 2**20, None, "larger than 1048576 bytes"),
]


@pytest.mark.parametrize(("content", "line", "gist"), WRONG, ids=range(len(WRONG)))
def test_anything_else_is_refused_with_its_line(write, content, line, gist):
    error = refusal(write(content))
    assert error.line == line
    assert gist in error.message


def test_twenty_levels_are_allowed(write):
    data = read(write("a: " + "[" * 19 + "]" * 19)).data["a"]
    depth = 1
    while data:
        data, depth = data[0], depth + 1
    assert depth == 19


def test_files_that_cannot_be_read(tmp_path):
    error = refusal(tmp_path / "missing.yaml")
    assert (error.line, str(error)) == (None, f"{tmp_path}/missing.yaml: no such file: check the path")
    assert "cannot be read" in str(refusal(tmp_path))


def test_the_path_is_said_as_seen_from_here(write, monkeypatch):
    path = write("a: yes")
    monkeypatch.chdir(path.parent)
    assert str(refusal(path)).startswith("file.yaml:1: ")


#: (content, line, gist) for the type Outer.
UNFIT = [
    ("cases:\n  - stride: 1\n  - strid: 2\n", 3, "unknown key 'strid', did you mean 'stride'?"),
    ("cases:\n  - stride: 1\n  - zzz: 2\n", 3, "unknown key 'zzz', the known ones are stride, pair, word, numbers"),
    ("csaes: []\n", 1, "unknown key 'csaes', did you mean 'cases'?"),
    ("cases: []\ninner:\n  q: 1\n", 3, "unknown key 'q', the known ones are"),
    ('cases:\n  - stride: "3"\n', 2, "stride: expected an integer, got a text"),
    ("cases:\n  - stride: 3\n  - stride: 3.0\n", 3, "stride: expected an integer, got a number"),
    ("cases:\n  - stride: 1\n    pair: [1,\n      a]\n", 4, "pair: expected an integer, got a text"),
    ("cases:\n  - pair: [1, 2, 3]\n", 2, "pair: expected a list of length 2"),
    ("cases:\n\n  - word: refus\n", 3, "word: there is no 'refus', did you mean 'refuse'?"),
    ("cases:\n\n  - word: q\n", 3, "word: there is no 'q', there are answer, refuse"),
    ("cases:\n  - 3\n", 2, "cases: expected a mapping, got an integer"),
    ("cases: {a: 1}\n", 1, "cases: expected a list, got a mapping"),
    ("cases: []\ninner:\n  numbers:\n    a: x\n", 3, "numbers: expected an integer, got a text"),
    ("# head\ninner: null\n", 2, "missing required field `cases`"),
    ("- 1\n", 1, "expected a mapping, got a list"),
]


@pytest.mark.parametrize(("content", "line", "gist"), UNFIT, ids=range(len(UNFIT)))
def test_data_that_do_not_fit_are_refused_with_their_line(write, content, line, gist):
    error = refusal(write(content), Outer)
    assert error.line == line
    assert gist in error.message


def test_data_that_fit(write):
    document = read(write("cases: [{stride: 2, pair: [1, 2]}]"))
    assert convert(document, Outer) == Outer(cases=[Inner(stride=2, pair=(1, 2))])
    assert convert(document, list[int], [1, 2]) == [1, 2]
    with pytest.raises(FileError, match="got null"):
        convert(document, int, None)


FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = ["a", "b", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "&x ", "*x", "!!t ", "? ", "| ", "> ", '"', "'"]
PIECES += ["#", "---", "...", "%YAML 1.1\n", "0x", "1e9", ".", "-", "1", "\t", "\ufeff", "<<", "~", "\x00", "é"]


@FUZZ
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join).map(str.encode), st.binary(max_size=40)))
def test_no_content_gets_anything_but_plain_data_or_a_file_error(write, content):
    path = write(content)
    said = None
    try:
        convert(read(path), Outer)
    except FileError as error:
        said = error
    if said is not None:
        assert 1 <= said.line <= max(len(content.splitlines()), 1)
        assert len(str(said).splitlines()) == 1


@FUZZ
@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(-(2**63), 2**63 - 1))
def test_numbers_come_back(write, decimal, integer):
    data = read(write(f"a: {decimal:.60f}\nb: {integer}\n")).data
    assert math.isclose(data["a"], decimal, rel_tol=1e-15, abs_tol=1e-58)
    assert data["b"] == integer
