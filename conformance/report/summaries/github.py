"""Workflow commands of GitHub Actions: what needs a look beside the line of the case or the adapter, in the pull
request's files.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions has the syntax. GitHub shows ten errors
and ten warnings of a step, so there is one per finding and a word on how many are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from conformance import folder
from conformance.corpus.yaml_file import shown
from conformance.plain import harmless
from conformance.report import repeat, states
from conformance.report.findings import TO_TELL, Report
from conformance.run.run_file import Run

MOST = 10
LONGEST = 2000  # characters of one text


class Annotation(NamedTuple):
    level: str  # error, warning, notice
    title: str
    message: str
    places: tuple[tuple[str, int] | None, ...] = ()  # the first of them that is a file of the checkout is named


def text(reports: Sequence[Report], checkout: str | Path = ".") -> str:
    """One line per annotation; empty where there is nothing to look at. GitHub knows files by their place in the
    checkout: where the case is not written there, the adapter is named, and where that is elsewhere, no file."""
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
            (entry, _case(run, finding.first.case), _adapter(run, finding.framework)),
        )
    for problem in states.problems(run):
        found = re.match(r"\w+: (.+?:\d+) ", problem)
        yield Annotation("warning", "ledger", problem, (_entry(found[1]),) if found else ())


def _case(run: Run, case: str) -> tuple[str, int] | None:
    """Where a case is written. The files of our corpus are ours, whatever files of that name there are."""
    found = repeat.where(run, case)
    if found and not run.header.get("selection", {}).get("files"):
        return str(folder("cases").parent / found[0]), found[1]
    return found


def _adapter(run: Run, framework: str) -> tuple[str, int] | None:
    file = run.header["adapters"].get(framework, {}).get("file")
    return (file, 1) if file else None


def _entry(where: str) -> tuple[str, int] | None:
    """Path and line of a ledger's entry, as seen from the working directory."""
    path, _, line = shown(where).rpartition(":")
    return (path, int(line)) if path and line.isdigit() else None


def _line(each: Annotation, root: Path) -> str:
    words = {"title": each.title}
    places = ((Path(harmless(place[0])).resolve(), place[1]) for place in each.places if place)
    mine = ((path, line) for path, line in places if path.is_relative_to(root) and path.is_file())
    for path, line in islice(mine, 1):
        words |= {"file": path.relative_to(root).as_posix(), "line": str(line)}
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
