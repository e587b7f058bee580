"""Asking a route again: which of the conditions is it, what is the smallest that fails, and the nearest that is right.

Questions are drawn near to those that failed, a few numbers changed, because conditions that fit alike differ there.
Each is put only if the fault would show on it. All of a round are asked at once; the route answers while the next are
not yet known, so what it costs is the route's own time.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from conformance.case import Case, sensible
from conformance.corpus.conditions import Condition
from conformance.corpus.neighbours import beside, changed, difference, renamed, simpler, weight
from conformance.oracle.bounds import LOOSER
from conformance.run import infer
from conformance.run.blame import What, named, rounding
from conformance.run.diagnose import EXACT, Diagnosis, Evidence, against
from conformance.run.infer import Asked
from conformance.run.row import Row

#: Rounds, questions that are drawn in a round and those that are put, and confirming questions on each side.
ROUNDS, DRAWN, PUT, CONFIRM = 12, 400, 24, 20
#: Rounds in which the smallest case gets smaller.
SMALLER = 24

#: Asks one route; rows come back in any order, those of questions that it cannot express as `unsupported`.
Ask = Callable[[Sequence[Asked]], list[Row]]


@dataclass
class Route:
    """What can be asked of a route."""

    ask: Ask
    dtypes: tuple[str, ...]
    checks: tuple[str, ...]


def narrow(diagnosis: Diagnosis, route: Route, seconds: float, seed: int = 0) -> Diagnosis:
    """The diagnosis with what asking a route again brought; ends after some seconds with what is known by then."""
    start = [diagnosis.table.asked[place] for place in diagnosis.evidence.positive]
    start = [one for one in start if _plain(one.case) and diagnosis.what.verdict not in ("accept", "flaky")]
    if not start:
        return diagnosis
    search = _Search(diagnosis, route, time.monotonic() + seconds, seed, start)
    search.decide()
    smallest = search.smallest()
    return replace(
        diagnosis,
        conditions=search.conditions,
        evidence=search.evidence,
        confirmed=search.confirmed,
        smallest=smallest,
        nearest=smallest and search.nearest(smallest),
        finished=not search.over,
    )


def _plain(case: Case) -> bool:
    """Whether a case is its numbers alone, so that other numbers make another case of the kind."""
    return not (case.options or case.shapes or case.operand_dtypes or case.dispute) and case.expect == "answer"


class _Search:
    def __init__(self, diagnosis: Diagnosis, route: Route, until: float, seed: int, start: list[Asked]):
        self.what, self.conditions, self.confirmed = diagnosis.what, list(diagnosis.conditions), 0
        self.table, self.evidence, self.route = diagnosis.table, diagnosis.evidence, route
        self.until, self.seed = until, seed
        self.start, self.rng = start, random.Random(seed)
        self.seen: set[tuple] = set()

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.until

    def decide(self) -> None:
        """Ask until one condition is left that nothing contradicts, and then some questions more that confirm it."""
        for _ in range(ROUNDS):
            if self.over:
                return
            drawn = list(itertools.islice(self._drawn(), DRAWN))
            places = self.table.add(drawn)
            chosen = self._telling(places) or self._confirming(places)
            if not chosen:
                return
            confirming = len(self.conditions) == 1 or not self._telling(places)
            contradicted, telling = self._learn(chosen)
            if confirming and not contradicted:
                self.confirmed += telling
                return

    def _telling(self, places: np.ndarray) -> list[Asked]:
        """Questions on which the conditions that still fit disagree, those that divide them best first."""
        if not self.conditions:
            return [self.table.asked[place] for place in places[:PUT]]
        holds = np.array([self._meets(condition, places) for condition in self.conditions])
        votes = holds.sum(axis=0)
        order = np.argsort(np.abs(votes - len(self.conditions) / 2), kind="stable")
        return [self.table.asked[places[index]] for index in order if 0 < votes[index] < len(self.conditions)][:PUT]

    def _confirming(self, places: np.ndarray) -> list[Asked]:
        """Questions inside the condition and just outside."""
        holds = self._meets(self.conditions[0], places)
        inside, outside = places[holds][:CONFIRM], places[~holds][:CONFIRM]
        return [self.table.asked[place] for place in (*inside, *outside)]

    def _meets(self, condition: Condition, places: np.ndarray) -> np.ndarray:
        return self.table.meets(condition, int(places[0])) if len(places) else np.zeros(0, dtype=bool)

    def _learn(self, asked: list[Asked]) -> tuple[bool, int]:
        """Ask, add what came back to the evidence, and look for conditions anew where it contradicts the first of
        them. Returns whether it did, and how many answers said something: what fails in another way does not."""
        positive, negative = [], []
        for one, failed in self._put(asked):
            (positive if failed else negative).append(one)
        more = Evidence(self.table.add(positive), self.table.add(negative))
        self.evidence = self.evidence.and_also(more)
        self.start += positive
        kept = [each for each in self.conditions if self._fits(each, more)]
        contradicted = kept[:1] != self.conditions[:1]
        self.conditions = kept or infer.conditions(self.table, *self.evidence)
        return contradicted, len(positive) + len(negative)

    def _fits(self, condition: Condition, more: Evidence) -> bool:
        holds = self.table.meets(condition)
        return bool(holds[more.positive].all() and not holds[more.negative].any())

    def _put(self, asked: Iterable[Asked]) -> Iterator[tuple[Asked, bool]]:
        """Questions with whether they failed in this way; those that say neither are left out."""
        by_key = {(one.case.id, one.check, one.dtype, one.fill): one for one in asked}
        for row in self.route.ask(list(by_key.values())):
            one = by_key[row.case, row.check, row.dtype, row.fill]
            if fails(self.what, row, one):
                yield one, True
            elif row.verdict == "pass":
                yield one, False

    def _drawn(self) -> Iterator[Asked]:
        """Questions near to those that failed, each once, on which the fault would show."""
        for _ in range(20 * DRAWN):
            one = self.rng.choice(self.start)
            case = one.case
            for _ in range(self.rng.choice((1, 1, 2, 3))):
                case = changed(case, self.rng)
            asked = self._asked(case, one)
            if asked and self._new(asked) and against(self.what, asked, self.seed):
                yield asked

    def _asked(self, case: Case, like: Asked) -> Asked | None:
        """The question about another case, now and then of another check or dtype. None where it has no answer."""
        if case.problem() is not None or min(case.output) < 1 or case.size > 2**18:
            return None
        check, dtype, fill = like.check, like.dtype, "exact" if like.fill in EXACT else like.fill
        if self.rng.random() < 0.2:
            check = self.rng.choice(self.route.checks)
        if self.rng.random() < 0.2:
            dtype = self.rng.choice(self.route.dtypes)
        if not sensible(dtype, check, fill) or case.result_shape(check) is None:
            return None
        return Asked(case, check, dtype, fill, like.device)

    def _new(self, one: Asked) -> bool:
        name = (one.case.id, one.check, one.dtype, one.fill)
        if name in self.seen:
            return False
        self.seen.add(name)
        return True

    def smallest(self) -> Asked | None:
        """The smallest question that fails in this way, as far as asking went."""
        best = min(self.start, key=lambda one: (weight(one.case), one.case.id))
        best = best._replace(case=renamed(best.case), fill="exact" if best.fill in EXACT else best.fill)
        if not any(failed for _, failed in self._put([best])):
            return None
        for _ in range(SMALLER):
            if self.over:
                break
            offered = [best._replace(case=case) for case in simpler(best.case) if case.problem() is None]
            offered = [one for one in offered if one.case.result_shape(one.check) is not None]
            failing = [one for one, failed in self._put(offered) if failed]
            if not failing:
                break
            best = min(failing, key=lambda one: (weight(one.case), one.case.id))
        return best

    def nearest(self, smallest: Asked) -> Asked | None:
        """A question that differs in one number from the smallest that fails, and is answered rightly although the
        fault would show; a number that the condition names before others."""
        offered = [smallest._replace(case=case) for case in beside(smallest.case) if case.problem() is None]
        offered = [one for one in offered if min(one.case.output) > 0 and against(self.what, one, self.seed)]
        right = [one for one, failed in self._put(offered) if not failed]
        if not right:
            return None
        named = set().union(
            *(atom.quantities for each in self.conditions[:1] for atoms in each.alternatives for atom in atoms)
        )
        return min(right, key=lambda one: (not difference(smallest.case, one.case) & named, weight(one.case)))


def fails(what: What, row: Row, one: Asked) -> bool:
    """Whether a row goes wrong in this way; with real operands no fault is named, there any difference counts, but for
    what is rounding in one dtype."""
    if rounded := rounding(what):
        return row.verdict == "differ" and row.dtype == rounded[1] and named(row, one.case).text in LOOSER
    if row.verdict == "differ" == what.verdict and one.fill not in EXACT:
        return True
    return what.explains(row, one.case)
