"""Several runs → when each divergence came and went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from conformance import findings
from conformance.row import DIVERGENT
from conformance.runfile import Run


@dataclass
class Line:
    """A divergence through the runs: `rows` has the number of its rows in each run; None where the run did not ask
    any of the questions that show it in another, so that nothing is known."""

    framework: str
    cause: str
    case: str
    rows: list[int | None]

    @property
    def moved(self) -> bool:
        """Whether it came, went, or has another number of rows."""
        return len({count for count in self.rows if count is not None}) > 1


def lines(runs: Sequence[Run]) -> list[Line]:
    """Each divergence, known or not, that some run has, in the order in which they came; `case` is the smallest."""
    found = {}
    counts = [Counter[tuple]() for _ in runs]
    keys: dict[tuple, set] = {}
    for run, mine in zip(runs, counts, strict=True):
        for cause in findings.causes([row for row in run.rows if row.verdict in DIVERGENT], run.cases, findings.STATES):
            reason = findings.reason(cause.first)
            first = cause.first
            found.setdefault(reason, Line(cause.framework, first.cause or first.verdict, first.case, []))
            mine[reason] += len(cause.rows)
            keys.setdefault(reason, set()).update(row.key for row in cause.rows)
    asked = [{row.key for row in run.rows if row.verdict not in ("unrun", "unsupported")} for run in runs]
    for reason, line in found.items():
        line.rows = [
            mine[reason] if mine[reason] or keys[reason] & those else None
            for mine, those in zip(counts, asked, strict=True)
        ]
    return list(found.values())
