"""The history in lines and tables: environments, and what came and went."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.version import InvalidVersion, Version

from conformance.plain import harmless
from conformance.releases.catalogue import releases
from conformance.report.states import NEEDS_A_LOOK, number
from conformance.report.versions.entry import Entry, Told
from conformance.report.versions.ranges import Change, Evidence, answer, changes_of, evidence, specifier
from conformance.report.versions.store import History

#: How a reason begins that is of one release, and would be another one in the next.
VERSION = re.compile(r"^version \S+(?= has no )")


@dataclass(frozen=True)
class Bar:
    """One rule, or one thing that a route cannot express, over the releases of a framework.

    `cells`: for each entry what it says: True, False, or None where it was not asked; `counts`: rows, for each entry.
    """

    says: str
    cells: list[bool | None]
    counts: list[int]
    told: Evidence
    rule: Told | None = None

    @cached_property
    def changes(self) -> list[Change]:
        return changes_of(self.told)

    @property
    def range(self) -> str | None:
        return specifier(self.told)


def public(version: str) -> str:
    """A version without what a build adds to it: `1.8.1` of `1.8.1+cu102`."""
    try:
        return Version(version).public
    except InvalidVersion:
        return version


def dates() -> dict[tuple[str, str], str]:
    """(framework, version) → date of its release, of those that are known."""
    return {(each.framework, each.version): each.date for each in releases() if each.date}


def needs_a_look(entry: Entry) -> int:
    return sum(entry.states.get(state, 0) for state in NEEDS_A_LOOK)


def met(entry: Entry) -> int:
    """How many rules it met."""
    return sum(bool(found.met) for found in entry.rules.values())


def bars(history: History, entries: Sequence[Entry]) -> list[Bar]:
    """The rules that some release of a framework met: those that came or went first, the oldest change before."""
    order = list(dict.fromkeys(rule for entry in entries for rule in entry.rules))
    found = []
    for rule in order:
        told = history.rules.get(rule)
        if told is None or not any(entry.rules[rule].met for entry in entries if rule in entry.rules):
            continue
        cells = [_shown(entry, rule, told) for entry in entries]
        counts = [entry.rules[rule].met if rule in entry.rules else 0 for entry in entries]
        found.append(Bar(told.says, cells, counts, evidence(entries, cells), told))
    return sorted(found, key=_first_change(entries))


def _shown(entry: Entry, rule: str, told: Told) -> bool | None:
    """What a run says of a rule; a rule that holds only sometimes, and that no row met, is told as one that does not:
    its range does not rest on that, but a reader wants to see when it was met."""
    return False if told.sometimes and rule in entry.rules and not entry.rules[rule].met else answer(entry, rule, told)


def lacking(entries: Sequence[Entry]) -> list[Bar]:
    """What routes cannot express in some releases of a framework, and can in others that were asked the same."""
    lacks = [{VERSION.sub("it", reason): count for reason, count in entry.lacks.items()} for entry in entries]
    found = []
    for reason in dict.fromkeys(reason for mine in lacks for reason in mine):
        cells: list[bool | None] = [reason in mine for mine in lacks]
        bar = Bar(reason, cells, [mine.get(reason, 0) for mine in lacks], evidence(entries, cells))
        if bar.changes:
            found.append(bar)
    return sorted(found, key=_first_change(entries))


def _first_change(entries: Sequence[Entry]):
    place = {id(entry): index for index, entry in enumerate(entries)}

    def key(bar: Bar) -> tuple[bool, int, str]:
        first = place[id(bar.changes[0].after)] if bar.changes else 0
        return not bar.changes, first, bar.says

    return key


def environments(history: History) -> Iterator[str]:
    """A line for each entry."""
    known = dates()
    yield f"{'environment':<26}{'released':<12}{'Python':<9}{'NumPy':<9}{'rows':>7}{'rules':>7}{'look':>6}{'s':>6}"
    for entry in history.entries:
        name = f"{entry.framework} {public(entry.version)}"
        date = known.get((entry.framework, public(entry.version)), "")
        yield harmless(
            f"{name:<26}{date:<12}{entry.python:<9}{entry.numpy:<9}{entry.rows:>7}{met(entry):>7}"
            f"{needs_a_look(entry):>6}{entry.seconds or 0:>6.0f}"
        )
    frameworks = len({entry.framework for entry in history.entries})
    yield f"{number(len(history.entries), 'environment')} of {number(frameworks, 'framework')}"


def changes(history: History, frameworks: Sequence[str]) -> Iterator[str]:
    """A paragraph for each release in which something came or went; of all frameworks where none is named."""
    known = dates()
    for framework, entries in history.frameworks():
        if frameworks and framework not in frameworks:
            continue
        everything = [*bars(history, entries), *lacking(entries)]
        for entry in entries:
            lines = [line for bar in everything for line in _moved(bar, entry)]
            if lines:
                yield harmless(f"{framework} {public(entry.version)}{_dated(known, entry)}")
                yield from (harmless(f"  {line}") for line in lines)


def _moved(bar: Bar, entry: Entry) -> Iterator[str]:
    for change in bar.changes:
        if change.after is entry:
            what = "came" if change.came else "went"
            link = f"  {bar.rule.link}" if bar.rule else ""
            since = f" (as of {public(change.before.version)})" if not change.came else ""
            yield f"{what}: {bar.says}{since}{link}"


def _dated(known: Mapping[tuple[str, str], str], entry: Entry) -> str:
    date = known.get((entry.framework, public(entry.version)))
    return f" ({date})" if date else ""
