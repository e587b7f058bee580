"""`convt new-adapter`: a program that runs at once, in which a user replaces what stands in for a library."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from pathlib import Path

import click

from conformance.cli.status import UsageError


@dataclass(frozen=True)
class Language:
    """What is written: `skeleton` under a name that ends in `suffix`, and beside it `worker`, which it includes.
    `compiled`: what makes a program of it, with the source's and the program's names."""

    named: str
    folder: str
    skeleton: str
    suffix: str
    worker: str = ""
    compiled: str = ""


LANGUAGES = {
    "python": Language("Python", "adapters", "skeleton.py", ".py"),
    "js": Language("JavaScript", "workers", "skeleton.js", ".js", "convt_worker.js"),
    "cpp": Language(
        "C++", "workers", "skeleton.cpp", ".cpp", "convt_worker.hpp", "g++ -O2 -std=c++17 {source} -o {program}"
    ),
}


@click.command("new-adapter")
@click.argument("name")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="python", help="Default: python.")
@click.option("--output", "-o", type=click.Path(), help="The file to write. Default: NAME_adapter.py, .js or .cpp.")
def new_adapter(name: str, language: str, output: str | None) -> None:
    """Write an adapter for a library called NAME: it runs as it is, with a plain loop in the place of the library.

    \b
    convt new-adapter mylib
    convt run --adapter mylib_adapter.py --tier smoke
    """
    from conformance import folder
    from conformance.run import programs

    chosen = LANGUAGES[language]
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(
            f"NAME {name}: expected the name under which {chosen.named} imports the library, such as mylib"
        )
    if name in programs.known():
        raise UsageError(f"NAME {name}: there is an adapter of that name; run it by: convt run --adapter {name}")
    path = Path(output or f"{name}{programs.SUFFIX}{chosen.suffix}")
    if path.suffix != chosen.suffix:
        raise UsageError(f"--output {path}: an adapter in {chosen.named} ends in {chosen.suffix}")
    source = folder(chosen.folder)
    text = (source / chosen.skeleton).read_text(encoding="utf-8")
    text = text.replace("mylib_adapter", path.stem).replace("mylib", name)
    written = {path: text}
    if chosen.worker:
        written[path.parent / chosen.worker] = (source / chosen.worker).read_text(encoding="utf-8")
    _write(written)
    click.echo(f"wrote {' and '.join(map(str, written))}; replace what REPLACE marks, and try it:")
    program = str(path)
    if chosen.compiled:
        program = path.with_suffix("").as_posix()
        click.echo(f"  {chosen.compiled.format(source=path, program=program)}")
        program = program if "/" in program else f"./{program}"
    click.echo(f"  convt run --adapter {program} --tier smoke")


def _write(written: dict[Path, str]) -> None:
    """Write files that are not there; the worker's half may be there already, from another adapter."""
    path, *beside = written
    for other in beside:
        if other.exists() and other.read_text(encoding="utf-8", errors="replace") != written[other]:
            raise UsageError(f"{other} exists, of another version than this suite's: delete it first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(written[path])
    except FileExistsError:
        raise UsageError(f"{path} exists: name another --output, or delete it first") from None
    for other in beside:
        other.write_text(written[other], encoding="utf-8")
