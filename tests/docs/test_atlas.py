"""The atlas says what adapters and ledger say today, and what a run finds."""

from __future__ import annotations

import importlib.util

import pytest
from commands import CLEAN, Said
from documents import ROOT

from conformance.corpus.choose import choose, corpus, tiers
from conformance.run import run_file

spec = importlib.util.spec_from_file_location("atlas_of_documents", ROOT / "docs" / "atlas.py")
atlas = importlib.util.module_from_spec(spec)
spec.loader.exec_module(atlas)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return atlas.pages()


def test_it_is_what_adapters_and_ledger_say(pages):
    there = {path.name: path.read_text(encoding="utf-8") for path in atlas.FOLDER.glob("*.*")}
    assert there == pages, "run: python docs/atlas.py"


def test_it_is_small(pages):
    assert sum(map(len, pages.values())) < 1_500_000


def test_every_question_is_asked(pages):
    everything = corpus()
    cases = choose(everything, tiers(everything))
    for name, question in atlas.QUESTIONS.items():
        assert sum(map(question.is_asked, cases)) >= 3, name
        assert f"]({name}.md)" in pages["index.md"]


def test_a_run_finds_what_it_says(tmp_path, monkeypatch):
    """For the engine that is always there: what can be expressed passes, the rest is unsupported."""
    monkeypatch.chdir(tmp_path)
    question = atlas.QUESTIONS["dilation-and-output-padding"]
    everything = corpus()
    cases = [case for case in choose(everything, tiers(everything)) if atlas._plain(case) and question.is_asked(case)]
    words = ["--route", "numpy/*", "--dtype", "float32", "--check", "forward", "--fill", "exact", "-o", "run.jsonl"]
    assert Said("run", *sorted({case.id.replace("[", "?").replace("]", "?") for case in cases}), *words).status == CLEAN
    rows = run_file.read("run.jsonl").rows
    for route, answer in atlas.answers(cases, atlas.Ledger([]))["dilation-and-output-padding"].items():
        if route.startswith("numpy/"):
            ids = {case.id for case in cases}
            mine = [row.verdict for row in rows if row.route == route and row.case in ids]
            assert mine.count("pass") >= 10
            assert mine.count("unsupported") <= sum(answer.reasons.values())
            assert set(mine) <= {"pass", "unsupported"}
