"""Several runs: when a divergence came and went."""

from __future__ import annotations

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said, honest
from runs import new, report, row

from conformance.report.history import lines


def test_a_divergence_that_came_and_went():
    right, wrong = report([row(), row("a/b")]), report([new(), row("a/b")])
    (line,) = lines([right, wrong, wrong, right])
    assert (line.framework, line.cause, line.case) == ("lies", "as if the kernel were flipped", "stride/one")
    assert line.rows == [0, 1, 1, 0]
    assert line.moved


def test_what_was_not_asked_is_not_said_to_be_gone():
    for rows in [row("a/b")], [row(verdict="unrun")]:
        (line,) = lines([report([new()]), report(rows)])
        assert line.rows == [1, None]
        assert not line.moved


def test_known_or_new_is_the_same_divergence():
    known = row(verdict="differ", state="known", cause="as if the kernel were flipped")
    (line,) = lines([report([known]), report([new()])])
    assert line.rows == [1, 1]
    assert not line.moved


def test_more_questions_are_no_move_and_a_run_between_that_did_not_ask_hides_none():
    (line,) = lines([report([new()]), report([new(), new(fill="real")])])
    assert line.rows == [1, 2]
    assert not line.moved
    (line,) = lines([report([new()]), report([row("a/b")]), report([row()])])
    assert line.rows == [1, None, 0]
    assert line.moved


def test_what_a_framework_no_longer_says_is_gone():
    (line,) = lines([report([new()]), report([row(verdict="unsupported")])])
    assert line.rows == [1, 0]
    assert line.moved


def test_fewer_rows_of_the_same_questions_are_a_move():
    (line,) = lines([report([new(), new(fill="real")]), report([new(), row(fill="real")])])
    assert line.rows == [2, 1]
    assert line.moved


def test_runs_of_one_device_each_are_compared():
    (line,) = lines([report([row()]), report([new(device="cuda")])])
    assert line.rows == [0, 1]
    assert line.moved


@pytest.fixture
def three(room):
    """An honest run, one in which the kernel is flipped, and an honest one again."""
    honest("--fill", "exact", output="a.jsonl")
    Said("run", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact", "-o", "b.jsonl")
    honest("--fill", "exact", output="c.jsonl")
    return "a.jsonl", "b.jsonl", "c.jsonl"


def test_diff_of_several_runs_is_pairs_in_four_words_and_a_table(three):
    said = Said("diff", *three)
    assert said.status == FINDINGS, said.err
    assert "1 -> 2: 0 added, 0 removed, 3 changed, 0 same" in said.out
    assert "2 -> 3: 0 added, 0 removed, 3 changed, 0 same" in said.out
    (line,) = (line for line in said.out.splitlines() if line.startswith("lies: as if the kernel were flipped"))
    assert line.split()[-3:] == ["·", "3", "·"]
    assert "run 2: b.jsonl (lies 1.0)" in said.out


def test_runs_that_are_alike_are_clean(three):
    said = Said("diff", three[0], three[2], three[0])
    assert said.status == CLEAN
    assert "1 -> 2: 0 added, 0 removed, 0 changed, 3 same" in said.out


def test_one_run_is_no_comparison(three):
    said = Said("diff", three[0])
    assert said.status == USAGE
    assert "at least two" in said.err
