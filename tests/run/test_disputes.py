"""Disputes: an answer may follow any reading, a refusal too where that is one, and nothing else passes."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import folder
from conformance.corpus import load
from conformance.corpus.yaml_file import FileError
from conformance.mutants.catalogue import kills
from conformance.oracle.compare import Expected
from conformance.oracle.operands import make_operands
from conformance.run.disputes import Side, disputes
from conformance.run.judge import Answer, judge
from conformance.run.questions import Question
from conformance.run.row import Key, Row

CASES = {case.id.partition("/")[2]: case for case in load.load([folder("cases") / "disputes.yaml"])}


def by_stamps(case, arrays, crop):
    """The answer cut from all stamps, (begin, end) per axis; a negative number adds positions that hold the bias."""
    x, w = arrays["x"], arrays["w"]
    margin = 50
    lengths = [(i - 1) * s + k for i, s, k in zip(case.input, case.stride, case.kernel, strict=True)]
    y = np.zeros((case.batch, case.out_channels, *(length + 2 * margin for length in lengths)))
    for i in np.ndindex(*case.input):
        for k in np.ndindex(*case.kernel):
            at = tuple(margin + a * s + b for a, s, b in zip(i, case.stride, k, strict=True))
            y[(slice(None), slice(None), *at)] += x[(slice(None), slice(None), *i)] @ w[(slice(None), slice(None), *k)]
    if case.bias:
        y += arrays["b"].reshape(1, -1, *[1] * case.rank)
    cut = tuple(slice(margin + lo, margin + n - hi) for n, (lo, hi) in zip(lengths, crop, strict=True))
    return y[(slice(None), slice(None), *cut)]


def verdict(case, answer):
    key = Key(case.id, "a/b", "cpu", "float32", "forward", "exact")
    expected = Expected(case, "forward", "float32", "exact")
    row = judge(Question(case, key, case.question(), {}, 0.0), expected, answer, None, "")
    return row.verdict, row.detail.get("follows")


def returned(array):
    return Answer("returned", tensors={"forward": ("float32", array.astype(np.float32))})


def arrays(case):
    return make_operands(case, "forward", "float32", "exact").arrays


#: Dispute → crops, as (begin, end) per axis worked out by hand, with the reading that each of them is.
BY_HAND = [
    ("same-odd-pixel-padding=SAME", [(0, 1), (0, 1)], "the end"),
    ("same-odd-pixel-padding=SAME", [(1, 0), (1, 0)], "the beginning"),
    ("same-short-kernel", [(0, -1), (0, -2)], "the size is I·s, the rest at the end is uncovered"),
    ("same-short-kernel", [(0, 0), (0, 0)], "nothing is cropped, the size is F"),
    ("padding-number", [(1, 1), (2, 2)], "positions cropped from the answer"),
    ("padding-number", [(2, 2), (2, 2)], "zeros around the dilated input"),
    ("output-size-below", [(2, 1), (2, 1)], "both, the odd position at the beginning"),
    ("output-size-below", [(0, 3), (0, 3)], "the end"),
    ("output-size-beyond-output_size=[8,15]", [(0, -1), (0, -2)], "behind the stamps"),
    ("output-size-beyond-output_size=[8,15]", [(-1, 0), (-1, -1)], "around the stamps"),
    ("same-output-padding", [(0, 1), (0, 1)], "nothing, the size is I·s"),
    ("same-output-padding", [(0, 0), (0, 0)], "positions at the end, the size is I·s + op"),
    ("same-output-padding", [(0, 1), (1, 2)], "the size is (I - 1)·s + K_e mod 2 + op"),
]


@pytest.mark.parametrize(("name", "crop", "reading"), BY_HAND)
def test_an_answer_follows_the_reading_that_it_is(name, crop, reading):
    case = CASES[name]
    assert verdict(case, returned(by_stamps(case, arrays(case), crop))) == ("pass", [reading])


@pytest.mark.parametrize("name", CASES)
def test_an_answer_that_is_no_reading_differs(name):
    case = CASES[name]
    other = Expected(case, "forward", "float32", "exact").answer.copy()
    other = other[:-1] if other.size == 0 else other
    other.flat[-1:] += 1
    assert verdict(case, returned(other)) == ("differ", None)


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_passes_only_where_that_is_a_reading(name):
    case = CASES[name]
    names = [reading.name for reading in case.dispute.readings if reading.refuse]
    right = ("pass", names) if names else ("refuse", None)
    assert verdict(case, Answer("raised", "no", "ValueError")) == right


def test_there_are_enough_and_each_has_sources():
    assert len({case.dispute.question for case in CASES.values()}) >= 6
    assert all(reading.source for case in CASES.values() for reading in case.dispute.readings)


def test_words_are_asked_without_the_numbers_of_a_side():
    for case in CASES.values():
        if case.options:
            asked = case.question()
            assert asked["padding"] == ((0, 0),) * case.rank
            assert asked["output"] == case.full


def test_a_mutant_that_is_another_reading_is_not_shown():
    case = CASES["output-size-below"]
    shown = kills(case, "forward")
    assert shown["kernel-flipped"] if "kernel-flipped" in shown else any(shown.values())
    alone = kills(case.read(case.dispute.readings[0]), "forward")
    assert {name for name in alone if alone[name] and not shown[name]}


def test_who_follows_which():
    def row(route, case, follows):
        return Row(
            case=case,
            route=route,
            device="cpu",
            dtype="float32",
            check="forward",
            fill="exact",
            detail={"follows": follows} if follows else {},
        )

    rows = [
        row("b/one", "d/x", ["left"]),
        row("b/two", "d/x", ["right"]),
        row("a/one", "d/x", ["left"]),
        row("a/two", "d/x", ["left"]),
        row("c/one", "d/x", None),
    ]
    assert disputes(rows) == [Side("d/x", "left", ["a", "b/one"]), Side("d/x", "right", ["b/two"])]


CASE = """why: w
base: {in_channels: 3, out_channels: 2, input: [4], kernel: [3], stride: 2}
cases:
  - id: a
    why: w
