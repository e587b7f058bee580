"""`convt history`: what each release was found to do, kept in a folder of small files."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.say import say
from conformance.cli.status import CLEAN, FINDINGS, UsageError

FOLDER = click.option(
    "--folder", default="history", show_default=True, type=click.Path(), help="The folder of the history."
)
KNOWN = click.option("--known", "ledger", type=click.Path(), help="Folder of known divergences instead of ours.")


@click.group()
def history() -> None:
    """What each release of a framework was found to do: a small file for each, made from its run file.

    \b
    convt history add reports/torch-1.8.jsonl
    convt history list
    convt history changes 'torch'
    """


@history.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN.jsonl...")
@click.option("--name", help="The name of the entry. Default: the framework and its version, torch-1.8.1.")
@FOLDER
@KNOWN
def add(runs: tuple[str, ...], name: str | None, folder: str, ledger: str | None) -> None:
    """Keep what run files say, judged by the ledger of today; an entry of the same name is replaced.

    \b
    convt history add reports/torch-1.8.jsonl
    convt history add reports/arm.jsonl --name torch-2.13.0-arm
    """
    from conformance.report.versions import entry, store, tables
    from conformance.run import run_file

    if name and (len(runs) > 1 or Path(name).name != name):
        raise UsageError("--name: a word without slashes, for one run file")
    rules = _rules(ledger)
    told = {entry.identity(rule): entry.told(rule) for rule in rules}
    for path in runs:
        made = entry.of(run_file.read(path), rules)
        written = store.add(folder, name or f"{made.framework}-{tables.public(made.version)}", made, told)
        click.echo(f"{written}: {made.rows} rows, {tables.met(made)} rules, {tables.needs_a_look(made)} to look at")


@history.command(name="list")
@FOLDER
def list_(folder: str) -> None:
    """The environments: version, date, Python, rows, rules that it met, seconds, what needs a look."""
    from conformance.report.versions import store, tables

    for line in tables.environments(store.read(folder)):
        say(line)


@history.command()
@click.argument("frameworks", nargs=-1, metavar="[FRAMEWORK]...")
@FOLDER
def changes(frameworks: tuple[str, ...], folder: str) -> None:
    """What came and went, release by release."""
    from conformance.report.versions import store, tables

    for line in tables.changes(store.read(folder), frameworks):
        say(line)


@history.command()
@click.option("--write", is_flag=True, help="Write them into the ledger's files.")
@FOLDER
@KNOWN
@click.pass_context
def ranges(ctx: click.Context, write: bool, folder: str, ledger: str | None) -> None:
    """On which versions each rule of the ledger holds, by the history. Exits 1 where the ledger says otherwise. A rule
    that holds in no release, as one for other machines may, is named, too."""
    from conformance.report.versions import store, written

    kept = store.read(folder)
    found = written.derived(kept, _rules(ledger))
    while write and (changed := written.write(found)):
        for path in changed:
            say(f"wrote {path}")
        found = written.derived(kept, _rules(ledger))
    wrong = [each for each in found if not each.agrees]
    for each in wrong:
        say(str(each))
    asked = sum(bool(each.asked) for each in found)
    other = [each for each in wrong if not each.holds_nowhere]
    click.echo(f"{asked} of {len(found)} rules were asked for; {len(other)} say otherwise than the history", err=True)
    ctx.exit(FINDINGS if other else CLEAN)


def _rules(ledger: str | None) -> list:
    from conformance import folder
    from conformance.run.ledger import Ledger

    return Ledger.load(ledger or folder("cases") / "known").rules
