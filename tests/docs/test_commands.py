"""Whatever a document tells to type exists: the verbs of `convt`, their options, the words that an option takes."""

from __future__ import annotations

import itertools
import re
import shlex

import click
import pytest
from documents import COMMANDS, ROOT, commands

from conformance.cli.main import main


def wrong(command: str) -> str | None:
    """What of a command there is not, or None. Words in capitals and brackets stand for the user's own."""
    words = shlex.split(re.sub(r"[\[\]]", "", command) if "[--" in command else command)[1:]
    verb: click.Command = main
    while words and isinstance(verb, click.Group):
        found = verb.get_command(click.Context(verb), words[0])
        if found is None and verb is not main:
            found = verb.get_command(click.Context(verb), "list")  # `convt cases GLOB` leaves it out
        elif found is not None:
            words = words[1:]
        if found is None:
            return words[0]
        verb = found
    known = {name: option for option in verb.params if isinstance(option, click.Option) for name in option.opts}
    known |= {"--help": None, "-h": None} | ({"--version": None} if verb is main else {})
    for word, following in itertools.pairwise([*words, ""]):
        name, _, value = word.partition("=")
        if name.startswith("-") and name != "-":
            if name not in known:
                return name
            kind = getattr(known[name], "type", None)
            if isinstance(kind, click.Choice) and (value or following) not in kind.choices:
                return f"{name} {value or following}"
    return None


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*each, id=f"{each[0].relative_to(ROOT)}: {each[1]}") for each in COMMANDS]
)
def test_every_command_of_a_document_exists(path, command):
    assert wrong(command) is None


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/ci.md", "docs/adapters.md"])
def test_commands_are_found(name):
    assert sum(path == ROOT / name for path, _ in COMMANDS) >= 3


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("    convt rnu --tier smoke\n", ["rnu"]),
        ("```sh\nconvt run --subset smoke   # old\n```\n", ["--subset"]),
        ("    convt run --tier huge          the largest\n", ["--tier huge"]),
        ("text with `convt cases --everything` in it\n", ["--everything"]),
        ("    pip install . && convt show CASE --route ROUTE [--scirpt]\n", ["--scirpt"]),
        ("```yaml\n    - run: convt report run.jsonl --html x\n```\n", ["--html"]),
        ("    convt run 'stride/*' --tier smoke -o run.jsonl\n    convt cases show ID\n", [None, None]),
    ],
)
def test_a_command_that_does_not_exist_is_found(text, missing):
    assert [wrong(command) for command in commands(text)] == missing
