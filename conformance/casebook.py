"""`convt cases`: the corpus listed, shown, counted and checked, and the files beside it written."""

from __future__ import annotations

import click


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
@click.option("--tier", type=click.Choice(["smoke", "core", "full"]), help="How much of the corpus. Default: core.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def cases_list(globs: tuple[str, ...], files: tuple[str, ...], tier: str | None, as_json: bool) -> None:
    """List cases with their size.

    \b
    convt cases 'groups/*'
    """
    import msgspec

    from conformance.corpus import choose, corpus, subsets

    if files and not globs:
        tier = tier or "full"
    everything = corpus(files, globs, tier)
    chosen = choose(everything, {} if files else subsets(everything), globs, tier)
    for case in chosen:
        if as_json:
            click.echo(msgspec.json.encode(case).decode())
        else:
            sizes = f"{list(case.input)} -> {list(case.output)}" if case.expect == "answer" else "must be refused"
            click.echo(f"{case.id:48} {sizes:34} {case.why}".rstrip())
    if not as_json:
        click.echo(f"{len(chosen)} case{'s' * (len(chosen) != 1)}", err=True)


@cases.command("show")
@click.argument("case_id", metavar="CASE")
@_files
def cases_show(case_id: str, files: tuple[str, ...]) -> None:
    """Print a case with the arithmetic of its sizes.

    \b
    convt cases show claims/c17-output-size
    """
    from conformance import explain
    from conformance.corpus import corpus
    from conformance.globs import select

    for case in select(corpus(files, [case_id]), [case_id]):
        click.echo(explain.case_text(case))


@cases.command("cover")
@click.argument("paths", nargs=-1, metavar="[FILE]...", type=click.Path())
def cases_cover(paths: tuple[str, ...]) -> None:
    """Find the covering arrays of family files anew, and write each file's beside it (FILE.lock.json).

    \b
    convt cases cover cases/cover.yaml
    """
    from conformance import arrays, folder, load
    from conformance.yamlfile import shown

    for path in load.files(paths or [folder("cases")]):
        _, entries = load.entries(path)
        found = {entry.name: arrays.find(entry) for entry in entries if entry.covering}
        if found:
            arrays.beside(path).write_text(arrays.text(found), encoding="utf-8")
            rows = ", ".join(f"{name}: {len(one.core)} + {len(one.full)} rows" for name, one in found.items())
            click.echo(f"{shown(arrays.beside(path))}: {rows}")
