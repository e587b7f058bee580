"""A run in one JSON document, for programs: what ran, how many rows are in which state, and why.

    schema       2; a later version only adds keys, or has another number
    runs         one object for each run, in the order given:
      file         the run file
      verdict      the run in one sentence
      clean        whether nothing needs a look; complete: whether all rows that were asked for are answered
      without_result  why the run has no result: routes none of whose rows was answered, no row that passed, floors that
                   were not reached; empty where it has one. worse: what passed in the baseline and diverges now
      suite, protocol, corpus, seed, started, seconds, platform, cpu, cores, python, argv
                   as in the run file; `corpus` is the digest of the cases; seconds is null where it was cut short
      frameworks   name → version of each framework that answered
      absent, dead name → reason, of frameworks that are not installed and of adapters that did not speak
      notes        sentences on what was left out of the selection
      rows         number of rows; counts: state → number, over all rows, every state of states.STATES
      routes       {route, device, rows, counts, families: family → counts}, sorted by route
      findings     {state, framework, verdict, cause, when, sentence, evidence, rows, routes, case, file, line, command,
                   links}, for new, changed, stale, unrun and known rows, in the terminal's order; `when` is the
                   condition under which it is wrong, in words; `evidence` are the lines on what it rests; `case` is the
                   smallest, file and line tell where it is written; each null where it is not known; `links` are those
                   of the known divergences that speak of the rows
      unsupported  {framework, reason, rows, routes}, the most frequent reason first
      remarks      {word, route, rows, case, says}: what is right and worth a word: `rough`, `slow`
      problems     sentences on what is wrong with the ledger

Keys stand in this order, counts in that of states.STATES, names in alphabetical order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from conformance.report import remarks, repeat, states
from conformance.report.findings import Finding, Report, unsupported
from conformance.run.row import Row
from conformance.run.run_file import Run

SCHEMA = 2


def text(reports: Sequence[Report]) -> str:
    """The document, in ASCII."""
    return json.dumps({"schema": SCHEMA, "runs": [_run(report) for report in reports]}, indent=1) + "\n"


def _run(report: Report) -> dict[str, Any]:
    run, header = report.run, report.run.header
    said: dict[str, Any] = {
        "file": run.path,
        "verdict": states.verdict(run),
        "clean": states.clean(run),
        "complete": states.complete(run),
        "without_result": states.without_result(run),
        "worse": states.worse(run),
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
    said |= {"rows": len(run.rows), "counts": states.counts(run.rows), "routes": _routes(run.rows)}
    said["findings"] = [_finding(run, finding) for finding in report.findings]
    said["unsupported"] = [
        {"framework": each.framework, "reason": each.reason, "rows": each.count, "routes": each.routes}
        for each in unsupported(run.rows)
    ]
    said["remarks"] = [
        {
            "word": each.word,
            "route": each.route,
            "rows": len(each.rows),
            "case": each.rows[0].case,
            "says": each.sentence,
        }
        for each in remarks.remarks(run)
    ]
    said["problems"] = states.problems(run)
    return said


def _routes(rows: list[Row]) -> list[dict[str, Any]]:
    grouped: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grouped[row.route, row.device][row.case.partition("/")[0]].append(row)
    found = []
    for (route, device), families in sorted(grouped.items()):
        mine = [row for part in families.values() for row in part]
        line = {"route": route, "device": device, "rows": len(mine), "counts": states.counts(mine)}
        found.append(line | {"families": {name: states.counts(part) for name, part in sorted(families.items())}})
    return found


def _finding(run: Run, finding: Finding) -> dict[str, Any]:
    file, line = repeat.where(run, finding.first.case) or (None, None)
    return {
        "state": finding.state,
        "framework": finding.framework,
        "verdict": finding.verdict,
        "cause": finding.cause,
        "when": finding.when,
        "sentence": finding.sentence,
        "evidence": finding.evidence,
        "rows": len(finding.rows),
        "routes": finding.routes,
        "case": finding.first.case,
        "file": file,
        "line": line,
        "command": repeat.of_finding(finding, run.header),
        "links": list(dict.fromkeys(entry["link"] for entry in finding.entries)),
    }
