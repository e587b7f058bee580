"""The ranges of versions in the ledger's files, set to what the history says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

from conformance.report.versions.entry import Entry, identity, told
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
    name, says = identity(rule), told(rule)
    found = evidence(entries, [answer(entry, name, says) for entry in entries])
    return Derived(rule, specifier(found), len(found))


def write(found: Sequence[Derived]) -> list[Path]:
    """Write the derived ranges into the files where the rules stand; the files that changed. A rule below `also` that
    names no versions has those of the rule above it: read the ledger again, and write again, until nothing changes."""
    by_file: dict[Path, list[Derived]] = {}
    for each in found:
        if each.range is not None and not each.agrees:
            by_file.setdefault(Path(each.rule.file), []).append(each)
    for path, mine in by_file.items():
        lines = path.read_text(encoding="utf-8").split("\n")
        mine.sort(key=lambda each: each.rule.order, reverse=True)  # from below: lines keep their numbers
        for each in mine:
            _set(lines, int(each.rule.where.rpartition(":")[2]) - 1, _nth(each.rule, found), each.range or "")
        path.write_text("\n".join(lines), encoding="utf-8")
    return sorted(by_file)


def _nth(rule: Rule, found: Sequence[Derived]) -> int:
    """Which of the rules that begin on its line it is: several below `also` may."""
    return [each.rule.order for each in found if each.rule.where == rule.where].index(rule.order)


def _set(lines: list[str], start: int, nth: int, versions: str) -> None:
    """Set the versions of a rule that begins at a line: an entry of its own, or one of those in braces."""
    if "{" in lines[start] and re.match(r" *(- \{|also: \[)", lines[start]):
        brace = [match.start() for match in re.finditer(r"(?:- |\[|\}, )(?=\{)", lines[start])][nth]
        begin = lines[start].index("{", brace) + 1
        end = _closing(lines[start], begin)
        inside = re.sub(r'versions: "[^"]*"(, )?', "", lines[start][begin:end])
        lines[start] = f'{lines[start][:begin]}versions: "{versions}", {inside}{lines[start][end:]}'.replace(", }", "}")
        return
    if first := re.match(r" *- (?=versions:)", lines[start]):
        lines[start] = f'{first[0]}versions: "{versions}"'
        return
    indent = " " * (len(lines[start]) - len(lines[start].lstrip()) + 2)
    end = next(
        (
            at
            for at in range(start + 1, len(lines))
            if not lines[at].startswith(indent) or lines[at] == f"{indent}also:"
        ),
        len(lines),
    )
    for at in range(start + 1, end):
        if lines[at].startswith(f"{indent}versions:"):
            lines[at : at + 1] = [f'{indent}versions: "{versions}"'] if versions or len(indent) > 2 else []
            return
    after = next((at for at in range(start + 1, end) if re.match(rf"{indent}\w", lines[at])), end)
    lines.insert(after, f'{indent}versions: "{versions}"')


def _closing(text: str, begin: int) -> int:
    """Where the braces close that are open before `begin`."""
    depth = 1
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at
    return len(text)
