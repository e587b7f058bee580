"""Known divergences: what an entry makes of a row, what a run makes of an entry, and what is refused in the files."""

from __future__ import annotations

import pytest

from conformance.corpus.yaml_file import FileError
from conformance.run.ledger import Ledger, draft
from conformance.run.row import Key, Row

ENTRY = {
    "cases": "stride/far-*",
    "routes": "torch/*",
    "verdict": "differ",
    "cause": "kernel were flipped",
    "covers": "2",
    "kind": "bug",
    "link": "https://example.org/1",
    "why: >-\n   ": "It convolves.",
}
VERSIONS = {"torch": "2.4.1"}


def written(**changes: str | None) -> str:
    """One entry as YAML; a change of None leaves the word out."""
    words = {**ENTRY, **changes}
    text = "".join(f"  {word}{' ' if '>-' in word else ': '}{value}\n" for word, value in words.items() if value)
    return "- " + text[2:]


def ledger(folder, *entries: str, name: str = "torch") -> Ledger:
    (folder / f"{name}.yaml").write_text("# What is known.\n" + "".join(entries), encoding="utf-8")
    return Ledger.load(folder)


def row(case="stride/far-1", verdict="differ", cause="as if the kernel were flipped", route="torch/functional", **more):
    key = {"device": "cpu", "dtype": "float32", "check": "forward", "fill": "exact"} | more
    return Row(case=case, route=route, verdict=verdict, cause=cause, outcome="returned", **key)


def settle(known: Ledger, rows: list[Row], whole=None, selected=None, versions=VERSIONS) -> list[str]:
    keys = [each.key for each in rows]
    judged = [known.judge(each, versions["torch"]) for each in rows]
    return known.settle(judged, keys if whole is None else whole, set(keys if selected is None else selected), versions)


@pytest.mark.parametrize(
    ("answer", "standing"),
    [
        (row(), "known"),
        (row(cause="as if the KERNEL were flipped, twice"), "known"),
        (row(cause="as if rows were shifted"), "changed"),
        (row(verdict="refuse", cause="kernel were flipped"), "changed"),
        (row(verdict="crash", cause="SIGSEGV"), "changed"),
        (row(verdict="pass", cause=None), "stale"),
        (row(case="stride/near"), "new"),
        (row(route="jax/conv_transpose"), "new"),
        (row(case="stride/near", verdict="pass", cause=None), None),
        (row(verdict="unsupported", cause=None), None),
        (row(verdict="unrun", cause=None), None),
    ],
)
def test_standing(answer, standing, tmp_path):
    judged = ledger(tmp_path, written()).judge(answer, "2.4.1")
    assert judged.state == standing
    if standing in ("known", "changed", "stale"):
        assert judged.detail["ledger"]["where"].endswith("torch.yaml:2")
        assert judged.detail["ledger"]["link"] == "https://example.org/1"


@pytest.mark.parametrize(
    ("word", "value", "other"),
    [
        ("dtypes", "float32", "float64"),
        ("checks", "forward", "grad_input"),
        ("fills", "exact", "real"),
        ("devices", "cpu", "cuda"),
    ],
)
def test_a_narrowed_entry_speaks_of_nothing_else(word, value, other, tmp_path):
    known = ledger(tmp_path, written(**{word: f"[{value}]"}))
    assert known.judge(row(**{word[:-1]: value}), "2.4.1").state == "known"
    assert known.judge(row(**{word[:-1]: other}), "2.4.1").state == "new"


@pytest.mark.parametrize(
    ("versions", "version", "standing"),
    [
        ("'>=2.4'", "2.4.1", "known"),
        ("'>=2.4'", "2.3.9", "new"),
        ("'>=1,<2.4'", "2.4.0", "new"),
        ("'<2.5'", "2.4.1+cpu", "known"),
        ("'>=2.4'", "2.5.0.dev20250101", "known"),
        ("'>=2.4'", "nightly", "new"),
        (None, "nightly", "known"),
    ],
)
def test_version_ranges_select(versions, version, standing, tmp_path):
    assert ledger(tmp_path, written(versions=versions)).judge(row(), version).state == standing


def test_a_run_that_finds_what_is_written_is_settled(tmp_path):
    assert settle(ledger(tmp_path, written()), [row(), row("stride/far-2"), row("bias/b", "pass", None)]) == []


@pytest.mark.parametrize("number", [1, 3])
def test_another_count_is_said_with_both_numbers(number, tmp_path):
    (problem,) = settle(ledger(tmp_path, written()), [row(f"stride/far-{index}") for index in range(number)])
    assert "torch.yaml:2" in problem
    assert f"covers 2 rows, {number} diverged" in problem


def test_rows_that_diverge_otherwise_do_not_count(tmp_path):
    (problem,) = settle(ledger(tmp_path, written()), [row(), row("stride/far-2", cause="as if shifted")])
    assert "covers 2 rows, 1 diverged" in problem


