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
from conformance.report.findings import Report
from conformance.report.html import glossary, layouts, packed, tables, telling, texts
from conformance.run.run_file import RunFileError

#: The page's script, in this order: each part uses those before it.
SCRIPTS = ("data.js", "draw.js", "maps.js", "layouts.js", "case.js", "report.js")


def write(reports: Sequence[Report], path: Path) -> None:
    """Write the page of one run, or of several in the order given: the last one in full, the others beside it.

    Raises RunFileError where the file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("reports")), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = texts.cut
    environment.filters["number"] = states.number
    environment.filters |= {"share": accuracy.share, "of_the_bound": accuracy.of_the_bound}
    environment.filters["urlencode"] = partial(quote, errors="replace")  # jinja2's own refuses broken Unicode
    page = environment.get_template("report.html.j2").render(_page(list(reports)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain.text(page), encoding="utf-8", errors="replace")
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: name another page; the run file is kept") from None


def _page(reports: list[Report]) -> dict[str, Any]:
    report, runs = reports[-1], [each.run for each in reports]
    run, told = report.run, telling.told(report)
    return {
        "sentence": states.headline(run),
        "clean": states.clean(run),
        "counts": states.counts(run.rows),
        "facts": tables.facts(run),
        "problems": states.problems(run),
        "matrix": tables.matrix(run.rows),
        "families": sorted({row.case.partition("/")[0] for row in run.rows}),
        "findings": told,
        "look": states.NEEDS_A_LOOK,
        "unsupported": findings.unsupported(run.rows),
        "remarks": [plain.harmless(remark.sentence) for remark in remarks.remarks(run)],
        "accuracy": tables.accuracy(run),
        "claims": tables.claims(run) if states.about_documents(run) else [],
        "disputed": tables.disputed(run) if states.about_documents(run) else [],
        "layouts": layouts.LAYOUTS,
        "in_memory": layouts.in_memory(),
        "unnoticed": layouts.unnoticed(run),
        "terms": glossary.TERMS,
        "runs": tables.side_by_side(runs) if len(runs) > 1 else [],
        "history": [line for line in history.lines(reports) if line.moved] if len(runs) > 1 else [],
        "packed": packed.packed(report, told),
        "style": (folder("reports") / "report.css").read_text(encoding="utf-8"),
        "script": "".join((folder("reports") / name).read_text(encoding="utf-8") for name in SCRIPTS),
    }
