"""The questions of a run once more under other thread counts, and what depends on the count."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from conformance.run.questions import Selection
from conformance.run.row import Row
from conformance.run.session import Session


def under(
    counts: list[int],
    start: Callable[[int], Session],
    first: Session,
    selection: Selection,
    rows: list[Row],
    step: Callable[[Row], None],
) -> tuple[list[Row], list[Row]]:
    """The rows of the first count with what the other counts answered otherwise, and those that this changed.

    `start` greets the adapters under a count, one count after the other; `first`: the session that gave `rows`, to
    which adapters are added that are dead under another count; `step` is told of each row.
    """
    found = {row.key: {counts[0]: row} for row in rows}
    for count in counts[1:]:
        session = start(count)
        try:
            for row in session.rows(selection):
                found[row.key][count] = row
                step(row)
        finally:
            session.close()
        first.dead |= session.dead
    cases = {question.key: question.case for question in selection.questions}
    settled, changed = [], []
    for mine in found.values():
        row = together(mine)
        if row is not mine[counts[0]]:
            row = first.settle(row, cases[row.key])
            changed.append(row)
        settled.append(row)
    return settled, changed


def together(rows: dict[int, Row]) -> Row:
    """The first count's row; what another count answered otherwise is said in it. `rows`: by thread count, one key.

    Other verdicts or causes: the first row that is no pass, whose cause names the counts; it has no state yet.
    Other bits alone: the first row, with the bits of each count as `threads` in its detail. Rounding may depend on the
    order of sums, so that is no divergence.
    """
    first = next(iter(rows.values()))
    if len({(row.verdict, row.cause) for row in rows.values()}) > 1:
        worse = {count: row for count, row in rows.items() if row.verdict != "pass"}
        told = next(iter(worse.values()))
        cause = "; ".join(f"with {_threads(count)}: {row.cause or row.verdict}" for count, row in worse.items())
        said = {str(count): row.verdict for count, row in rows.items()}
        return msgspec.structs.replace(told, cause=cause, state=None, detail=told.detail | {"threads": said})
    bits = {str(count): row.detail.get("bits") for count, row in rows.items()}
    if len(set(bits.values())) > 1:
        return msgspec.structs.replace(first, detail=first.detail | {"threads": bits})
    return first


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"
