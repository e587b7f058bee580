"""What `convt run`, `convt show` and `convt adapters` do, once their arguments are read."""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from conformance.case import CHECKS, DTYPES, FILLS, Case
from conformance.cli.status import CLEAN, FINDINGS, INCOMPLETE, UsageError
from conformance.corpus import globs, spelled
from conformance.corpus.choose import choose, corpus, parts, tiers
from conformance.corpus.random_cases import drawn
from conformance.corpus.random_cases import named as named_case
from conformance.oracle.compare import Expected
from conformance.report import explain, findings, html, repeat, states, summaries, terminal
from conformance.run import metamorphic, programs, run_file, threads
from conformance.run.diagnose import stored
from conformance.run.questions import Narrow, select
from conformance.run.row import Row
from conformance.run.session import Session

#: What of a command is kept in the header, so that --resume asks the same.
ASKED = (
    "globs",
    "routes",
    "devices",
    "dtypes",
    "checks",
    "fills",
    "metamorphic",
    "tier",
    "everywhere",
    "adapters",
    "pythons",
    "files",
    "random",
    "known",
    "threads",
    "repeat",
    "deadline",
    "seed",
)


def run(asked: dict[str, Any]) -> int:
    """`convt run`; returns the exit status."""
    begin, before = time.monotonic(), None
    if asked["resume"]:
        before = run_file.read(asked["resume"])
        asked = asked | _as_started(before) | {"output": asked["resume"]}
    else:
        asked["output"] = asked["output"] or f"reports/run-{datetime.datetime.now():%Y%m%d-%H%M%S}.jsonl"
    page = Path(asked["report"] or Path(asked["output"]).with_suffix(".html"))
    _check_words(asked)
    wanted = {option: asked[option] for option in summaries.WRITERS}
    summaries.check(wanted, {"the run file": asked["output"], "the page": page})
    counts = _counts(str(asked["threads"]))
    if page.suffix != ".html":
        raise UsageError(f"--report {page}: the name of a page ends in .html")
    if page == Path(asked["output"]):
        raise UsageError(f"--output {page}: this is the name of the page; call the run file .jsonl")
    if not before and Path(asked["output"]).exists():
        raise run_file.RunFileError(f"{asked['output']} exists: name another --output, or go on with it by --resume")

    if asked["known"] and not Path(asked["known"]).is_dir():
        raise UsageError(f"--known {asked['known']}: no such folder")

    ours = not asked["files"] and not asked["random"]
    tier = asked["tier"] or (None if ours else "full")
    if asked["random"]:
        everything = list(drawn(asked["seed"], asked["random"]))
    else:
        everything = corpus(asked["files"], asked["globs"], tier)
    named = tiers(everything) if ours else parts(everything) if asked["random"] else {}
    narrow = Narrow(
        *(tuple(asked[word]) for word in ("routes", "devices", "dtypes", "checks", "fills")),
        tiers={} if asked["everywhere"] else named,
    )
    cases = choose(everything, named, asked["globs"], tier)
    session = _open(asked, counts[0])
    rows: list[Row] = []
    try:
        _insist(session, asked)
        selection = (metamorphic.select if asked["metamorphic"] else select)(cases, session.hellos, narrow)
        keys = list(selection.keys)
        if not keys and not session.dead:
            raise UsageError("nothing to run: no route takes these cases, dtypes, checks and fills")
        header = session.header(everything, selection, {word: asked[word] for word in ASKED})
        if before:
            _same_run(before, header)
            # A row that speaks of thread counts is made of several: the first of them is asked again.
            rows += [row for row in before.rows if "threads" not in row.detail]
        for path in (Path(asked["output"]), page):
            path.parent.mkdir(parents=True, exist_ok=True)
        writer = run_file.Writer(asked["output"], before)
        if not before:
            writer.header(header)
        by_id = {case.id: case for case in cases}
        try:
            with terminal.progress(len(keys) * len(counts) - len(rows)) as step:
                for row in session.rows(selection, [row.key for row in rows]):
                    writer.row(row, by_id[row.case])
                    rows.append(row)
                    step(row)
                if len(counts) > 1:
                    session.close()
                    rows, changed = threads.under(counts, partial(_open, asked), session, selection, rows, step)
                    for row in changed:
                        writer.row(row, by_id[row.case])
            diagnoses = session.diagnoses(rows, by_id, 0.0 if asked["no_narrow"] else asked["narrow"])
        except KeyboardInterrupt:
            writer.close()
            click.echo(
                f"\ninterrupted: {len(rows)} of {len(keys)} rows are in {asked['output']}; "
                f"go on with: convt run --resume {asked['output']}",
                err=True,
            )
            return INCOMPLETE
        for each in diagnoses:
            writer.diagnosis(stored(each, by_id))
        problems = session.problems(everything) if ours else []
        seconds = time.monotonic() - begin
        writer.footer(run_file.footer(rows, problems=problems, seconds=round(seconds, 2)))
        writer.close()
    finally:
        session.close()
    report = findings.report(run_file.read(asked["output"]))
    terminal.summary(report)
    click.echo(f"rows: {asked['output']}")
    for name in summaries.write([report], wanted):
        click.echo(f"wrote {name}")
    if asked["form"]:
        summaries.to_github([report])
    html.write([report], page)
    click.echo(f"page: {page}")
    if not states.complete(report.run):
        return INCOMPLETE
    return CLEAN if states.clean(report.run) else FINDINGS


