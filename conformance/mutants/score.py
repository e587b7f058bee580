"""Cases → which faults they show: for every mutant the cases that show it, and what no case does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from conformance.case import Case, Check, Fill, sensible
from conformance.mutants.catalogue import MUTANTS, kills
from conformance.mutants.mutant import SPECIAL_FILLS

#: A case with more multiply-adds is not asked, and the score says so.
LARGE = 5_000_000


@dataclass(frozen=True)
class Score:
    """`cases`: those that were asked, smallest first. `kills`: (id, check) → mutant → whether the case shows it.
    `left_out`: id → why the case was not asked."""

    cases: list[Case]
    kills: dict[tuple[str, Check], dict[str, bool]]
    left_out: dict[str, str]


def score(cases: Iterable[Case], seed: int = 0, jobs: int = 1) -> Score:
    """Put every mutant before every case, in each of its checks, in its widest exact dtype; `jobs` processes at once.

    Cases without an answer or without a fill that is compared exactly, and those of more than LARGE multiply-adds, are
    left out by name.
    """
    cases = sorted(cases, key=lambda case: (case.size, case.id))
    left_out = {case.id: why for case in cases if (why := _unasked(case))}
    asked = [case for case in cases if case.id not in left_out]
    questions = [(case, check, seed) for case in asked for check in case.checks]
    if jobs > 1 and len(questions) > 20:
        with ProcessPoolExecutor(jobs) as pool:  # the largest first, so that no process idles at the end
            answers = list(pool.map(_kills, *zip(*reversed(questions), strict=True), chunksize=4))[::-1]
    else:
        answers = [_kills(*question) for question in questions]
    found = {(case.id, check): killed for (case, check, _), killed in zip(questions, answers, strict=True)}
    return Score(asked, found, left_out)


def _unasked(case: Case) -> str | None:
    if case.expect == "refuse" or case.problem() is not None:
        return "it has no answer"
    if not _fills(case):
        return "it has no fill that is compared exactly"
    if case.size > LARGE:
        return f"{case.size:,} multiply-adds are more than {LARGE:,}"
    return None


def _fills(case: Case) -> list[Fill]:
    """Those that show what others do not: finite numbers, and each way of NaN and infinity."""
    finite = [fill for fill in ("exact", "given") if fill in case.fills][:1]
    return [*finite, *(fill for fill in SPECIAL_FILLS if fill in case.fills)]


def _kills(case: Case, check: Check, seed: int) -> dict[str, bool]:
    """In float64 too where the case asks for it: some arithmetic faults show nowhere else."""
    dtypes = {dtype for dtype in ("float32", "float64") if dtype in case.dtypes} or {case.dtypes[0]}
    found: dict[str, bool] = {}
    for dtype, fill in itertools.product(dtypes, _fills(case)):
        if sensible(dtype, check, fill):
            for name, killed in kills(case, check, dtype, fill, seed).items():
                found[name] = found.get(name, False) or killed
    return found


def table(score: Score) -> dict[str, Any]:
    """The score as plain data.

    cases, asked: how many cases, and which
    mutants: name → {says, needs, checks: check → {asked, killers: ids, smallest first}}
    families: family → mutant → ids of its killers, smallest first
    survivors: [mutant, check] that apply to some case and are shown by none; unasked: mutants that apply to none
    idle: cases that show nothing; left_out: id → why
    """
    rich = score.cases[-1] if score.cases else None
    mutants: dict[str, Any] = {
        mutant.name: {"says": mutant.sentence(rich) if rich else "", "needs": sorted(mutant.needs), "checks": {}}
        for mutant in MUTANTS
    }
    families: dict[str, dict[str, list[str]]] = {}
    shown = set()
    for case in score.cases:
        family = families.setdefault(case.family, {})
        for check in case.checks:
            for name, killed in score.kills[case.id, check].items():
                tally = mutants[name]["checks"].setdefault(check, {"asked": 0, "killers": []})
                tally["asked"] += 1
                if killed:
                    shown.add(case.id)
                    tally["killers"].append(case.id)
                    killers = family.setdefault(name, [])
                    if case.id not in killers:
                        killers.append(case.id)
    return {
        "cases": len(score.cases),
        "asked": [case.id for case in score.cases],
        "mutants": mutants,
        "families": families,
        "survivors": [
            [name, check]
            for name, mutant in mutants.items()
            for check, tally in mutant["checks"].items()
            if not tally["killers"]
        ],
        "unasked": [name for name, mutant in mutants.items() if not mutant["checks"]],
        "idle": [case.id for case in score.cases if case.id not in shown],
        "left_out": score.left_out,
    }
