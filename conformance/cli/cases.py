"""`convt cases`: the corpus listed, shown, counted and checked, and the files beside it written."""

from __future__ import annotations

import click

from conformance.cli.options import TIER
from conformance.cli.say import say

#: Cases from which the wait is told before it begins.
MANY = 500


class _Cases(click.Group):
    """A group whose verb may be left out: `convt cases 'stride/*'` lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Cases)
def cases() -> None:
    """The corpus: `convt cases [GLOB]` lists it, `convt cases show ID` prints a case with its arithmetic."""


_files = click.option("--cases", "files", multiple=True, type=click.Path(), help="Case files or folders, not ours.")


@cases.command("list")
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@_files
@TIER
@click.option("--stats", is_flag=True, help="Count them, and what of the parameter space they cover.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; one in all with --stats.")
def cases_list(globs: tuple[str, ...], files: tuple[str, ...], tier: str | None, stats: bool, as_json: bool) -> None:
    """List cases with their size, or count them.

    \b
    convt cases 'groups/*'
    convt cases --stats --tier full
    """
    import msgspec

    from conformance.corpus.choose import choose, corpus, tiers

    if (files or stats) and not globs:
        tier = tier or "full"
    everything = corpus(files, globs, tier)
    chosen = choose(everything, {} if files else tiers(everything), globs, tier)
    if stats:
        _stats(chosen, as_json)
        return
    for case in chosen:
        if as_json:
            say(msgspec.json.encode(case).decode())
        else:
            sizes = f"{list(case.input)} -> {list(case.output)}" if case.expect == "answer" else "must be refused"
            say(f"{case.id:48} {sizes:34} {case.why}".rstrip())
    if not as_json:
        click.echo(f"{len(chosen)} case{'s' * (len(chosen) != 1)}", err=True)


def _stats(chosen: list, as_json: bool) -> None:
    """Cases by family and tier, then what of the parameter space the core tier covers, and everything that was read."""
    import json
    from collections import Counter

    from conformance.case import CHECKS
    from conformance.corpus.statistics import PARAMETERS, covered

    families = {family: Counter() for family in dict.fromkeys(case.family for case in chosen)}
    for case in chosen:
        families[case.family][case.tier] += 1
    tiers = {"core": [case for case in chosen if case.tier == "core"]}
    if len(tiers["core"]) < len(chosen):
        tiers["full"] = chosen
    found = {
        tier: {f"{strength}-way": covered(mine, strength) for strength in (1, 2, 3)}
        | {f"{check}, 2-way": covered(mine, 2, check) for check in CHECKS if check != "forward"}
        for tier, mine in tiers.items()
    }
    if as_json:
        counts = {
            tier: {
                way: {"covered": count, "possible": total, "missing": missing[:1000]}
                for way, (count, total, missing) in ways.items()
            }
            for tier, ways in found.items()
        }
        click.echo(json.dumps({"families": families, "parameters": PARAMETERS, "coverage": counts}, indent=1))
        return
    click.echo(f"{'family':24} {'core':>6} {'full':>6}")
    for family, count in families.items():
        click.echo(f"{family:24} {count['core']:6} {count['full'] or '·':>6}")
    together = sum(families.values(), Counter())
    click.echo(f"{'together':24} {together['core']:6} {together['full'] or '·':>6}\n")
    for name, classes in PARAMETERS.items():
        click.echo(f"{name:16} {' | '.join(classes)}")
    for tier, ways in found.items():
        click.echo("")
        for way, (count, total, missing) in ways.items():
            share = f"{count} of {total} possible combinations, {100 * count // total} %"
            say(f"{tier} tier, {way}: {share}" + (f"; first missing: {missing[0]}" if missing else ""))


@cases.command("show")
@click.argument("case_id", metavar="CASE")
@_files
def cases_show(case_id: str, files: tuple[str, ...]) -> None:
    """Print a case with the arithmetic of its sizes.

    \b
    convt cases show claims/c17-output-size
    """
    from conformance.corpus.choose import corpus
    from conformance.corpus.globs import select
    from conformance.report import explain

    for case in select(corpus(files, [case_id]), [case_id]):
        say(explain.case_text(case))


@cases.command("cover")
@click.argument("paths", nargs=-1, metavar="[FILE]...", type=click.Path())
def cases_cover(paths: tuple[str, ...]) -> None:
    """Find the covering arrays of family files anew, and write each file's beside it (FILE.lock.json).

    \b
    convt cases cover cases/cover.yaml
    """
    from conformance import folder
    from conformance.corpus import covering_files, load
    from conformance.corpus.yaml_file import shown

    for path in load.files(paths or [folder("cases")]):
        _, entries = load.entries(path)
        found = {entry.name: covering_files.find(entry) for entry in entries if entry.covering}
        if found:
            covering_files.beside(path).write_text(covering_files.text(found), encoding="utf-8")
            core, full = (sum(len(getattr(one, tier)) for one in found.values()) for tier in ("core", "full"))
            arrays = f"{len(found)} array{'s' * (len(found) != 1)}"
            say(f"wrote {shown(covering_files.beside(path))}: {arrays}, core tier {core}, full tier {full} more")


@cases.command("schema")
def cases_schema() -> None:
    """Print the grammar of family files as a JSON Schema, for editors.

    \b
    convt cases schema > cases/schema.json
    """
    from conformance.corpus.schema import schema

    click.echo(schema(), nl=False)


@cases.command("lint")
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@_files
@click.pass_context
def cases_lint(ctx: click.Context, globs: tuple[str, ...], files: tuple[str, ...]) -> None:
    """Find cases that ask the same, or that no wrong implementation would fail, arrays that do not cover, bad names,
    missing sources, untidy lines. Exits 1 where there are any.

    \b
    convt cases lint 'stride/*'
    """
    from conformance import folder
    from conformance.cli.status import CLEAN, FINDINGS
    from conformance.corpus import load
    from conformance.corpus.globs import matches
    from conformance.corpus.lint import lint

    def wanted(id: str) -> bool:
        return not globs or any(matches(id, glob) for glob in globs)

    def begin(number: int) -> None:
        if number >= MANY:
            click.echo(f"looking at {number} cases, which takes some milliseconds for each", err=True)

    found = lint(load.files(files or [folder("cases")]), wanted, begin)
    for problem in found:
        say(f"{problem.where}: {problem.says}")
    click.echo(f"{len(found)} problem{'s' * (len(found) != 1)}", err=True)
    ctx.exit(FINDINGS if found else CLEAN)