def test_an_entry_of_which_only_some_rows_were_asked_is_not_judged(tmp_path):
    whole = [row().key, row("stride/far-2").key]
    assert settle(ledger(tmp_path, written()), [row()], whole=whole) == []


def test_an_entry_that_nothing_matches_is_an_orphan(tmp_path):
    known = ledger(tmp_path, written())
    (problem,) = settle(known, [row("bias/b", "pass", None)])
    assert problem.startswith("orphan: ")
    assert "torch.yaml:2" in problem


@pytest.mark.parametrize("entry", [{"versions": "'<2'"}, {"routes": "jax/*"}, {"devices": "[cuda]"}])
def test_an_entry_for_what_is_not_here_is_no_orphan(entry, tmp_path):
    assert settle(ledger(tmp_path, written(**entry)), [row("bias/b", "pass", None)]) == []


def test_two_entries_for_one_row_are_refused_with_both_places(tmp_path):
    known = ledger(tmp_path, written(), written(cases="stride/*", cause="something else"))
    with pytest.raises(FileError) as error:
        known.judge(row(), "2.4.1")
    first, second = "torch.yaml:2", "torch.yaml:11"
    assert first in str(error.value)
    assert second in str(error.value)
    assert str(row().key) in str(error.value)


def test_two_entries_for_different_versions_may_stand_side_by_side(tmp_path):
    known = ledger(tmp_path, written(versions="'<2'"), written(versions="'>=2'", cause="something else"))
    assert [known.judge(row(), version).state for version in ("1.9", "2.0")] == ["known", "changed"]


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({"link": "FINISH ME"}, 8, "link is not written yet"),
        ({"why: >-\n   ": "We FINISH ME later"}, 9, "why is not written yet"),
        ({"cause": "''"}, 5, "cause is not written yet"),
        ({"verdict": "wrong"}, 4, "wrong"),
        ({"verdict": "pass"}, 4, "no divergence"),
        ({"verdict": "unsupported"}, 4, "no divergence"),
        ({"versions": "two"}, 11, "no version range"),
        ({"covers": "0"}, 6, "at least 1"),
        ({"covers": "many"}, 6, "covers"),
        ({"kind": "feature"}, 7, "feature"),
        ({"covers": None}, 2, "covers"),
        ({"link": None}, 2, "link"),
        ({"because": "x"}, 11, "because"),
        ({"dtypes": "float32"}, 11, "dtypes"),
    ],
)
def test_what_is_wrong_in_a_file_is_refused_with_its_line(changes, line, said, tmp_path):
    with pytest.raises(FileError) as error:
        ledger(tmp_path, written(**changes))
    assert f"torch.yaml:{line}: " in str(error.value)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_draft_is_refused_until_a_person_finishes_it_and_settles_the_run_then(tmp_path):
    rows = [
        row("stride/s[2,1]-k[2,3]"),
        row("stride/s[2,1]-k[3,3]"),
        row("stride/s[2,1]-k[3,3]", fill="real"),
        row("bias/it's: #1", "refuse", "RuntimeError: don't: {this} #2\nand more"),
        row("bias/other", "pass", None),
        row("stride/s[2,1]-k[2,3]", "crash", "killed by SIGSEGV", route="torch/module"),
    ]
    empty = ledger(tmp_path, "[]\n")
    judged = [empty.judge(each, "2.4.1") for each in rows]
    text = draft(judged)
    assert text.count("- cases:") == 3  # one for each verdict, cause and family
    with pytest.raises(FileError, match="is not written yet: a person"):
        ledger(tmp_path, text)
    finished = ledger(tmp_path, text.replace("FINISH ME", "https://example.org/2"))
    assert [finished.judge(each, "2.4.1").state for each in rows] == [*["known"] * 4, None, "known"]
    assert settle(finished, rows) == []


def test_a_draft_speaks_of_no_row_that_did_not_diverge(tmp_path):
    """A list of cases and a list of dtypes mean every pair of them; where one of the pairs passes, they are divided."""
    rows = [
        row("stride/a", dtype="float32"),
        row("stride/a", "pass", None, dtype="float64"),
        row("stride/b", "pass", None, dtype="float32"),
        row("stride/b", dtype="float64"),
        row("stride/b", "pass", None, dtype="float32", device="cuda"),
        row("stride/c", "refuse", "no", fill="exact"),
        row("stride/c", "differ", "values", fill="real"),
    ]
    empty = ledger(tmp_path, "[]\n")
    finished = ledger(tmp_path, draft([empty.judge(each, "2.4.1") for each in rows]).replace("FINISH ME", "said"))
    standings = [finished.judge(each, "2.4.1").state for each in rows]
    assert standings == ["known", None, None, "known", None, "known", "known"]
    assert settle(finished, rows) == []


def test_nothing_new_drafts_nothing(tmp_path):
    assert draft([ledger(tmp_path, written()).judge(row(), "2.4.1")]) == ""


def test_a_key_is_what_the_ledger_speaks_of():
    assert row().key == Key("stride/far-1", "torch/functional", "cpu", "float32", "forward", "exact")
