"""What a run must reach: shares of answers, and what an earlier run reached."""

from __future__ import annotations

import pytest
from runs import new, row, run

from conformance.run.floors import reached

HEADER = {"adapters": {"lies": {}}, "absent": {}, "dead": {}, "selection": {"routes": []}}
OLD = [row(), row("a/b"), row(route="lies/other")]


def test_a_share_is_demanded_of_each_route():
    rows = [row(), row("a/b", "unsupported"), row("a/c", "broken", "new"), row(route="lies/other")]
    assert reached(rows, HEADER, 0.5, None)["too_few"] == [
        "lies/route@cpu answered 1 of its 3 rows, less than 50%",
    ]
    assert reached(rows, HEADER, 1 / 3, None)["too_few"] == []


@pytest.mark.parametrize(
    ("rows", "header", "lost"),
    [
        (OLD, {}, []),
        ([row(), row("a/b", "unsupported"), row(route="lies/other")], {}, ["lies/route@cpu answered 1 more"]),
        ([row(), row("a/b")], {}, ["lies/other@cpu answered 1 more"]),  # the route is gone
        ([row(), row("a/b")], {"selection": {"routes": ["lies/route"]}}, []),  # it was not wanted
        ([row(), row("a/b")], {"adapters": {"truth": {}}}, []),
        (
            [row(), row("a/b")],
            {"adapters": {}, "absent": {"lies": "not installed"}},
            ["lies/other@cpu answered 1 more"],
        ),
        ([row(), row(route="lies/other")], {}, []),  # the case was not asked
        ([new(), row("a/b"), row(route="lies/other")], {}, []),  # a wrong answer is one
    ],
)
def test_what_was_answered_then_must_be_answered_now(rows, header, lost):
    said = reached(rows, HEADER | header, None, run(OLD))["too_few"]
    assert [each.partition(" in ")[0] for each in said] == lost


def test_what_passed_then_may_not_diverge_now_though_the_ledger_knows_it():
    rows = [row(), row("a/b", "differ", "known"), row("a/c", "differ", "new")]
    assert reached(rows, HEADER, None, run(OLD)) == {
        "too_few": [
            "lies/other@cpu answered 1 more in run.jsonl, such as stride/one lies/other@cpu float32 forward exact"
        ],
        "worse": ["1 of lies/route@cpu passed in run.jsonl, such as a/b lies/route@cpu float32 forward exact"],
    }
