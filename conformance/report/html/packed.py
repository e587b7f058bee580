"""Rows, cases and native calls as the page's script reads them: columns of numbers into lists of words, compressed.

Four parts, since most readers need only the first two: `numbers`, one little-endian uint32 a row and column, column
after column; `words`, what they mean, and the cases; `conditions`, what a search may ask of a case; `details`, native
calls and what is told about divergent rows.
"""

from __future__ import annotations

import base64
import json
import shlex
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from conformance import plain
from conformance.case import Case
from conformance.corpus.quantities import OF_CASE, OF_ROW, PER_AXIS, QUANTITIES
from conformance.corpus.spelled import configuration
from conformance.report import explain, repeat
from conformance.report.findings import Report, entry_name
from conformance.report.html.matrix import group_of
from conformance.report.html.telling import ANSWERS, Told
from conformance.report.html.texts import cut
from conformance.report.states import STATES, labels, state
from conformance.run.row import Row, place
from conformance.run.run_file import Run

#: Characters of JSON that details may take before compression; what does not fit is counted, never hidden.
ROOM = 24_000_000
TEXT = 1500  # characters of a log, a trace, or a message in the details
CASE_WORDS = (
    "input",
    "kernel",
    "in_channels",
    "out_channels",
    "batch",
    "groups",
    "stride",
    "dilation",
    "padding",
    "output_padding",
    "bias",
    "why",
    "where",
)
CASE_EXTRAS = ("convention", "output_size", "input_layout", "kernel_layout", "options", "shapes")
TOLD = (
    "mismatch",
    "expected_shape",
    "returned_shape",
    "expected_dtype",
    "returned_dtype",
    "wrong",
    "of",
    "region",
    "share",
    "wrong_elements",
    "error_map",
    "stamp",
    "causes",
    "bits",
    "log",
    "trace",
    "ledger",
    "again",
)


def packed(reports: Sequence[Report], told: list[Told]) -> dict[str, str]:
    """The four parts, each compressed and in base64. Rows come worst first, else in the order of the runs."""
    runs = [report.run for report in reports]
    order = {name: number for number, name in enumerate(STATES)}
    rows = [(number, row) for number, run in enumerate(runs) for row in run.rows]
    rows.sort(key=lambda each: order[state(each[1])])
    numbers = {
        (number, row.key): place
        for place, each in enumerate(told, 1)
        for number, mine in each.rows.items()
        for row in mine
    }
    plans, names = _Plans(), labels(runs) if len(runs) > 1 else [""]
    columns: dict[str, list[Any]] = {
        "state": [state(row) for _, row in rows],
        "case": [row.case for _, row in rows],
        "route": [place(row) for _, row in rows],
        "dtype": [row.dtype for _, row in rows],
        "check": [row.check for _, row in rows],
        "fill": [row.fill for _, row in rows],
        "verdict": [row.verdict for _, row in rows],
        "why": [cut(row.cause or row.detail.get("reason") or "", 300) for _, row in rows],
        "run": [names[number] for number, _ in rows],
    }
    words, codes = {}, []
    for name, values in columns.items():
        seen: dict[str, int] = {}
        codes.append(np.fromiter((seen.setdefault(value, len(seen)) for value in values), "<u4", len(values)))
        words[name] = list(seen)
    codes.append(np.fromiter((numbers.get((number, row.key), 0) for number, row in rows), "<u4", len(rows)))
    codes.append(np.fromiter((plans.number(row) for _, row in rows), "<u4", len(rows)))
    cases = {name: case_numbers(case) for run in runs for name, case in run.cases.items()}
    described = {"count": len(rows), "columns": [*columns, "finding", "plan"], "words": words, "cases": cases}
    described |= {"states": STATES, "answers": ANSWERS}
    described["groups"] = {family: group_of(family) for family in {row.case.partition("/")[0] for _, row in rows}}
    described["findings"] = [cut(each.finding.sentence, 300) for each in told]
    described["given"] = {
        place(row): shlex.join(repeat.given(row.route, row.device, run.header)) for run in runs for row in run.rows
    }
    details = {"plans": plans.found, "left_out": plans.left_out, "told": _details(rows, told, ROOM - plans.taken)}
    return {
        "numbers": _compress(b"".join(column.tobytes() for column in codes)),
        "words": _compress(_json(described)),
        "conditions": _compress(_json(conditions(words["case"], runs))),
        "details": _compress(_json(details)),
    }


