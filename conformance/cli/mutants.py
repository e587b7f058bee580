"""What `convt mutants` does: which planted faults the cases show, family by family and route by route."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table

from conformance.cli.status import CLEAN, FINDINGS, UsageError
from conformance.corpus import globs
from conformance.corpus.choose import choose, corpus, tiers
from conformance.mutants import MUTANTS, Score, score, table
from conformance.report import terminal
from conformance.run import run_file
from conformance.run.row import place


def mutants(asked: dict[str, Any]) -> int:
    """`convt mutants`; returns the exit status: 1 where a mutant that some case could show survives."""
    tier = asked["tier"] or ("full" if asked["files"] else None)
    everything = corpus(asked["files"], asked["globs"], tier)
    named = {} if asked["files"] else tiers(everything)
    cases = choose(everything, named, asked["globs"], tier)
    with terminal.console(stderr=True).status(f"{len(MUTANTS)} mutants on {len(cases)} cases"):
        found = score(cases, asked["seed"], jobs=os.cpu_count() or 1)
    told = table(found)
    if asked["mutant"]:
        told |= _narrowed(told, asked["mutant"])
    if asked["as_json"]:
        click.echo(json.dumps(told, indent=1))
    elif asked["mutant"]:
        _each(told)
    elif asked["run_path"]:
        _routes(found, run_file.read(asked["run_path"]))
    else:
        _families(told)
    return FINDINGS if told["survivors"] else CLEAN


def _narrowed(told: dict[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
    """What is said of the mutants that the patterns mean; the others do not count as survivors either."""
    for glob in patterns:
        if not any(globs.matches(name, glob) for name in told["mutants"]):
            raise UsageError(f"--mutant {glob}: no such mutant; list all with --mutant '*'")
    chosen = {name for name in told["mutants"] if any(globs.matches(name, glob) for glob in patterns)}
    return {
        "mutants": {name: said for name, said in told["mutants"].items() if name in chosen},
        "survivors": [[name, check] for name, check in told["survivors"] if name in chosen],
        "unasked": [name for name in told["unasked"] if name in chosen],
    }


def _families(told: dict[str, Any]) -> None:
    """Mutants that each family shows, then what survives all of them."""
    out = terminal.console()
    counts: dict[str, int] = {}
    for case in told["asked"]:
        family = case.partition("/")[0]
        counts[family] = counts.get(family, 0) + 1
    page = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("family", "cases", "mutants shown", "only here"):
        page.add_column(title, justify="left" if title == "family" else "right")
    shown = {family: set(killed) for family, killed in told["families"].items()}
    for family in sorted(counts):
        mine = shown.get(family, set())
        alone = mine - set().union(*(killed for other, killed in shown.items() if other != family))
        page.add_row(family, str(counts[family]), str(len(mine)), str(len(alone)) if alone else "·")
    together = set().union(*shown.values())
    page.add_row("together", str(len(told["asked"])), f"{len(together)} of {len(told['mutants'])}", "", style="bold")
    out.print(page)
    for check in ("forward", "grad_input", "grad_weight", "grad_bias"):
        mine = [tally["checks"][check] for tally in told["mutants"].values() if check in tally["checks"]]
        out.print(f"{check}: {sum(bool(tally['killers']) for tally in mine)} of {len(mine)} that apply", markup=False)
    for name, check in told["survivors"]:
        out.print(f"survives {check}: {name}: {told['mutants'][name]['says']}", markup=False, style="red")
    for name in told["unasked"]:
        out.print(f"applies to no case: {name}: {told['mutants'][name]['says']}", markup=False, style="yellow")
    if told["idle"]:
        out.print(f"shows nothing: {', '.join(told['idle'])}", markup=False, style="yellow")
    if told["left_out"]:
        why: dict[str, int] = {}
        for reason in told["left_out"].values():
            said = "too large" if "multiply-adds" in reason else reason.replace("it has", "with")
            why[said] = why.get(said, 0) + 1
        parts = [f"{count} case{'s' * (count != 1)} {said}" for said, count in why.items()]
        out.print(f"not asked: {'; '.join(parts)}", markup=False)


def _each(told: dict[str, Any]) -> None:
    """For each mutant the fault in words, and the smallest case that shows it, check by check."""
    out = terminal.console()
    for name, mutant in told["mutants"].items():
        needs = f" (needs {', '.join(mutant['needs'])})" if mutant["needs"] else ""
        out.print(f"{name}: {mutant['says']}{needs}", markup=False)
        for check, tally in mutant["checks"].items():
            killers = tally["killers"]
            smallest = f"shown by {len(killers)}, the smallest {killers[0]}" if killers else "shown by none"
            cases = f"{tally['asked']} case{'s' * (tally['asked'] != 1)}"
            out.print(f"  {check}: {smallest} (of {cases} in which it happens)", markup=False)


def _routes(found: Score, run: run_file.Run) -> None:
    """What each route of a run would have been caught doing: mutants shown by the questions that it answered."""
    answered: dict[str, set[tuple[str, str]]] = {}
    for row in run.rows:
        answered.setdefault(place(row), set())
        if row.outcome == "returned":
            answered[place(row)].add((row.case, row.check))
    page = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("route", "answered", "mutants shown", "of those that could happen"):
        page.add_column(title, justify="left" if title == "route" else "right")
    for route, questions in sorted(answered.items()):
        kills = [found.kills[question] for question in questions if question in found.kills]
        could = set().union(*kills)
        shown = {name for killed in kills for name, dead in killed.items() if dead}
        page.add_row(route, str(len(questions)), str(len(shown)), str(len(could)))
    terminal.console().print(page)