"""
WRONG = [
    ("[{name: l, source: s}]", 7, "a dispute has two readings at least"),
    ("[{name: l, source: s}, {name: r, source: s}]", 7, "this is the answer of 'l' too"),
    ("[{name: l, source: s}, {name: l, source: s, refuse: true}]", 7, "each with its own name"),
    ("[{name: l, source: s, refuse: true}, {name: r, source: s}]", 7, "let one that answers lead"),
    ("[{name: l, source: s}, {name: r, source: s, padding: 9}]", 7, "this reading has no answer"),
    ("[{name: l, source: s}, {name: r, source: s, padding: [1, 2]}]", 7, "padding has 2 entries"),
    ("[{name: l, source: s}, {name: r, source: s, convention: jaxs}]", 7, "unknown convention 'jaxs'"),
    ("[{name: l, source: s}, {name: r, sauce: s}]", 7, "sauce"),
]


@pytest.mark.parametrize(("readings", "line", "gist"), WRONG)
def test_a_dispute_that_is_none_is_reported_with_its_line(tmp_path, readings, line, gist):
    path = tmp_path / "f.yaml"
    path.write_text(CASE + f"    dispute: {{question: q,\n      readings: {readings}}}\n", encoding="utf-8")
    with pytest.raises(FileError) as caught:
        load.load([path])
    assert f"f.yaml:{line}:" in str(caught.value)
    assert gist in str(caught.value)


def test_a_dispute_is_about_forward_alone(tmp_path):
    path = tmp_path / "f.yaml"
    more = "    checks: [grad_input]\n    dispute: {question: q, readings: []}\n"
    path.write_text(CASE + more, encoding="utf-8")
    with pytest.raises(FileError, match="a dispute is about forward"):
        load.load([path])