def conditions(ids: Sequence[str], runs: Sequence[Run]) -> dict[str, Any]:
    """What a condition may name, case by case in the order of `ids`: numbers, one for each axis where `axes`, and
    properties as numbers into `words`; None for a case of which the run file tells nothing."""
    known = {name: case for run in runs for name, case in run.cases.items()}
    cases = [known.get(name) for name in ids]
    quantities = {
        name: {
            "says": quantity.says,
            "axes": name in PER_AXIS,
            "values": [None if case is None else quantity.of(case) for case in cases],
        }
        for name, quantity in QUANTITIES.items()
    }
    properties = {}
    for name, property in OF_CASE.items():
        found = [[] if case is None else [str(word) for word in property.of(case)] for case in cases]
        words = list(dict.fromkeys([*map(str, property.known), *(word for each in found for word in each)]))
        place = {word: number for number, word in enumerate(words)}
        properties[name] = {
            "says": property.says,
            "words": words,
            "values": [[place[word] for word in each] for each in found],
        }
    rows = {name: {"says": property.says, "words": list(property.known)} for name, property in OF_ROW.items()}
    rows["device"]["words"] = sorted({row.device for run in runs for row in run.rows})
    return {"quantities": quantities, "cases": properties, "rows": rows}


class _Plans:
    """Native calls, each once; number 0 stands for none."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.taken = self.left_out = 0
        self._numbers: dict[str, int] = {}

    def number(self, row: Row) -> int:
        plan = row.detail.get("plan")
        if not plan:
            return 0
        source = plan["source"]
        known = self._numbers.get(source)
        if known is None:
            if self.taken > ROOM // 2:
                self.left_out += 1
                return 0
            known = self._numbers[source] = len(self.found) + 1
            self.found.append(
                {
                    "source": cut(source, TEXT),
                    "layouts": plan["layouts"],
                    "memory": plan.get("memory") or {},
                    "emulates": plan.get("emulates"),
                }
            )
            self.taken += min(len(source), TEXT) + 120
        return known


def case_numbers(case: Case) -> dict[str, Any]:
    """A case as the drawing needs it; whatever is at its default stays away."""
    numbers = {name: getattr(case, name) for name in CASE_WORDS}
    numbers |= {name: value for name in CASE_EXTRAS if (value := getattr(case, name))}
    numbers["says"] = configuration(case)
    if case.expect == "refuse":
        numbers["refuse"] = case.problem() or "no framework may answer this"
    return numbers


def _details(rows: list[tuple[int, Row]], told: list[Told], room: int) -> dict[int, dict[str, Any]]:
    """By the number of the row: details of divergent rows, as many as there is room for, round the findings in turn;
    the last run first."""
    number_of = {
        (run, row.key): place for place, (run, row) in enumerate(rows) if state(row) not in ("pass", "unsupported")
    }
    details: dict[int, dict[str, Any]] = {}
    waiting = [(_last_first(each.rows), max(each.rows), each.scripts) for each in told]
    while waiting and room > 0:
        still = []
        for mine, last, scripts in waiting:
            if (following := next(mine, None)) is None:
                continue
            (run, row), where = following, number_of[following[0], following[1].key]
            still.append((mine, last, scripts))
            detail = {name: row.detail[name] for name in TOLD if row.detail.get(name) is not None}
            for name in ("log", "trace"):
                if name in detail:
                    detail[name] = detail[name][-TEXT:]
            if "ledger" in detail:
                detail["ledger"] = detail["ledger"] | {"where": entry_name(detail["ledger"])}
            found = {"sentence": cut(explain.sentence(row), TEXT), "seconds": row.seconds, **detail}
            if row.detail.get("wrong"):
                found["count"] = explain.wrong(row.detail)
            details[where] = found
            if run == last and row.key in scripts:
                found["script"] = scripts[row.key]
            room -= len(str(found))
        waiting = still
    return details


def _last_first(rows: dict[int, list[Row]]) -> Iterator[tuple[int, Row]]:
    return ((run, row) for run in reversed(rows) for row in rows[run])


def _json(value: Any) -> bytes:
    """Broken Unicode becomes "?" here as it does in fragments, so that a link finds its case."""
    return json.dumps(_printable(value), separators=(",", ":"), ensure_ascii=False).encode("utf-8", errors="replace")


def _printable(value: Any) -> Any:
    """The same without characters that cannot be printed: what the page's buttons copy is pasted into terminals."""
    if isinstance(value, str):
        return plain.text(value.encode("utf-8", "replace").decode())
    if isinstance(value, dict):
        return {_printable(key): _printable(each) for key, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list | tuple) else value


def _compress(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 6)).decode("ascii")
