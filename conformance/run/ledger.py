"""Known divergences → the state of a row. The only place in the project that may expect a divergence.

Rows are always run. One that diverges and of which no rule speaks is new; one that diverges as its rule says is known,
otherwise it is changed; one that passes although a rule speaks of it is stale. A rule that no row of the whole corpus
could meet is an orphan.

Where several rules of one file speak of a row, the first of those that say it is refused, or crashes, or hangs, is the
one that counts: a framework stops at the first check that it makes. All else that two rules say of one row is a
contradiction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

import msgspec

from conformance.case import Case
from conformance.corpus.conditions import NEVER, Condition
from conformance.corpus.globs import may_mean
from conformance.corpus.yaml_file import FileError
from conformance.mutants.shown import shows
from conformance.run import rules
from conformance.run.place import Place, unseen
from conformance.run.row import DIVERGENT, Key, Row
from conformance.run.rules import Rule
from conformance.run.variants import framework_of, worker_of

#: Rules of a case that are remembered, by route, version and case.
KEPT = 50_000


class Ledger:
    """All known divergences. `places`: framework → where its rows are computed, see place.py; `seed`: of the run."""

    def __init__(self, known: Iterable[Rule], places: Mapping[str, Place] | None = None, seed: int = 0):
        self.rules, self.places, self.seed = list(known), dict(places or {}), seed
        #: Those of which some rule speaks.
        self.frameworks = {framework_of(route) for rule in self.rules for route in rule.routes}
        self._of_route: dict[tuple[str, str], list[Rule]] = {}
        self._of_case: dict[tuple[str, str, str], list[tuple[Rule, Condition]]] = {}

    @classmethod
    def load(cls, folder: str | Path, places: Mapping[str, Place] | None = None, seed: int = 0) -> Ledger:
        """The rules of every YAML file of a folder. Raises FileError with file:line for anything wrong in them."""
        found: list[Rule] = []
        for path in sorted(Path(folder).glob("*.yaml")):
            found += rules.load(path, len(found))
        return cls(found, places, seed)

    def judge(self, row: Row, case: Case, version: str) -> Row:
        """The row with its state, and what the ledger knows about it in its detail."""
        if row.verdict in ("unsupported", "unrun"):
            return row
        speaking = self.speaking(row.key, case, version)
        if not speaking:
            return self._new(row) if row.verdict in DIVERGENT else row
        if row.verdict == "pass":
            broken = next((rule for rule in speaking if self._must_show(rule, row.key, case)), None)
            return row if broken is None else _with(row, "stale", broken)
        for rule in _counting(speaking):
            if rule.explains(row):
                return _with(row, "known", rule)
        return _with(row, "changed", speaking[0])

    def _new(self, row: Row) -> Row:
        """A divergence of which no rule speaks. Where the rules of its framework were found on machines of another
        kind, that is said."""
        framework, place = framework_of(row.route), self.places.get(worker_of(row.route))
        kind = unseen(place) if place and framework in self.frameworks else None
        return msgspec.structs.replace(row, state="new", detail=row.detail | ({"unseen": kind} if kind else {}))

    def speaking(self, key: Key, case: Case, version: str) -> list[Rule]:
        """The rules that speak of a row, in their order. Raises FileError where two contradict each other."""
        name = (key.route, version, case.id)
        if (mine := self._of_case.get(name)) is None:
            if len(self._of_case) >= KEPT:
                self._of_case.clear()
            found = ((rule, rule.on(case)) for rule in self._rules_of(key.route, version))
            mine = self._of_case[name] = [(rule, rest) for rule, rest in found if rest is not NEVER]
        if not mine:
            return []
        speaking = [
            rule for rule, rest in mine if rest.holds(case, key) and (key.fill != "related" or rule.is_of_relations())
        ]
        if len(speaking) > 1:
            _agreed(speaking, key)
        return speaking

    def _rules_of(self, route: str, version: str) -> list[Rule]:
        if (route, version) not in self._of_route:
            place = self.places.get(worker_of(route), {})
            self._of_route[route, version] = [rule for rule in self.rules if rule.is_of(route, version, place)]
        return self._of_route[route, version]

    def _must_show(self, rule: Rule, key: Key, case: Case) -> bool:
        """Whether a row of which the rule speaks may not pass."""
        return not rule.sometimes and (
            rule.fault is None or shows(rule.fault, case, key.check, key.dtype, key.fill, self.seed)
        )

    def orphans(self, whole: Iterable[tuple[Key, Case]], versions: dict[str, str], unread: Set[str]) -> list[str]:
        """Rules that no row of the whole default run could meet, in sentences.

        `whole`: those rows; `versions`: of the frameworks that answered. A rule is judged only where it speaks of such
        a version here, and never where it names cases of an `unread` family, which has cases that `whole` lacks.
        """
        met: set[int] = set()
        for key, case in whole:
            version = versions.get(worker_of(key.route))
            if version is not None:
                met.update(rule.order for rule in self.speaking(key, case, version))
        return [
            f"orphan: {rule.where} speaks of no row of the corpus: correct it, add a case, or delete it"
            for rule in self.rules
            if rule.order not in met and self._is_of_this_run(rule, versions, unread)
        ]

    def _is_of_this_run(self, rule: Rule, versions: dict[str, str], unread: Set[str]) -> bool:
        """Whether a framework of this run is one that the rule means, so that meeting nothing says something."""
        if any(may_mean(glob, family) for glob in rule.cases for family in unread):
            return False
        return any(
            framework_of(glob) == framework_of(name) and rule.is_of(glob, version, self.places.get(name, {}))
            for name, version in versions.items()
            for glob in rule.routes
        )


def _with(row: Row, state: str, rule: Rule) -> Row:
    return msgspec.structs.replace(row, state=state, detail=row.detail | {"ledger": rule.told()})


def _counting(speaking: list[Rule]) -> list[Rule]:
    """Of the rules that speak of a row, those that may explain it: up to the first that stops it for certain."""
    stops = [rule for rule in speaking if rule.stops]
    certain = next((index for index, rule in enumerate(stops) if not rule.sometimes), None)
    return stops[: certain + 1] if certain is not None else speaking


def _agreed(speaking: list[Rule], key: Key) -> None:
    """Raises FileError where two rules say different things of one row, neither of them before the other."""
    by_file: dict[str, list[Rule]] = defaultdict(list)
    for rule in speaking:
        if not rule.sometimes:
            by_file[rule.file if rule.stops else ""].append(rule)
    for file, mine in by_file.items():
        first, others = mine[0], mine[1:]
        other = next((each for each in others if (each.verdicts, each.cause, each.fault) != _said(first)), None)
        if other is not None and not file:
            raise FileError(None, None, f"{first.where} and {other.where} contradict each other on {key}: narrow one")
    stops = [mine[0] for file, mine in by_file.items() if file]
    if len(stops) > 1:
        raise FileError(None, None, f"{stops[0].where} and {stops[1].where} contradict each other on {key}: narrow one")


def _said(rule: Rule) -> tuple:
    return rule.verdicts, rule.cause, rule.fault
