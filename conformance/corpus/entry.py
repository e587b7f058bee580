"""One entry of a family's `cases`: a case, a product of axes, or a covering array of them.

axes: {kernel: [1, 2, 3], stride: [1, 2], padding_lo: [0, 1]}
where: {padding_lo: {below: kernel}}     # what of the product is meant; see conditions.py
covering: 2                              # of that, every combination of any two axes once; see covering.py
covering: {core: 2, full: 3}             # and what three axes need beyond it in the full tier
covering: {core: 3, full: all}           # or all the rest
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal

import msgspec

from conformance.case import Case
from conformance.corpus import first_tries
from conformance.corpus.conditions import ALWAYS, Atom, Condition
from conformance.corpus.covering import Row, Space
from conformance.corpus.raw_case import KEYS, Raw, check, numbers
from conformance.corpus.when import Where, parse
from conformance.corpus.yaml_file import Document, FileError, Steps, convert, unknown_key

#: A covering array's combinations are counted one by one, and so are those of the axes that belong together.
MOST_TIED = 100_000

Strength = Annotated[int, msgspec.Meta(ge=1, le=6)]


class Covering(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Strengths by tier; `all`: every combination that is possible."""

    core: Strength
    full: Strength | Literal["all"] | None = None


#: The keys of an entry that make several cases of it.
SPREAD = ("axes", "where", "covering")

#: Keys that together decide whether a case has an answer, each with a number that spoils none.
TIED: tuple[dict[str, Any], ...] = (
    {
        "input": [1],
        "kernel": 1,
        "stride": 1,
        "dilation": 1,
        "output_padding": 0,
        "padding": 0,
        "padding_lo": None,
        "padding_hi": None,
        "convention": None,
        "output_size": None,
    },
    {"in_channels": 1, "out_channels": 1, "groups": 1},
    {"batch": 1},
)
#: What a condition may name beside keys: groups of channels, and what follows from the sizes, which is all the rest.
OF_CHANNELS = {
    "in_per_group": ("in_channels", "groups"),
    "out_per_group": ("out_channels", "groups"),
    "depthwise": ("in_channels", "groups"),
    "size": ("batch", *TIED[1], *TIED[0]),
}


