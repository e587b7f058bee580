"""Which cases a command means: our corpus or the user's files, narrowed by globs and a tier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance import folder
from conformance.case import Case
from conformance.corpus import globs, load
from conformance.corpus.yaml_file import FileError


def corpus(paths: Sequence[str] = (), patterns: Sequence[str] = (), tier: str | None = None) -> load.Cases:
    """The cases of the given files or folders, or of the corpus that ships with us.

    A full tier may be tens of thousands of cases, so it is read only where it is meant: by the tier, by a pattern that
    may fit some id of its family, or by files of the user's own. What `choose` makes of the same words is always there.
    """
    whole = tier == "full" or (tier is None and paths and not patterns)
    return load.load(
        [Path(path) for path in paths] or [folder("cases")],
        lambda family: whole or (tier is None and any(globs.may_mean(pattern, family) for pattern in patterns)),
    )


def tiers(cases: list[Case]) -> dict[str, frozenset[str]]:
    """The tiers of our corpus that are lists, as case ids: smoke, and those on which costly routes run."""
    named = globs.load_tiers(folder("cases") / "tiers.yaml", cases)
    return {name: frozenset(ids) for name, ids in named.items()}


def parts(drawn: list[Case]) -> dict[str, frozenset[str]]:
    """Of random configurations the first few, for routes that compile each of them for a second or a tenth of one."""
    shares = {"compiled": 100, "traced": 10}
    return {name: frozenset(case.id for case in drawn[: -(-len(drawn) // share)]) for name, share in shares.items()}


def choose(
    cases: list[Case], named: dict[str, frozenset[str]], patterns: Sequence[str] = (), tier: str | None = None
) -> list[Case]:
    """The cases that patterns and tier mean. Without a tier it is `core`, or `full` where patterns name the cases.

    `named`: the tiers that are lists, as `tiers` gives them; {} for files of the user's own, which have core and full.
    Raises FileError for a pattern that means no case, and for a tier that these cases do not have.
    """
    tier = tier or ("full" if patterns else "core")
    there = ("core", "full", *named)
    if tier not in there:
        raise FileError(None, None, f"--tier {tier}: these cases have the tiers {', '.join(there)}")
    found = globs.select(cases, patterns)
    if tier in named:
        return [case for case in found if case.id in named[tier]]
    return found if tier == "full" else [case for case in found if case.tier == "core"]
