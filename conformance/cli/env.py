"""`convt env`: an environment for an engine, made once, in which its adapter then runs."""

from __future__ import annotations

import shutil
from difflib import get_close_matches

import click

from conformance.cli.say import say
from conformance.cli.status import UsageError


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--remove", is_flag=True, help="Delete the environments instead.")
def env(names: tuple[str, ...], remove: bool) -> None:
    """Make an environment with an engine and NumPy, in which its adapter then runs. Without a name, list them.

    By uv where it is on the PATH, else by venv and pip. What is installed is the last release in
    adapters/releases.yaml. They are kept in ~/.local/share/convt/environments, or in $CONVT_ENVIRONMENTS.

    \b
    convt env onnxruntime
    convt run --adapter onnxruntime --tier smoke
    """
    from conformance.releases import catalogue, kept
    from conformance.releases.installing import NotMade
    from conformance.run import engines

    newest = {each.framework: each for each in catalogue.releases() if catalogue.NEWEST in each.labels}
    for name in names:
        if name not in newest:
            near = get_close_matches(name, newest, 1)
            raise UsageError(f"NAME {name}: {f'did you mean {near[0]}?' if near else 'there are ' + ', '.join(newest)}")
    if not names:
        for name in newest:
            say(f"{name}: {engines.interpreter(name) or f'convt env {name}'}")
    for name in names:
        folder = engines.kept() / name
        if remove:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        if python := engines.interpreter(name):
            say(f"{name}: {python} is there; --remove deletes it")
            continue
        say(f"{name}: installing {' '.join(newest[name].requirements)}", err=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            python = str(kept.make(newest[name], folder))
        except NotMade as why:
            raise UsageError(str(why)) from None
        say(f"{name}: {python}; try it: convt run --adapter {name} --tier smoke")
