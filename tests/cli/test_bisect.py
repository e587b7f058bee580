"""`convt bisect`: which release changed an answer; environments are not made here, but taken from the tests."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import CLEAN, FINDINGS, INCOMPLETE, USAGE, Said

from conformance.releases import environment
from conformance.releases.installing import NotMade
from conformance.report.versions import bisected


@pytest.fixture
def made(room, monkeypatch):
    """A script whose answer is that of `answers`, by version; NotMade where there is none."""
    answers: dict[str, int] = {}
    asked: list[str] = []

    @contextmanager
    def fake(release):
        asked.append(release.version)
        if release.version not in answers:
            raise NotMade(f"{release.name}: has no wheel")
        monkeypatch.setenv("OF", release.version)
        monkeypatch.setenv("STATUS", str(answers[release.version]))
        yield Path(sys.executable)

    monkeypatch.setattr(environment, "environment", fake)
    Path("script.py").write_text(
        "import os\nprint('of', os.environ['OF'])\nraise SystemExit(int(os.environ['STATUS']))\n"
    )
    return answers, asked


SCRIPT = ("bisect", "--script", "script.py", "--adapter", "torch", "--from", "1.5", "--to", "1.9")


def test_a_script_of_the_users_own(made):
    answers, asked = made
    answers |= {"1.5.1": 0, "1.6.0": 0, "1.8.1": 1, "1.9.1": 1}
    said = Said(*SCRIPT)
    assert said.status == FINDINGS, said.both
    assert "torch 1.8.1 (2021-03-25) is the first that answers otherwise" in said.out
    assert "1.6.0: exit status 0: of 1.6.0" in said.out
    assert "not asked: torch-1.7: has no wheel" in said.out
    assert "not asked, since they could not be: 1.7.1" in said.out
    assert asked == ["1.5.1", "1.9.1", "1.7.1", "1.6.0", "1.8.1"]
    (kept,) = bisected.read("history").values()
    assert kept.question.startswith("script script.py (")
    assert (kept.before, kept.first, sorted(kept.failed)) == ("1.6.0", "1.8.1", ["1.7.1"])


def test_what_was_learned_is_not_asked_again(made):
    answers, asked = made
    answers |= {"1.5.1": 0, "1.6.0": 0, "1.7.1": 0, "1.8.1": 1, "1.9.1": 1}
    Said(*SCRIPT)
    asked.clear()
    assert "(kept)" in Said(*SCRIPT).out
    assert asked == []
    assert Said(*SCRIPT, "--anew").status == FINDINGS
    assert asked


def test_an_answer_that_never_changes(made):
    answers, _ = made
    answers |= {"1.5.1": 0, "1.9.1": 0}
    said = Said(*SCRIPT)
    assert said.status == CLEAN
    assert "the answer never changed: exit status 0" in said.out


def test_too_few_releases(made):
    said = Said(*SCRIPT)
    assert said.status == INCOMPLETE
    assert "too few releases could be asked" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name one of them"),
        (["a/b", "--script", "script.py"], "name one of them"),
        (["a/b"], "say which route"),
        (["--script", "script.py"], "say by --adapter"),
        (["--script", "none.py", "--adapter", "torch"], "no such file"),
        (["a/b", "--route", "torhc/functional"], "no releases of 'torhc', did you mean 'torch'"),
        (["a/b", "--route", "torch/functional", "--from", "9"], "fewer than two releases"),
        (["a/b", "--route", "torch/functional", "--from", "new"], "write one like 1.8"),
    ],
)
def test_bad_input_is_one_sentence(made, words, told):
    said = Said("bisect", *words)
    assert said.status == USAGE
    assert told in said.both
    assert said.both.count("\n") == 1
