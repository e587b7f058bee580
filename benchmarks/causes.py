"""How well causes are named: every planted fault lies through the real pipeline, and is held against the truth.

    python benchmarks/causes.py            all faults, each check, on the smallest case of the corpus that shows it
    python benchmarks/causes.py --every 8  every eighth fault

A liar answers each question as one mutant would (tests/liars/mutant.py); protocol, engine, comparator and diagnosis do
the rest. Counted: verdict `differ`; the true cause first; the true cause among those that are named (several faults
may give one array bit for bit, and are then all listed).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from conformance import folder
from conformance.corpus.choose import corpus
from conformance.corpus.globs import matches
from conformance.mutants import MUTANTS, score
from conformance.mutants.shown import FAULTS, shows
from conformance.run.questions import Narrow, Question, select
from conformance.run.row import Row
from conformance.run.session import Session
from conformance.run.worker import Program, environment

ROOT = Path(__file__).resolve().parent.parent
LIAR = ROOT / "tests" / "liars" / "mutant.py"


def questions(session: Session, every: int, glob: str) -> dict[tuple[str, str], Question]:
    """(mutant, check) → the question whose case is the smallest that shows it."""
    cases = [case for case in corpus() if matches(case.id, glob)]
    by_id, wanted = {case.id: case for case in cases}, MUTANTS[::every]
    found = score(cases, jobs=os.cpu_count() or 1)
    smallest: dict[tuple[str, str], str] = {}
    for (case, check), killed in found.kills.items():  # smallest case first
        for mutant in wanted if {"float32", "float64"} & set(by_id[case].dtypes) else ():
            if killed.get(mutant.name):
                smallest.setdefault((mutant.name, check), case)
    asked = {}
    for (mutant, check), case in smallest.items():
        narrow = Narrow(routes=(f"lies/{mutant}",), checks=(check,), fills=FAULTS[mutant].fills)
        for question in select([by_id[case]], session.hellos, narrow).questions:
            # Some faults show in float64 alone, or in one of the fills.
            if shows(mutant, by_id[case], check, question.key.dtype, question.key.fill):
                asked[mutant, check] = question
    return asked


def measure(every: int = 1, glob: str = "*") -> tuple[dict[tuple[str, str], Row], dict[str, int]]:
    """The row of every (mutant, check), and how many of them differ, are named first, are named at all."""
    told = environment(1) | {"CONVT_LIAR_CONFORMANCE": str(folder("adapters").parent / "conformance")}
    session = Session.open([Program("lies", LIAR, environment=told)], ledger=ROOT / "no ledger")
    try:
        asked = questions(session, every, glob)
        keys = {question.key: name for name, question in asked.items()}
        rows = {keys[row.key]: row for row in session.engine.run(asked.values())}
    finally:
        session.close()
    counts = {"asked": len(asked), "differ": 0, "first": 0, "named": 0}
    for (mutant, check), row in rows.items():
        truth = FAULTS[mutant].sentence(asked[mutant, check].case)
        causes = row.detail.get("causes") or [row.cause or ""]
        counts["differ"] += row.verdict == "differ"
        counts["first"] += causes[0] == truth
        counts["named"] += truth in causes
        if truth not in causes:
            print(f"{mutant} {check} on {row.case}: {row.verdict}: {row.cause}")
    return rows, counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth fault only")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="only these cases")
    words = parser.parse_args()
    begin = time.perf_counter()
    _, counts = measure(words.every, words.cases)
    asked = counts.pop("asked")
    said = ", ".join(f"{word} {count} ({count / asked:.1%})" for word, count in counts.items())
    print(f"{asked} lies: {said}; {time.perf_counter() - begin:.0f} s")
