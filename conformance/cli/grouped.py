"""A command with many options, which `--help` tells in groups."""

from __future__ import annotations

from typing import Any

import click


class Grouped(click.Command):
    """`groups`: title → the names of its options, as they are told; options that no group names come last."""

    def __init__(self, *arguments: Any, groups: dict[str, tuple[str, ...]], **more: Any):
        super().__init__(*arguments, **more)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (option for option in self.get_params(ctx) if isinstance(option, click.Option))
        told = {option.opts[0]: option.get_help_record(ctx) for option in options}
        for title, names in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([record for name in names if (record := told.pop(name))])
        with formatter.section("Other options"):
            formatter.write_dl([record for record in told.values() if record])
