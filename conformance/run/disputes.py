"""Questions to which authorities give contradicting answers: which reading an answer follows, and who follows which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.oracle.compare import Expected, compare
from conformance.run.variants import framework_of

if TYPE_CHECKING:
    import numpy as np

    from conformance.case import Dispute
    from conformance.run.row import Row


class Side(NamedTuple):
    """One reading of one disputed case, with those who follow it: a framework's name where all its routes do, else
    the routes' names."""

    case: str
    reading: str
    who: list[str]


def refused(dispute: Dispute) -> list[str]:
    """The readings that a refusal follows."""
    return [reading.name for reading in dispute.readings if reading.refuse]


def followed(
    expected: Expected, returned: np.ndarray, dtype: str, arithmetic: dict[str, Any]
) -> tuple[list[str], Expected]:
    """The readings that an answer (raw, of type `dtype`) follows, and what the first of them expects; where there is
    none, `expected`, which is what the first reading of all expects."""
    found = []
    for reading in expected.case.dispute.readings:
        if not reading.refuse:
            other = expected.under(reading)
            if "mismatch" not in compare(other, returned, dtype, arithmetic):
                found.append((reading.name, other))
    return [name for name, _ in found], found[0][1] if found else expected


def disputes(rows: Iterable[Row]) -> list[Side]:
    """Who follows which reading, sorted by case and reading. Rows that follow none are divergences and not here."""
    said: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        framework = framework_of(row.route)
        for reading in row.detail.get("follows", ()):
            if row.route not in said[row.case, framework][reading]:
                said[row.case, framework][reading].append(row.route)
    sides: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (case, framework), readings in sorted(said.items()):
        for reading, routes in readings.items():
            sides[case, reading] += [framework] if len(readings) == 1 else routes
    return [Side(case, reading, who) for (case, reading), who in sorted(sides.items())]
