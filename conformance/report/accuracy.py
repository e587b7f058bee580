"""How near the truth the real answers came: the share of their bound, and whether they lean to one side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.run.row import Row


def measured(rows: Iterable[Row]) -> list[Row]:
    """The rows that were compared under a bound and have finite errors."""
    return [row for row in rows if all(isinstance(row.detail.get(word), float) for word in ("share", "sum", "squares"))]


def lean(rows: Sequence[Row]) -> float:
    """The mean signed error over its standard error, all elements of the measured rows together.

    The errors are in units of u·Σ|terms|. No verdict rests on it, since a small systematic bias passes any worst-case
    bound; a reader should look where it is far beyond 3.
    """
    squares = sum(row.detail["squares"] for row in rows)
    return sum(row.detail["sum"] for row in rows) / squares**0.5 if squares else 0.0


def share(value: float | str) -> str:
    """A share of the rounding bound in words: `35 %`, `12 million times`; nobody reads 1.24e+07."""
    if isinstance(value, str):  # the bound is 0
        return "infinitely many times"
    if value <= 1:
        return f"{100 * value:.2g} %" if 1e-4 <= value < 0.995 else "100 %" if value > 0.5 else "less than 0.01 %"
    if value < 1.005:
        return "a little over 100 %"
    for least, word in ((1e15, None), (1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= least:
            return f"{_few_digits(value / least)} {word} times" if word else "more than 10^15 times"
    return f"{_few_digits(value)} times"


def _few_digits(value: float) -> str:
    return f"{value:.3g}" if value < 10 else f"{value:,.0f}"


def of_the_bound(value: float | str) -> str:
    """The same with its noun: `35 % of the bound`, `12 million times the bound`."""
    said = share(value)
    return f"{said} of the bound" if said.endswith("%") else f"{said} the bound"
