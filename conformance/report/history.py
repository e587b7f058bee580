"""Several runs → when each divergence came and went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from conformance.report.findings import Report
from conformance.run.row import DIVERGENT, Key
from conformance.run.run_file import identity


@dataclass
class Line:
    """A divergence through the runs. `rows`: how many rows show it in each run, None where a run asked none of the
    questions that show it in another; `moved`: whether a question that two runs in a row asked shows it in only one."""

    framework: str
    cause: str
    case: str
    rows: list[int | None] = field(default_factory=list)
    moved: bool = False


def lines(reports: Sequence[Report]) -> list[Line]:
    """Each divergence, known or not, that some run has, in the order in which they came; `case` is the smallest."""
    runs = [report.run for report in reports]
    of = identity(runs)
    found: dict[tuple[str, ...], Line] = {}
    shown: list[dict[tuple[str, ...], set[Key]]] = [defaultdict(set) for _ in runs]
    for report, keys in zip(reports, shown, strict=True):
        for finding in report.findings:
            if finding.verdict in DIVERGENT:
                same = finding.framework, finding.verdict, finding.reason
                found.setdefault(same, Line(finding.framework, finding.cause, finding.first.case))
                keys[same].update(map(of, finding.rows))
    asked = [{of(row) for row in run.rows if row.verdict != "unrun"} for run in runs]
    for same, line in found.items():
        mine = [keys[same] for keys in shown]
        ever = set().union(*mine)
        line.rows = [len(keys) if ever & those else None for keys, those in zip(mine, asked, strict=True)]
        known = [(keys, those) for keys, those, rows in zip(mine, asked, line.rows, strict=True) if rows is not None]
        line.moved = any((keys ^ others) & those & theirs for (keys, those), (others, theirs) in pairwise(known))
    return list(found.values())