class Entry:
    """An entry, and where each value of each of its cases stands in the document. Raises FileError."""

    def __init__(self, document: Document, index: int, base: dict[str, Any], raw: dict[str, Any]):
        self.document, self.steps, self.base = document, ("cases", index), base
        self.chosen: dict[str, int] = {}  # which value of each axis the case at hand has
        self.raw = {key: value for key, value in raw.items() if key not in SPREAD}
        for key in self.raw:
            if key not in KEYS:
                raise self.error((key,), unknown_key(key, [*KEYS, *SPREAD]))
        self.axes = self._axes(raw)
        self.where = self._where(raw)
        self.covering = self._covering(raw)

    def _axes(self, raw: dict[str, Any]) -> dict[str, list[Any]]:
        axes = raw.get("axes", {})
        if "axes" in raw and not (isinstance(axes, dict) and axes):
            raise self.error(("axes",), "axes: expected a mapping of keys to lists of values")
        for key, values in axes.items():
            here = ("axes", key)
            if key not in KEYS or key == "id":
                raise self.error(here, unknown_key(key, KEYS))
            if key in self.raw:
                raise self.error(here, f"{key} is in the case and in its axes: delete one of them")
            if not isinstance(values, list) or not values:
                raise self.error(here, f"the axis {key} is empty: list at least one value")
        for key in ("where", "covering"):
            if key in raw and not axes:
                raise self.error((key,), f"{key} chooses among axes: write them, or delete it")
        return axes

    def _where(self, raw: dict[str, Any]) -> Condition:
        if "where" not in raw:
            return ALWAYS
        condition = parse(self.document, raw["where"], self._inside("where"), Where)
        if len(condition.alternatives) > 1:
            raise self.error(("where",), "where: write one mapping; what must not be goes under `not`")
        return condition

    def _covering(self, raw: dict[str, Any]) -> Covering | None:
        if "covering" not in raw:
            return None
        if not isinstance(self.raw.get("id", ""), str):
            raise self.error(("id",), "id: expected a text, it names the covering array")
        said, here = raw["covering"], self._inside("covering")
        if isinstance(said, dict):
            covering = convert(self.document, Covering, said, here)
        else:
            covering = Covering(core=convert(self.document, Strength, said, here))
        if {**self.base, **self.raw}.get("expect") == "refuse":
            raise self.error(("covering",), "a covering array is of cases with an answer: delete expect: refuse")
        if covering.full and "tier" in self.raw:
            raise self.error(("tier",), "the tiers are given in covering: delete tier")
        if isinstance(covering.full, int) and covering.full <= covering.core:
            raise self.error(("covering", "full"), f"it must be above core: write {covering.core + 1}")
        return covering

    def _inside(self, *outer: str) -> Callable[[Steps], Steps]:
        """Steps inside a part of the entry → steps inside the document."""
        return lambda steps: (*self.steps, *outer, *steps)

    @property
    def _atoms(self) -> tuple[Atom, ...]:
        """What all must hold."""
        return self.where.alternatives[0]

    @property
    def name(self) -> str:
        """What the entry is called in its file."""
        return self.raw.get("id") or ",".join(self.axes)

    def count(self) -> int:
        """How many combinations the axes have, before anything is multiplied out."""
        return math.prod(map(len, self.axes.values()))

    def product(self) -> Iterator[Row]:
        """All combinations, as indices of values."""
        return itertools.product(*(range(len(values)) for values in self.axes.values()))

    def cases(
        self, family: str, where: str, rows: Iterable[Row], tier: str | None = None, answered: bool = False
    ) -> Iterator[Case]:
        """The cases of these rows, without those that the conditions exclude; in a tier, or in the entry's own.

        `answered`: leave out what has no answer, too; else it is an error, unless the entry expects it.
        """
        for row in rows:
            case, problem = self.numbers(family, where, row, {} if tier is None else {"tier": tier})
            if self.where.holds(case) and not (answered and problem):
                yield check(case, problem, self.error)

    def numbers(self, family: str, where: str, row: Row, instead: dict[str, Any]) -> tuple[Case, str | None]:
        """The case of a row and why it has no answer; `instead`: values that replace those of the file."""
        self.chosen = {key: index for key, index in zip(self.axes, row, strict=True) if key not in instead}
        values = {key: self.axes[key][index] for key, index in self.chosen.items()}
        merged = {**self.base, **self.raw, **values, **instead}
        if said := first_tries.instead(merged):
            raise self.error((said[0],), said[1])
        raw = convert(self.document, Raw, merged, self.locate)
        return numbers(raw, f"{family}/{self.id(raw.id, {**values, **instead})}", where, self.error)

    def id(self, template: str | None, values: dict[str, Any]) -> str:
        if template is None:
            if not self.axes:
                raise self.error((), "id is missing: write one")
            return ",".join(f"{key}={_compact(values[key])}" for key in self.axes)

        def fill(match: re.Match) -> str:
            if match[1] not in self.axes:
                there = ", ".join(self.axes) or "no axes"
                raise self.error(("id",), f"the id names {{{match[1]}}}, which is not an axis: there are {there}")
            return _compact(values[match[1]])

        return re.sub(r"\{(\w*)\}", fill, template)

    def space(self) -> Space:
        """What of the product is possible: has an answer and meets the conditions."""
        keys = list(self.axes)
        parts = []
        for members, tied in self._parts():
            axes = tuple(keys.index(key) for key in keys if key in members)
            lengths = [len(self.axes[keys[axis]]) for axis in axes]
            if math.prod(lengths) > MOST_TIED:
                together = ", ".join(keys[axis] for axis in axes)
                raise self.error(("axes",), f"more than {MOST_TIED} combinations of {together}: shorten these axes")
            spare = {key: value for group in TIED for key, value in group.items() if key not in tied}
            mine = Condition((tuple(atom for atom in self._atoms if _keys(atom) <= tied),))
            rows = itertools.product(*map(range, lengths))
            possible = (row for row in rows if not tied or self._possible(axes, row, spare, mine))
            parts.append((axes, frozenset(possible)))
        return Space(tuple(map(len, self.axes.values())), tuple(parts))

    def _possible(self, axes: tuple[int, ...], row: Row, spare: dict[str, Any], mine: Condition) -> bool:
        """Whether these values of these axes have an answer, if nothing else is in their way."""
        whole = [0] * len(self.axes)
        for axis, index in zip(axes, row, strict=True):
            whole[axis] = index
        case, problem = self.numbers("probe", "", tuple(whole), spare)
        return problem is None and mine.holds(case)

    def _parts(self) -> list[tuple[set[str], set[str]]]:
        """Axes that belong together, as (members, the tied keys that they are of); free axes stand alone."""
        groups = [set(group) for group in TIED]
        for atom in self._atoms:
            keys = _keys(atom)
            touched = [group for group in groups if group & keys]
            groups = [group for group in groups if group not in touched] + [set().union(*touched)]
        free = [({key}, set()) for key in self.axes if not any(key in group for group in groups)]
        return [(group & self.axes.keys(), group) for group in groups if group & self.axes.keys()] + free

    def digest(self) -> str:
        """What the covering array depends on."""
        merged = {**self.base, **self.raw}
        fixed = {key: merged[key] for group in TIED for key in group if key in merged}
        said = [msgspec.to_builtins(self.covering), self.axes, self.where.data(), fixed]
        return hashlib.sha256(json.dumps(said, sort_keys=False).encode()).hexdigest()[:16]

    def locate(self, steps: Steps) -> Steps:
        """Steps inside the merged case → steps inside the document."""
        key = steps[0] if steps else None
        if key in self.chosen:
            return (*self.steps, "axes", key, self.chosen[key], *steps[1:])
        if key in self.base and key not in self.raw and key not in SPREAD:
            return ("base", *steps)
        return (*self.steps, *steps)

    def error(self, steps: Steps, message: str) -> FileError:
        return self.document.error(self.locate(steps), message)


def _keys(atom: Atom) -> set[str]:
    """The keys on which a part of a condition depends; the sizes stand for what follows from them."""
    found: set[str] = set()
    for name in atom.quantities:
        found.update(OF_CHANNELS.get(name) or ((name,) if name in KEYS else TIED[0]))
    return found


def _compact(value: Any) -> str:
    """A value as it stands in an id: 2, [2,1], true, w=[3,4]."""
    if isinstance(value, dict):
        return ",".join(f"{key}={_compact(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return f"[{','.join(map(_compact, value))}]"
    return value if isinstance(value, str) else str(value) if type(value) is int else json.dumps(value)
