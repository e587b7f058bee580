"""The history → one HTML page: a verdict over all runs, and for each framework what holds in which release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from conformance import folder, plain
from conformance.report.states import NEEDS_A_LOOK, number
from conformance.report.versions.bisected import Bisected
from conformance.report.versions.entry import Entry
from conformance.report.versions.store import History
from conformance.report.versions.tables import Bar, bars, dates, lacking, met, needs_a_look, public
from conformance.run.row import DIVERGENT, UNANSWERED
from conformance.run.run_file import RunFileError

Dates = Mapping[tuple[str, str], str]


def write(history: History, path: Path, found: Sequence[Bisected] = ()) -> None:
    """Write the page; `found`: what bisections found. Raises RunFileError where the file cannot be written."""
    parts = folder("reports")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(parts), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    style = "".join((parts / name).read_text(encoding="utf-8") for name in ("report.css", "versions.css"))
    page = environment.get_template("versions.html.j2").render(
        told(history)
        | {
            "bisected": [each for each in found if each.first],
            "style": style,
            "script": (parts / "versions.js").read_text(encoding="utf-8"),
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain.text(page), encoding="utf-8", errors="replace")
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: name another page; the history is as it was") from None


def told(history: History) -> dict[str, Any]:
    """All that the page tells."""
    known = dates()
    return {
        "sentence": sentence(history),
        "clean": not any(map(needs_a_look, history.entries)) and not any(entry.wrong for entry in history.entries),
        "asked": sorted({asked(entry) for entry in history.entries}),
        "frameworks": [_framework(history, name, entries, known) for name, entries in history.frameworks()],
    }


def sentence(history: History) -> str:
    """The verdict over all runs."""
    frameworks = len({entry.framework for entry in history.entries})
    what = f"{number(len(history.entries), 'environment')} of {number(frameworks, 'framework')}"
    look = [entry for entry in history.entries if needs_a_look(entry)]
    if not look:
        return f"{what}: nothing needs a look."
    rows = number(sum(map(needs_a_look, look)), "row")
    named = ", ".join(f"{entry.framework} {public(entry.version)}" for entry in look[:3])
    more = f" and {len(look) - 3} more" if len(look) > 3 else ""
    return f"{what}: {rows} need a look, in {named}{more}."


def asked(entry: Entry) -> str:
    """What a run was asked, in words."""
    words = [
        f"{word} {' '.join(map(str, said)) if isinstance(said, list) else said}" for word, said in entry.asked.items()
    ]
    return "; ".join(words) or "the core of the corpus"


def _framework(history: History, name: str, entries: Sequence[Entry], known: Dates) -> dict[str, Any]:
    columns = [_column(entry, known) for entry in entries]
    rules, lacks, families = bars(history, entries), lacking(entries), list(_families(entries))
    return {
        "name": name,
        "columns": columns,
        "years": list(_years(columns)),
        "families": [line for line in families if line["wrong"]],
        "quiet": [line["family"] for line in families if not line["wrong"]],
        "moved": [_bar(bar, known) for bar in rules if bar.changes],
        "steady": [_bar(bar, known) for bar in rules if not bar.changes],
        "lacks": [_bar(bar, known) for bar in lacks],
        "unknown": [
            {"version": public(entry.version), "finding": found} for entry in entries for found in entry.unknown
        ],
    }


def _column(entry: Entry, known: Dates) -> dict[str, Any]:
    version = public(entry.version)
    date = known.get((entry.framework, version), "")
    return {
        "entry": entry,
        "version": version,
        "date": date,
        "look": needs_a_look(entry),
        "rules": met(entry),
        "said": ", ".join(f"{entry.states.get(state, 0)} {state}" for state in (*NEEDS_A_LOOK, "known", "pass")),
        "wrong": "; ".join(entry.wrong),
    }


def _years(columns: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Year → how many columns next to each other are of it."""
    year, count = "", 0
    for column in columns:
        mine = column["date"][:4]
        if mine != year and count:
            yield year, count
            count = 0
        year, count = mine, count + 1
    if count:
        yield year, count


def _families(entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    """A line for each family: of each release how many rows diverge, or why there is no number."""
    for family in sorted({family for entry in entries for family in entry.families}):
        cells = []
        for entry in entries:
            found = entry.families.get(family, {})
            wrong = sum(found.get(verdict, 0) for verdict in DIVERGENT)
            answered = sum(count for verdict, count in found.items() if verdict not in UNANSWERED)
            kind = "asked-not" if not found else "wrong" if wrong else "right" if answered else "cannot"
            told = ", ".join(f"{count} {verdict}" for verdict, count in found.items()) or "not asked"
            cells.append({"kind": kind, "count": wrong or "", "said": told})
        yield {"family": family, "cells": cells, "wrong": any(cell["kind"] == "wrong" for cell in cells)}


def _bar(bar: Bar, known: Dates) -> dict[str, Any]:
    kinds = {True: "holds", False: "holds-not", None: "asked-not"}
    return {
        "bar": bar,
        "cells": [
            {"kind": kinds[said], "count": count or ""} for said, count in zip(bar.cells, bar.counts, strict=True)
        ],
        "when": "; ".join(_when(bar, known)),
    }


def _when(bar: Bar, known: Dates) -> Iterator[str]:
    """When it came and when it went, with the dates of the releases."""
    for change in bar.changes:
        version = public(change.after.version)
        date = known.get((change.after.framework, version))
        yield f"{'came' if change.came else 'gone'} in {version}{f' ({date})' if date else ''}"
