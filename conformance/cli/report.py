"""`convt report` and `convt diff`: what finished run files say, alone and side by side."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from conformance.cli.options import outputs
from conformance.cli.status import CLEAN, FINDINGS, UsageError

if TYPE_CHECKING:
    from conformance.run.run_file import Run


class _Adapter(msgspec.Struct):
    version: str
    devices: list[str]


class _Header(msgspec.Struct):
    """What is said of a run as a whole."""

    suite: str
    corpus: str
    seed: int
    started: str
    platform: str
    cpu: str
    cores: int | None
    python: str
    argv: list[str]
    adapters: dict[str, _Adapter]
    absent: dict[str, str]
    dead: dict[str, str]
    notes: list[str]


class _Footer(msgspec.Struct):
    seconds: float
    problems: list[str]


def _whole(path: str) -> Run:
    """The run at `path`. Raises RunFileError where it lacks a word that a summary needs."""
    from conformance.run.run_file import RunFileError, read

    run = read(path)
    try:
        msgspec.convert(run.header, _Header)
        msgspec.convert(run.footer, _Footer | None)
    except msgspec.ValidationError as error:
        raise RunFileError(f"{path}: its header or footer is not one that `convt run` writes: {error}") from None
    return run


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN.jsonl...")
@click.option("--output", "-o", type=click.Path(), help="The page to write.")
@outputs
def report(runs: tuple[str, ...], output: str | None, form: str | None, **asked: str | None) -> None:
    """Write the HTML page of one run, or of several side by side; or a summary for machines; or all of them.

    \b
    convt report reports/torch-2.13.jsonl reports/torch-2.9.jsonl -o reports/torch.html
    convt report reports/run.jsonl --junitxml junit.xml --markdown summary.md
    """
    from conformance.report import findings, html, summaries

    if not output and not form and not any(asked.values()):
        options = ", ".join(f"--{option}" for option in summaries.WRITERS)
        raise UsageError(f"nothing to write: name a page by --output, or a summary by {options}, --format github")
    if output and Path(output).suffix != ".html":  # so that a slip of the hand overwrites no run file
        raise UsageError(f"--output {output}: the name of a page ends in .html")
    taken = {f"the run file {path}": path for path in runs} | ({"the page": output} if output else {})
    summaries.check(asked, taken)
    read = [findings.report(_whole(path)) for path in runs]
    for name in summaries.write(read, asked):
        click.echo(f"wrote {name}")
    if form:
        summaries.to_github(read)
    if output:
        html.write(read, Path(output))
        click.echo(f"wrote {output}")


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="A.jsonl B.jsonl...")
@click.option("--bits", is_flag=True, help="Answers that differ in any bit have changed, right or not.")
@click.pass_context
def diff(ctx: click.Context, runs: tuple[str, ...], bits: bool) -> None:
    """What changed from run to run: added, removed, changed, same. Exits 1 where something did.

    Of two runs each row that changed is named; of more, when each divergence came and went. Runs of one device each are
    compared across devices.

    \b
    convt diff monday.jsonl tuesday.jsonl
    convt diff --bits monday.jsonl tuesday.jsonl
    convt diff 1.9.jsonl 2.4.jsonl 2.13.jsonl
    """
    from conformance.report import findings, terminal
    from conformance.run import run_file

    if len(runs) < 2:
        raise UsageError("diff compares runs: name at least two run files")
    read = [_whole(path) for path in runs]
    if bits and len({run.header.get("seed") for run in read}) > 1:
        raise UsageError("--bits: the runs have different seeds, so other operands: run both with the same --seed")
    steps = [run_file.diff(before, after, bits) for before, after in itertools.pairwise(read)]
    if len(steps) == 1:
        terminal.difference(read, steps[0])
    else:
        terminal.history([findings.report(run) for run in read], steps)
    ctx.exit(FINDINGS if any(step.added or step.removed or step.changed for step in steps) else CLEAN)
