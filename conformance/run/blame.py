"""Rows of a route that went wrong → the fewest faults that explain all of them.

A row that differs is explained by each mutant that gives its answer bit for bit, usually several. Taken row by row, one
fault is told as many; so the smallest set of faults is chosen that explains all rows together, the plainest of those
sets. Rows with real operands name no fault: they take that of the same question with exact operands. What is not told
by numbers is grouped by what was said: refusals by their message, `accept` by what was not checked.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from conformance.case import Case
from conformance.mutants import MUTANTS
from conformance.oracle.bounds import LOOSER
from conformance.run.row import Row

#: Sets of faults up to this size are tried all, among so many faults that explain the most rows.
TRIED, OF = 3, 40

#: Mismatches that no known fault explains, with the sentence for all of them.
UNEXPLAINED = {
    "values": "values differ, as no known fault would",
    "specials": "NaN or infinity where a number belongs, or the other way round",
    "shape": "another shape, as no known formula gives it",
}

_ORDER = {mutant.name: (mutant.base is not None, number) for number, mutant in enumerate(MUTANTS)}
_SAYS = {mutant.name: mutant for mutant in MUTANTS}


class What(NamedTuple):
    """What goes wrong, whatever the case: the verdict, and the fault's name or what the messages have in common."""

    verdict: str
    fault: str | None
    text: str

    def explains(self, row: Row, case: Case) -> bool:
        """Whether a row with exact operands goes wrong in this way."""
        if row.verdict != self.verdict:
            return False
        if self.fault is not None:
            return self.fault in row.detail.get("faults", ())
        return self == named(row, case)


def sentence(fault: str, case: Case) -> str:
    """A fault in words; layouts are named by the letters of the case's rank."""
    return _SAYS[fault].sentence(case)


def named(row: Row, case: Case) -> What:
    """What a row without a known fault went wrong with."""
    if row.verdict == "accept":
        return What("accept", None, case.invalid or "something else")
    if row.verdict == "differ":
        mismatch = row.detail.get("mismatch", "values")
        return What("differ", None, _looser(row) or (mismatch if mismatch in UNEXPLAINED else gist(row.cause or "")))
    return What(row.verdict, None, gist(row.cause or row.verdict))


def gist(message: str) -> str:
    """A message without what changes from case to case: numbers, paths, addresses, lists."""
    text = re.sub(r"(/[\w.+-]+){2,}(:\d+)*|0x[0-9a-fA-F]+", "…", message)
    text = re.sub(r"[\[({]?[-+]?\d[\d.,\s x×-]*(e[-+]?\d+)?[\])}]?", "#", text)
    return " ".join(text.split())


def common(messages: Sequence[str]) -> str:
    """The longest text without numbers that all of the messages have: what a rule's `cause` can say."""
    first = min(messages, key=len)
    parts = sorted(re.split(r"[\d\[\](){}]+|(?:/[\w.+-]+){2,}", first), key=len, reverse=True)
    return next((part.strip() for part in parts if part.strip() and all(part.strip() in each for each in messages)), "")


def _looser(row: Row) -> str | None:
    """The arithmetic under which a real answer would be right, if its cause names one."""
    return next((words for words in LOOSER if words in (row.cause or "")), None)


def blame(rows: Iterable[Row], cases: Mapping[str, Case]) -> dict[What, list[Row]]:
    """The rows of one route that diverge, by what went wrong. Each row is in one list."""
    differ, others = [], []
    for row in rows:
        (differ if row.verdict == "differ" else others).append(row)
    found: dict[What, list[Row]] = defaultdict(list)
    for row in others:
        found[named(row, cases[row.case])].append(row)
    siblings = _siblings(differ)
    faults = {row.key: _own(row) or siblings.get((row.case, row.check), ()) for row in differ}
    for what, mine in _cover([row for row in differ if faults[row.key]], faults).items():
        found[what] += mine
    rounded: dict[str, list[Row]] = defaultdict(list)
    for row in differ:
        if not faults[row.key]:
            what = named(row, cases[row.case])
            (rounded[row.dtype] if what.text in LOOSER else found[what]).append(row)
    for dtype, mine in rounded.items():
        found[What("differ", None, f"{_loosest(mine)} ({dtype})")] += mine
    return dict(found)


def rounding(what: What) -> tuple[str, str] | None:
    """(the arithmetic, the dtype) of what is right but for its rounding; None for anything else."""
    words, _, dtype = what.text.rpartition(" (")
    return (words, dtype.rstrip(")")) if words in LOOSER else None


def _own(row: Row) -> tuple[str, ...]:
    """The faults that explain a row's answer, the plainest first."""
    return tuple(sorted((name for name in row.detail.get("faults", ()) if name in _ORDER), key=_ORDER.get))


def _siblings(differ: Iterable[Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(case, check) → the faults that explain the answers to finite exact operands, for the rows that name none."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in differ:
        if row.fill in ("exact", "fresh", "given") and (names := _own(row)):
            known = found.get((row.case, row.check), names)
            found[row.case, row.check] = tuple(name for name in known if name in names) or known
    return found


def _loosest(rows: Iterable[Row]) -> str:
    """One explanation over all rows: the tightest arithmetic that holds for all of them."""
    order = list(LOOSER)
    return max((_looser(row) for row in rows), key=order.index)


def _cover(rows: Sequence[Row], faults: Mapping) -> dict[What, list[Row]]:
    """The rows by fault, with as few faults as explain all of them."""
    bits: dict[str, int] = defaultdict(int)
    for number, row in enumerate(rows):
        for fault in faults[row.key]:
            bits[fault] |= 1 << number
    chosen = _fewest(bits, (1 << len(rows)) - 1)
    found: dict[What, list[Row]] = defaultdict(list)
    for number, row in enumerate(rows):
        fault = next(fault for fault in chosen if bits[fault] >> number & 1)
        found[What("differ", fault, fault)].append(row)
    return found


def _fewest(bits: Mapping[str, int], whole: int) -> list[str]:
    """The smallest set of faults whose bits are all of `whole`; of those sets the one that explains rows most often,
    then the plainest. Beyond TRIED faults one after the other, that which explains the most of what is left."""
    names = sorted(bits, key=lambda name: (-bits[name].bit_count(), _ORDER[name]))
    for count in range(TRIED + 1):
        sets = itertools.combinations(names[:OF], count)
        fitting = [chosen for chosen in sets if _union(bits, chosen) == whole]
        if fitting:
            best = max(fitting, key=lambda chosen: (sum(bits[name].bit_count() for name in chosen), -_plain(chosen)))
            return sorted(best, key=lambda name: (-bits[name].bit_count(), _ORDER[name]))
    chosen, left = [], whole
    while left:
        best = max(names, key=lambda name: ((bits[name] & left).bit_count(), -_plain([name])))
        chosen.append(best)
        left &= ~bits[best]
    return chosen


def _union(bits: Mapping[str, int], chosen: Iterable[str]) -> int:
    union = 0
    for name in chosen:
        union |= bits[name]
    return union


def _plain(chosen: Iterable[str]) -> int:
    """The smaller, the plainer: the place in the catalogue, faults with a trigger behind all others."""
    return sum(number + 10_000 * triggered for triggered, number in map(_ORDER.__getitem__, chosen))