def _counts(text: str) -> list[int]:
    """The thread counts that --threads names, each once."""
    counts = [int(word) if word.strip().isdecimal() else 0 for word in text.split(",")]
    if min(counts) < 1:
        raise UsageError(f"--threads {text}: expected a number, or several with commas between them, as in 1,2")
    return list(dict.fromkeys(counts))


def _open(asked: dict[str, Any], threads: int) -> Session:
    """The adapters that the command means, greeted."""
    pythons = programs.pairs(asked["pythons"])
    chosen = programs.choose(tuple(asked["adapters"]), tuple(asked["routes"]), pythons, threads)
    return Session.open(
        chosen,
        ledger=asked["known"] and Path(asked["known"]),
        seed=asked["seed"],
        deadline=asked["deadline"],
        jobs=asked["jobs"] or 0,
        repeat=asked["repeat"],
    )


def _check_words(asked: dict[str, Any]) -> None:
    checks = CHECKS
    if asked.get("metamorphic"):
        checks = tuple(metamorphic.BY_NAME)
        if asked["fills"]:
            raise UsageError("--metamorphic makes operands of its own: leave out --fill")
    for option, known in (("dtypes", DTYPES), ("checks", checks), ("fills", FILLS)):
        for word in asked[option]:
            if word not in known:
                raise UsageError(f"--{option[:-1]} {word}: there are {', '.join(known)}")


def _insist(session: Session, asked: dict[str, Any]) -> None:
    """What the user asked for by name must be there."""
    named = {programs.name_of(name) for name in asked["adapters"]} | set(programs.pairs(asked["pythons"]))
    named |= {route.partition("/")[0] for route in asked["routes"] if "*" not in route.partition("/")[0]}
    for name in sorted(named & session.absent.keys()):
        raise UsageError(f"{name} was asked for and is not installed: {session.absent[name]}")
    found = sorted({device for hello in session.hellos.values() for device in hello["devices"]})
    offered = [f"{name}/{route['name']}" for name, hello in session.hellos.items() for route in hello["routes"]]
    for pattern in asked["routes"]:
        glob, _, device = pattern.partition("@")
        if not session.dead and not any(globs.matches(route, glob) for route in offered):
            raise UsageError(f"--route {pattern}: no such route; there are {', '.join(offered)}")
        if device and device not in found:
            raise UsageError(f"--route {pattern}: no framework reports a device {device}, only {', '.join(found)}")
    for device in asked["devices"]:
        if device not in found and not session.dead:
            raise UsageError(f"--device {device}: no framework reports it, only {', '.join(found)}")


class _Header(msgspec.Struct):
    """What going on with a run needs of its header."""

    suite: str
    corpus: str
    adapters: dict[str, dict[str, Any]]
    selection: dict[str, Any]


def _as_started(before: run_file.Run) -> dict[str, Any]:
    """What the command of an earlier run asked."""
    try:
        selection = msgspec.convert(before.header, _Header).selection
    except msgspec.ValidationError as error:
        raise run_file.RunFileError(f"{before.path}:1: cannot go on: {error}; start a new run") from None
    if selection.keys() != set(ASKED):
        raise run_file.RunFileError(f"{before.path}:1: cannot go on: other things were asked then; start a new run")
    return selection


