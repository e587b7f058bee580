"""Runs made by hand, for the tests of what is said about them."""

from __future__ import annotations

from typing import Any

from conformance.case import Case
from conformance.report import findings
from conformance.run.row import Row
from conformance.run.run_file import Run

#: What a framework may say, and no document may break on.
HOSTILE = "]]></failure><b>|`@all`|\x1b[2J\x00\ud800\r\n::error::%0A,:\u2028\uffff"
LEDGER = {"where": "known/lies.yaml:7", "link": "https://example.org/issue/1", "kind": "bug", "why": "it is so"}
#: All that may be said of one wrong answer, but the plan and the ledger.
WRONG: dict[str, Any] = {
    "mismatch": "values",
    "first_wrong": {"index": [0, 0, 0, 0], "expected": 1.0, "returned": 2.0},
    "wrong": 3,
    "of": 48,
    "region": "everywhere",
    "error": 3.5,
    "share": 12.0,
    "sum": 1.0,
    "squares": 4.0,
    "wrong_elements": [[[0, 0, 0, 0], 1.0, 2.0]],
    "error_map": {"shape": [1, 1, 1, 3], "levels": "gYGB"},
    "stamp": {"input": [1, 1], "channel": 0, "at": [0, 0], "expected": [[1.0]], "returned": [[2.0]]},
    "causes": ["as if the kernel were flipped"],
    "faults": ["kernel-flipped"],
    "bits": "f9a887782c06",
    "again": {"first": "differ", "second": "pass"},
    "log": "the log",
}
#: What a run file begins with.
HEADER = {
    "suite": "0.1.0",
    "protocol": 1,
    "corpus": "abc123",
    "seed": 0,
    "started": "2026-11-21T10:00:00+00:00",
    "platform": "Linux",
    "cpu": "some",
    "cores": 2,
    "python": "3.11",
    "argv": ["convt", "run"],
    "adapters": {"lies": {"version": "1.0", "devices": ["cpu"]}},
    "absent": {},
    "dead": {},
    "notes": [],
    "selection": {},
}


def case(name: str, size: int = 3, line: int = 12, **more) -> Case:
    family = name.partition("/")[0]
    numbers = {
        "input": (size, size),
        "kernel": (3, 2),
        "in_channels": 1,
        "out_channels": 1,
        "batch": 1,
        "groups": 1,
        "stride": (2, 1),
        "dilation": (1, 1),
        "padding": ((0, 0), (0, 0)),
        "output_padding": (0, 0),
        "bias": False,
    }
    return Case(id=name, where=f"cases/{family}.yaml:{line}", **(numbers | more))


def row(name: str = "stride/one", verdict: str = "pass", state: str | None = None, **more) -> Row:
    words = {"route": "lies/route", "device": "cpu", "dtype": "float32", "check": "forward", "fill": "exact"}
    if state == "known":
        more.setdefault("detail", {"ledger": LEDGER})
    return Row(**(words | {"case": name, "verdict": verdict, "state": state} | more))


def new(name: str = "stride/one", cause: str = "as if the kernel were flipped", **more) -> Row:
    """A wrong answer that a fault explains."""
    return row(name, "differ", "new", cause=cause, **({"detail": {"causes": [cause]}} | more))


def run(rows: list[Row], cases: tuple[Case, ...] = (), path: str = "run.jsonl", whole: bool = True, **header) -> Run:
    header = HEADER | header
    problems, diagnoses = header.pop("problems", []), header.pop("diagnoses", [])
    floors = {word: header.pop(word, []) for word in ("too_few", "worse")}
    footer = {"rows": len(rows), "seconds": 12.5, "problems": problems, **floors} if whole else None
    return Run(path, header, {each.id: each for each in cases}, rows, diagnoses, footer)


def report(*words: Any, **more: Any) -> findings.Report:
    """A run made by hand, with its findings."""
    return findings.report(run(*words, **more))
