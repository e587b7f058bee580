"""`convt fuzz`: random configurations until the time is over; what is new is diagnosed, shrunk and written down."""

from __future__ import annotations

import datetime
import itertools
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from conformance.cli.options import SEED, narrowing
from conformance.cli.say import say
from conformance.cli.status import CLEAN, FINDINGS, INCOMPLETE, UsageError

#: Configurations that are asked at once, and of how many one goes to routes that compile it.
BATCH, COMPILED = 60, 30


def _duration(_: click.Context, __: click.Parameter, text: str) -> float:
    """Seconds from `90`, `60s`, `30m` or `2h`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not found or float(found[1]) == 0:
        raise click.BadParameter(f"{text!r}: expected a time such as 60s, 30m or 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


@click.command()
@click.option("--for", "seconds", callback=_duration, default="60s", show_default=True, help="How long: 60s, 30m, 2h.")
@click.option("--route", "routes", multiple=True, help="Routes: torch/*, */vjp, torch/functional@cuda.")
@click.option("--adapter", "adapters", multiple=True, help="Only this adapter: a name, or the path of a program.")
@click.option("--python", "pythons", multiple=True, metavar="NAME=PATH", help="The interpreter that runs an adapter.")
@click.option("--known", type=click.Path(), help="Folder of known divergences instead of ours.")
@click.option("--invalid", is_flag=True, help="Questions that must be refused instead.")
@click.option("--output", "-o", type=click.Path(), help="Run file to write. Default: reports/fuzz-TIME.jsonl.")
@click.option("--resume", type=click.Path(), help="Go on where this run file ended, with the same words.")
@narrowing
@SEED
@click.pass_context
def fuzz(ctx: click.Context, **asked: Any) -> None:
    """Ask random configurations for a while; diagnose what is new, and write the smallest of each as a family file.

    Everything a case can say is drawn: ranks, dtypes, checks, operands, memory, layouts, conventions. The same seed
    draws the same. Exits 1 where something is new.

    \b
    convt fuzz --for 10m --route 'torch/*'
    convt fuzz --adapter my_adapter.py --seed 7
    """
    ctx.exit(_fuzz(asked))


def _fuzz(asked: dict[str, Any]) -> int:
    from conformance.corpus.fuzzed import fuzzed
    from conformance.report import findings, states, terminal
    from conformance.run import programs, run_file
    from conformance.run.diagnose import stored
    from conformance.run.session import Session

    begin = time.monotonic()
    if asked["known"] and not Path(asked["known"]).is_dir():
        raise UsageError(f"--known {asked['known']}: no such folder")
    before = run_file.read(asked["resume"]) if asked["resume"] else None
    output = asked["resume"] or asked["output"] or f"reports/fuzz-{datetime.datetime.now():%Y%m%d-%H%M%S}.jsonl"
    words = {word: asked[word] for word in ("routes", "adapters", "pythons", "known", "invalid", "seed")}
    if before and before.header.get("selection") != _plain(words):
        then = ", ".join(f"{word} {said}" for word, said in before.header.get("selection", {}).items())
        raise UsageError(f"--resume {output}: it was started with other words ({then}): write the same")
    chosen = programs.choose(tuple(asked["adapters"]), tuple(asked["routes"]), programs.pairs(asked["pythons"]), 1)
    session = Session.open(chosen, ledger=asked["known"] and Path(asked["known"]), seed=asked["seed"])
    rows, cases = (list(before.rows), dict(before.cases)) if before else ([], {})
    try:
        if not session.hellos:
            raise UsageError("nobody to ask: " + "; ".join(map(str, (session.absent | session.dead).values())))
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        writer = run_file.Writer(output, before)
        if not before:
            writer.header(session.header([], _selection(session, [], asked), _plain(words)))
        numbers = itertools.count(_next(cases))
        try:
            while time.monotonic() - begin < asked["seconds"]:
                batch = [fuzzed(asked["seed"], next(numbers), asked["invalid"]) for _ in range(BATCH)]
                cases |= {case.id: case for case in batch}
                for row in session.rows(_selection(session, batch, asked)):
                    writer.row(row, cases[row.case])
                    rows.append(row)
            found = session.diagnoses(rows, cases, 0.0 if asked["no_narrow"] else asked["narrow"])
        except KeyboardInterrupt:
            writer.close()
            say(f"\ninterrupted: {len(rows)} rows are in {output}; go on with --resume {output}", err=True)
            return INCOMPLETE
        for each in found:
            writer.diagnosis(stored(each, cases))
        writer.footer(run_file.footer(rows, problems=[], seconds=round(time.monotonic() - begin, 2)))
        writer.close()
    finally:
        session.close()
    run = run_file.read(output)
    terminal.summary(findings.report(run))
    click.echo(_kinds(list(run.cases.values())))
    click.echo(f"rows: {output}")
    if found and (path := _family(run, found, Path(output))):
        click.echo(f"cases: {path}")
    if states.missing(run) or states.without_result(run):
        return INCOMPLETE
    return FINDINGS if found else CLEAN


def _plain(words: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    return {word: list(said) if isinstance(said, tuple) else said for word, said in words.items()}


def _next(cases: dict[str, Any]) -> int:
    """The number of the first configuration that was not drawn yet."""
    return max((int(id.rpartition("-")[2]) for id in cases), default=-1) + 1


def _selection(session: Any, batch: list, asked: dict[str, Any]) -> Any:
    """The questions for a batch; routes that compile get one of a few."""
    from conformance.run.questions import Narrow, select

    few = frozenset(case.id for case in batch[::COMPILED])
    selection = select(batch, session.hellos, Narrow(tuple(asked["routes"]), tiers={"traced": few, "compiled": few}))
    selection.notes = []
    return selection


def _kinds(cases: list) -> str:
    """How many configurations of which kinds were asked, in one line each."""
    counts = {
        "rank": Counter(f"{case.rank}-D" for case in cases),
        "dtype": Counter(dtype for case in cases for dtype in case.dtypes),
        "check": Counter(check for case in cases for check in case.checks),
        "stored": Counter(
            word for case in cases for word in (*case.memory.values(), *filter(None, [case.input_layout]))
        ),
        "convention": Counter(case.convention for case in cases if case.convention),
        "invalid": Counter(case.invalid for case in cases if case.invalid),
    }
    lines = [f"{len(cases)} configurations"]
    for kind, found in counts.items():
        if found:
            lines.append(f"  {kind}: " + ", ".join(f"{name} {count}" for name, count in found.most_common()))
    return "\n".join(lines)


def _family(run: Any, found: list, output: Path) -> Path | None:
    """Write the smallest case of each finding as a family, and beside it the script of each that has one."""
    from conformance.exchange.writing import Family, entry
    from conformance.oracle.compare import Expected
    from conformance.report import explain

    path = output.with_suffix(".yaml")
    path.unlink(missing_ok=True)
    family = Family(path, "what random configurations found", f"{output.name}: the smallest case of each finding")
    for number, each in enumerate(found, start=1):
        row = each.rows[0]
        case = each.smallest.case if each.smallest else run.cases[row.case]
        numbers = {key: value for key, value in entry(case).items() if key not in ("id", "why")}
        if case.expect == "refuse":
            numbers |= {"expect": "refuse", "shapes": {name: list(shape) for name, shape in case.shapes.items()}}
            numbers |= {"operand_dtypes": case.operand_dtypes}
        numbers |= {"checks": [row.check], "dtypes": [row.dtype], "memory": case.memory}
        family.add(f"finding-{number}", f"{each.routes[0]}: {row.cause or row.verdict}", numbers)
        mine = run.cases[row.case]
        if row.detail.get("plan"):
            expected = Expected(mine, row.check, row.dtype, row.fill, run.header["seed"])
            answer = expected.answer if mine.expect == "answer" else None
            script = explain.script(row, mine, expected.operands, answer, run.header)
            output.with_name(f"{output.stem}-{number}.py").write_text(script, encoding="utf-8")
    for note in family.notes:
        say(note, err=True)
    return path if family.cases and family.write() else None
