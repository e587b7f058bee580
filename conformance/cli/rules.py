"""`convt known` and `convt diagnose`: what is known, and what a finished run found."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.options import narrowing
from conformance.cli.say import say
from conformance.cli.status import CLEAN, FINDINGS


@click.command()
@click.argument("routes", nargs=-1, metavar="[ROUTE]...")
@click.option("--draft", type=click.Path(), metavar="RUN.jsonl", help="Draft rules for what is new in a run.")
@click.option("--known", "folder_", type=click.Path(), help="Folder of known divergences instead of ours.")
def known(routes: tuple[str, ...], draft: str | None, folder_: str | None) -> None:
    """The known divergences, a sentence each; or drafts of rules for a person to finish.

    \b
    convt known 'torch/*'
    convt known --draft reports/run.jsonl >> cases/known/torch.yaml
    """
    from conformance import folder
    from conformance.corpus.globs import matches
    from conformance.corpus.yaml_file import shown
    from conformance.run import ledger, run_file
    from conformance.run.draft import draft as drafted

    if draft:
        say(drafted(run_file.read(draft)), nl=False)
        return
    rules = ledger.Ledger.load(folder_ or folder("cases") / "known").rules
    rules = [
        rule
        for rule in rules
        if not routes or any(matches(mine, glob) or matches(glob, mine) for mine in rule.routes for glob in routes)
    ]
    for rule in rules:
        say(f"{rule}\n  {rule.kind}: {' '.join(rule.why.split())}\n  {rule.link}  {shown(rule.where)}\n")
    click.echo(f"{len(rules)} rule{'s' * (len(rules) != 1)}", err=True)


@click.command()
@click.argument("path", metavar="RUN.jsonl", type=click.Path())
@click.option("--adapter", "adapters", multiple=True, help="Ask this adapter again: a name, or the path of a program.")
@click.option("--python", "pythons", multiple=True, metavar="NAME=PATH", help="The interpreter that runs an adapter.")
@narrowing
@click.pass_context
def diagnose(
    ctx: click.Context, path: str, adapters: tuple[str, ...], pythons: tuple[str, ...], narrow: float, no_narrow: bool
) -> None:
    """What went wrong in a finished run, and when: a paragraph for each finding. Exits 1 where there are any.

    Adapters that are named are asked again, so that conditions are told apart and the smallest case is found.

    \b
    convt diagnose reports/run.jsonl
    convt diagnose reports/run.jsonl --adapter torch
    """
    from conformance.report import findings, terminal
    from conformance.run import programs, run_file
    from conformance.run.diagnose import diagnose as diagnosed
    from conformance.run.diagnose import stored
    from conformance.run.session import Session

    run = run_file.read(path)
    seed = run.header.get("seed", 0)
    if adapters and not no_narrow:
        chosen = programs.choose(adapters, (), programs.pairs(pythons), 1)
        session = Session.open(chosen, ledger=Path(path).parent / "no ledger", seed=seed)
        try:
            found = session.diagnoses(run.rows, run.cases, narrow)
        finally:
            session.close()
    else:
        found = diagnosed(run.rows, run.cases, seed=seed)
    run.diagnoses = [stored(each, run.cases) for each in found]
    terminal.findings(findings.report(run))
    ctx.exit(FINDINGS if found else CLEAN)
