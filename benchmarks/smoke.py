"""What the smoke tier shows of what the core tier shows, for who can express all of it and for who cannot.

    python benchmarks/smoke.py      a row for each kind of operator; what it misses; what to add, and what could go

Smoke is chosen so that no planted fault which some core case shows is missed, whatever of OPERATORS it is asked of. By
hand it has a case of every family, and one for each word that only some frameworks have. What else it needs is added
case by case, always the one that shows most of what is still missed (`additions`); what then shows nothing alone may go
where its family has another case (`idle`). What smoke misses in one check and shows in another is printed, and is what
the core tier is for.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Iterable
from typing import NamedTuple

from conformance.case import CHECKS, Case, Check
from conformance.corpus.choose import choose, corpus, tiers
from conformance.corpus.globs import matches
from conformance.mutants import Score, features, score

#: Multiply-adds of a case that may be added: it is answered at once, and compiled at once.
SMALL = 20_000


class Operator(NamedTuple):
    """What an operator can express, and which checks it answers."""

    lacks: frozenset[str] = frozenset()
    checks: tuple[Check, ...] = CHECKS

    def answers(self, case: Case) -> bool:
        """Whether it can be asked: in its numbers alone, of float32, where it lacks something."""
        if not self.lacks:
            return True
        plain = not (case.convention or case.options or case.memory or case.dispute or case.input_layout)
        return plain and "float32" in case.dtypes and not self.lacks & _words(case)


def _words(case: Case) -> frozenset[str]:
    per_axis = zip(case.output_padding, case.stride, case.dilation, strict=True)
    large = any(op >= max(stride, dilation) for op, stride, dilation in per_axis)
    return features(case) | ({"large output padding"} if large else set())


#: What PyTorch's parameters cannot express: one padding for both ends, and an output padding below stride or dilation.
UNEQUAL = frozenset({"asymmetric padding", "negative padding", "large output padding"})
FORWARD: tuple[Check, ...] = ("forward",)

OPERATORS = {
    "everything": Operator(),
    "forward only": Operator(checks=FORWARD),
    "no groups": Operator(frozenset({"groups"})),
    "symmetric padding": Operator(UNEQUAL),
    "symmetric padding, forward only": Operator(UNEQUAL, FORWARD),
    "symmetric padding, no groups": Operator(UNEQUAL | {"groups"}),
    "symmetric padding, no groups, forward only": Operator(UNEQUAL | {"groups"}, FORWARD),
}

#: (operator, mutant) pairs.
Shown = set[tuple[str, str]]


def shown(found: Score) -> dict[str, Shown]:
    """Case → which mutants it shows on which operators."""
    return {
        case.id: {
            (name, mutant)
            for name, operator in OPERATORS.items()
            if operator.answers(case)
            for check in set(case.checks) & set(operator.checks)
            for mutant, dead in found.kills[case.id, check].items()
            if dead
        }
        for case in found.cases
    }


def together(told: dict[str, Shown], ids: Iterable[str]) -> Shown:
    return set().union(*(told.get(name, set()) for name in ids))


def by_check(found: Score, ids: Collection[str]) -> set[tuple[str, Check]]:
    """(mutant, check) pairs that the cases show."""
    return {
        (mutant, check)
        for (case, check), killed in found.kills.items()
        if case in ids
        for mutant, dead in killed.items()
        if dead
    }


def additions(found: Score, told: dict[str, Shown], smoke: Iterable[str]) -> list[str]:
    """What to add so that nothing is missed: always the case that shows most of it; hand-written ones first."""
    small = [case for case in found.cases if case.size <= SMALL]
    left, added = together(told, told) - together(told, smoke), []
    while left and small:
        best = max(small, key=lambda case: (len(told[case.id] & left), _by_hand(case), -case.size))
        if not told[best.id] & left:
            break
        left -= told[best.id]
        added.append(best.id)
    return added


def _by_hand(case: Case) -> bool:
    return not case.family.startswith(("cover", "grid"))


def idle(told: dict[str, Shown], smoke: Iterable[str]) -> list[str]:
    """Cases without which nothing would be missed, nor a family be without a case."""
    smoke, found = list(smoke), []
    for name in smoke:
        others = [other for other in smoke if other != name]
        family = name.partition("/")[0]
        if told.get(name) and any(other.partition("/")[0] == family for other in others):
            found += [name] if told[name] <= together(told, others) else []
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--cases", default="*", metavar="GLOB", help="only these cases")
    glob = words.parse_args().cases
    everything = corpus()
    cases = [case for case in everything if matches(case.id, glob)]
    found = score(cases, jobs=os.cpu_count() or 1)
    smoke = [case.id for case in choose(everything, tiers(everything), tier="smoke") if matches(case.id, glob)]
    told = shown(found)
    could, does = together(told, told), together(told, smoke)
    by_id = {case.id: case for case in cases}
    print(f"{len(smoke)} cases of {len({by_id[id].family for id in smoke})} families")
    for name, operator in OPERATORS.items():
        answered = sum(operator.answers(by_id[id]) for id in smoke)
        mine, all_of_them = (sum(kind == name for kind, _ in pairs) for pairs in (does, could))
        print(f"{name:44} {answered:3} cases show {mine} of {all_of_them} mutants")
    for mutant in sorted({mutant for _, mutant in could - does}):
        print(f"  missed: {mutant}, on: {'; '.join(name for name in OPERATORS if (name, mutant) in could - does)}")
    could, does = (by_check(found, ids) for ids in (by_id, smoke))
    print(f"{len(does)} of {len(could)} pairs of mutant and check; missed in")
    for check in CHECKS:
        print(f"  {check}: {', '.join(sorted(name for name, of in could - does if of == check)) or 'nothing'}")
    print(f"to add: {', '.join(additions(found, told, smoke)) or 'nothing'}")
    print(f"could go: {', '.join(idle(told, smoke)) or 'nothing'}")


if __name__ == "__main__":
    main()
