"""What the page tells of each finding: its smallest row in full, who else answered so, and the scripts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.case import Case
from conformance.corpus.spelled import configuration
from conformance.oracle.compare import Expected
from conformance.report import explain, repeat
from conformance.report.findings import Finding, Report, entry_name
from conformance.report.html.pictures import miniature, seen
from conformance.report.html.texts import fragment
from conformance.report.states import STATES, labels
from conformance.report.told import exactly
from conformance.run.row import UNANSWERED, Key, Row, place
from conformance.run.run_file import Run
from conformance.run.variants import framework_of

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
    and fragment), and the `scripts` of the smallest, by key.

    Of several runs that have it the last one speaks; `runs` are the numbers of all, `rows` its rows in each."""

    finding: Finding
    first: dict[str, Any]
    more: list[tuple[str, str]]
    scripts: dict[Key, str]
    entries: list[dict[str, Any]]
    rows: dict[int, list[Row]]
    labels: list[str]
    share: str
    command: str

    @property
    def exactly(self) -> str:
        """How sure the condition is; empty where it was not asked."""
        return exactly(self.finding.diagnosed) if self.finding.diagnosed else ""

    @property
    def reduced(self) -> str:
        """The smallest question that fails, where asking again has found one."""
        smallest = self.finding.diagnosed and self.finding.diagnosed.smallest
        return f"{smallest.says} ({smallest.check}, {smallest.dtype})" if smallest else ""

    @property
    def nearest(self) -> str:
        return (self.finding.diagnosed and self.finding.diagnosed.change) or ""

    @property
    def said(self) -> str:
        """What is wrong with the answer to the smallest row."""
        detail = self.finding.first.detail
        if detail.get("mismatch") == "shape":
            return f"expected shape {detail['expected_shape']}, returned {detail['returned_shape']}"
        if not (first := detail.get("first_wrong")):
            return ""
        values = f"expected {_short(first['expected'])}, returned {_short(first['returned'])}"
        return f"{explain.wrong(detail)}; first at {first['index']}: {values}"


def told(reports: Sequence[Report]) -> list[Told]:
    """What the page tells of each finding of all runs, each once: the worst state first, else in their order."""
    rows: dict[tuple[Any, ...], dict[int, list[Row]]] = defaultdict(dict)
    last: dict[tuple[Any, ...], Finding] = {}
    for number, report in enumerate(reports):
        times: Counter[tuple[Any, ...]] = Counter()
        for finding in report.findings:
            alike = finding.state, finding.framework, finding.verdict, finding.reason, finding.when
            times[alike] += 1
            same = (*alike, times[alike])
            rows[same][number] = finding.rows
            last[same] = finding
    tellers, found, left = [_Teller(reports, number) for number in range(len(reports))], [], SCRIPTS
    for same, finding in sorted(last.items(), key=lambda item: STATES.index(item[1].state)):
        found.append(tellers[max(rows[same])].told(finding, rows[same], min(left, SCRIPTS_EACH)))
        left -= len(found[-1].scripts)
    return found


class _Teller:
    """One run among several, with what its findings are told beside."""

    def __init__(self, reports: Sequence[Report], number: int):
        runs = [report.run for report in reports]
        self.run = runs[number]
        self.labels = labels(runs)
        self.label = self.labels[number] if len(runs) > 1 else ""
        self.answered = Counter(framework_of(row.route) for row in self.run.rows if row.verdict not in UNANSWERED)
        asked = {_question(finding.first) for finding in reports[number].findings}
        self.others: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in self.run.rows:
            if (question := _question(row)) in asked:
                self.others[question].append(row)

    def told(self, finding: Finding, rows: dict[int, list[Row]], scripts: int) -> Told:
        written = {row.key: script for row in finding.rows[:scripts] if (script := _script(self.run, row))}
        first, answered = finding.first, self.answered[finding.framework]
        shown = _row(self.run, first, self.label) | {
            "script": written.get(first.key),
            "agreement": agreement(first, self.others[_question(first)]),
        }
        more = [(str(row.key), fragment(row, self.label)) for row in finding.rows[1:NAMED]]
        entries = [entry | {"where": entry_name(entry)} for entry in finding.entries]
        share = f"{len(finding.rows):,} of {answered:,} rows that {finding.framework} answered" if answered else ""
        command = repeat.of_finding(finding, self.run.header)
        named = [self.labels[number] for number in rows] if self.label else []
        return Told(finding, shown, more, written, entries, rows, named, share, command)


def _short(value: float | str) -> str:
    """A whole number without its point."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


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


def _row(run: Run, row: Row, label: str) -> dict[str, Any]:
    """A row in detail."""
    case, plan = run.cases.get(row.case), row.detail.get("plan")
    return {
        "row": row,
        "key": str(row.key),
        "fragment": fragment(row, label),
        "configuration": configuration(case) if case else "",
        "picture": miniature(row, case),
        "seen": seen(row, case),
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
    answer = expected.answer if case.expect == "answer" else None
    script = explain.script(row, case, expected.operands, answer, run.header, Path(run.path).name)
    return script if len(script) <= SCRIPT_LENGTH else None
