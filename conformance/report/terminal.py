"""What a person reads in the terminal: progress, and what a run found. Plain where there is no terminal."""

from __future__ import annotations

import os
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from conformance.plain import harmless
from conformance.report import accuracy, remarks, repeat, states
from conformance.report.between import between
from conformance.report.findings import TO_TELL, Finding, Report, unsupported
from conformance.report.history import lines
from conformance.report.states import NEEDS_A_LOOK, number
from conformance.run import disputes
from conformance.run.row import Row, place
from conformance.run.run_file import Difference, Run
from conformance.run.variants import framework_of, plain, variant_of, worker_of

#: Findings that are printed, reasons for what is unsupported, and runs that a table has columns for.
SHOWN, REASONS, RUNS = 20, 3, 8
LONGEST = 100  # characters of a cause in a table
#: Columns of the table of routes; those that count show a dot for none.
COUNTS = ("pass", "known", *NEEDS_A_LOOK, "unsupported", "unrun", "rows")
CELLS = (*COUNTS, "rows/s", "bound", "lean")
ALWAYS = ("pass", "known", "new", "rows")
#: Columns that can be missed where there is no room for all, in this order.
MISSED = ("rows/s", "lean", "bound")
#: How a variant's answer may stand beside the framework's own; the first is another verdict or cause.
HOW = ("another verdict", "other bits", "the same bits")
#: What a column holds whose name does not tell; in few words, so that they fit in one line.
MEANS = {
    "changed": "not as the ledger says",
    "stale": "the ledger says that it diverges",
    "bound": "most of the rounding bound used",
    "lean": "mean error / its standard error",
}


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
    if not out.is_terminal:
        yield lambda row: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=out, transient=True) as bar:
        task, seen = bar.add_task("", total=total), Counter()

        def step(row: Row) -> None:
            seen[states.state(row)] += 1
            told = ", ".join(f"{seen[state]} {state}" for state in NEEDS_A_LOOK if seen[state])
            bar.update(task, advance=1, description=f"{row.route}  {told}")

        yield step


def _say(out: Console, text: str, **style: Any) -> None:
    """Print the words of frameworks and file names: no markup, nothing that moves the cursor."""
    out.print("\n".join(map(harmless, text.split("\n"))), markup=False, **style)


def summary(report: Report) -> None:
    """Everything that a run found: routes, what needs a look, claims, what is wrong with the run as a whole."""
    out, run = console(), report.run
    table = _routes(run.header, run.rows, out.width)
    out.print(table, soft_wrap=False)
    if means := [f"{column.header}: {MEANS[column.header]}" for column in table.columns if column.header in MEANS]:
        _say(out, "; ".join(means), style="dim")
    for each in unsupported(run.rows)[:REASONS]:
        _say(out, f"unsupported: {number(each.count, 'row')} of {each.framework}: {each.reason}")
    for word in ("absent", "dead"):
        for name, why in sorted(run.header[word].items()):
            _say(out, f"{word}: {name}: {why}")
    for note in run.header["notes"]:
        _say(out, f"note: {note}")
    if states.about_documents(run):
        _claims(out, run.rows)
        _disputes(out, run.rows)
    _variants(out, run.rows)
    _findings(out, report)
    for remark in remarks.remarks(run):
        _say(out, f"remark: {remark.sentence}")
    for problem in states.problems(run):
        _say(out, f"ledger: {problem}")
    _say(out, states.verdict(run))


def _routes(header: dict[str, Any], rows: list[Row], width: int) -> Table:
    """A line for each route, on the CPU where nothing is said. Empty columns are left out, and so are those that can be
    missed where `width` characters are too few; a name goes on in a second line rather than that a number is cut."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[place(row)].append(row)
    found = {route: _cells(mine) for route, mine in sorted(grouped.items())}
    names = [name for name in CELLS if name in ALWAYS or any(cells[name] for cells in found.values())]
    longest = max((len(route.removesuffix("@cpu")) for route in found), default=0)
    for name in MISSED:
        if longest + sum(2 + max(len(name), 4) for name in names) > width and name in names:
            names.remove(name)
    table = _table("route", names)
    for route, cells in found.items():
        style = "red" if any(cells[name] for name in TO_TELL) else None
        shown = (cells[name] or ("·" if name in COUNTS else "") for name in names)
        table.add_row(escape(harmless(route.removesuffix("@cpu"))), *shown, style=style)
    versions = ", ".join(f"{name} {hello['version']}" for name, hello in sorted(header["adapters"].items()))
    versions = harmless(versions) or "no framework answered"
    table.title, table.title_justify, table.title_style = escape(versions), "left", ""
    return table


def _cells(rows: list[Row]) -> dict[str, str]:
    """What stands in the line of a route, by column; empty where there is nothing to say."""
    counts = states.counts(rows) | {"rows": len(rows)}
    timed = [row.seconds for row in rows if row.seconds]
    pace = f"{len(timed) / sum(timed):.0f}" if timed else ""
    return dict(zip(CELLS, (*(str(counts[name] or "") for name in COUNTS), pace, *_accuracy(rows)), strict=True))


def _table(first: str, names: Iterable[str]) -> Table:
    """An empty table: texts that may be folded, then columns of numbers that may not."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
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
            said[(claim["number"], row.case, claim["verdict"], claim["came_out"])].append(framework_of(row.route))
    if said:
        out.print("claims of the documents:")
    for (claim, case, judged, came_out), frameworks in sorted(said.items()):
        who = ", ".join(dict.fromkeys(frameworks))
        _say(out, f"  {claim:2} {judged} by {who} ({case.partition('/')[2]}): {came_out[:160]}")


