"""How well faults are told: each planted fault lies through the whole pipeline, and what is said is held against it.

    python benchmarks/diagnosis.py                    all faults, then 60 pairs of faults with a trigger
    python benchmarks/diagnosis.py --every 8          every eighth fault, and as few pairs
    python benchmarks/diagnosis.py --mutant 'stride-*' --pairs 0

For each fault: how many findings are told (one is right), whether the first names it (or the fault of which it is the
case with a trigger), and whether the condition agrees with the fault's own on random configurations, counted on those
on which the named fault would show. A pair is two faults with a trigger at once in one implementation; both have to be
found.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from conformance import folder
from conformance.case import Case
from conformance.corpus.choose import corpus
from conformance.corpus.globs import matches
from conformance.corpus.random_cases import numbered
from conformance.mutants import MUTANTS, Mutant
from conformance.mutants.mutant import SPECIAL_FILLS
from conformance.mutants.shown import FAULTS, shows
from conformance.run.diagnose import Diagnosis
from conformance.run.questions import Narrow, select
from conformance.run.session import Session
from conformance.run.worker import Program, environment

ROOT = Path(__file__).resolve().parent.parent
LIAR = ROOT / "tests" / "liars" / "mutant.py"
#: Random configurations on which a condition is held against the fault's own, and the share that has to agree.
CONFIGURATIONS, ENOUGH = 2000, 0.99


class Told(NamedTuple):
    """What was said of one liar."""

    names: tuple[str, ...]
    findings: list[Diagnosis]
    seconds: float
    agreement: dict[str, float]

    @property
    def found(self) -> list[str]:
        """Those of the planted faults that a finding names."""
        return [name for name in self.names if any(is_it(each, name) for each in self.findings)]


def is_it(diagnosis: Diagnosis, name: str) -> bool:
    """Whether a finding names a fault: itself, the fault of which it is the case with a trigger, or a fault that gives
    the same answers wherever it says that it happens."""
    fault = diagnosis.what.fault
    return fault is not None and (fault == name or fault in (FAULTS[name].base, name) or _sibling(fault, name))


def _sibling(fault: str, name: str) -> bool:
    return FAULTS[fault].base is not None and FAULTS[fault].base == FAULTS[name].base


def agreement(diagnosis: Diagnosis, name: str, cases: list[Case]) -> float:
    """The share of configurations, of those on which the named or the planted fault shows, where what was told is
    what happens."""
    same = asked = 0
    for case in cases:
        told_shows, happens = _shows(diagnosis.what.fault, case), _shows(name, case)
        if told_shows or happens:
            asked += 1
            told = told_shows and diagnosis.when is not None and diagnosis.when.holds(case, _Asked())
            same += told == happens
    return same / asked if asked else 1.0


def _shows(name: str, case: Case) -> bool:
    return any(shows(name, case, "forward", "float64", fill) for fill in ("exact", *SPECIAL_FILLS))


class _Asked(NamedTuple):
    check: str = "forward"
    dtype: str = "float64"
    fill: str = "exact"
    device: str = "cpu"


def tell(names: tuple[str, ...], session: Session, cases: list[Case], drawn: list[Case], narrow: float) -> Told:
    """Let a liar answer the corpus, and listen to what is said of it."""
    route = f"lies/{'+'.join(names)}"
    fills = tuple(dict.fromkeys(fill for name in names for fill in FAULTS[name].fills))
    chosen = select(cases, session.hellos, Narrow(routes=(route,), fills=fills))
    rows = list(session.rows(chosen))
    begin = time.perf_counter()
    findings = session.diagnoses(rows, {case.id: case for case in cases}, narrow)
    seconds = time.perf_counter() - begin
    agreed = {}
    for name in names:
        mine = [each for each in findings if is_it(each, name)]
        if mine and "forward" in FAULTS[name].checks:
            agreed[name] = max(agreement(each, name, drawn) for each in mine)
    return Told(names, findings, seconds, agreed)


def pairs(mutants: list[Mutant], count: int) -> list[tuple[str, str]]:
    """Pairs of faults with a trigger of different kinds, drawn."""
    triggered = [mutant for mutant in mutants if mutant.base is not None and set(mutant.checks) >= {"forward"}]
    all_pairs = [(one.name, two.name) for one, two in itertools.combinations(triggered, 2) if one.base != two.base]
    return random.Random(0).sample(all_pairs, min(count, len(all_pairs)))


def report(told: list[Told], word: str) -> None:
    """The figures of some liars."""
    counts = [len(each.findings) for each in told]
    right = sum(bool(each.findings) and is_it(each.findings[0], each.names[0]) for each in told)
    shares = [share for each in told for share in each.agreement.values()]
    enough = sum(share >= ENOUGH for share in shares)
    both = sum(len(each.found) == len(each.names) for each in told)
    seconds = sorted(each.seconds for each in told)
    print(
        f"{len(told)} {word}: {statistics.mean(counts):.2f} findings each ({sum(n == 1 for n in counts)} in one), "
        f"first right {right / len(told):.1%}, all found {both / len(told):.1%}, condition right in at least "
        f"{ENOUGH:.0%} of the configurations for {enough} of {len(shares)} ({enough / max(len(shares), 1):.1%}); "
        f"median {seconds[len(seconds) // 2]:.1f} s, most {seconds[-1]:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth fault only")
    parser.add_argument("--mutant", default="*", metavar="GLOB", help="these faults only")
    parser.add_argument("--pairs", type=int, default=60, metavar="N", help="so many pairs of faults")
    parser.add_argument("--narrow", type=float, default=20.0, metavar="SECONDS", help="for asking again")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="only these cases of the core tier")
    words = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if matches(mutant.name, words.mutant)][:: words.every]
    both = pairs([mutant for mutant in MUTANTS if matches(mutant.name, words.mutant)], words.pairs // words.every)
    # A liar takes any numbers, so it is asked only what has an answer.
    cases = [case for case in corpus() if case.tier == "core" and matches(case.id, words.cases) and case.size < 2**16]
    cases = [case for case in cases if case.expect == "answer" and not case.dispute]
    drawn = [numbered(99, number) for number in range(CONFIGURATIONS // words.every)]
    names = [(mutant.name,) for mutant in mutants]
    told = environment(1) | {
        "CONVT_LIAR_CONFORMANCE": str(folder("adapters").parent / "conformance"),
        "CONVT_LIAR_PAIRS": " ".join("+".join(pair) for pair in both),
    }
    session = Session.open([Program("lies", LIAR, environment=told)], ledger=ROOT / "no ledger", jobs=os.cpu_count())
    try:
        for word, liars in (("faults", names), ("pairs", both)):
            found = []
            for each in liars:
                found.append(tell(each, session, cases, drawn, words.narrow))
                _say_if_wrong(found[-1])
            if found:
                report(found, word)
    finally:
        session.close()


def _say_if_wrong(told: Told) -> None:
    low = {name: round(share, 3) for name, share in told.agreement.items() if share < ENOUGH}
    if len(told.findings) != len(told.names) or len(told.found) < len(told.names) or low:
        said = "; ".join(f"{each.what.fault or each.what.text} where {each.when}" for each in told.findings)
        print(f"  {' and '.join(told.names)}: {said or 'nothing'}{f' (agreement {low})' if low else ''}", flush=True)


if __name__ == "__main__":
    main()
