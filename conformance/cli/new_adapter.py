"""`convt new-adapter`: a program that runs at once, in which a user replaces what stands in for a library."""

from __future__ import annotations

import keyword
from pathlib import Path

import click

from conformance.cli.status import UsageError


@click.command("new-adapter")
@click.argument("name")
@click.option("--output", "-o", type=click.Path(), help="The file to write. Default: NAME_adapter.py.")
def new_adapter(name: str, output: str | None) -> None:
    """Write an adapter for a library called NAME: it runs as it is, with NumPy in the place of the library.

    \b
    convt new-adapter mylib
    convt run --adapter mylib_adapter.py --tier smoke
    """
    from conformance import folder
    from conformance.run import programs

    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"NAME {name}: expected the name under which Python imports the library, such as mylib")
    if name in programs.known():
        raise UsageError(f"NAME {name}: there is an adapter of that name; run it by: convt run --adapter {name}")
    path = Path(output or f"{name}{programs.SUFFIX}.py")
    if path.suffix != ".py":
        raise UsageError(f"--output {path}: an adapter in Python ends in .py")
    text = (folder("adapters") / "skeleton.py").read_text(encoding="utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace("mylib_adapter.py", path.name).replace("mylib", name))
    except FileExistsError:
        raise UsageError(f"{path} exists: name another --output, or delete it first") from None
    click.echo(f"wrote {path}; replace what REPLACE marks, and try it:")
    click.echo(f"  convt run --adapter {path} --tier smoke")