def _disputes(out: Console, rows: list[Row]) -> None:
    """Who follows which reading of the questions that authorities answer differently."""
    sides = disputes.disputes(rows)
    if sides:
        out.print("disputed questions, and who follows which reading:")
    for case, reading, who in sides:
        _say(out, f"  {case.partition('/')[2]}: {reading}: {', '.join(who)}")


def _variants(out: Console, rows: list[Row]) -> None:
    """What each variant answers otherwise than the framework as it is."""
    own = {row.key: row for row in rows if not variant_of(row.route)}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        key = row.key._replace(route=plain(row.route))
        if variant_of(row.route) and row.verdict != "unsupported" and key in own:
            found[worker_of(row.route)][_beside(own[key], row)] += 1
    for worker, counted in sorted(found.items()):
        told = ", ".join(f"{number(counted[how], 'row')} with {how}" for how in HOW if counted[how])
        _say(out, f"{worker} beside {framework_of(worker)}: {told}")


def _beside(own: Row, other: Row) -> str:
    """One of HOW."""
    if (own.verdict, own.cause) != (other.verdict, other.cause):
        return HOW[0]
    return HOW[2] if own.detail.get("bits") == other.detail.get("bits") else HOW[1]


def _findings(out: Console, report: Report) -> None:
    """What needs a look, one by one; a line to paste for each, which is never broken."""
    found = report.in_states(TO_TELL)
    for finding in found[:SHOWN]:
        _finding(out, finding, report.run.header)
    if len(found) > SHOWN:
        out.print(f"\n… and {number(len(found) - SHOWN, 'more finding')}, in the run file and on the page")


def findings(report: Report) -> None:
    """All findings that are new or changed."""
    out = console()
    for finding in report.in_states(("new", "changed")):
        _finding(out, finding, report.run.header)


def _finding(out: Console, finding: Finding, header: dict[str, Any]) -> None:
    _say(out, f"\n{finding.state}: {finding.sentence}", style="red")
    for line in finding.evidence:
        _say(out, f"  {line}")
    _say(out, f"  {repeat.of_finding(finding, header)}", soft_wrap=True)


def difference(runs: Sequence[Run], found: Difference) -> None:
    """In what two runs differ, each row that changed, and both in four words."""
    out = console()
    _between(out, runs)
    for before, after in found.changed:
        how = f"{_said(before)} -> {_said(after)}" if _said(before) != _said(after) else "other bits"
        _say(out, f"changed  {after.key}: {how}")
    for word, rows in (("added", found.added), ("removed", found.removed)):
        for row in rows:
            if row.verdict not in ("pass", "unsupported"):
                _say(out, f"{word}  {row.key}: {_said(row)}")
    out.print(_words(found))


def _between(out: Console, runs: Sequence[Run]) -> None:
    found = between(runs)
    if found:
        out.print("what differs between the runs, before any answer:")
    for each in found:
        _say(out, f"  {harmless(str(each))}")


def history(reports: Sequence[Report], steps: Sequence[Difference]) -> None:
    """Several runs: the four words for each step, then a table of the divergences that came, went or moved."""
    out, runs = console(), [report.run for report in reports]
    for index, run in enumerate(runs, start=1):
        versions = ", ".join(f"{name} {hello['version']}" for name, hello in sorted(run.header["adapters"].items()))
        _say(out, f"run {index}: {run.path} ({versions or 'no framework answered'})")
    _between(out, runs)
    for index, step in enumerate(steps, start=1):
        out.print(f"{index} -> {index + 1}: {_words(step)}")
    everything = lines(reports)
    moved = [line for line in everything if line.moved]
    shown = range(max(len(runs) - RUNS, 0), len(runs))
    if moved:
        table = _table("rows that diverge, by cause and run", (str(index + 1) for index in shown))
        for line in moved[:SHOWN]:
            cells = ("" if line.rows[index] is None else str(line.rows[index] or "·") for index in shown)
            said = textwrap.shorten(line.cause, LONGEST, placeholder=" …")
            table.add_row(escape(harmless(f"{line.framework}: {said} ({line.case})")), *cells)
        out.print()
        out.print(table, soft_wrap=False)
        if shown.start:
            out.print(f"runs 1 to {shown.start} are left out of the table")
        if len(moved) > SHOWN:
            out.print(f"… and {number(len(moved) - SHOWN, 'more divergence')}")
    out.print(f"{number(len(everything) - len(moved), 'divergence')} alike in every run that asked the same")


def _words(found: Difference) -> str:
    return ", ".join(f"{len(getattr(found, word))} {word}" for word in ("added", "removed", "changed", "same"))


def _said(row: Row) -> str:
    return " ".join(filter(None, [row.verdict, row.state and f"({row.state})", row.cause and f": {row.cause}"]))
