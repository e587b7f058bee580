"""Family files → Cases, every error with its line.

A family file is {why, base, cases}: `base` holds the defaults of its cases; an entry of `cases` with `axes` stands for
the product of their values, or for a covering array of it, and its id is a template ("s{stride}-k{kernel}").
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from conformance.case import Case
from conformance.corpus import covering_files
from conformance.corpus.entry import Entry
from conformance.corpus.globs import load_tiers, matches, select
from conformance.corpus.raw_case import ID, KEYS, Raw
from conformance.corpus.yaml_file import Document, FileError, convert, read

__all__ = [
    "KEYS",
    "Cases",
    "Entry",
    "FileError",
    "digest",
    "entries",
    "files",
    "load",
    "load_family",
    "load_tiers",
    "matches",
    "select",
]

MOST_CASES = 20_000

#: What is in a folder of cases beside the families.
NO_FAMILIES = ("tiers.yaml",)


class Family(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A family file."""

    why: str
    base: dict[str, Any] = {}
    cases: list[dict[str, Any]]


class Cases(list[Case]):
    """Cases in the order of their files, and the families of which the full tier was left unread."""

    unread: frozenset[str] = frozenset()


#: Whether the cases of a family's full tier are wanted, by the family's name.
Full = Callable[[str], bool]


def files(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """The family files that are named or are in the named folders, sorted by name.

    Raises FileError; two families of one name are an error, since their ids would meet.
    """
    named: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        found = [file for file in path.glob("*.yaml") if file.name not in NO_FAMILIES] if path.is_dir() else [path]
        if not found:
            raise FileError(path, None, "no family file (*.yaml) in this folder: name the folder of the cases")
        named += found
    named = sorted({os.path.realpath(file): file for file in named}.values(), key=lambda file: (file.name, str(file)))
    for one, other in itertools.pairwise(named):
        if one.stem == other.stem:
            raise FileError(other, None, f"the family {one.stem!r} is already there ({one}): rename one of the files")
    return named


def load(paths: str | Path | Iterable[str | Path], full: Full = lambda family: True) -> Cases:
    """The cases of family files, or of the families of folders, file by file in the order of each. Raises FileError."""
    families = [load_family(file, full) for file in files(paths)]
    cases = Cases(itertools.chain.from_iterable(families))
    cases.unread = frozenset().union(*(family.unread for family in families))
    return cases


def load_family(path: str | Path, full: Full = lambda family: True) -> Cases:
    """The cases of one family file, in its order. Raises FileError."""
    document, found = entries(path)
    path, name = document.path, document.path.stem
    kept = covering_files.read(path) if any(entry.covering for entry in found) else {}
    cases: dict[str, Case] = {}
    unread = False
    for index, entry in enumerate(found):
        if len(cases) + entry.count() > MOST_CASES and entry.covering is None:
            raise entry.error((), f"more than {MOST_CASES} cases in a file: shorten the axes, or split the file")
        where = f"{Path(os.path.abspath(path)).parent.name}/{path.name}:{document.line(('cases', index))}"
        for tier, new in _tiers(entry, name, where, kept):
            if tier == "full" and not full(name):
                unread = True
                continue
            for case in new:
                if case.id in cases:
                    before = cases[case.id].where.rpartition(":")[2]
                    said = f"the id {case.id!r} is already given on line {before}: rename one of them"
                    raise entry.error(("id",), said)
                cases[case.id] = case
    result = Cases(cases.values())
    result.unread = frozenset([name] if unread else [])
    return result


def entries(path: str | Path) -> tuple[Document, list[Entry]]:
    """A family file and its entries, nothing of them multiplied out. Raises FileError."""
    document = read(path)
    if not ID.fullmatch(document.path.stem):
        said = "a family's name has letters, digits and . _ - = , [ ] + only: rename the file"
        raise FileError(document.path, None, said)
    family = convert(document, Family)
    convert(document, Raw, family.base, lambda steps: ("base", *steps))
    if "id" in family.base:
        raise document.error(("base", "id"), "all cases would have the same id: delete it")
    if not family.cases:
        raise document.error(("cases",), "the family is empty: write at least one case")
    return document, [Entry(document, index, family.base, raw) for index, raw in enumerate(family.cases)]


def _tiers(
    entry: Entry, family: str, where: str, kept: dict[str, covering_files.Array]
) -> Iterator[tuple[str, Iterator[Case]]]:
    """The cases of an entry as (tier, cases), none of them made before it is asked for."""
    own = {**entry.base, **entry.raw}.get("tier", "core")
    if entry.covering is None:
        yield own, entry.cases(family, where, entry.product())
        return
    array, beyond = covering_files.of(entry, kept), entry.covering.full
    if beyond is None:
        yield own, entry.cases(family, where, array.core)
        return
    yield "core", entry.cases(family, where, array.core, "core")
    core = set(array.core)
    rest = (row for row in entry.product() if row not in core) if beyond == "all" else array.full
    yield "full", entry.cases(family, where, rest, "full", answered=beyond == "all")


def digest(cases: Iterable[Case]) -> str:
    """SHA-256 (hex) over what the cases mean: their numbers, not their prose, places or order."""
    meaning = []
    for case in sorted(cases, key=lambda case: case.id):
        numbers = msgspec.to_builtins(case)
        for prose in ("why", "source", "where", "tier"):
            del numbers[prose]
        for prose in ("says", "note", "source") if case.claim else ():
            del numbers["claim"][prose]
        for said in [numbers["dispute"], *numbers["dispute"]["readings"]] if case.dispute else ():
            said.pop("question", None)
            said.pop("source", None)
        meaning.append(numbers)
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()
