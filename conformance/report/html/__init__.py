"""Runs → one HTML file that opens from disk: what is wrong, in how many places, why, and how to repeat it.

The template writes out what counts: the verdict, the matrix, each finding with its smallest case. All rows, all cases
and all native calls are in the page compressed, and its script draws them when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from conformance import folder, plain
from conformance.report import accuracy, findings, history, remarks, states
from conformance.report.between import between
from conformance.report.findings import Report
from conformance.report.html import glossary, layouts, matrix, packed, tables, telling, texts
from conformance.run.run_file import RunFileError

#: The page's script, in this order: each part uses those before it.
SCRIPTS = ("data.js", "words.js", "matrix.js", "draw.js", "maps.js", "layouts.js", "case.js", "report.js")

#: Findings that stand as cards before the matrix; the others stand folded behind them.
CARDS = 10


def write(reports: Sequence[Report], path: Path) -> None:
    """Write the page of one run, or of several in the order given: the last one in full, the others beside it.

    Raises RunFileError where the file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("reports")), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = texts.cut
    environment.filters |= {"number": states.number, "thousands": texts.thousands}
    environment.filters |= {"share": accuracy.share, "of_the_bound": accuracy.of_the_bound}
    environment.filters |= {"said": matrix.said, "look": matrix.look, "sign": matrix.sign}
    environment.filters["urlencode"] = partial(quote, errors="replace")  # jinja2's own refuses broken Unicode
    page = environment.get_template("report.html.j2").render(_page(list(reports)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain.text(page), encoding="utf-8", errors="replace")
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: name another page; the run file is kept") from None


def _page(reports: list[Report]) -> dict[str, Any]:
    runs, told = [report.run for report in reports], telling.told(reports)
    run, rows = runs[-1], [row for run in runs for row in run.rows]
    counts, several = states.counts(rows), len(runs) > 1
    columns, lines = matrix.matrix(runs)
    return {
        "sentence": texts.thousands(tables.over_all(runs) if several else states.headline(run)),
        "clean": all(map(states.clean, runs)),
        "counts": counts,
        "answered": {name: count for name, count in counts.items() if name != "unsupported"},
        "ran": tables.ran(runs),
        "facts": [(label, tables.facts(run)) for label, run in zip(states.labels(runs), runs, strict=True)],
        "problems": [problem for run in runs for problem in states.problems(run)],
        "columns": columns,
        "lines": lines,
        "totals": matrix.totals(runs),
        "to_tell": [(number, one) for number, one in enumerate(told, 1) if one.finding.state in findings.TO_TELL],
        "known": _grouped([(number, one) for number, one in enumerate(told, 1) if one.finding.state == "known"]),
        "cards": CARDS,
        "look": states.NEEDS_A_LOOK,
        "unsupported": findings.unsupported(rows),
        "remarks": [plain.harmless(remark.sentence) for run in runs for remark in remarks.remarks(run)],
        "accuracy": tables.accuracy(run),
        "claims": tables.claims(run) if states.about_documents(run) else [],
        "disputed": tables.disputed(run) if states.about_documents(run) else [],
        "layouts": layouts.LAYOUTS,
        "in_memory": layouts.in_memory(),
        "unnoticed": layouts.unnoticed(run),
        "terms": glossary.TERMS,
        "last": states.labels(runs)[-1] if several else "",
        "runs": tables.side_by_side(runs) if several else [],
        "labels": states.labels(runs),
        "between": between(runs),
        "history": [line for line in history.lines(reports) if line.moved] if several else [],
        "packed": packed.packed(reports, told),
        "style": (folder("reports") / "report.css").read_text(encoding="utf-8"),
        "script": "".join((folder("reports") / name).read_text(encoding="utf-8") for name in SCRIPTS),
    }


def _grouped(known: list[tuple[int, telling.Told]]) -> dict[tuple[str, str], list[tuple[int, telling.Told]]]:
    """Known findings by framework and kind, the frequent first in each."""
    found: dict[tuple[str, str], list[tuple[int, telling.Told]]] = {}
    for number, one in sorted(known, key=lambda each: (each[1].finding.framework, _kind(each[1]))):
        found.setdefault((one.finding.framework, _kind(one)), []).append((number, one))
    return {
        group: sorted(listed, key=lambda each: -len(each[1].finding.rows)) for group, listed in sorted(found.items())
    }


def _kind(one: telling.Told) -> str:
    return one.entries[0]["kind"] if one.entries else "without an entry"
