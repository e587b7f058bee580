"""Workflow commands of GitHub Actions: what needs a look beside the line of the case, in the pull request's files.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions has the syntax. GitHub shows ten errors
and ten warnings of a step, so there is one per finding and a word on how many are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conformance.corpus.yaml_file import shown
from conformance.report import repeat, states
from conformance.report.findings import TO_TELL, Report, harmless

MOST = 10
LONGEST = 2000  # characters of one text


class Annotation(NamedTuple):
    level: str  # error, warning, notice
    title: str
    message: str
    place: tuple[str, int] | None = None


def text(reports: Sequence[Report], checkout: str | Path = ".") -> str:
    """One line per annotation; empty where there is nothing to look at. GitHub knows files by their place in the
    checkout; one that is elsewhere is not named."""
    root = Path(checkout).resolve()
    found = [each for report in reports for each in annotations(report)]
    lines = []
    for level in ("error", "warning"):
        mine = [each for each in found if each.level == level]
        lines += [_line(each, root) for each in mine[:MOST]]
        if len(mine) > MOST:
            left = f"{len(mine) - MOST} {level}s more are in the run file"
            lines.append(_line(Annotation("notice", "more", left), root))
    return "".join(f"{line}\n" for line in lines)


def annotations(report: Report) -> Iterator[Annotation]:
    """What is wrong with the run as a whole, then its findings in the terminal's order, then the ledger's problems."""
    run = report.run
    for name, why in sorted(run.header["dead"].items()):
        yield Annotation("error", f"dead: {name}", why)
    if not run.footer:
        yield Annotation("error", "incomplete", f"the run was cut short: {states.verdict(run)}")
    for why in states.without_result(run):
        yield Annotation("error", "no result", why)
    for why in states.worse(run):
        yield Annotation("error", "worse than the baseline", why)
    for finding in report.in_states(TO_TELL):
        stale = finding.state == "stale"
        entry = _entry(finding.entries[0]["where"]) if stale and finding.entries else None
        yield Annotation(
            "warning" if stale else "error",
            f"{finding.state}: {finding.framework}",
            "\n".join((finding.sentence, *finding.evidence, repeat.of_finding(finding, run.header))),
            entry or repeat.where(run, finding.first.case),
        )
    for problem in states.problems(run):
        found = re.match(r"\w+: (.+?:\d+) ", problem)
        yield Annotation("warning", "ledger", problem, _entry(found[1]) if found else None)


def _entry(where: str) -> tuple[str, int] | None:
    """Path and line of a ledger's entry, as seen from the working directory."""
    path, _, line = shown(where).rpartition(":")
    return (path, int(line)) if path and line.isdigit() else None


def _line(each: Annotation, root: Path) -> str:
    words = {"title": each.title}
    if each.place and (path := Path(harmless(each.place[0])).resolve()).is_relative_to(root):
        words |= {"file": path.relative_to(root).as_posix(), "line": str(each.place[1])}
    told = ",".join(f"{word}={_property(value)}" for word, value in words.items())
    return f"::{each.level} {told}::{_data(each.message[:LONGEST])}"


def _data(said: str) -> str:
    return _escaped(said, "%\r\n")


def _property(said: str) -> str:
    return _escaped(said, "%\r\n:,")


def _escaped(said: str, characters: Iterable[str]) -> str:
    said = "\n".join(map(harmless, said.splitlines()))
    for character in characters:  # "%" comes first, or it would be escaped twice
        said = said.replace(character, f"%{ord(character):02X}")
    return said
