"""Divergent rows by cause: what is new first, the smallest case first, each row with what there is to tell about it."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from conformance.case import Case
from conformance.oracle.compare import Expected
from conformance.report import explain
from conformance.report.html.words import STATES, fragment, place, state
from conformance.run.row import Row
from conformance.run.run_file import Run

#: Rows that are named under one cause; scripts that are written out, in all and under one cause.
NAMED, SCRIPTS, SCRIPTS_EACH = 40, 150, 3
#: Operands and answers beyond so many numbers make a script that nobody pastes; the page then names the command.
SCRIPT_NUMBERS, SCRIPT_LENGTH = 5000, 50_000

ANSWERS = {
    "pass": "right",
    "differ": "another wrong answer",
    "refuse": "refused",
    "accept": "answered",
    "crash": "crashed",
    "hang": "hung",
    "flaky": "answered differently each time",
    "broken": "adapter broken",
    "unsupported": "has no words for it",
    "unrun": "not run",
}


def causes(run: Run) -> list[dict[str, Any]]:
    """One entry per (standing, framework, verdict, cause). `rows` holds all its rows, the smallest case first."""
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    named = {_asked(row): row.cause for row in run.rows if row.verdict == "differ" and row.detail.get("causes")}
    for row in run.rows:
        if state(row) not in ("pass", "unsupported"):
            grouped[state(row), row.route.partition("/")[0], row.verdict, _cause(row, named)].append(row)
    found = []
    for (standing, framework, verdict, cause), mine in sorted(
        grouped.items(), key=lambda item: (STATES.index(item[0][0]), "causes" not in item[1][0].detail, -len(item[1]))
    ):
        mine.sort(key=lambda row: (run.cases[row.case].size if row.case in run.cases else 0, row.key))
        cause = cause if verdict == "differ" else mine[0].cause
        found.append(
            {
                "standing": standing,
                "framework": framework,
                "verdict": verdict,
                "cause": cause or verdict,
                "rows": mine,
                "cases": len({row.case for row in mine}),
                "routes": sorted({place(row) for row in mine}),
                "ledger": mine[0].detail.get("ledger"),
                "named": [(str(row.key), fragment(row)) for row in mine[1:NAMED]],
            }
        )
    _tell(run, found)
    return found


def _cause(row: Row, named: dict[tuple[str, ...], str | None]) -> str:
    """What rows are grouped by: a fault that integers name, also where rounded answers only suffer from it."""
    if row.verdict == "differ":
        return named.get(_asked(row)) or row.cause or ""
    return re.sub(r"\d+", "#", row.cause or "")  # what a framework says repeats the case's numbers


def _tell(run: Run, found: list[dict[str, Any]]) -> None:
    """Add `told`, the smallest row in full with who else answered so, and the `scripts` of the smallest, by key."""
    asked = {_question(cause["rows"][0]) for cause in found}
    others: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in run.rows:
        if (question := _question(row)) in asked:
            others[question].append(row)
    left = SCRIPTS
    for cause in found:
        cause["scripts"] = {}
        for row in cause["rows"][: min(left, SCRIPTS_EACH)]:
            if script := _script(run, row):
                cause["scripts"][row.key] = script
                left -= 1
        first = cause["rows"][0]
        cause["told"] = _told(run, first) | {
            "script": cause["scripts"].get(first.key),
            "agreement": agreement(first, others[_question(first)]),
        }


def _asked(row: Row) -> tuple[str, ...]:
    return row.case, row.route, row.device, row.check


def _question(row: Row) -> tuple[str, ...]:
    return row.case, row.dtype, row.check, row.fill


def agreement(row: Row, others: Iterable[Row]) -> list[tuple[str, list[str]]]:
    """(how, routes): what every other route said to the same question, those that said the same first."""
    said: dict[str, list[str]] = {"the same wrong answer, bit for bit": []}
    for other in others:
        if other.key != row.key:
            said.setdefault(_said(row, other), []).append(place(other))
    return [(how, sorted(routes)) for how, routes in said.items() if routes]


def _said(row: Row, other: Row) -> str:
    bits = row.detail.get("bits")
    if row.verdict == other.verdict == "differ" and bits and bits == other.detail.get("bits"):
        return "the same wrong answer, bit for bit"
    return ANSWERS[other.verdict]


def _told(run: Run, row: Row) -> dict[str, Any]:
    """A row in detail."""
    case, plan = run.cases.get(row.case), row.detail.get("plan")
    return {
        "row": row,
        "key": str(row.key),
        "fragment": fragment(row),
        "sentence": explain.sentence(row),
        "why": case.why if case else "",
        "shapes": _shapes(case) if case else "",
        "sizes": explain.sizes(case) if case and case.expect == "answer" else [],
        "plan": plan,
        "layouts": explain.layouts(plan) if plan else [],
    }


def _shapes(case: Case) -> str:
    shapes = [("x", case.x_shape), ("w", case.w_shape)] + ([("b", case.b_shape)] if case.bias else [])
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes) + f" → y {list(case.y_shape)}"


def _script(run: Run, row: Row) -> str | None:
    """The script that repeats a row, or None where that is too long to paste or no call is known."""
    case = run.cases.get(row.case)
    if case is None or not row.detail.get("plan") or row.fill == "related":
        return None
    if sum(abs(math.prod(shape)) for shape in (case.x_shape, case.w_shape, case.y_shape)) > SCRIPT_NUMBERS:
        return None
    expected = Expected(case, row.check, row.dtype, row.fill, run.header["seed"])
    script = explain.script(row, case, expected.operands, expected.answer if case.expect == "answer" else None)
    return script if len(script) <= SCRIPT_LENGTH else None
