"""An operator with four bugs: four findings, each with its condition, and four rules that know them."""

from __future__ import annotations

from commands import CLEAN, FINDINGS, LIARS, Said

from conformance.run import run_file
from conformance.run.ledger import Ledger
from conformance.run.rules import UNFINISHED

BUGS = {
    "kernel-flipped": "groups > 1 and stride = 3 on some axis",
    "column-last-zero": "dilation > 1 on some axis and output padding > 0 on some axis",
    "bias-twice": "batch > 4",
    None: "float16",
}
FAMILIES = ("groups/*", "stride/*", "dilation/*", "output_padding/*", "bias/*", "dtype/*", "cover/r2*")


def run(output: str, *more: str) -> Said:
    words = ["--adapter", str(LIARS / "four_bugs.py"), "--known", "known", "--output", output]
    return Said("run", *FAMILIES, *words, *more)


def test_four_bugs_are_four_findings_and_four_rules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "known").mkdir()
    assert run("run.jsonl", "--narrow", "60").status == FINDINGS
    found = run_file.read("run.jsonl").diagnoses
    assert {each.fault: each.when for each in found} == BUGS
    assert len(found) == len(BUGS)
    (rounded,) = (each for each in found if each.fault is None)
    assert rounded.says == "right under an accumulator of float16, which is not declared: declare it, or mend it"

    draft = Said("known", "--draft", "run.jsonl").out
    (tmp_path / "known" / "tinylib.yaml").write_text(draft.replace(UNFINISHED, "as the test wrote it"), "utf-8")
    assert len(Ledger.load("known").rules) == len(BUGS)
    again = run("again.jsonl", "--no-narrow")
    assert " 0 new" in again.out
    assert again.status == CLEAN
