"""Which rules of a route speak of a row. Each comparison is decided once for a case, whatever the number of rules and
routes that make it, and what the same rules say of the same kind of row is worked out once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from conformance.case import Case
from conformance.corpus.conditions import Atom, Condition
from conformance.corpus.globs import matches
from conformance.run.row import Key
from conformance.run.rules import Rule, impossible

#: Cases, and kinds of rows, that are remembered.
KEPT = 20_000


class Decided:
    """Comparisons, numbered, and what was decided of them for each case."""

    def __init__(self) -> None:
        self._numbers: dict[Atom, int] = {}
        self._of_case: dict[str, dict[int, bool]] = {}

    def number(self, atom: Atom) -> int:
        """The number of a comparison; equal ones have one."""
        return self._numbers.setdefault(atom, len(self._numbers))

    def of(self, case: Case) -> dict[int, bool]:
        """Number → whether the comparison holds, as far as that was asked for this case."""
        if (found := self._of_case.get(case.id)) is None:
            if len(self._of_case) >= KEPT:
                self._of_case.clear()
            found = self._of_case[case.id] = {}
        return found


class _Part(NamedTuple):
    """One alternative of a rule's condition; `rest`: what it says of the check, the dtype, the fill and the device."""

    rule: Rule
    rest: Condition


class Speaking:
    """The rules of one route in one version and place, which are asked about rows."""

    def __init__(self, rules: Iterable[Rule], decided: Decided):
        self._decided = decided
        self._parts: list[_Part] = []
        bits: dict[Atom, int] = {}
        #: Parts, as bits, by the verdicts of their rules, and by the cases that these name.
        self._verdicts: dict[frozenset[str], int] = {}
        self._cases: dict[tuple[str, ...], int] = {}
        for rule in rules:
            for atoms in rule.when.alternatives:
                bit = 1 << len(self._parts)
                self._parts.append(_Part(rule, Condition((tuple(atom for atom in atoms if not atom.of_case),))))
                self._verdicts[rule.verdicts] = self._verdicts.get(rule.verdicts, 0) | bit
                if rule.cases:
                    self._cases[rule.cases] = self._cases.get(rule.cases, 0) | bit
                for atom in atoms:
                    if atom.of_case:
                        bits[atom] = bits.get(atom, 0) | bit
        #: Comparisons with their numbers, and the parts that need them.
        self._needed = [(decided.number(atom), atom, mask) for atom, mask in bits.items()]
        self._of_case: dict[str, int] = {}
        self._of_row: dict[tuple[int, str, str, str, str], list[Rule]] = {}

    def of(self, key: Key, case: Case) -> list[Rule]:
        """The rules that speak of a row, in their order."""
        if (left := self._of_case.get(case.id)) is None:
            if len(self._of_case) >= KEPT:
                self._of_case.clear()
            left = self._of_case[case.id] = self._left(case)
        if not left:
            return []
        name = (left, key.check, key.dtype, key.fill, key.device)
        if (found := self._of_row.get(name)) is None:
            if len(self._of_row) >= KEPT:
                self._of_row.clear()
            found = self._of_row[name] = self._found(left, key, case)
        return found

    def _left(self, case: Case) -> int:
        """The parts that may speak of rows of a case, as bits."""
        left, decided, no_answer_gets = (1 << len(self._parts)) - 1, self._decided.of(case), impossible(case)
        for verdicts, mask in self._verdicts.items():
            if verdicts <= no_answer_gets:
                left &= ~mask
        for globs, mask in self._cases.items():
            if left & mask and not any(matches(case.id, glob) for glob in globs):
                left &= ~mask
        for number, atom, mask in self._needed:
            if left & mask:
                if (holds := decided.get(number)) is None:
                    holds = decided[number] = atom.holds(case)
                if not holds:
                    left &= ~mask
        return left

    def _found(self, left: int, key: Key, case: Case) -> list[Rule]:
        found: dict[int, Rule] = {}
        for number, (rule, rest) in enumerate(self._parts):
            if left >> number & 1 and rest.holds(case, key) and (key.fill != "related" or rule.is_of_relations()):
                found[rule.order] = rule
        return list(found.values())
