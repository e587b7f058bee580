"""A run in one JSON document, for programs: what ran, how many rows are in which state, and why.

    schema       1; a later version only adds keys, or has another number
    runs         one object for each run, in the order given:
      file         the run file
      verdict      the run in one sentence
      clean        whether nothing needs a look; complete: whether all rows that were asked for are answered
      suite, protocol, corpus, seed, started, seconds, platform, cpu, cores, python, argv
                   as in the run file; `corpus` is the digest of the cases; seconds is null where it was cut short
      frameworks   name → version of each framework that answered
      absent, dead name → reason, of frameworks that are not installed and of adapters that did not speak
      notes        sentences on what was left out of the selection
      rows         number of rows; counts: state → number, over all rows, every state of findings.STATES
      routes       {route, device, rows, counts, families: family → counts}, sorted by route
      causes       {state, framework, verdict, sentence, rows, routes, case, file, line, command, link}, for new,
                   changed, stale, unrun and known rows, in the terminal's order; `case` is the smallest, file and line
                   say where it is written, `link` is the known divergence's; each null where there is none
      problems     sentences on what is wrong with the ledger

Keys stand in this order, counts in that of findings.STATES, names in alphabetical order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from conformance.report import findings
from conformance.run.row import Row
from conformance.run.run_file import Run

SCHEMA = 1


def text(runs: Sequence[Run]) -> str:
    """The document, in ASCII."""
    return json.dumps({"schema": SCHEMA, "runs": [_run(run) for run in runs]}, indent=1) + "\n"


def _run(run: Run) -> dict[str, Any]:
    header = run.header
    said: dict[str, Any] = {
        "file": run.path,
        "verdict": findings.verdict(run),
        "clean": findings.clean(run),
        "complete": findings.complete(run),
    }
    for word in (
        "suite",
        "protocol",
        "corpus",
        "seed",
        "started",
        "seconds",
        "platform",
        "cpu",
        "cores",
        "python",
        "argv",
    ):
        said[word] = (run.footer or {}).get(word) if word == "seconds" else header.get(word)
    said["frameworks"] = {name: hello["version"] for name, hello in sorted(header["adapters"].items())}
    said |= {word: dict(sorted(header[word].items())) for word in ("absent", "dead")}
    said["notes"] = header["notes"]
    said |= {"rows": len(run.rows), "counts": findings.counts(run.rows), "routes": _routes(run.rows)}
    said["causes"] = [_cause(run, cause) for cause in findings.causes(run.rows, run.cases, findings.STATES[:5])]
    said["problems"] = findings.problems(run)
    return said


def _routes(rows: list[Row]) -> list[dict[str, Any]]:
    grouped: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grouped[row.route, row.device][row.case.partition("/")[0]].append(row)
    found = []
    for (route, device), families in sorted(grouped.items()):
        mine = [row for part in families.values() for row in part]
        line = {"route": route, "device": device, "rows": len(mine), "counts": findings.counts(mine)}
        found.append(line | {"families": {name: findings.counts(part) for name, part in sorted(families.items())}})
    return found


def _cause(run: Run, cause: findings.Cause) -> dict[str, Any]:
    file, line = findings.where(run, cause.first.case) or (None, None)
    return {
        "state": cause.state,
        "framework": cause.framework,
        "verdict": cause.first.verdict,
        "sentence": cause.sentence,
        "rows": len(cause.rows),
        "routes": cause.routes,
        "case": cause.first.case,
        "file": file,
        "line": line,
        "command": findings.command(cause.first, run.header),
        "link": cause.ledger.get("link"),
    }
