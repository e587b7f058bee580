"""`convt report` and `convt diff`: what finished run files say, alone and side by side."""

from __future__ import annotations

import itertools
from pathlib import Path

import click

from conformance.cli.options import outputs
from conformance.cli.status import CLEAN, FINDINGS, UsageError


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN.jsonl...")
@click.option("--output", "-o", type=click.Path(), help="The page to write.")
@outputs
def report(runs: tuple[str, ...], output: str | None, form: str | None, **asked: str | None) -> None:
    """Write the HTML page of one run, or of several side by side; or a summary for machines; or all of them. Of a
    folder that is a history, the page of all its releases.

    \b
    convt report reports/torch-2.13.jsonl reports/torch-2.9.jsonl -o reports/torch.html
    convt report reports/run.jsonl --junitxml junit.xml --markdown summary.md
    convt report history -o reports/versions.html
    """
    from conformance.report import findings, html, summaries
    from conformance.run import run_file

    if not output and not form and not any(asked.values()):
        options = ", ".join(f"--{option}" for option in summaries.WRITERS)
        raise UsageError(f"nothing to write: name a page by --output, or a summary by {options}, --format github")
    if output and Path(output).suffix != ".html":  # so that a slip of the hand overwrites no run file
        raise UsageError(f"--output {output}: the name of a page ends in .html")
    if any(Path(path).is_dir() for path in runs):
        _history(runs, output, [*filter(asked.get, asked), *([form] if form else [])])
        return
    taken = {f"the run file {path}": path for path in runs} | ({"the page": output} if output else {})
    summaries.check(asked, taken)
    read = [findings.report(run_file.read(path)) for path in runs]
    with summaries.standard_output(asked) as out:
        for name in summaries.write(read, asked, out):
            click.echo(f"wrote {name}")
        if form:
            summaries.to_github(read)
        if output:
            html.write(read, Path(output))
            click.echo(f"wrote {output}")


def _history(paths: tuple[str, ...], output: str | None, others: list[str]) -> None:
    """The page of one history."""
    from conformance.report.versions import bisected, page, store

    if len(paths) > 1 or others or not output:
        raise UsageError("a history is told alone, and as a page: convt report history --output versions.html")
    page.write(store.read(paths[0]), Path(output), [*bisected.read(paths[0]).values()])
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
    read = [run_file.read(path) for path in runs]
    if bits and len({run.header.get("seed") for run in read}) > 1:
        raise UsageError("--bits: the runs have different seeds, so other operands: run both with the same --seed")
    steps = [run_file.diff(before, after, bits) for before, after in itertools.pairwise(read)]
    if len(steps) == 1:
        terminal.difference(read, steps[0])
    else:
        terminal.history([findings.report(run) for run in read], steps)
    ctx.exit(FINDINGS if any(step.added or step.removed or step.changed for step in steps) else CLEAN)
