"""Runs → one HTML file that opens from disk: what is wrong, in how many places, why, and how to repeat it.

Divergent rows are written out; the others, which are many and alike, lie in the page as compressed columns and become
a table when somebody asks for them.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2

from conformance import accuracy, explain, folder
from conformance.case import Case
from conformance.compare import Expected
from conformance.row import DIVERGENT, Row
from conformance.runfile import Run, RunFileError, diff

#: What a row is on the page: its standing where it has one, else its verdict; worst first.
STATES = ("new", "changed", "stale", "unrun", "known", "unsupported", "pass")
NEWS = STATES[:3]
#: Rows that are written out under one cause, scripts that are written out in all, characters of one text.
WRITTEN_OUT, SCRIPTS, LONGEST = 40, 150, 4000
#: Operands and answers beyond so many numbers make a script that nobody pastes; the page then names the command.
SCRIPT_NUMBERS = 5000
COLUMNS = ("case", "route", "device", "dtype", "check", "fill", "verdict", "standing")


def write(runs: Sequence[Run], path: Path) -> None:
    """Write the page of one run, or of several in the order given: the last one in full, the others beside it.

    Raises RunFileError where the file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("reports")), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cut"] = cut
    page = environment.get_template("report.html.j2").render(_page(list(runs)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: name another page; the run file is kept") from None


def cut(text: Any) -> str:
    """A text of bearable length, with a word on what is missing."""
    text = str(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … {len(text) - LONGEST} characters more"


def state(row: Row) -> str:
    """One of STATES."""
    return row.standing or ("new" if row.verdict in DIVERGENT else row.verdict)


def _page(runs: list[Run]) -> dict[str, Any]:
    run = runs[-1]
    routes = sorted({f"{row.route}@{row.device}" for row in run.rows})
    return {
        "run": run,
        "sentence": sentence(run),
        "news": any(state(row) in (*NEWS, "unrun") for row in run.rows) or not _complete(run),
        "counts": _counts(run.rows),
        "states": STATES,
        "facts": _facts(run),
        "problems": (run.footer or {}).get("problems", []),
        "matrix": _matrix(run.rows, routes),
        "families": sorted({row.case.partition("/")[0] for row in run.rows}),
        "causes": _causes(run),
        "reasons": _reasons(run.rows),
        "accuracy": _accuracy(run.rows),
        "claims": _claims(run),
        "layouts": LAYOUTS,
        "runs": _side_by_side(runs) if len(runs) > 1 else [],
        "packed": _packed(run.rows),
        "style": (folder("reports") / "report.css").read_text(encoding="utf-8"),
        "script": (folder("reports") / "report.js").read_text(encoding="utf-8"),
    }


def _complete(run: Run) -> bool:
    return run.footer is not None and not run.header.get("dead")


def _counts(rows: Iterable[Row]) -> dict[str, int]:
    found = Counter(map(state, rows))
    return {name: found[name] for name in STATES if found[name] or name in ("new", "known", "pass")}


def sentence(run: Run) -> str:
    """The verdict of a run: counts over all rows, nothing dropped."""
    counts = _counts(run.rows)
    news = [f"{counts[name]} {name}" for name in (*NEWS, "unrun") if counts.get(name)]
    what = f"{', '.join(news)} of {len(run.rows)} answers need a look" if news else "nothing new"
    rest = ", ".join(f"{counts[name]} {name}" for name in ("known", "unsupported", "pass") if counts.get(name))
    begin = "" if _complete(run) else "Incomplete: this run was cut short. "
    return f"{begin}{what[0].upper()}{what[1:]}: {rest}."


def _facts(run: Run) -> list[tuple[str, str]]:
    header, footer = run.header, run.footer or {}
    found = [f"{name} {said['version']} on {', '.join(said['devices'])}" for name, said in header["adapters"].items()]
    facts = [
        ("frameworks", "; ".join(found) or "none answered"),
        ("platform", f"{header['platform']}, {header['cpu']}, {header['cores']} cores, Python {header['python']}"),
        ("suite", f"{header['suite']}, corpus {header['corpus']}, seed {header['seed']}"),
        ("run", f"{header['started']}, {footer.get('seconds', '?')} s: {' '.join(header['argv'])}"),
    ]
    facts += [("absent", f"{name}: {why}") for name, why in header["absent"].items()]
    facts += [("dead", f"{name}: {why}") for name, why in header["dead"].items()]
    return facts + [("note", note) for note in header["notes"]]


def _matrix(rows: Iterable[Row], routes: list[str]) -> list[dict[str, Any]]:
    """One entry a route, fewest issues first: its counts, and those of each family."""
    cells: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        cells[f"{row.route}@{row.device}"][row.case.partition("/")[0]].append(row)
    lines = [
        {
            "route": route,
            "counts": _counts(row for mine in cells[route].values() for row in mine),
            "cells": {family: _counts(mine) for family, mine in cells[route].items()},
        }
        for route in routes
    ]
    return sorted(lines, key=lambda line: ([line["counts"].get(name, 0) for name in STATES[:5]], line["route"]))


def _causes(run: Run) -> list[dict[str, Any]]:
    """Divergent rows by framework, verdict and cause; what is new first, the smallest case first."""
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in run.rows:
        if state(row) not in ("pass", "unsupported"):
            # What a framework says of its own accord repeats the case's numbers; a cause that we name does not.
            cause = row.cause or ""
            shape = cause if row.verdict == "differ" else re.sub(r"\d+", "#", cause)
            grouped[state(row), row.route.partition("/")[0], row.verdict, shape].append(row)
    left, causes = SCRIPTS, []
    for (standing, framework, verdict, _), mine in sorted(
        grouped.items(), key=lambda item: (STATES.index(item[0][0]), "causes" not in item[1][0].detail, -len(item[1]))
    ):
        mine.sort(key=lambda row: (run.cases[row.case].size if row.case in run.cases else 0, row.key))
        shown = []
        for row in mine[:WRITTEN_OUT]:
            shown.append(_told(run, row, script=left > 0 and len(shown) < 3))
            left -= len(shown) <= 3
        causes.append(
            {
                "standing": standing, "framework": framework, "verdict": verdict, "cause": mine[0].cause or verdict,
                "rows": shown, "count": len(mine), "cases": sorted({row.case for row in mine}),
                "routes": sorted({f"{row.route}@{row.device}" for row in mine}),
                "ledger": mine[0].detail.get("ledger"),
            }
        )  # fmt: skip
    return causes


def _told(run: Run, row: Row, script: bool) -> dict[str, Any]:
    """A row in detail."""
    case, detail = run.cases.get(row.case), row.detail
    plan = detail.get("plan")
    return {
        "row": row,
        "key": str(row.key),
        "sentence": explain.sentence(row),
        "why": case.why if case else "",
        "shapes": _shapes(case) if case else "",
        "sizes": explain.sizes(case) if case and case.expect == "answer" else [],
        "plan": plan,
        "layouts": explain.layouts(plan) if plan else [],
        "script": _script(run, row, case) if case and script else None,
    }


def _shapes(case: Case) -> str:
    shapes = [("x", case.x_shape), ("w", case.w_shape)] + ([("b", case.b_shape)] if case.bias else [])
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes) + f" → y {list(case.y_shape)}"


def _script(run: Run, row: Row, case: Case) -> str | None:
    """The script that repeats a row, or None where it would be too long to paste."""
    numbers = sum(abs(size) for shape in (case.x_shape, case.w_shape, case.y_shape) for size in [_product(shape)])
    if numbers > SCRIPT_NUMBERS or not row.detail.get("plan") or row.fill == "related":
        return None
    expected = Expected(case, row.check, row.dtype, row.fill, run.header["seed"])
    return explain.script(row, case, expected.operands, expected.answer if case.expect == "answer" else None)


def _product(shape: Sequence[int]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total


def _reasons(rows: Iterable[Row]) -> list[tuple[str, str, int]]:
    """(framework, reason, count) of what is unsupported, most frequent first."""
    found = Counter(
        (row.route.partition("/")[0], re.sub(r"\d{3,}", "…", row.detail.get("reason") or "no reason given"))
        for row in rows
        if row.verdict == "unsupported"
    )
    return [(framework, reason, count) for (framework, reason), count in found.most_common(200)]


def _accuracy(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Per route and dtype: rows with real operands, and the largest share of its bound that one of them used."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in accuracy.measured(rows):
        found[row.route, row.dtype].append(row)
    lines = []
    for (route, dtype), mine in sorted(found.items()):
        worst = max(mine, key=lambda row: row.detail["share"])
        lean = accuracy.lean(mine)
        share, count = worst.detail["share"], len(mine)
        lines.append({"route": route, "dtype": dtype, "rows": count, "share": share, "worst": worst.case, "lean": lean})
    return lines


def _claims(run: Run) -> list[dict[str, Any]]:
    """Each statement of the documents with what came out and who said so."""
    found: dict[tuple, list[str]] = defaultdict(list)
    for row in run.rows:
        if claim := row.detail.get("claim"):
            found[claim["number"], row.case, claim["verdict"], claim["came_out"]].append(row.route.partition("/")[0])
    lines = []
    for (number, case, verdict, came_out), frameworks in sorted(found.items()):
        claim = run.cases[case].claim
        words = {"number": number, "case": case, "verdict": verdict, "came_out": came_out, "says": claim.says}
        lines.append(words | {"who": ", ".join(dict.fromkeys(frameworks)), "note": claim.note, "source": claim.source})
    return lines


def _side_by_side(runs: list[Run]) -> list[dict[str, Any]]:
    """Each run with its counts, and what changed since the one before, in four words."""
    lines = []
    for before, run in zip([None, *runs], runs, strict=False):
        versions = ", ".join(f"{name} {said['version']}" for name, said in run.header["adapters"].items())
        line = {"path": Path(run.path).name, "versions": versions, "counts": _counts(run.rows), "changes": None}
        line |= {"started": run.header["started"], "complete": _complete(run)}
        if before is not None:
            found = diff(before, run)
            line["changes"] = {word: len(getattr(found, word)) for word in ("added", "removed", "changed", "same")}
            told = ((str(new.key), state(old), state(new), new.cause or "") for old, new in found.changed)
            line["changed"] = list(islice(told, 200))
        lines.append(line)
    return lines


def _packed(rows: Iterable[Row]) -> str:
    """All rows as columns of numbers into lists of words, compressed, in base64."""
    words: dict[str, dict[str, int]] = {name: {} for name in COLUMNS}
    columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
    for row in rows:
        for name in COLUMNS:
            value = state(row) if name == "standing" else getattr(row, name)
            columns[name].append(words[name].setdefault(value, len(words[name])))
    data = {"words": {name: list(found) for name, found in words.items()}, "columns": columns}
    text = json.dumps(data, separators=(",", ":")).encode("utf-8", errors="replace")
    return base64.b64encode(zlib.compress(text, 9)).decode()


#: How the same kernel lies in memory: who reads it so, and the axes that numpy.transpose needs from IOHW.
LAYOUTS = (
    ("IOHW", "PyTorch, ONNX, OpenVINO", "–", "input channels, output channels of a group, height, width"),
    ("HWOI", "TensorFlow, Keras", "2, 3, 1, 0", "height, width, output channels, input channels"),
    ("OHWI", "MLX, TensorFlow Lite, XNNPACK", "1, 2, 3, 0", "output channels, height, width, input channels"),
    ("HWIO", "JAX and Flax by default", "2, 3, 0, 1", "height, width, input channels, output channels"),
)
