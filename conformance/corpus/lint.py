"""What is wrong with family files that can be read: problems, each with its file and line and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from conformance.case import Case
from conformance.corpus import covering, covering_files, load
from conformance.corpus.yaml_file import Document, shown
from conformance.mutants import score, table

LONGEST_LINE = 120
#: What an id may have besides the values of its axes.
PLAIN = re.compile(r"[a-z0-9.,+_=\[\]-]*")
#: What two cases may differ in and still ask the same.
PROSE = ("id", "why", "source", "where", "tier", "claim")


class Problem(NamedTuple):
    """A place as file:line, and one sentence."""

    where: str
    says: str


def lint(
    paths: Sequence[Path],
    wanted: Callable[[str], bool] = lambda id: True,
    begin: Callable[[int], None] = lambda number: None,
) -> list[Problem]:
    """What is wrong with the family files that have cases whose ids are `wanted`, and with these cases; file by file.
    Of the full tier, nothing is looked at but the arrays. `begin` is told how many cases they are, before what takes
    time: some milliseconds for each.

    Raises FileError for a file that cannot be read as a family.
    """
    found: list[Problem] = []
    cases: list[Case] = []
    for path in paths:
        mine = [
            msgspec.structs.replace(case, where=f"{shown(path)}:{case.where.rpartition(':')[2]}")
            for case in load.load_family(path, lambda family: False)
            if wanted(case.id)
        ]
        if mine:
            document, entries = load.entries(path)
            found += [*_text(path), *_entries(document, entries), *_sources(path, mine)]
            cases += mine
    begin(len(cases))
    found += [*_whys(cases), *_twins(cases), *_vacuous(cases)]
    return sorted(dict.fromkeys(found), key=_place)


def _text(path: Path) -> Iterator[Problem]:
    text = path.read_text(encoding="utf-8")
    schema = "# yaml-language-server: $schema=schema.json"
    if (path.parent / "schema.json").exists() and text.partition("\n")[0] != schema:
        yield Problem(f"{shown(path)}:1", f"editors do not know the grammar: begin with {schema}")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            yield Problem(f"{shown(path)}:{number}", f"{len(line)} characters: at most {LONGEST_LINE}, fold the line")
        if line != line.rstrip():
            yield Problem(f"{shown(path)}:{number}", "spaces at the end of the line: delete them")
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield Problem(f"{shown(path)}:{len(text.splitlines())}", "the file must end in one line feed")


def _entries(document: Document, entries: list[load.Entry]) -> Iterator[Problem]:
    """The names of the entries, and whether their covering arrays cover."""
    kept = covering_files.read(document.path)
    for entry in entries:
        where = f"{shown(document.path)}:{document.line(entry.steps)}"
        own = re.sub(r"\{\w*\}", "", entry.raw.get("id", ""))
        if not PLAIN.fullmatch(own):
            yield Problem(where, f"the id {own!r} has capitals: write it in small letters")
        if entry.covering:
            yield from _covered(entry, covering_files.of(entry, kept), where)
    for name in kept.keys() - {entry.name for entry in entries if entry.covering}:
        where = f"{shown(covering_files.beside(document.path))}:1"
        yield Problem(where, f"no entry is called {name!r}: write the file anew")


def _covered(entry: load.Entry, array: covering_files.Array, where: str) -> Iterator[Problem]:
    """By counting all combinations, however the rows were found."""
    space, full = entry.space(), entry.covering.full
    tiers = [(entry.covering.core, array.core)]
    tiers += [(full, [*array.core, *array.full])] if isinstance(full, int) else []
    for strength, rows in tiers:
        if absent := covering.missing(space, strength, rows):
            axes, values = absent[0]
            named = [list(entry.axes.items())[axis] for axis in axes]
            said = ", ".join(f"{key} {those[value]}" for (key, those), value in zip(named, values, strict=True))
            yield Problem(where, f"combinations that are in no case: {len(absent)} ({said}): write the array anew")


def _sources(path: Path, cases: list[Case]) -> Iterator[Problem]:
    """Where some cases are taken from somewhere, all must say from where."""
    if any(case.source for case in cases):
        for case in cases:
            if not case.source:
                yield Problem(case.where, f"{case.id} names no source, other cases of {path.name} do: write it")


def _whys(cases: list[Case]) -> Iterator[Problem]:
    for case in cases:
        if not case.why:
            yield Problem(case.where, f"{case.id} does not say why it is there: write why")


def _twins(cases: list[Case]) -> Iterator[Problem]:
    """Cases that ask the same; what is taken from somewhere or states something may repeat another."""
    seen: dict[bytes, Case] = {}
    for case in cases:
        if case.claim or case.source:
            continue
        numbers = msgspec.to_builtins(case)
        for word in PROSE:
            del numbers[word]
        first = seen.setdefault(msgspec.json.encode(numbers, order="deterministic"), case)
        if first is not case:
            yield Problem(case.where, f"{case.id} asks what {first.id} asks ({first.where}): delete one of them")


def _vacuous(cases: list[Case]) -> Iterator[Problem]:
    """Cases that no wrong implementation would fail."""
    by_id = {case.id: case for case in cases}
    for name in table(score(cases, jobs=os.cpu_count() or 1))["idle"]:
        yield Problem(by_id[name].where, f"{name} shows none of the planted faults: give it numbers that can fail")


def _place(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return file, int(line)
