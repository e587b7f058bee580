"""Options that several verbs share."""

from __future__ import annotations

from typing import Any

import click

SEED = click.option("--seed", type=click.IntRange(0, 2**21 - 1), default=0, help="Seed of the operands: 0 to 2097151.")

ENVIRONMENT = click.option(
    "--env", "environments", multiple=True, metavar="NAME:KEY=VALUE", help="A variable of an adapter's environment."
)

TIER = click.option(
    "--tier",
    type=click.Choice(["smoke", "core", "full", "traced", "compiled"]),
    help="How much of the corpus. Default: core; traced and compiled are what costly routes run on.",
)


def outputs(command: Any) -> Any:
    """The options of `convt run` and `convt report` that write a summary for machines."""
    for option in (
        click.option("--format", "form", type=click.Choice(["github"]), help="Print for GitHub Actions, too."),
        click.option("--badge", type=click.Path(), help="SVG badge to write; - is standard output."),
        click.option("--markdown", type=click.Path(), help="Markdown to write; - is standard output."),
        click.option("--json", type=click.Path(), help="JSON summary to write; - is standard output."),
        click.option("--junitxml", type=click.Path(), help="JUnit XML to write; - is standard output."),
    ):
        command = option(command)
    return command


def demands(command: Any) -> Any:
    """When a run fails, beside what is new in it."""
    for option in (
        click.option("--fail-on", metavar="STATES", help="Exit 1 for rows in these. Default: new,changed,stale."),
        click.option("--baseline", type=click.Path(), metavar="RUN", help="Exit 3 for answers that were in this run."),
        click.option("--at-least", type=click.FloatRange(0, 1), metavar="SHARE", help="Exit 3 below: 0.5 of a route."),
    ):
        command = option(command)
    return command


def narrowing(command: Any) -> Any:
    """How long routes may be asked again about what went wrong."""
    for option in (
        click.option("--no-narrow", is_flag=True, help="Ask no route again to find out when it goes wrong."),
        click.option(
            "--narrow",
            type=click.FloatRange(0, min_open=True),
            default=20.0,
            metavar="SECONDS",
            help="How long a route may be asked again about what went wrong: 20.",
        ),
    ):
        command = option(command)
    return command