def _same_run(before: run_file.Run, header: dict[str, Any]) -> None:
    for word, what in (("corpus", "the case files have"), ("suite", "this program has")):
        if before.header[word] != header[word]:
            raise run_file.RunFileError(f"{before.path}: cannot go on: {what} changed since; start a new run")
    then = {name: hello.get("version") for name, hello in before.header["adapters"].items()}
    now = {name: hello["version"] for name, hello in header["adapters"].items()}
    if then != now:
        raise run_file.RunFileError(f"{before.path}: cannot go on: it was started with {then}, here are {now}")


def show(asked: dict[str, Any]) -> None:
    """`convt show`: the rows of one case in words, with the script that repeats them."""
    _check_words(asked)
    if asked["run_path"]:
        found = run_file.read(asked["run_path"])
        rows = [row for row in found.rows if row.case == asked["case_id"] and _wanted(row, asked)]
        cases = found.cases
        header, seed = found.header, found.header.get("seed", 0)
        if not rows:
            where = asked["route"] or "any route"
            raise UsageError(f"{asked['run_path']} has no row for {asked['case_id']} on {where}")
    else:
        case = (
            named_case(asked["case_id"]) or spelled.named(asked["case_id"]) or _named(asked["files"], asked["case_id"])
        )
        routes = (asked["route"],) if asked["route"] else ()
        chosen = programs.choose(tuple(asked["adapters"]), routes, programs.pairs(asked["pythons"]), 1)
        session = Session.open(chosen, seed=asked["seed"])
        try:
            _insist(session, asked | {"routes": routes, "devices": ()})
            narrow = Narrow(routes, (), *(tuple(asked[word]) for word in ("dtypes", "checks", "fills")))
            rows = list(session.rows(select([case], session.hellos, narrow)))
        finally:
            session.close()
        for name, reason in session.dead.items():
            raise programs.ProgramError(f"the adapter {name} is dead: {reason}")
        if not rows:
            raise UsageError(f"nothing to show: no route takes {case.id} with these dtypes, checks and fills")
        cases, seed, header = {case.id: case}, asked["seed"], {"adapters": session.hellos}
    for row in rows:
        case = cases[row.case]
        if not asked["script"]:
            click.echo(explain.paragraph(row, case) + "\n")
    told = next((row for row in rows if row.verdict not in ("pass", "unsupported")), None)
    told = told or next((row for row in rows if row.detail.get("plan")), None)
    if told is None:
        return
    if told.fill == "related":
        line = repeat.command(told, {"seed": seed})
        click.echo(f"# A relation is between several calls; ask for them by: {line}")
        return
    case = cases[told.case]
    expected = Expected(case, told.check, told.dtype, told.fill, seed)
    answer = expected.answer if case.expect == "answer" else None
    if not asked["script"]:
        click.echo(f"# A script that repeats {told.key}:\n")
    click.echo(explain.script(told, case, expected.operands, answer, header))


def _named(files: Sequence[str], case_id: str) -> Case:
    return globs.select(corpus(files, [case_id]), [case_id])[0]


def _wanted(row: Row, asked: dict[str, Any]) -> bool:
    return (
        (not asked["route"] or globs.matches(row.route, asked["route"].partition("@")[0]))
        and (not asked["dtypes"] or row.dtype in asked["dtypes"])
        and (not asked["checks"] or row.check in asked["checks"])
        and (not asked["fills"] or row.fill in asked["fills"])
    )


def adapters(named: tuple[str, ...], pythons: dict[str, str], as_json: bool) -> None:
    """`convt adapters`: what is here and what it offers."""
    session = Session.open(programs.choose(named, (), pythons, 1), jobs=os.cpu_count() or 1)
    session.close()
    if as_json:
        said = {"adapters": session.hellos, "absent": session.absent, "dead": session.dead}
        click.echo(json.dumps(msgspec.to_builtins(said), indent=2))
        return
    for name, hello in session.hellos.items():
        click.echo(f"{name} {hello['version']} on {', '.join(hello['devices'])} ({hello['interpreter']})")
        for route in hello["routes"]:
            compiler = f"; about {route['cost']:g} s a case" if route["cost"] else ""
            offered = f"{', '.join(route['dtypes'])}; {', '.join(route['checks'])}"
            click.echo(f"  {name}/{route['name']}: {offered}{compiler}")
    for name, reason in session.absent.items():
        click.echo(f"{name} absent: {reason}")
    for name, reason in session.dead.items():
        click.echo(f"{name} dead: {reason}")
