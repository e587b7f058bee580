"""Runs → one HTML file that opens from disk: what is wrong, in how many places, why, and how to repeat it.

The template writes out what counts: the verdict, the matrix, each cause with its smallest case. All rows, all cases and
all native calls lie in the page compressed, and its script draws them when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from conformance import folder
from conformance.report import history
from conformance.report.html import causes, layouts, packed, tables, words
from conformance.run.run_file import Run, RunFileError

#: The page's script, in this order: each part uses those before it.
SCRIPTS = ("data.js", "draw.js", "maps.js", "layouts.js", "case.js", "report.js")


def write(runs: Sequence[Run], path: Path) -> None:
    """Write the page of one run, or of several in the order given: the last one in full, the others beside it.

    Raises RunFileError where the file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("reports")), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = words.cut
    environment.filters["urlencode"] = partial(quote, errors="replace")  # jinja2's own refuses broken Unicode
    page = environment.get_template("report.html.j2").render(_page(list(runs)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: name another page; the run file is kept") from None


def _page(runs: list[Run]) -> dict[str, Any]:
    run = runs[-1]
    counts, found = words.counts(run.rows), causes.causes(run)
    return {
        "sentence": words.sentence(run, counts),
        "news": any(counts.get(name) for name in words.NEWS) or not words.complete(run),
        "counts": counts,
        "facts": tables.facts(run),
        "problems": (run.footer or {}).get("problems", []),
        "matrix": tables.matrix(run.rows),
        "families": sorted({row.case.partition("/")[0] for row in run.rows}),
        "causes": found,
        "reasons": tables.reasons(run.rows),
        "accuracy": tables.accuracy(run),
        "claims": tables.claims(run),
        "disputed": tables.disputed(run),
        "layouts": layouts.LAYOUTS,
        "in_memory": layouts.in_memory(),
        "unnoticed": layouts.unnoticed(run),
        "runs": tables.side_by_side(runs) if len(runs) > 1 else [],
        "history": [line for line in history.lines(runs) if line.moved] if len(runs) > 1 else [],
        "packed": packed.packed(run, found),
        "style": (folder("reports") / "report.css").read_text(encoding="utf-8"),
        "script": "".join((folder("reports") / name).read_text(encoding="utf-8") for name in SCRIPTS),
    }
