"""What is worth a word though nothing is wrong: answers that are right and rough, and those that took long. Never red.

rough  within the bound, and beyond what rounding at random would do; see oracle/bounds.py
slow   t > f·(o + c + n/p): a question of n multiply-adds takes t seconds, where p is the pace of the framework, the
       median of multiply-adds a second over its questions of a million and more; o what its small questions take, also
       the median; c what the route says that a compilation costs; f a factor, 20 unless --slow-factor says otherwise.
       Or t > f·(o + c + v), where v is what the framework's forward convolution of the same size takes
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from conformance.report.states import number
from conformance.run.row import Row, place
from conformance.run.run_file import Run
from conformance.run.variants import worker_of

#: The factor, where the run was not asked with another.
SLOW = 20.0
#: Multiply-adds from which on a question says something of the pace, and up to which it says what a call costs.
LARGE, SMALL = 10**6, 10**5
#: Seconds below which nothing is slow; small questions, which may be the first that a process is asked, have more.
LEAST, LEAST_SMALL = 0.1, 1.0
#: Multiply-adds a second where a run has fewer large questions than `FEW`: what a loop in C does.
PLAIN, FEW = 1e9, 3


class Remark(NamedTuple):
    """Rows of one route that are worth a word. `says`: of the first of them; `link`: of the rule that knows it."""

    word: str
    route: str
    rows: list[Row]
    says: str
    link: str | None = None

    @property
    def sentence(self) -> str:
        """`rough: torch/functional@cpu: 3 rows, the first dtype/long-sum: …`."""
        known = f"; known: {self.link}" if self.link else ""
        count = number(len(self.rows), "row")
        return (
            f"{self.word}: {self.route}: {count}, first {self.rows[0].case} ({self.rows[0].dtype}): {self.says}{known}"
        )


def remarks(run: Run) -> list[Remark]:
    """All remarks on a run, by word and route."""
    return [*_rough(run.rows), *_slow(run)]


def _rough(rows: Iterable[Row]) -> list[Remark]:
    found: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        if row.verdict == "pass" and row.detail.get("rough"):
            found[place(row), (row.detail.get("ledger") or {}).get("link")].append(row)
    says = "within the rounding bound, and beyond what rounding at random would do"
    return [
        Remark("rough", route, mine, says, link) for (route, link), mine in sorted(found.items(), key=_unknown_first)
    ]


def _unknown_first(item: tuple[tuple[str, str | None], list[Row]]) -> tuple[str, str]:
    (route, link), _ = item
    return route, link or ""


def _slow(run: Run) -> list[Remark]:
    factor = float((run.header.get("selection") or {}).get("slow_factor") or SLOW)
    timed: dict[tuple[str, ...], Row] = {}
    for row in run.rows:  # what another fill of the question takes is the same work, without what the first call costs
        if row.case not in run.cases or "foretell" in run.cases[row.case].options:  # not the call alone is timed there
            continue
        if row.verdict == "pass" and row.seconds and row.fill != "related":
            asked = (row.case, row.route, row.device, row.dtype, row.check)
            if asked not in timed or row.seconds < timed[asked].seconds:
                timed[asked] = row
    by_worker: dict[str, list[Row]] = defaultdict(list)
    for row in timed.values():
        by_worker[worker_of(row.route)].append(row)
    found: dict[str, list[tuple[float, Row]]] = defaultdict(list)
    for name, rows in by_worker.items():
        work = {row.key: run.cases[row.case].size for row in rows}
        paces = [work[row.key] / row.seconds for row in rows if work[row.key] >= LARGE]
        pace = median(paces) if len(paces) >= FEW else PLAIN
        call = median([row.seconds for row in rows if work[row.key] <= SMALL] or [0.0])
        offered = run.header["adapters"].get(name, {}).get("routes", ())
        costs = {f"{name}/{each['name']}": each.get("cost", 0.0) for each in offered}
        for row in rows:
            expected = call + costs.get(row.route, 0.0) + work[row.key] / pace
            forward = row.detail.get("forward_seconds")
            if forward is not None and work[row.key] > SMALL:
                expected = min(expected, call + costs.get(row.route, 0.0) + forward)
            least = LEAST if work[row.key] > SMALL else LEAST_SMALL
            if row.seconds > max(least, factor * expected):
                found[place(row)].append((row.seconds / expected, row))
    made = []
    for route, mine in sorted(found.items()):
        mine.sort(key=lambda one: -one[0])
        (times, first), rows = mine[0], [row for _, row in mine]
        work = run.cases[first.case].size
        says = f"{first.seconds:.2g} s for {work:,} multiply-adds, {times:.0f} times what others let expect"
        if "forward_seconds" in first.detail:
            says += f"; its forward convolution takes {first.detail['forward_seconds']:.2g} s"
        made.append(Remark("slow", route, rows, says))
    return made
