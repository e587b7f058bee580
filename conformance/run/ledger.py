"""Known divergences → the state of a row. The only place in the project that may expect a divergence.

Rows are always run. One that diverges and of which no rule speaks is new; one that diverges as its rule says is known,
otherwise it is changed; one that passes although a rule speaks of it is stale. A rule that no row of the whole corpus
could meet is an orphan.

Where several rules of one file speak of a row, the first of those that say it is refused, or crashes, or hangs, is the
one that counts: a framework stops at the first check that it makes. Two named faults may happen at once, and then the
answer differs in whatever way. All else that two rules say of one row is a contradiction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

import msgspec

from conformance.case import Case
from conformance.corpus.globs import may_mean
from conformance.corpus.yaml_file import FileError
from conformance.mutants.shown import shows
from conformance.run import rules
from conformance.run.place import Place, unseen
from conformance.run.row import DIVERGENT, Key, Row
from conformance.run.rules import Rule
from conformance.run.speaking import Decided, Speaking
from conformance.run.variants import framework_of, worker_of


class Ledger:
    """All known divergences. `places`: framework → where its rows are computed, see place.py; `seed`: of the run."""

    def __init__(self, known: Iterable[Rule], places: Mapping[str, Place] | None = None, seed: int = 0):
        self.rules, self.places, self.seed = list(known), dict(places or {}), seed
        #: Those of which some rule speaks.
        self.frameworks = {framework_of(route) for rule in self.rules for route in rule.routes}
        self._of_route: dict[tuple[str, str], Speaking] = {}
        self._decided = Decided()
        #: Rules, by their order, that do not contradict each other.
        self._agreed: set[tuple[int, ...]] = set()

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
        if row.verdict == "pass":
            remark = next((rule for rule in speaking if row.detail.keys() & rule.verdicts), None)
            row = row if remark is None else msgspec.structs.replace(row, detail=row.detail | {"ledger": remark.told()})
        speaking = [rule for rule in speaking if not rule.remarks]
        if not speaking:
            return self._new(row) if row.verdict in DIVERGENT else row
        if row.verdict == "pass":
            broken = next((rule for rule in speaking if self._must_show(rule, row.key, case)), None)
            return row if broken is None else _with(row, "stale", broken)
        counting = _counting(speaking)
        explaining = next((rule for rule in counting if rule.explains(row)), None)
        if explaining is None and self._several_faults(counting, row, case):
            explaining = counting[0]
        return _with(row, "known", explaining) if explaining else _with(row, "changed", speaking[0])

    def _several_faults(self, rules: list[Rule], row: Row, case: Case) -> bool:
        """Whether an answer differs by several named faults at once, which is like neither of them alone."""
        return (
            row.verdict == "differ" and sum(bool(rule.fault) and self._shows(rule, row.key, case) for rule in rules) > 1
        )

    def _new(self, row: Row) -> Row:
        """A divergence of which no rule speaks. Where the rules of its framework were found on machines of another
        kind, that is said."""
        framework, place = framework_of(row.route), self.places.get(worker_of(row.route))
        kind = unseen(place) if place and framework in self.frameworks else None
        return msgspec.structs.replace(row, state="new", detail=row.detail | ({"unseen": kind} if kind else {}))

    def speaking(self, key: Key, case: Case, version: str) -> list[Rule]:
        """The rules that speak of a row, in their order. Raises FileError where two contradict each other."""
        if (mine := self._of_route.get((key.route, version))) is None:
            place = self.places.get(worker_of(key.route), {})
            rules = (rule for rule in self.rules if rule.is_of(key.route, version, place))
            mine = self._of_route[key.route, version] = Speaking(rules, self._decided)
        speaking = mine.of(key, case)
        if len(speaking) > 1:
            together = tuple(rule.order for rule in speaking)
            if together not in self._agreed:
                _agreed(speaking, key)
                self._agreed.add(together)
        return speaking

    def _must_show(self, rule: Rule, key: Key, case: Case) -> bool:
        """Whether a row of which the rule speaks may not pass."""
        return not rule.sometimes and self._shows(rule, key, case)

    def _shows(self, rule: Rule, key: Key, case: Case) -> bool:
        """Whether a row can show what the rule says."""
        return rule.fault is None or shows(rule.fault, case, key.check, key.dtype, key.fill, self.seed)

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
        if not rule.sometimes and not rule.remarks:
            by_file[rule.file if rule.stops else ""].append(rule)
    for file, mine in by_file.items():
        first, others = mine[0], mine[1:]
        other = next((each for each in others if _said(each) != _said(first)), None)
        if other is not None and not file:
            raise FileError(None, None, f"{first.where} and {other.where} contradict each other on {key}: narrow one")
    stops = [mine[0] for file, mine in by_file.items() if file]
    if len(stops) > 1:
        raise FileError(None, None, f"{stops[0].where} and {stops[1].where} contradict each other on {key}: narrow one")


def _said(rule: Rule) -> tuple:
    """What a rule says of a row; named faults may all happen at once."""
    return rule.verdicts, rule.causes, rule.fault is not None
