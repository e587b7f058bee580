"""Workflow commands of GitHub Actions: what is new beside the line of the case, in the pull request's files.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions has the syntax. GitHub shows ten errors
and ten warnings of a step, so there is one per cause and a word on how many are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conformance.corpus.yaml_file import shown
from conformance.report import findings
from conformance.run.run_file import Run

MOST = 10
LONGEST = 2000  # characters of one text


class Annotation(NamedTuple):
    level: str  # error, warning, notice
    title: str
    message: str
    place: tuple[str, int] | None = None


def text(runs: Sequence[Run], checkout: str | Path = ".") -> str:
    """One line per annotation; empty where there is nothing to look at. GitHub knows files by their place in the
    checkout; one that lies elsewhere is not named."""
    root = Path(checkout).resolve()
    found = [each for run in runs for each in annotations(run)]
    lines = []
    for level in ("error", "warning"):
        mine = [each for each in found if each.level == level]
        lines += [_line(each, root) for each in mine[:MOST]]
        if len(mine) > MOST:
            left = f"{len(mine) - MOST} {level}s more are in the run file"
            lines.append(_line(Annotation("notice", "more", left), root))
    return "".join(f"{line}\n" for line in lines)


def annotations(run: Run) -> Iterator[Annotation]:
    """What is wrong with the run as a whole, then its causes in the terminal's order, then the ledger's problems."""
    for name, why in sorted(run.header["dead"].items()):
        yield Annotation("error", f"dead: {name}", why)
    if not run.footer:
        yield Annotation("error", "incomplete", f"the run was cut short: {findings.verdict(run)}")
    for cause in findings.causes(run.rows, run.cases):
        stale = cause.state == "stale"
        entry = _entry(cause.ledger.get("where", "")) if stale else None
        count = f"{len(cause.rows)} row{'s' * (len(cause.rows) != 1)} on {', '.join(cause.routes)}"
        yield Annotation(
            "warning" if stale else "error",
            f"{cause.state}: {cause.framework}",
            f"{cause.sentence}\n{count}\n{findings.command(cause.first, run.header)}",
            entry or findings.where(run, cause.first.case),
        )
    for problem in findings.problems(run):
        found = re.match(r"\w+: (.+?:\d+) ", problem)
        yield Annotation("warning", "ledger", problem, _entry(found[1]) if found else None)


def _entry(where: str) -> tuple[str, int] | None:
    """Path and line of a ledger's entry, as seen from the working directory."""
    path, _, line = shown(where).rpartition(":")
    return (path, int(line)) if path and line.isdigit() else None


def _line(each: Annotation, root: Path) -> str:
    words = {"title": each.title}
    if each.place and (path := Path(findings.harmless(each.place[0])).resolve()).is_relative_to(root):
        words |= {"file": path.relative_to(root).as_posix(), "line": str(each.place[1])}
    told = ",".join(f"{word}={_property(value)}" for word, value in words.items())
    return f"::{each.level} {told}::{_data(each.message[:LONGEST])}"


def _data(said: str) -> str:
    return _escaped(said, "%\r\n")


def _property(said: str) -> str:
    return _escaped(said, "%\r\n:,")


def _escaped(said: str, characters: Iterable[str]) -> str:
    said = "\n".join(map(findings.harmless, said.splitlines()))
    for character in characters:  # "%" comes first, or it would be escaped twice
        said = said.replace(character, f"%{ord(character):02X}")
    return said
