"""What a person reads in the terminal: progress, and what a run found. Plain where there is no terminal."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from conformance import accuracy
from conformance.explain import again, sentence
from conformance.row import DIVERGENT, Row
from conformance.runfile import Difference

#: Standings and verdicts that need somebody's eyes.
NEWS = ("new", "changed", "stale")
SHOWN = 20


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """The reader has seen enough: say no more, but do what is left to do and keep the exit status."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console(stderr: bool = False) -> Console:
    """Colours and widths as the terminal has them; 80 columns and no colour where there is none."""
    return _Console(stderr=stderr, highlight=False, soft_wrap=not (sys.stderr if stderr else sys.stdout).isatty())


@contextmanager
def progress(total: int) -> Iterator[Any]:
    """A bar on standard error while rows come in; call what it yields with each row. Silent without a terminal."""
    out = console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task, seen = bar.add_task("", total=total), Counter()

        def step(row: Row) -> None:
            seen[row.standing or row.verdict] += 1
            news = sum(seen[standing] for standing in NEWS)
            bar.update(task, advance=1, description=f"{row.route}  {f'{news} new' if news else ''}")

        yield step


def summary(header: dict[str, Any], rows: list[Row], problems: Iterable[str], seconds: float) -> None:
    """Everything that a run found: routes, causes of what is new, claims, what is wrong with the run as a whole."""
    out, problems = console(), list(problems)
    out.print(_routes(header, rows))
    for name, reason in sorted(header["absent"].items()):
        out.print(f"absent: {name}: {reason}", markup=False)
    for name, reason in sorted(header["dead"].items()):
        out.print(f"dead: {name}: {reason}", markup=False)
    for note in header["notes"]:
        out.print(f"note: {note}", markup=False)
    _claims(out, rows)
    _threads(out, rows)
    _causes(out, rows)
    for problem in problems:
        out.print(f"ledger: {problem}", markup=False)
    out.print(verdict(header, rows, problems, seconds), markup=False)


def verdict(header: dict[str, Any], rows: list[Row], problems: list[str], seconds: float) -> str:
    """The run in one sentence: counts over all rows, nothing dropped."""
    standings = Counter(row.standing for row in rows)
    verdicts = Counter(row.verdict for row in rows)
    parts = [f"{verdicts['pass']} pass"]
    parts += [f"{standings[name]} {name}" for name in ("known", *NEWS) if standings[name] or name in ("known", "new")]
    parts += [f"{verdicts[name]} {name}" for name in ("unsupported", "unrun") if verdicts[name]]
    state = "incomplete: " if verdicts["unrun"] or header["dead"] else ""
    more = f", {len(problems)} ledger problems" if problems else ""
    return f"{state}{len(rows)} rows in {seconds:.0f} s: {', '.join(parts)}{more}"


def _routes(header: dict[str, Any], rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("route")
    names = ("pass", "known", "new", "unsupported", "unrun", "rows", "rows/s", "bound", "lean")
    for name in names:
        table.add_column(name, justify="right")
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[f"{row.route}@{row.device}"].append(row)
    for route in sorted(grouped):
        mine = grouped[route]
        verdicts = Counter(row.verdict for row in mine)
        standings = Counter(row.standing for row in mine)
        timed = [row.seconds for row in mine if row.seconds]
        pace = f"{len(timed) / sum(timed):.0f}" if timed else ""
        news = sum(standings[name] for name in NEWS)
        cells = (verdicts["pass"], standings["known"], news, verdicts["unsupported"], verdicts["unrun"], len(mine))
        style = "red" if news or verdicts["unrun"] else None
        counts = (str(cell) if cell else "·" for cell in cells)
        table.add_row(escape(route), *counts, pace, *_accuracy(mine), style=style)
    versions = ", ".join(f"{name} {hello['version']}" for name, hello in sorted(header["adapters"].items()))
    table.title, table.title_justify, table.title_style = escape(versions) or "no framework answered", "left", ""
    return table


def _accuracy(rows: list[Row]) -> tuple[str, str]:
    """How much of the rounding bound the real answers used at most, and how far their errors lean to one side: the mean
    signed error over its standard error, over all rows together. No verdict rests on the second."""
    real = accuracy.measured(row for row in rows if row.verdict == "pass")
    if not real:
        return "", ""
    return f"{max(row.detail['share'] for row in real):.0%}", f"{accuracy.lean(real):+.1f}"


def _claims(out: Console, rows: list[Row]) -> None:
    """Each claim of the documents, by number: confirmed or refuted, where, and with what came out."""
    said: dict[tuple, list[str]] = defaultdict(list)
    for row in rows:
        if claim := row.detail.get("claim"):
            said[(claim["number"], row.case, claim["verdict"], claim["came_out"])].append(row.route.partition("/")[0])
    if said:
        out.print("claims of the documents:")
    for (number, case, judged, came_out), frameworks in sorted(said.items()):
        who = ", ".join(dict.fromkeys(frameworks))
        out.print(f"  {number:2} {judged} by {who} ({case.partition('/')[2]}): {came_out[:160]}", markup=False)


def _threads(out: Console, rows: list[Row]) -> None:
    """How many right answers have other bits under another number of threads."""
    found = Counter(row.route for row in rows if row.verdict == "pass" and "threads" in row.detail)
    if found:
        told = ", ".join(f"{route} {count} row{'s' * (count != 1)}" for route, count in sorted(found.items()))
        out.print(f"bits depend on the number of threads: {told}", markup=False)


def _causes(out: Console, rows: list[Row]) -> None:
    """New divergences by cause, the smallest case first; a line to paste for each."""
    grouped: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        if row.standing in NEWS or (row.verdict in DIVERGENT and row.standing is None):
            # What a framework says of its own accord repeats the case's numbers; a cause that we name does not.
            cause = row.cause or "" if row.verdict == "differ" else re.sub(r"\d+", "#", row.cause or "")
            grouped[(row.route.partition("/")[0], row.standing, row.verdict, cause)].append(row)
    ordered = sorted(grouped.items(), key=lambda item: ("causes" not in item[1][0].detail, -len(item[1])))
    for (framework, standing, _, _), mine in ordered[:SHOWN]:
        first = mine[0]
        routes = ", ".join(sorted({f"{row.route}@{row.device}" for row in mine}))
        out.print(f"\n{standing}: {framework}: {sentence(first)}", markup=False, style="red")
        out.print(f"  {len(mine)} rows on {routes}", markup=False)
        out.print(f"  {again(first)}", markup=False)
    if len(ordered) > SHOWN:
        out.print(f"\n… and {len(ordered) - SHOWN} causes more, in the run file and on the page")


def difference(found: Difference) -> None:
    """Two runs in four words, then what changed."""
    out = console()
    for before, after in found.changed:
        how = f"{_said(before)} -> {_said(after)}" if _said(before) != _said(after) else "other bits"
        out.print(f"changed  {after.key}: {how}", markup=False)
    for word, rows in (("added", found.added), ("removed", found.removed)):
        for row in rows:
            if row.verdict not in ("pass", "unsupported"):
                out.print(f"{word}  {row.key}: {_said(row)}", markup=False)
    out.print(
        f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed, {len(found.same)} same"
    )


def _said(row: Row) -> str:
    return " ".join(filter(None, [row.verdict, row.standing and f"({row.standing})", row.cause and f": {row.cause}"]))
