"""States, causes and the sentence over all, as every output says them."""

from __future__ import annotations

import shlex

import pytest
from runs import LEDGER, case, new, row, run

from conformance.report import findings


def test_every_row_is_in_one_state_and_counted_once():
    rows = [row(), new(), row("a/b", "differ", "known"), row("a/c", "pass", "stale"), row("a/d", "unrun")]
    assert findings.counts(rows) == {
        "new": 1,
        "changed": 0,
        "stale": 1,
        "unrun": 1,
        "known": 1,
        "unsupported": 0,
        "pass": 1,
    }
    assert sum(findings.counts(rows).values()) == len(rows)


def test_a_divergence_that_no_ledger_has_seen_is_new():
    assert findings.state(row(verdict="crash")) == "new"


def test_causes_worst_state_first_and_the_smallest_case_of_each():
    big, small = case("stride/big", 9), case("stride/small", 2)
    rows = [
        row("stride/big", "unrun", detail={"reason": "the worker died"}),
        row("stride/big", "differ", "changed", cause="shape"),
        new("stride/big"),
        new("stride/small"),
        row("stride/big", "differ", "known"),
    ]
    found = findings.causes(rows, {each.id: each for each in (big, small)})
    assert [cause.state for cause in found] == ["new", "changed", "unrun"]
    assert [each.case for each in found[0].rows] == ["stride/small", "stride/big"]


def test_numbers_in_a_frameworks_message_do_not_make_another_cause():
    refusals = [row(f"stride/{n}", "refuse", "new", cause=f"ValueError: {n} is odd") for n in (1, 3)]
    assert len(findings.causes(refusals, {})) == 1
    assert len(findings.causes([new(cause="read as 1, 0"), new(cause="read as 0, 1")], {})) == 2


def test_what_contradicts_the_ledger_names_the_entry():
    stale = row(state="stale", detail={"ledger": LEDGER})
    assert "known/lies.yaml:7" in findings.told(stale)
    assert "known/lies.yaml:7" in findings.told(row(verdict="differ", state="changed", detail={"ledger": LEDGER}))
    other = row(state="stale", detail={"ledger": LEDGER | {"where": "known/lies.yaml:30"}})
    assert len(findings.causes([stale, other], {})) == 2


def test_nothing_that_a_framework_says_moves_the_cursor():
    assert findings.told(new(cause="\x1b[2J\x9b1mred\udcff")).isprintable()


@pytest.mark.parametrize(
    ("more", "begin"),
    [({}, "1 rows"), ({"whole": False}, "incomplete, cut short: 1 rows"), ({"dead": {"x": "y"}}, "incomplete: 1 rows")],
)
def test_the_sentence_says_whether_the_run_is_whole(more, begin):
    assert findings.verdict(run([row()], **more)).startswith(begin)
    assert findings.clean(run([row()], **more)) is (not more)


def test_the_line_to_paste_has_what_the_run_was_given():
    header = {
        "adapters": {"lies": {"file": "/somewhere/liars/flipped.py"}, "torch": {"file": "/ours/torch_adapter.py"}},
        "selection": {
            "adapters": ["liars/flipped.py", "torch"],
            "files": ["my cases.yaml"],
            "pythons": ["torch=old/bin/python"],
        },
        "seed": 7,
    }
    words = shlex.split(findings.command(new("a/b"), header))
    assert words == [
        "convt",
        "show",
        "a/b",
        "--route",
        "lies/route",
        "--cases",
        "my cases.yaml",
        "--adapter",
        "liars/flipped.py",
        "--seed",
        "7",
    ]
    words = shlex.split(findings.command(new("a/b", route="torch/jit", device="cuda"), header, exactly=True))
    assert words[3:5] == ["--route", "torch/jit@cuda"]
    assert "torch=old/bin/python" in words
    assert "liars/flipped.py" not in words


def test_a_name_with_a_quote_in_it_is_still_one_word():
    assert shlex.split(findings.command(new("a/it's; rm -rf *"), {}))[2] == "a/it's; rm -rf *"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ([], ("cases/stride.yaml", 12)),
        (["tests/conv/stride.yaml"], ("tests/conv/stride.yaml", 12)),
        (["deep/cases"], ("deep/cases/stride.yaml", 12)),
        (["other.yaml"], ("cases/stride.yaml", 12)),
    ],
)
def test_a_case_stands_where_the_run_was_given_it(files, place):
    known = run([row()], (case("stride/one"),), selection={"files": files})
    assert findings.where(known, "stride/one") == place
    assert findings.where(known, "stride/none") is None
