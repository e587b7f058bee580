"""Which cases a command means: our corpus or the user's files, narrowed by globs, tier and subset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance import folder
from conformance.case import Case
from conformance.corpus import globs, load
from conformance.corpus.yaml_file import FileError

#: Each holds the one before it: seconds, minutes, and whatever it takes.
TIERS = ("smoke", "core", "full")


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


def subsets(cases: list[Case]) -> dict[str, frozenset[str]]:
    """The named parts of our corpus as case ids."""
    named = globs.load_subsets(folder("cases") / "subsets.yaml", cases)
    return {name: frozenset(ids) for name, ids in named.items()}


def choose(
    cases: list[Case],
    named: dict[str, frozenset[str]],
    patterns: Sequence[str] = (),
    tier: str | None = None,
    subset: str | None = None,
) -> list[Case]:
    """The cases that all of the words mean. Without a tier it is `core`, or `full` where patterns name the cases.

    `named`: the subsets, as `subsets` gives them; {} for files of the user's own, which have no smoke tier.
    Raises FileError for a pattern that means no case, and for a subset that is not in `named`.
    """
    if tier == "smoke":
        tier, subset = None, subset or "smoke"
    if subset and subset not in named:
        raise FileError(None, None, f"--subset {subset}: there are {', '.join(named) or 'none for other case files'}")
    found = globs.select(cases, patterns)
    if subset:
        found = [case for case in found if case.id in named[subset]]
    elif tier == "core" or (tier is None and not patterns):
        found = [case for case in found if case.tier == "core"]
    return found
