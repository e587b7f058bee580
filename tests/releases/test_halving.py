"""Halving: the first of many that answers otherwise, by asking few; and environments that cannot be made."""

from __future__ import annotations

import subprocess

import pytest

from conformance.releases import environment
from conformance.releases.catalogue import Release
from conformance.releases.halving import Found, halve
from conformance.releases.installing import NotMade


def asker(answers):
    asked = []

    def ask(place):
        asked.append(place)
        return answers[place]

    return ask, asked


@pytest.mark.parametrize("first", range(1, 20))
def test_the_first_that_answers_otherwise_is_found_by_few_questions(first):
    ask, asked = asker(["a"] * first + ["b"] * (20 - first))
    assert halve(range(20), ask) == Found(first - 1, first, "a", "b")
    assert len(asked) == len(set(asked)) <= 2 + 5


def test_an_answer_that_never_changes_is_the_result():
    ask, asked = asker(["a"] * 20)
    assert halve(range(20), ask) == "a"
    assert asked == [0, 19]


def test_what_cannot_be_asked_is_passed_over_and_told():
    ask, _ = asker([None, "a", "a", None, None, "b", None])
    assert halve(range(7), ask) == Found(2, 5, "a", "b", between=(3, 4))


@pytest.mark.parametrize("answers", [[None, None], ["a", None], [None, None, "b"]])
def test_one_answer_is_too_few(answers):
    assert halve(range(len(answers)), asker(answers)[0]) is None


RELEASE = Release(
    framework="lies",
    version="1.0",
    python="3.11",
    requirements=("lies==1.0",),
    routes=("lies/*",),
    name="lies-1.0",
    labels=("lies",),
)


def test_an_environment_that_cannot_be_made_is_told_with_the_reason_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(environment.shutil, "which", lambda name: "uv")
    monkeypatch.setattr(environment.tempfile, "mkdtemp", lambda prefix: str(made))
    made = tmp_path / "environment"
    made.mkdir()

    def fail(words, **more):
        return subprocess.CompletedProcess(words, 2, "", "error: No space left on device (os error 28)\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with (
        pytest.raises(NotMade, match=r"^lies-1\.0: error: No space left on device"),
        environment.environment(RELEASE),
    ):
        pass
    assert not made.exists()


def test_without_uv_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    with pytest.raises(NotMade, match="python -m pip install uv"), environment.environment(RELEASE):
        pass
