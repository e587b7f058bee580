"""`convt known` and `convt diagnose`: rules as sentences, drafts of rules, and what a finished run found."""

from __future__ import annotations

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said

from conformance.corpus.yaml_file import FileError
from conformance.run import rules


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of a liar that flips the kernel, over a few cases."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").mkdir()
    words = ["stride/*", "--adapter", str(LIARS / "flipped.py"), "--known", "none", "--output", "run.jsonl"]
    assert Said("run", *words, "--no-narrow").status == FINDINGS
    return tmp_path


def test_a_finished_run_is_diagnosed(run):
    said = Said("diagnose", "run.jsonl")
    assert said.status == FINDINGS
    assert "as if the kernel were flipped" in said.out
    assert "rows that could show it" in said.out


def test_a_named_adapter_is_asked_again(run):
    said = Said("diagnose", "run.jsonl", "--adapter", str(LIARS / "flipped.py"), "--narrow", "10")
    assert "smallest that is wrong: 2-D" in said.out  # the liar knows two axes only
    assert "further questions" in said.out


def test_a_clean_run_has_nothing_to_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").mkdir()
    Said("run", "stride/*", "--route", "numpy/scatter", "--known", "none", "--output", "run.jsonl")
    said = Said("diagnose", "run.jsonl")
    assert (said.status, said.out) == (CLEAN, "")


def test_a_draft_is_one_rule_for_one_fault_and_a_person_has_to_finish_it(run):
    text = Said("known", "--draft", "run.jsonl").out
    assert text.count("- routes:") == 1
    assert "fault: kernel-flipped" in text
    draft = run / "draft.yaml"
    draft.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match="not written yet"):
        rules.load(draft)
    draft.write_text(text.replace(rules.UNFINISHED, "because it does"), encoding="utf-8")
    (rule,) = rules.load(draft)
    assert rule.fault == "kernel-flipped"


def test_a_finished_draft_makes_the_run_clean(run):
    text = Said("known", "--draft", "run.jsonl").out
    (run / "none" / "lies.yaml").write_text(text.replace(rules.UNFINISHED, "because it does"), encoding="utf-8")
    words = ["stride/*", "--adapter", str(LIARS / "flipped.py"), "--known", "none", "--output", "again.jsonl"]
    said = Said("run", *words)
    assert " 0 new" in said.out
    assert said.status == CLEAN


def test_rules_are_listed_as_sentences():
    said = Said("known")
    assert said.status == CLEAN
    assert " refuses where " in said.out
    assert "https://" in said.out


def test_rules_of_some_routes(tmp_path):
    everything, some = Said("known"), Said("known", "numpy/*")
    assert 0 < len(some.out) < len(everything.out)
    assert "torch/functional" not in some.out


def test_a_run_that_is_not_there_is_one_sentence():
    said = Said("diagnose", "nowhere.jsonl")
    assert said.status == USAGE
    assert "nowhere.jsonl" in said.err
