"""What the page tells of each finding: its smallest row in full, who else answered so, and the scripts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from conformance.case import Case
from conformance.oracle.compare import Expected
from conformance.report import explain, repeat
from conformance.report.findings import Finding, Report, entry_name
from conformance.report.html.texts import fragment
from conformance.report.states import place
from conformance.run.row import Key, Row
from conformance.run.run_file import Run

#: Rows that are linked under one finding; scripts that are written out, in all and under one finding.
NAMED, SCRIPTS, SCRIPTS_EACH = 40, 150, 3
#: Operands and answers beyond so many numbers make a script that nobody pastes; the page then names the command.
SCRIPT_NUMBERS, SCRIPT_LENGTH = 5000, 50_000

#: Verdict → what a route did, told beside another route's answer.
ANSWERS = {
    "pass": "right",
    "differ": "another wrong answer",
    "refuse": "refused",
    "accept": "answered, and must refuse",
    "crash": "crashed",
    "hang": "hung",
    "flaky": "answered differently each time",
    "broken": "adapter broken",
    "unsupported": "cannot express it",
    "unrun": "not run",
}


@dataclass
class Told:
    """A finding with what the page tells of it: the smallest row in full (`first`), links to the next ones (`more`: key
    and fragment), and the `scripts` of the smallest, by key."""

    finding: Finding
    first: dict[str, Any]
    more: list[tuple[str, str]]
    scripts: dict[Key, str]
    entries: list[dict[str, Any]]


def told(report: Report) -> list[Told]:
    """What the page tells of each finding, in their order."""
    run, asked = report.run, {_question(finding.first) for finding in report.findings}
    others: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in run.rows:
        if (question := _question(row)) in asked:
            others[question].append(row)
    found, left = [], SCRIPTS
    for finding in report.findings:
        first, scripts = finding.first, {}
        for row in finding.rows[: min(left, SCRIPTS_EACH)]:
            if script := _script(run, row):
                scripts[row.key] = script
                left -= 1
        shown = _row(run, first) | {
            "script": scripts.get(first.key),
            "agreement": agreement(first, others[_question(first)]),
        }
        more = [(str(row.key), fragment(row)) for row in finding.rows[1:NAMED]]
        entries = [entry | {"where": entry_name(entry)} for entry in finding.entries]
        found.append(Told(finding, shown, more, scripts, entries))
    return found


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


def _row(run: Run, row: Row) -> dict[str, Any]:
    """A row in detail."""
    case, plan = run.cases.get(row.case), row.detail.get("plan")
    return {
        "row": row,
        "key": str(row.key),
        "fragment": fragment(row),
        "sentence": explain.sentence(row),
        "wrong": explain.wrong(row.detail) if row.detail.get("wrong") else "",
        "command": repeat.command(row, run.header),
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
    answer = expected.answer if case.expect == "answer" else None
    script = explain.script(row, case, expected.operands, answer, run.header)
    return script if len(script) <= SCRIPT_LENGTH else None
