"""On which releases a rule of the ledger holds, read off the history.

A run that asked what a rule speaks of says yes, where rows diverge as the rule says and none passes, or no: a rule is
exact. A run that did not ask says nothing; nor does one that met no row of a rule that holds only sometimes, nor of one
about wrong answers where all was refused for another reason. A rule holds from the release that says yes after one that
says no, to the release before the one that says no again. The bounds are minor versions where those differ: what one
release of 1.4 does is taken to be what 1.4 does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from packaging.version import InvalidVersion, Version

from conformance.report.versions.entry import Entry, Met, Told
from conformance.run.rules import STOPS

Evidence = list[tuple[Entry, bool]]


@dataclass(frozen=True)
class Change:
    """Something that came or went between two releases next to each other in the history."""

    came: bool
    before: Entry
    after: Entry


def answer(entry: Entry, identity: str, rule: Told) -> bool | None:
    """What a run says of a rule: that it holds, that it does not, or nothing."""
    found = entry.rules.get(identity)
    if found is None or (not found.met and (rule.sometimes or _never_came_to_it(found, rule))):
        return None
    return bool(found.met) and (rule.sometimes or not found.missed)


def _never_came_to_it(found: Met, rule: Told) -> bool:
    """Whether all that was asked was refused for another reason, so that nothing is known of a wrong answer."""
    return not found.missed and not set(rule.verdict) <= STOPS


def evidence(entries: Sequence[Entry], answers: Sequence[bool | None]) -> Evidence:
    """The releases that say something, in the order of the entries, which are of one framework, old ones first. Several
    entries of one version count as one, of which any may say yes."""
    told = []
    for _, same in groupby(zip(entries, answers, strict=True), key=lambda pair: pair[0].version):
        mine = [(entry, said) for entry, said in same if said is not None]
        if mine:
            told.append((mine[0][0], any(said for _, said in mine)))
    return told


def changes_of(told: Evidence) -> list[Change]:
    """When it came and went."""
    return [Change(now, older, newer) for (older, was), (newer, now) in pairwise(told) if was != now]


def specifier(told: Evidence) -> str | None:
    """A version range as the ledger writes it; None where it holds nowhere. Releases between two spans are excluded
    one by one."""
    holds = [index for index, (_, said) in enumerate(told) if said]
    if not holds:
        return None
    first, last = holds[0], holds[-1]
    words = []
    if first:
        words.append(f">={_bound(told[first][0], told[first - 1][0])}")
    if last + 1 < len(told):
        words.append(f"<{_bound(told[last + 1][0], told[last][0])}")
    yes = {_minor(told[index][0].version) for index in holds}
    for entry, said in told[first:last]:
        if not said:
            minor = _minor(entry.version)
            words.append(f"!={entry.version}" if minor in yes else f"!={minor}.*")
    return ",".join(words)


def _bound(entry: Entry, beside: Entry) -> str:
    """The minor version of an entry, unless the one beside it has the same."""
    minor = _minor(entry.version)
    return entry.version if minor == _minor(beside.version) else minor


def _minor(version: str) -> str:
    try:
        return ".".join(map(str, Version(version).release[:2]))
    except InvalidVersion:
        return version
