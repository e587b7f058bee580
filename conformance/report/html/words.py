"""The words and counts that all parts of the page share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from conformance.report.findings import STATES, place, state
from conformance.run.row import Row
from conformance.run.run_file import Run

__all__ = ["NEWS", "STATES", "complete", "counts", "cut", "fragment", "named", "place", "sentence", "state"]

NEWS = STATES[:4]
LONGEST = 4000  # characters of one text


def fragment(row: Row) -> str:
    """Where a row's case view is, behind the # of the page's address."""
    words = {"case": row.case, "route": place(row), "dtype": row.dtype, "check": row.check, "fill": row.fill}
    return urlencode(words, errors="replace")


def cut(text: Any, longest: int = LONGEST) -> str:
    """A text of bearable length, with a word on what is missing."""
    text = str(text)
    return text if len(text) <= longest else f"{text[:longest]} … {len(text) - longest} characters more"


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows are in each state, worst first; new, known and pass even where there are none."""
    return named(Counter(map(state, rows)))


def named(found: Counter[str]) -> dict[str, int]:
    """Counts by state in the page's order."""
    return {name: found[name] for name in STATES if found[name] or name in ("new", "known", "pass")}


def complete(run: Run) -> bool:
    """Whether the run reached its end with every framework alive."""
    return run.footer is not None and not run.header.get("dead")


def sentence(run: Run, found: dict[str, int]) -> str:
    """The verdict of a run: counts over all rows, nothing dropped."""
    news = [f"{found[name]} {name}" for name in NEWS if found.get(name)]
    what = f"{', '.join(news)} of {len(run.rows)} answers need a look" if news else "nothing new"
    rest = ", ".join(f"{found[name]} {name}" for name in ("known", "unsupported", "pass") if found.get(name))
    begin = "" if complete(run) else "Incomplete: this run was cut short. "
    return f"{begin}{what[0].upper()}{what[1:]}: {rest}."
