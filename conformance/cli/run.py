"""What `convt run` and `convt adapters` do, once their arguments are read."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import os
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click
import msgspec

from conformance import __version__
from conformance.case import CHECKS, DTYPES, FILLS, Case
from conformance.cli.say import say
from conformance.cli.status import CLEAN, FINDINGS, INCOMPLETE, USAGE, UsageError
from conformance.corpus import load
from conformance.corpus.choose import choose, corpus, parts, tiers
from conformance.corpus.random_cases import drawn
from conformance.plain import harmless
from conformance.report import findings, html, states, summaries, terminal
from conformance.run import engines, floors, metamorphic, programs, run_file, variants
from conformance.run.diagnose import stored
from conformance.run.questions import Narrow, select
from conformance.run.row import Row
from conformance.run.session import Session

#: `--device all` says what no --device says too: every device that a framework reports.
EVERY = "all"

#: Numbers of a case from which what it takes is told before; bytes that each takes, in the oracle and in a framework.
LARGE, EACH = 3 * 10**7, 28

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
    "environments",
    "files",
    "random",
    "known",
    "threads",
    "variants",
    "repeat",
    "deadline",
    "slow_factor",
    "seed",
    "claims",
)


def run(asked: dict[str, Any]) -> int:
    """`convt run`; returns the exit status."""
    with summaries.standard_output({option: asked[option] for option in summaries.WRITERS}) as out:
        return _run(asked, out)


def _run(asked: dict[str, Any], out: TextIO) -> int:
    begin, before = time.monotonic(), None
    if asked["resume"]:
        before = run_file.read(asked["resume"])
        typed = _typed(asked)
        asked = asked | _as_started(before) | {"output": asked["resume"]}
    else:
        asked["output"] = asked["output"] or f"reports/run-{datetime.datetime.now():%Y%m%d-%H%M%S}.jsonl"
    _check_output(Path(asked["output"]))
    page = Path(asked["report"] or Path(asked["output"]).with_suffix(".html"))
    check_words(asked)
    wanted = {option: asked[option] for option in summaries.WRITERS}
    summaries.check(wanted, {"the run file": asked["output"], "the page": page})
    baseline = asked["baseline"] and run_file.read(asked["baseline"])
    if asked["fail_on"]:
        _states(asked["fail_on"])
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
        tuple(asked["routes"]),
        () if EVERY in asked["devices"] else tuple(asked["devices"]),
        *(tuple(asked[word]) for word in ("dtypes", "checks", "fills")),
        tiers={} if asked["everywhere"] else named,
    )
    cases = choose(everything, named, asked["globs"], tier)
    if before:
        _same_cases(before, everything)
        _insist_named(before.path, asked, typed)
    session = _open(asked)
    rows: list[Row] = []
    try:
        insist(session, asked)
        selection = (metamorphic.select if asked["metamorphic"] else select)(cases, session.hellos, narrow)
        keys = list(selection.keys)
        if not keys and not session.dead:
            raise UsageError("nothing to run: no route takes these cases, dtypes, checks and fills")
        header = session.header(everything, selection, {word: asked[word] for word in ASKED})
        header["claims"] = asked["claims"] or (ours and all(map(programs.is_ours, session.hellos.values())))
        if before:
            _same_run(before, header)
            # A divergence that was not confirmed is asked again.
            rows += [row for row in before.rows if "unconfirmed" not in row.detail]
        for path in (Path(asked["output"]), page):
            path.parent.mkdir(parents=True, exist_ok=True)
        writer = run_file.Writer(asked["output"], before)
        if not before:
            writer.header(header)
        by_id = {case.id: case for case in cases}
        _warn(by_id[name] for name in {key.case for key in keys})
        try:
            with terminal.progress(len(keys) - len(rows)) as step:
                accused = partial(_write, writer, by_id)
                for row in session.rows(selection, [row.key for row in rows], accused):
                    writer.row(row, by_id[row.case])
                    rows.append(row)
                    step(row)
            diagnoses = session.diagnoses(rows, by_id, 0.0 if asked["no_narrow"] else asked["narrow"])
        except KeyboardInterrupt:
            writer.close()
            kept = f"{len(rows)} of {len(keys)} rows are in {asked['output']}"
            say(f"\ninterrupted: {kept}; go on with: {_resume(asked)}", err=True)
            return INCOMPLETE
        except Exception:  # whatever stops a run, what was done is told first
            writer.close()
            with contextlib.suppress(Exception):
                html.write([findings.report(run_file.read(asked["output"]))], page)
            raise
        for each in diagnoses:
            writer.diagnosis(stored(each, by_id))
        problems = session.problems(everything) if ours else []
        reached = floors.reached(rows, header, asked["at_least"], baseline)
        seconds = time.monotonic() - begin
        writer.footer(run_file.footer(rows, problems=problems, **reached, seconds=round(seconds, 2)))
        writer.close()
    finally:
        session.close()
    report = findings.report(run_file.read(asked["output"]))
    written, lost = [], []
    for write in (lambda: html.write([report], page), lambda: written.extend(summaries.write([report], wanted, out))):
        try:  # neither costs the other, nor what is said here
            write()
        except run_file.RunFileError as error:
            lost.append(error)
    terminal.summary(report)
    click.echo(f"rows: {asked['output']}")
    for name in written:
        click.echo(f"wrote {name}")
    if asked["form"]:
        summaries.to_github([report])
    click.echo(f"page: {page}")
    for error in lost:
        say(f"convt: {error}", err=True)
    return _status(report.run, asked["fail_on"]) or (USAGE if lost else CLEAN)


def _check_output(path: Path) -> None:
    """A run file must be one that can be written and read again."""
    if str(path) == "-":
        raise UsageError(
            "--output -: a run file is read again at its end: name a file; --json - writes to standard output"
        )
    if path.is_dir():
        raise UsageError(f"--output {path}: this is a folder: name a file in it")
    if blocked := next((each for each in path.parents if each.exists() and not each.is_dir()), None):
        raise UsageError(f"--output {path}: {blocked} is no folder")


def _warn(cases: Iterable[Case]) -> None:
    """Say what a large case takes, before it takes it."""
    shapes = {case.id: (case.x_shape, case.w_shape, case.y_shape) for case in cases if case.expect == "answer"}
    numbers, name = max(((sum(map(math.prod, each)), name) for name, each in shapes.items()), default=(0, ""))
    if numbers >= LARGE:
        told = f"{numbers / 1e6:.0f} million numbers: about {numbers * EACH / 1e9:.1f} GB of memory"
        say(f"convt: {name} has {told}, and minutes of time", err=True)


def _status(run: run_file.Run, fail_on: str | None) -> int:
    """The exit status of a run: what is missing comes before what was found."""
    if states.missing(run) or states.without_result(run):
        return INCOMPLETE
    failing = _states(fail_on) if fail_on else states.NEEDS_A_LOOK
    wrong = [row for row in run.rows if states.state(row) in failing] or states.worse(run)
    return FINDINGS if wrong or ("stale" in failing and states.problems(run)) else CLEAN


def _states(text: str) -> list[str]:
    """The states that --fail-on names."""
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in states.STATES[:-1]:
            raise UsageError(f"--fail-on {text}: {word!r} is no state; there are {', '.join(states.STATES[:-1])}")
    return words


def _resume(asked: dict[str, Any]) -> str:
    """The line to paste that goes on with a run."""
    words = ["--resume", str(asked["output"]), *(word for pair in _programs(asked) for word in pair)]
    return harmless(f"convt run {shlex.join(words)}")


def _write(writer: run_file.Writer, cases: Mapping[str, Case], row: Row) -> None:
    writer.row(row, cases[row.case])


def _counts(text: str) -> list[int]:
    """The thread counts that --threads names, each once."""
    counts = [int(word) if word.strip().isdecimal() else 0 for word in text.split(",")]
    if min(counts) < 1:
        raise UsageError(f"--threads {text}: expected a number, or several with commas between them, as in 1,2")
    return list(dict.fromkeys(counts))


def _open(asked: dict[str, Any]) -> Session:
    """The adapters and variants that the command means, greeted."""
    first, *others = _counts(str(asked["threads"]))
    pythons = programs.pairs(asked["pythons"])
    settings = programs.settings(asked["environments"])
    chosen = programs.choose(tuple(asked["adapters"]), tuple(asked["routes"]), pythons, first, settings)
    return Session.open(
        chosen,
        ledger=asked["known"] and Path(asked["known"]),
        seed=asked["seed"],
        deadline=asked["deadline"],
        jobs=asked["jobs"] or 0,
        repeat=asked["repeat"],
        under=(*asked["variants"], *named_by(asked["routes"]), *(f"threads={count}" for count in others)),
    )


def named_by(routes: Sequence[str]) -> list[str]:
    """The variants that the names of routes hold: `torch+onednn=avx2/*`."""
    return [variants.variant_of(route) for route in routes if variants.variant_of(route)]


def check_words(asked: dict[str, Any]) -> None:
    """Raises UsageError for a dtype, check or fill that there is not."""
    checks = CHECKS
    if asked.get("metamorphic"):
        checks = tuple(metamorphic.BY_NAME)
        if asked["fills"]:
            raise UsageError("--metamorphic makes operands of its own: leave out --fill")
    for option, known in (("dtypes", DTYPES), ("checks", checks), ("fills", FILLS)):
        for word in asked[option]:
            if word not in known:
                raise UsageError(f"--{option[:-1]} {word}: there are {', '.join(known)}")


def insist(session: Session, asked: dict[str, Any]) -> None:
    """What the user asked for by name must be there."""
    named = {programs.name_of(name) for name in asked["adapters"]} | set(programs.pairs(asked["pythons"]))
    named |= {variants.framework_of(route) for route in asked["routes"] if "*" not in variants.framework_of(route)}
    for name in sorted(named & session.absent.keys()):
        raise UsageError(f"{name} was asked for and is not installed: {session.absent[name]}{engines.installing(name)}")
    found = sorted({device for hello in session.hellos.values() for device in hello["devices"]})
    offered = [f"{name}/{route['name']}" for name, hello in session.hellos.items() for route in hello["routes"]]
    for pattern in asked["routes"]:
        glob, _, device = pattern.partition("@")
        if not session.dead and not any(variants.is_meant(route, glob) for route in offered):
            raise UsageError(f"--route {pattern}: no such route; there are {', '.join(offered)}")
        if device and device not in found:
            raise UsageError(f"--route {pattern}: no framework reports a device {device}, only {', '.join(found)}")
    for device in asked["devices"]:
        if device not in (*found, EVERY) and not session.dead:
            raise UsageError(f"--device {device}: {_no_device(session, found)}")


def _no_device(session: Session, found: Sequence[str]) -> str:
    """That a device is not here, and what a GPU would need."""
    if found != ["cpu"]:
        return f"no framework reports it, only {', '.join(found)}"
    here = ", ".join(f"{name} {hello['version']}" for name, hello in session.hellos.items())
    return (
        f"no framework reports it, only cpu ({here}); a GPU needs its driver and a build of the framework for it: "
        "docs/places.md says what to install"
    )


def _as_started(before: run_file.Run) -> dict[str, Any]:
    """What the command of an earlier run asked."""
    selection = before.header["selection"]
    if selection.keys() != set(ASKED):
        raise run_file.RunFileError(f"{before.path}:1: cannot go on: other things were asked then; start a new run")
    return selection


def _insist_named(path: str, asked: dict[str, Any], typed: Sequence[tuple[str, str]]) -> None:
    """A run file starts no program that the user did not name, too: it may be somebody else's. `asked`: as the run was
    started; `typed`: what the user names now."""
    theirs = _programs(asked)
    for option, word in typed:
        if (option, word) not in _typed(asked):
            raise UsageError(f"{option} {word}: {path} was started without it; leave it out")
    if missing := [each for each in theirs if each not in typed]:
        options = shlex.join(word for pair in theirs for word in pair)
        raise UsageError(f"{path} would start {missing[0][1]}: if you trust it, name it as well, by {options}")


def _typed(asked: dict[str, Any]) -> list[tuple[str, str]]:
    """(option, value) for all adapters, interpreters and variables of their environments that a command names."""
    options = {"--adapter": "adapters", "--python": "pythons", "--env": "environments"}
    return [(option, each) for option, word in options.items() for each in asked[word]]


def _programs(asked: dict[str, Any]) -> list[tuple[str, str]]:
    """Those of them that are neither ours nor installed beside us."""
    known = programs.known()
    return [(option, each) for option, each in _typed(asked) if option != "--adapter" or each not in known]


def _same_cases(before: run_file.Run, everything: Sequence[Case]) -> None:
    """Raises RunFileError where this is not the suite or the corpus of an earlier run, before anything is started."""
    here = {"corpus": load.digest(everything), "suite": __version__}
    for word, what in (("corpus", "the case files have"), ("suite", "this program has")):
        if before.header[word] != here[word]:
            raise run_file.RunFileError(f"{before.path}: cannot go on: {what} changed since; start a new run")


def _same_run(before: run_file.Run, header: dict[str, Any]) -> None:
    then = {name: hello.get("version") for name, hello in before.header["adapters"].items()}
    now = {name: hello["version"] for name, hello in header["adapters"].items()}
    if then != now:
        raise run_file.RunFileError(f"{before.path}: cannot go on: it was started with {then}, here are {now}")


def adapters(chosen: list[programs.Program], as_json: bool) -> None:
    """`convt adapters`: what is here and what it offers."""
    session = Session.open(chosen, jobs=os.cpu_count() or 1)
    session.close()
    if as_json:
        said = {"adapters": session.hellos, "absent": session.absent, "dead": session.dead}
        click.echo(json.dumps(msgspec.to_builtins(said), indent=2))
        return
    for name, hello in session.hellos.items():
        say(f"{name} {hello['version']} on {', '.join(hello['devices'])} ({hello['interpreter']})")
        if hello["variants"]:
            say(f"  variants: {', '.join(hello['variants'])}, threads=N")
        for route in hello["routes"]:
            compiler = f"; about {route['cost']:g} s a case" if route["cost"] else ""
            offered = f"{', '.join(route['dtypes'])}; {', '.join(route['checks'])}"
            say(f"  {name}/{route['name']}: {offered}{compiler}")
    for name, reason in session.absent.items():
        say(f"{name} absent: {reason}{engines.installing(name)}")
    for name, reason in session.dead.items():
        say(f"{name} dead: {reason}")
