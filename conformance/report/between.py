"""What differs between runs before any answer does: versions, machines, settings, what was asked.

Answers that changed mean nothing until this has been read: other operands, another CPU and another corpus change them
too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.run.run_file import Run

PLACE = "place, "
#: What stands for a thing that a run does not have.
NONE = "none"
#: Of a command's words those that say what was asked; the others stand in the header themselves.
SELECTION = ("globs", "tier", "routes", "variants", "devices", "dtypes", "checks", "fills", "files", "random", "known")


@dataclass(frozen=True)
class Between:
    """One thing in which runs differ: what it is, whose (of frameworks; empty where it is of the whole run), and how it
    is in each run."""

    what: str
    whose: tuple[str, ...]
    values: tuple[str, ...]

    def __str__(self) -> str:
        whose = f" of {', '.join(self.whose)}" if self.whose else ""
        return f"{self.what}{whose}: {' -> '.join(self.values)}"


def between(runs: Sequence[Run]) -> list[Between]:
    """In what the runs differ, what matters most first; nothing where they were asked the same in the same place."""
    told = [{(what, whose): value for what, whose, value in _facts(run.header)} for run in runs]
    whose: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name in dict.fromkeys(name for facts in told for name in facts):
        values = tuple(facts.get(name, NONE) for facts in told)
        if len(set(values)) > 1:
            values = _less(values) if name[0].startswith(PLACE) else values
            whose.setdefault((name[0], values), []).append(name[1])
    return [Between(what, tuple(filter(None, names)), values) for (what, values), names in whose.items()]


def _facts(header: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(what, whose, how it is) of everything that may differ, in the order in which it is told."""
    adapters, asked = sorted(header.get("adapters", {}).items()), header.get("selection", {})
    for name, hello in adapters:
        yield "version", name, str(hello.get("version"))
    for name, hello in adapters:
        yield "Python", name, str(hello.get("python", NONE))
        for word, build in sorted(hello.get("builds", {}).items()):
            yield word, name, str(build)
    yield "CPU", "", str(header.get("cpu"))
    for name, place in sorted(header.get("places", {}).items()):
        for word, found in sorted(place.items()):
            yield PLACE + word, name, " ".join(found)
    yield "system", "", str(header.get("platform"))
    for name, hello in adapters:
        for word, value in sorted(hello.get("settings", {}).items()):
            yield word, name, str(value)
    yield "seed", "", str(header.get("seed"))
    yield "corpus", "", str(header.get("corpus"))[:12]
    yield "suite", "", str(header.get("suite"))
    for word in SELECTION:
        yield f"asked for {word}", "", _plain(asked.get(word))


def _plain(value: Any) -> str:
    """A word of the command as it was typed."""
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value)) or NONE
    return NONE if value is None else str(value)


def _less(values: Sequence[str]) -> tuple[str, ...]:
    """Sets of words without those that all have."""
    words = [set(value.split()) for value in values]
    shared = set.intersection(*words)
    return tuple(" ".join(sorted(mine - shared)) or NONE for mine in words)
