"""`convt fuzz`: it ends by itself, finds what a liar hides, writes cases that can be run again, and goes on."""

from __future__ import annotations

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said

from conformance.case import DTYPES
from conformance.corpus.fuzzed import fuzzed, named
from conformance.corpus.load import load_family
from conformance.corpus.neighbours import weight
from conformance.run import run_file


def fuzz(*words: str, output: str = "fuzz.jsonl") -> Said:
    return Said("fuzz", "--for", "2s", "--known", "none", "--output", output, *words)


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").mkdir()
    return tmp_path


def test_what_is_new_is_diagnosed_and_written_as_cases(room):
    said = fuzz("--adapter", str(LIARS / "flipped.py"), "--narrow", "5")
    assert said.status == FINDINGS
    assert "the kernel were flipped" in said.out
    assert "configurations\n  rank: 2-D " in said.out
    run = run_file.read("fuzz.jsonl")
    assert run.diagnoses[0].fault == "kernel-flipped"  # the liar does other things in 3-D, and none in 1-D
    case = load_family(room / "fuzz.yaml")[0]
    assert weight(case) <= min(weight(run.cases[key.case]) for key in run.diagnoses[0].rows)
    again = Said(
        "run", "--cases", "fuzz.yaml", "--adapter", str(LIARS / "flipped.py"), "--known", "none", "--no-narrow"
    )
    assert again.status == FINDINGS
    assert "lies.answer" in (room / "fuzz-1.py").read_text() or (room / "fuzz-1.py").exists()


def test_what_is_right_is_clean_and_says_how_much_was_asked(room):
    said = fuzz("--route", "numpy/scatter")
    assert said.status == CLEAN
    assert "convention:" in said.out
    assert not (room / "fuzz.yaml").exists()


def test_questions_that_must_be_refused(room):
    said = fuzz("--invalid", "--route", "numpy/scatter")
    assert said.status == CLEAN
    assert "invalid: " in said.out


def test_a_run_goes_on_where_it_ended(room):
    fuzz("--route", "numpy/scatter")
    before = run_file.read("fuzz.jsonl")
    said = Said("fuzz", "--for", "1s", "--known", "none", "--route", "numpy/scatter", "--resume", "fuzz.jsonl")
    after = run_file.read("fuzz.jsonl")
    assert said.status == CLEAN
    assert list(after.cases)[: len(before.cases)] == list(before.cases)
    assert len(after.cases) > len(before.cases)
    assert len(after.rows) == len({row.key for row in after.rows}) > len(before.rows)


def test_another_seed_is_no_going_on(room):
    fuzz("--route", "numpy/scatter")
    said = Said("fuzz", "--known", "none", "--route", "numpy/scatter", "--resume", "fuzz.jsonl", "--seed", "3")
    assert said.status == USAGE
    assert "started with other words" in said.err


@pytest.mark.parametrize("text", ["0s", "ten", "5d", "-1"])
def test_a_time_that_is_none_is_one_sentence(text, room):
    said = Said("fuzz", "--for", text)
    assert said.status == USAGE
    assert "expected a time such as 60s" in said.err


@pytest.mark.parametrize("invalid", [False, True])
def test_configurations_have_names(invalid):
    cases = [fuzzed(3, number, invalid) for number in range(150)]
    for case in cases[::15]:
        assert named(case.id) == case
    assert {case.expect for case in cases} == {"refuse" if invalid else "answer"}
    assert all((case.problem() is None) != invalid for case in cases)
    if not invalid:
        assert {dtype for case in cases for dtype in case.dtypes} == set(DTYPES)
        assert any(case.memory for case in cases)
        assert any(case.convention for case in cases)
    assert named("fuzz/x") is None
