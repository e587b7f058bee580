"""What a diagnosis found out, in lines: when exactly, the smallest question that fails, the nearest that is right."""

from __future__ import annotations

from conformance.report.states import number
from conformance.run.row import Diagnosed


def told(diagnosed: Diagnosed) -> list[str]:
    """The lines; what goes wrong and under which condition is not among them."""
    lines = [exactly(diagnosed)]
    if smallest := diagnosed.smallest:
        lines.append(f"smallest that is wrong: {smallest.says} ({smallest.check}, {smallest.dtype})")
    if diagnosed.change:
        lines.append(f"nearest that is right: {diagnosed.change}")
    return lines


def exactly(diagnosed: Diagnosed) -> str:
    """How sure the condition is."""
    if diagnosed.when is None:
        return "no short condition holds on all of these rows and on no other"
    count = len(diagnosed.rows)
    rows = f"in all {count} rows that could show it" if count > 1 else "in the one row that could show it"
    more = f" and in {number(diagnosed.confirmed, 'further question')}" if diagnosed.confirmed else ""
    unsure = "" if diagnosed.finished else "; there was no time to ask all that was wanted"
    return f"{rows}{more}, in no other{unsure}"
