"""The state of a row, how many are in each, and the sentences over all."""

from __future__ import annotations

import pytest
from runs import new, row, run

from conformance.report import states


def test_every_row_is_in_one_state_and_counted_once():
    rows = [row(), new(), row("a/b", "differ", "known"), row("a/c", "pass", "stale"), row("a/d", "unrun")]
    assert states.counts(rows) == {
        "new": 1,
        "changed": 0,
        "stale": 1,
        "unrun": 1,
        "known": 1,
        "unsupported": 0,
        "pass": 1,
    }
    assert sum(states.counts(rows).values()) == len(rows)


def test_a_divergence_that_no_ledger_has_seen_is_new():
    assert states.state(row(verdict="crash")) == "new"


@pytest.mark.parametrize(
    ("rows", "more", "begin", "clean"),
    [
        ([row()], {}, "", True),
        ([row(), row("a/b")], {}, "", True),
        ([row()], {"whole": False}, "incomplete (cut short): ", False),
        ([row()], {"dead": {"x": "y"}}, "incomplete (1 dead adapter): ", False),
        ([row(verdict="unrun")], {}, "incomplete (1 row without an answer): ", False),
        ([row(state="stale")], {}, "", False),
        ([row()], {"problems": ["orphan"]}, "", False),
        ([row(verdict="unsupported")], {}, "no result (lies/route@cpu answered none of its 1 row): ", False),
        ([row(), row("a/b", "unsupported")], {}, "", True),
        ([row(state="known", verdict="differ")], {}, "no result (no row passed): ", False),
        (
            [row(), row(route="lies/typo", verdict="broken", state="new")],
            {},
            "no result (lies/typo@cpu answered none of its 1 row): ",
            False,
        ),
        ([row()], {"too_few": ["answered less"]}, "no result (answered less): ", False),
        ([row()], {"worse": ["1 row is worse"]}, "", False),
    ],
)
def test_both_sentences_say_whether_the_run_is_whole(rows, more, begin, clean):
    ran = run(rows, **more)
    count = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    assert states.verdict(ran).startswith(f"{begin}{count}")
    assert states.headline(ran).lower().startswith(begin)
    assert states.clean(ran) is clean
    assert states.complete(ran) is not begin.startswith("incomplete")


@pytest.mark.parametrize(
    ("rows", "problems", "says"),
    [
        ([row()], [], "Nothing needs a look: 1 pass."),
        ([new()], [], "1 new of 1 row needs a look: no other row."),
        ([new(), row("a/b", state="stale"), row("a/c")], [], "1 new, 1 stale of 3 rows need a look: 1 pass."),
        ([row()], ["orphan"], "1 ledger problem needs a look: 1 pass."),
        ([new()], ["orphan"], "1 new of 1 row and 1 ledger problem need a look: no other row."),
        ([row(verdict="unsupported")], [], "No result (lies/route@cpu answered none of its 1 row): 1 unsupported."),
        ([row(verdict="unrun")], [], "Incomplete (1 row without an answer): nothing needs a look: 1 unrun."),
    ],
)
def test_the_headline_has_what_needs_a_look_first(rows, problems, says):
    assert states.headline(run(rows, problems=problems)) == says


def test_many_routes_without_an_answer_are_counted():
    rows = [row(route=f"lies/{letter}", verdict="unsupported") for letter in "abcde"]
    said = states.without_result(run(rows))
    assert len(said) == states.NAMED + 1
    assert said[-1] == "nor did 2 other routes"


def test_an_answer_that_is_missing_makes_the_run_incomplete_and_needs_no_look():
    assert not states.needs_a_look(run([row(verdict="unrun")]))
    assert not states.complete(run([row(verdict="unrun")]))


def test_what_is_new_on_a_machine_of_another_kind_is_counted_apart():
    away = new("a/b", detail={"causes": ["it is flipped"], "unseen": "arm64 darwin"})
    assert "2 new (1 not seen on this kind of machine before)" in states.verdict(run([new(), away]))
