"""The ranges of versions in the ledger's files, set to what the history says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

from conformance.report.versions.entry import Entry, identity
from conformance.report.versions.ranges import answer, evidence, specifier
from conformance.report.versions.store import History
from conformance.run.rules import Rule
from conformance.run.variants import framework_of

NOWHERE = "holds in no release of the history"


@dataclass(frozen=True)
class Derived:
    """A rule with the range that it has and the one that the history gives; None where no run asked what it speaks of.
    `asked`: how many releases say something of it."""

    rule: Rule
    range: str | None
    asked: int

    @property
    def holds_nowhere(self) -> bool:
        return bool(self.asked) and self.range is None

    @property
    def agrees(self) -> bool:
        """Whether the ledger says what the history says."""
        return not self.asked or (self.range is not None and self.rule.versions == SpecifierSet(self.range))

    def __str__(self) -> str:
        now = f"has {self.rule.versions}" if str(self.rule.versions) else "names no versions"
        said = NOWHERE if self.range is None else f"holds in {self.range or 'all'}"
        return f"{self.rule.where}: {now}, and {said} ({self.asked} asked)"


def derived(history: History, rules: Sequence[Rule]) -> list[Derived]:
    """Each rule of a framework that the history knows."""
    entries = dict(history.frameworks())
    return [_of(rule, entries[framework]) for rule in rules if (framework := framework_of(rule.routes[0])) in entries]


def _of(rule: Rule, entries: Sequence[Entry]) -> Derived:
    name = identity(rule)
    told = evidence(entries, [answer(entry, name, rule.sometimes) for entry in entries])
    return Derived(rule, specifier(told), len(told))


def write(found: Sequence[Derived]) -> list[Path]:
    """Write the derived ranges into the files where the rules stand; the files that changed."""
    by_file: dict[Path, dict[int, str]] = {}
    for each in found:
        if each.range is not None and not each.agrees:
            path, _, line = each.rule.where.rpartition(":")
            by_file.setdefault(Path(path), {})[int(line)] = each.range
    for path, ranges in by_file.items():
        text = path.read_text(encoding="utf-8")
        path.write_text("\n".join(_lines(text.split("\n"), ranges)), encoding="utf-8")
    return sorted(by_file)


def _lines(lines: Sequence[str], ranges: Mapping[int, str]) -> Iterator[str]:
    """The lines of a file with the ranges of the rules that begin on the numbered ones."""
    pending: str | None = None
    changing = False
    for number, line in enumerate(lines, start=1):
        if line.startswith("- "):
            changing = number in ranges
            pending = ranges.get(number)
        if changing and line.startswith("  versions:"):
            continue
        if changing and pending and re.match(r"  (cases|when|place|verdict):", line):
            yield f'  versions: "{pending}"'
            pending = None
        yield line
