"""The history: what a run leaves in it, the ranges that follow, and what is told of many releases together."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from commands import CLEAN, USAGE, Said, honest
from packaging.specifiers import SpecifierSet
from runs import case, row, run

from conformance import folder
from conformance.report.versions import entry, page, store, tables, written
from conformance.report.versions.ranges import changes_of, specifier
from conformance.run import rules
from conformance.run.ledger import Ledger
from conformance.run.rules import within

RULE = """\
- routes: lies/flipped
{versions}  cases: stride/*
  verdict: differ
  cause: flipped
  kind: bug
  link: https://example.org/1
  why: It is so.
"""


def known(tmp_path, versions=""):
    path = tmp_path / "lies.yaml"
    path.write_text(RULE.format(versions=f'  versions: "{versions}"\n' if versions else ""))
    return rules.load(path)


def of(version, *rows, known=()):
    adapters = {"lies": {"version": version, "devices": ["cpu"]}}
    cases = tuple(case(name) for name in {each.case for each in rows})
    return entry.of(run(list(rows), cases, adapters=adapters), known)


def wrong(name="stride/one", **more):
    return row(name, route="lies/flipped", verdict="differ", cause="as if the kernel were flipped", **more)


def right(name="stride/one", **more):
    return row(name, route="lies/flipped", **more)


def test_a_rule_is_met_whatever_versions_it_names_and_the_states_are_those_of_today(tmp_path):
    (rule,) = known(tmp_path, "<1.5")
    old, new = (of(version, wrong(), right("stride/two"), known=[rule]) for version in ("1.4.0", "1.5.0"))
    for each in old, new:
        assert each.rules == {entry.identity(rule): entry.Met(met=1, missed=1, asked=2)}
    assert (old.states["known"], old.states["new"]) == (1, 0)
    assert (new.states["known"], new.states["new"]) == (0, 1)
    assert [each.verdict for each in new.unknown] == ["differ"]


def test_a_rule_is_the_same_whatever_versions_it_names(tmp_path):
    (one,), (other,) = known(tmp_path, "<1.5"), known(tmp_path)
    assert entry.identity(one) == entry.identity(other)
    assert entry.identity(one) != entry.identity(msgspec.structs.replace(one, causes=("padded",)))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"1.0.1": True, "1.1.0": True}, ""),
        ({"1.0.1": False, "1.1.0": True, "1.9.1": True}, ">=1.1"),
        ({"1.9.1": True, "1.10.0": False}, "<1.10"),
        ({"1.0.1": False, "1.1.0": True, "1.2.0": False}, ">=1.1,<1.2"),
        ({"1.0.1": True, "1.1.0": False, "1.2.0": False, "1.3.0": True}, "!=1.1.*,!=1.2.*"),
        ({"0.4.13": True, "0.4.23": False, "0.5.0": False}, "<0.4.23"),
        ({"0.4.13": False, "0.4.23": True}, ">=0.4.23"),
        ({"1.0.1": False}, None),
        ({}, None),
    ],
)
def test_a_range_is_read_off_the_releases_that_say_something(told, expected):
    found = [(of(version), said) for version, said in told.items()]
    assert specifier(found) == expected
    for version, said in told.items() if expected is not None else ():
        assert within(version, SpecifierSet(expected)) == said, version


def test_what_came_and_went_names_the_releases_on_both_sides():
    found = changes_of([(of(version), said) for version, said in {"1.0": False, "1.1": True, "1.2": False}.items()])
    assert [(each.came, each.before.version, each.after.version) for each in found] == [
        (True, "1.0", "1.1"),
        (False, "1.1", "1.2"),
    ]


def test_the_history_is_in_the_order_of_versions_and_can_be_read_again(tmp_path):
    (rule,) = known(tmp_path)
    told = {entry.identity(rule): entry.told(rule)}
    for version in ("1.10.0", "1.9.0"):
        store.add(tmp_path / "history", f"lies-{version}", of(version, wrong(), known=[rule]), told)
    found = store.read(tmp_path / "history")
    assert found.names == ["lies-1.9.0", "lies-1.10.0"]
    assert found.rules == told
    assert [list(cells.counts) for cells in tables.bars(found, found.entries)] == [[1, 1]]


def test_ranges_are_written_where_the_rule_stands(tmp_path):
    (rule,) = known(tmp_path, "==1.4.*")
    entries = {
        f"lies-{v}": of(v, rows, known=[rule])
        for v, rows in (("1.4.0", wrong()), ("1.5.0", wrong()), ("1.6.0", right()))
    }
    history = store.ordered(entries)
    (found,) = written.derived(history, [rule])
    assert not found.agrees
    assert found.range == "<1.6"
    written.write([found])
    (now,) = rules.load(tmp_path / "lies.yaml")
    assert now.versions == SpecifierSet("<1.6")
    assert written.derived(history, [now])[0].agrees


ALSO = """\
- routes: lies/flipped
  cases: stride/*
  verdict: differ
  cause: flipped
  kind: bug
  link: https://example.org/1
  why: >-
    It
    is so.
  also: [{cases: a/*}, {versions: ">=9", cases: b/*}]

- routes: lies/flipped
  versions: ">=9"
  cases: c/*
  verdict: differ
  cause: flipped
  kind: bug
  link: https://example.org/1
  why: It is so.
  also:
    - {cases: d/*}
    - versions: ">=9"
      cases: g/*
    - routes: lies/*
      cases: [e/*,
        f/*]
"""


def test_ranges_are_written_below_also_too(tmp_path):
    path = tmp_path / "lies.yaml"
    path.write_text(ALSO)
    goes = {"stride": "1.1", "a": "1.2", "b": "1.3", "c": "1.1", "d": "1.2", "g": "1.2", "e": "1.3"}
    entries = {}
    for version in ("1.0", "1.1", "1.2", "1.3"):
        rows = [(wrong if version < gone else right)(name=f"{family}/x") for family, gone in goes.items()]
        entries[version] = of(version, *rows, known=rules.load(path))
    history = store.ordered(entries)
    while written.write(written.derived(history, rules.load(path))):
        pass
    assert [str(rule.versions) for rule in rules.load(path)] == ["<1.1", "<1.2", "<1.3", "<1.1", "<1.2", "<1.2", "<1.3"]


def test_the_commands(room):
    path, history = "run.jsonl", "history"
    honest(output=path)
    assert Said("history", "add", path, "--folder", history).status == CLEAN
    assert "1 environment of 1 framework" in Said("history", "list", "--folder", history).out
    assert Said("history", "changes", "--folder", history).out == ""
    assert Said("history", "ranges", "--folder", history).status == CLEAN
    assert Said("history", "add", path, path, "--name", "x", "--folder", history).status == USAGE
    assert Said("history", "list", "--folder", "none").status == USAGE


def test_what_is_no_history_is_told(tmp_path):
    (tmp_path / "x.json").write_text("{")
    said = Said("history", "list", "--folder", str(tmp_path))
    assert said.status == USAGE
    assert "expected a file that `convt history add` wrote" in said.both


def test_the_page_tells_of_all_releases_in_their_order(tmp_path):
    (rule,) = known(tmp_path)
    crash = row("stride/two", route="lies/flipped", verdict="crash", cause="SIGSEGV")
    rows = {"1.9.0": [wrong()], "1.10.0": [right()], "1.2.0": [right(), crash]}
    history = store.ordered({f"lies-{version}": of(version, *each, known=[rule]) for version, each in rows.items()})
    history.rules = {entry.identity(rule): entry.told(rule)}
    told = page.told(history)
    (framework,) = told["frameworks"]
    assert [column["version"] for column in framework["columns"]] == ["1.2.0", "1.9.0", "1.10.0"]
    assert not told["clean"]
    assert told["sentence"] == "3 environments of 1 framework: 3 rows need a look, in lies 1.2.0, lies 1.10.0."
    (line,) = framework["moved"]
    assert [cell["kind"] for cell in line["cells"]] == ["holds-not", "holds", "holds-not"]
    assert line["when"] == "came in 1.9.0; gone in 1.10.0"
    page.write(history, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "came in 1.9.0; gone in 1.10.0" in text
    assert "SIGSEGV" in text


def test_what_a_release_lacks_is_one_line_whatever_its_version():
    lacking = [
        row(verdict="unsupported", detail={"reason": f"version {version} has no groups"}) for version in ("1.0", "1.1")
    ]
    entries = [of("1.0", lacking[0]), of("1.1", lacking[1]), of("1.2", row())]
    (bar,) = tables.lacking(entries)
    assert (bar.says, bar.cells, bar.counts) == ("it has no groups", [True, True, False], [1, 1, 0])


def test_a_history_is_told_alone(room):
    (room / "history").mkdir()
    for words in (
        ["history", "--json", "-"],
        ["history", "run.jsonl", "-o", "p.html"],
        ["history", "-o", "p.html", "--json", "-"],
    ):
        said = Said("report", *words)
        assert said.status == USAGE
        assert "a history is told alone" in said.both
    assert Said("report", "history", "-o", "p.html").status == CLEAN


def test_the_ledger_says_of_versions_what_the_history_says():
    history = store.read(Path(__file__).parents[2] / "history")
    found = written.derived(history, Ledger.load(folder("cases") / "known").rules)
    assert sum(bool(each.asked) for each in found) > 100
    assert [str(each) for each in found if not (each.agrees or each.holds_nowhere)] == []
