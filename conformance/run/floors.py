"""What a run must reach besides being right: a share of its rows answered, and whatever an earlier run reached.

A function that a new version drops, or an adapter that raises Unsupported too often, makes rows disappear from what is
judged. Nothing that remains is wrong; only the number of answers tells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.run.row import DIVERGENT, UNANSWERED, Row, place
from conformance.run.run_file import Run, identity
from conformance.run.variants import is_meant, worker_of


def reached(
    rows: Sequence[Row], header: Mapping[str, Any], share: float | None, baseline: Run | None
) -> dict[str, list[str]]:
    """What was not reached, in sentences, for the footer of a run file: `too_few` answers, and what is `worse`.

    `share`: of each route's rows, how many must be answered; `baseline`: an earlier run whose answers must still be
    there, and right where they were.
    """
    too_few = _below(rows, share) if share else []
    worse: list[str] = []
    if baseline:
        now = Run("", dict(header), rows=list(rows))
        too_few += _lost(now, baseline)
        worse = _worse(now, baseline)
    return {"too_few": too_few, "worse": worse}


def _below(rows: Iterable[Row], share: float) -> list[str]:
    asked: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for row in rows:
        asked[place(row)] += 1
        answered[place(row)] += row.verdict not in UNANSWERED
    return [
        f"{place} answered {answered[place]} of its {count} rows, less than {share:.0%}"
        for place, count in sorted(asked.items())
        if answered[place] < share * count
    ]


def _lost(now: Run, before: Run) -> list[str]:
    """Answers of an earlier run that are missing in one that put the same questions, by route."""
    of = identity([before, now])
    answered = {of(row) for row in now.rows if row.verdict not in UNANSWERED}
    asked = {_question(row) for row in now.rows}
    lost: dict[str, list[Row]] = defaultdict(list)
    for row in before.rows:
        mine = row.verdict not in UNANSWERED and _question(row) in asked and _takes_part(row, now.header)
        if mine and of(row) not in answered:
            lost[place(row)].append(row)
    return [
        f"{place} answered {len(rows)} more in {before.path}, such as {rows[0].key}"
        for place, rows in sorted(lost.items())
    ]


def _takes_part(row: Row, header: Mapping[str, Any]) -> bool:
    """Whether a run wanted the route of an earlier one: its framework was started, and no option leaves it out."""
    worker, asked = worker_of(row.route), header["selection"]
    there = any(worker in header[word] for word in ("adapters", "absent", "dead"))
    named = not asked["routes"] or any(is_meant(row.route, each.partition("@")[0]) for each in asked["routes"])
    return there and named


def _worse(now: Run, before: Run) -> list[str]:
    """How many rows passed before and diverge now, whatever the ledger says of them, by route."""
    of = identity([before, now])
    passed = {of(row) for row in before.rows if row.verdict == "pass"}
    found: dict[str, list[Row]] = defaultdict(list)
    for row in now.rows:
        if row.verdict in DIVERGENT and of(row) in passed:
            found[place(row)].append(row)
    return [
        f"{len(rows)} of {place} passed in {before.path}, such as {rows[0].key}"
        for place, rows in sorted(found.items())
    ]


def _question(row: Row) -> tuple[str, ...]:
    return row.case, row.dtype, row.check, row.fill
