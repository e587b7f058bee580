"""Words on standard output and error, whoever's they are: nothing in them moves a cursor or writes to a clipboard."""

from __future__ import annotations

import click

from conformance import plain


def say(text: str, err: bool = False, nl: bool = True) -> None:
    """Print text with its line breaks."""
    click.echo("\n".join(plain.lines(text)), err=err, nl=nl)
