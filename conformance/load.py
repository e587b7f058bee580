"""Family files → Cases, every error with its line.

A family file is {why, base, cases}: `base` holds the defaults of its cases; a case with `axes` stands for the product
of their values, and its id is a template ("s{stride}-k{kernel}").
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from conformance.case import Case
from conformance.globs import load_subsets, matches, select
from conformance.written import ID, KEYS, Raw, make
from conformance.yamlfile import Document, FileError, Steps, convert, read, unknown_key

__all__ = ["FileError", "digest", "load", "load_family", "load_subsets", "matches", "select"]

MOST_CASES = 20_000

#: What stands in a folder of cases beside the families.
NO_FAMILIES = ("subsets.yaml",)


class Family(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A family file."""

    why: str
    base: dict[str, Any] = {}
    cases: list[dict[str, Any]]


def load(paths: str | Path | Iterable[str | Path]) -> list[Case]:
    """The cases of family files, or of the families of folders, sorted by file name, then in the file's order.

    Raises FileError; two families of one name are an error, since their ids would meet.
    """
    files: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        found = [file for file in path.glob("*.yaml") if file.name not in NO_FAMILIES] if path.is_dir() else [path]
        if not found:
            raise FileError(path, None, "no family file (*.yaml) in this folder: name the folder of the cases")
        files += found
    files = sorted({file.resolve(): file for file in files}.values(), key=lambda file: (file.name, str(file)))
    for one, other in itertools.pairwise(files):
        if one.stem == other.stem:
            raise FileError(other, None, f"the family {one.stem!r} is already there ({one}): rename one of the files")
    return [case for file in files for case in load_family(file)]


def load_family(path: str | Path) -> list[Case]:
    """The cases of one family file, in its order. Raises FileError."""
    document = read(path)
    path, name = document.path, document.path.stem
    if not ID.fullmatch(name):
        raise FileError(path, None, "a family's name has letters, digits and . _ - = , [ ] + only: rename the file")
    family = convert(document, Family)
    convert(document, Raw, family.base, lambda steps: ("base", *steps))
    if "id" in family.base:
        raise document.error(("base", "id"), "all cases would have the same id: delete it")
    if not family.cases:
        raise document.error(("cases",), "the family is empty: write at least one case")
    cases: dict[str, Case] = {}
    for index, written in enumerate(family.cases):
        entry = _Entry(document, index, family.base, written)
        if len(cases) + entry.count() > MOST_CASES:
            raise entry.error((), f"more than {MOST_CASES} cases in a file: shorten the axes, or split the file")
        where = f"{path.resolve().parent.name}/{path.name}:{document.line(('cases', index))}"
        for case in entry.cases(name, where):
            if case.id in cases:
                before = cases[case.id].where.rpartition(":")[2]
                raise entry.error(("id",), f"the id {case.id!r} is already given on line {before}: rename one of them")
            cases[case.id] = case
    return list(cases.values())


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


class _Entry:
    """One entry of `cases`: a case, or a product of axes. Knows where each value of each of its cases stands."""

    def __init__(self, document: Document, index: int, base: dict[str, Any], written: dict[str, Any]):
        self.document, self.steps = document, ("cases", index)
        self.base, self.written = base, {key: value for key, value in written.items() if key != "axes"}
        self.axes = written.get("axes", {})
        self.chosen: dict[str, int] = {}  # which value of each axis the case at hand has
        if "axes" in written and not (isinstance(self.axes, dict) and self.axes):
            raise self.error(("axes",), "axes: expected a mapping of keys to lists of values")

    def count(self) -> int:
        """How many cases this is, before anything is multiplied out."""
        for key, values in self.axes.items():
            here = ("axes", key)
            if key not in KEYS or key == "id":
                raise self.error(here, unknown_key(key, KEYS))
            if key in self.written:
                raise self.error(here, f"{key} stands in the case and in its axes: delete one of them")
            if not isinstance(values, list) or not values:
                raise self.error(here, f"the axis {key} is empty: list at least one value")
        return math.prod(map(len, self.axes.values()))

    def cases(self, family: str, where: str) -> Iterator[Case]:
        for choice in itertools.product(*(range(len(values)) for values in self.axes.values())):
            self.chosen = dict(zip(self.axes, choice, strict=True))
            values = {key: self.axes[key][index] for key, index in self.chosen.items()}
            raw = convert(self.document, Raw, {**self.base, **self.written, **values}, self.locate)
            yield make(raw, f"{family}/{self.name(raw.id, values)}", where, self.error)

    def name(self, template: str | None, values: dict[str, Any]) -> str:
        if template is None:
            if not values:
                raise self.error((), "id is missing: write one")
            return ",".join(f"{key}={_compact(value)}" for key, value in values.items())

        def fill(match: re.Match) -> str:
            if match[1] not in values:
                there = ", ".join(values) or "no axes"
                raise self.error(("id",), f"the id names {{{match[1]}}}, which is not an axis: there are {there}")
            return _compact(values[match[1]])

        return re.sub(r"\{(\w*)\}", fill, template)

    def locate(self, steps: Steps) -> Steps:
        """Steps inside the merged case → steps inside the document."""
        key = steps[0] if steps else None
        if key in self.chosen:
            return (*self.steps, "axes", key, self.chosen[key], *steps[1:])
        if key in self.base and key not in self.written:
            return ("base", *steps)
        return (*self.steps, *steps)

    def error(self, steps: Steps, message: str) -> FileError:
        return self.document.error(self.locate(steps), message)


def _compact(value: Any) -> str:
    """A value as it stands in an id: 2, [2,1], true, w=[3,4]."""
    if isinstance(value, dict):
        return ",".join(f"{key}={_compact(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return f"[{','.join(map(_compact, value))}]"
    return value if isinstance(value, str) else json.dumps(value)
