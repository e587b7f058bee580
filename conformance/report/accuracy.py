"""How near the truth the real answers came: the share of their bound, and whether they lean to one side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.run.row import Row


def measured(rows: Iterable[Row]) -> list[Row]:
    """The rows that were compared under a bound and have finite errors."""
    return [row for row in rows if all(isinstance(row.detail.get(word), float) for word in ("share", "squares"))]


def lean(rows: Sequence[Row]) -> float:
    """The mean signed error over its standard error, all elements of the measured rows together.

    The errors are in units of u·Σ|terms|. No verdict rests on it, since a small systematic bias passes any worst-case
    bound; a reader should look where it is far beyond 3.
    """
    squares = sum(row.detail["squares"] for row in rows)
    return sum(row.detail["sum"] for row in rows) / squares**0.5 if squares else 0.0
