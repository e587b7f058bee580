"""A diagnosis as a paragraph: what, when, in how many rows, the smallest that fails, the nearest that is right.

All outputs take these lines, so that all say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.report import findings
from conformance.run.row import Diagnosed
from conformance.run.run_file import Run


def sentence(diagnosed: Diagnosed) -> str:
    """What goes wrong, and when."""
    when = "" if diagnosed.when in (None, "has an answer") else f", where {diagnosed.when}"
    return f"{diagnosed.framework}: {diagnosed.says}{when}"


def paragraph(diagnosed: Diagnosed, run: Run) -> Iterator[str]:
    """The lines, the sentence first."""
    yield sentence(diagnosed)
    yield f"  {evidence(diagnosed)}"
    yield f"  on {', '.join(diagnosed.routes)}"
    rows = {row.key: row for row in run.rows}
    first = rows.get(diagnosed.rows[0])
    if diagnosed.smallest:
        yield f"  smallest: {diagnosed.smallest.says} ({diagnosed.smallest.check}, {diagnosed.smallest.dtype})"
    if diagnosed.change:
        yield f"  right {diagnosed.change}"
    if first is not None:
        smallest = diagnosed.smallest and diagnosed.smallest.case
        yield f"  {findings.command(first, run.header, case=smallest)}"


def evidence(diagnosed: Diagnosed) -> str:
    """On how many rows it rests."""
    count = len(diagnosed.rows)
    rows = f"{count} row{'s' * (count != 1)}"
    if diagnosed.when is None:
        return f"in {rows}; no short condition holds on all of them and on no other"
    all_ = f"in all {rows} that could show it" if count > 1 else "in the one row that could show it"
    more = f" and in {diagnosed.confirmed} further questions" if diagnosed.confirmed else ""
    unsure = "" if diagnosed.finished else "; there was no time to ask all that was wanted"
    return f"{all_}{more}, in no other{unsure}"
