"""Cases that were found elsewhere → a family file, without repetitions and as a person would write it.

Whoever imports (a model, another tool's problems, the calls of a running program) adds what it finds to a Family; what
cannot be a case becomes a note, so that one odd layer does not cost the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from conformance.case import Case
from conformance.corpus.conventions import CONVENTIONS, Axis, Convention, resolve
from conformance.corpus.raw_case import ID, Raw, make
from conformance.corpus.yaml_file import TRAPS, FileError

#: The first words of a file that was not written by hand.
MARK = "# Imported by convt from "


class Family:
    """The cases of a file to be. `notes`: what was left out or changed, in words."""

    def __init__(self, path: str | Path, why: str, origin: str):
        self.path, self.why, self.origin = Path(path), why, origin
        self.notes: list[str] = []
        self._cases: dict[Any, Case] = {}  # what a case means → the first that means it
        self._places: dict[Any, list[str]] = {}
        if self.path.suffix != ".yaml":
            raise FileError(path, None, "the name of a case file ends in .yaml: name another")
        if not ID.fullmatch(self.path.stem):
            raise FileError(path, None, "a family's name has letters, digits and . _ - = , [ ] + only: name another")
        if self.path.exists():
            raise FileError(path, None, "exists: name another file, or delete this one first")

    def add(self, name: str, place: str, numbers: dict[str, Any]) -> Case | None:
        """Add a case, its `numbers` keyed as in a family file. `name` becomes its id, `place` part of its `why`.

        None where there is no such case: the note says why.
        """
        name = self._id(name)
        try:
            raw = msgspec.convert(numbers, Raw, strict=True)
            case = make(raw, f"{self.path.stem}/{name}", place, _refuse)
        except (msgspec.ValidationError, FileError) as error:
            self.notes.append(f"left out: {place}: {error}")
            return None
        meaning = msgspec.json.encode(msgspec.structs.replace(case, id="", where=""))
        self._cases.setdefault(meaning, case)
        places = self._places.setdefault(meaning, [])
        places += [] if place in places else [place]
        return self._cases[meaning]

    @property
    def cases(self) -> list[Case]:
        """In the order in which they were found, each with all its places as its `why`."""
        return [
            msgspec.structs.replace(case, why=_listed(self._places[meaning])) for meaning, case in self._cases.items()
        ]

    def write(self) -> list[Case]:
        """Write the file and return its cases. Raises FileError where there is nothing to write, or the file is there
        by now."""
        cases = self.cases
        if not cases:
            why = _listed(self.notes) or "no transposed convolution was found"
            raise FileError(None, None, f"{self.origin}: nothing to write: {why}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.path.open("x", encoding="utf-8") as file:
                file.write(self.text(cases))
        except FileExistsError:
            said = "was written by somebody else meanwhile: name another file"
            raise FileError(self.path, None, said) from None
        return cases

    def text(self, cases: Sequence[Case]) -> str:
        """The whole file. What all cases share stands in `base`."""
        entries = [entry(case) for case in cases]
        shared = {
            key: value
            for key, value in entries[0].items()
            if len(entries) > 1 and key not in ("id", "why") and all(other.get(key) == value for other in entries)
        }
        rest = [{key: value for key, value in one.items() if key not in shared} for one in entries]
        head = [MARK + self.origin, *(f"# {note}" for note in self.notes)]
        family = {"why": self.why} | ({"base": _Flow(shared)} if shared else {}) | {"cases": rest}
        return "\n".join([*map(_one_line, head), yaml.dump(family, Dumper=_Dumper, sort_keys=False, width=116)])

    def _id(self, name: str) -> str:
        """An id that nobody has yet; letters that an id may not have become points."""
        name = re.sub(r"[^A-Za-z0-9_\-=,\[\]+]+", ".", name).strip(".") or "case"
        taken, number, chosen = {case.id.partition("/")[2] for case in self._cases.values()}, 2, name
        while chosen in taken:
            chosen, number = f"{name}-{number}", number + 1
        return chosen


def entry(case: Case) -> dict[str, Any]:
    """The keys of a case as a family file has them: no defaults, one number where all axes have the same."""
    keys: dict[str, Any] = {"id": case.id.partition("/")[2], "why": case.why, "batch": case.batch}
    keys |= {"in_channels": case.in_channels, "out_channels": case.out_channels}
    keys |= {"input": list(case.input), "kernel": list(case.kernel)}
    numbers: dict[str, Any] = {"stride": _same(case.stride), "dilation": _same(case.dilation), "groups": case.groups}
    keys |= {key: value for key, value in numbers.items() if value != 1}
    word = CONVENTIONS.get(case.convention)
    if word and not _gives_back(word, case):
        word = None  # what was given with it is not in the case any more: its numbers say the same
    if word:
        keys |= {"convention": word.name}
        keys |= {"output_size": list(case.output_size)} if case.output_size else {}
    if any(case.output_padding) and (word is None or word.extended):
        keys |= {"output_padding": _same(case.output_padding)}
    if word is None or word.padded:
        both = all(lo == hi for lo, hi in case.padding)
        padding = _same([lo for lo, _ in case.padding]) if both else [list(pair) for pair in case.padding]
        keys |= {"padding": padding} if padding != 0 else {}
    keys |= {"bias": True} if case.bias else {}
    keys |= {"dtypes": list(case.dtypes)} if case.dtypes != ("float32",) else {}
    keys |= {"checks": list(case.checks)} if case.checks != ("forward",) else {}
    keys |= {key: getattr(case, key) for key in ("input_layout", "kernel_layout") if getattr(case, key)}
    return keys


def layer(x: Sequence[int], w: Sequence[int], groups: int) -> dict[str, Any]:
    """The sizes that the shapes of x [N, C, I…] and w [C, M/g, K…] give."""
    return {
        "batch": x[0],
        "in_channels": x[1],
        "out_channels": w[1] * groups,
        "groups": groups,
        "input": x[2:],
        "kernel": w[2:],
    }


def cropped(crop: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """`padding` and `output_padding` that cut (begin, end) from the full length; a negative end is output padding."""
    return {
        "padding": [[begin, max(end, 0)] for begin, end in crop],
        "output_padding": [max(-end, 0) for _, end in crop],
    }


def memory(case: Case) -> int:
    """Bytes that computing the right answer takes, roughly: operands, answer, and every tap of every position."""
    taps = case.out_channels * math.prod(case.kernel) * case.batch * math.prod(case.input)
    full = case.batch * case.out_channels * math.prod(case.full)
    return 8 * (math.prod(case.x_shape) + math.prod(case.w_shape) + full + taps)


def _gives_back(word: Convention, case: Case) -> bool:
    """Whether a convention makes the case's numbers of what would be written with it."""
    columns = (case.padding, case.output_size or [None] * case.rank, case.output_padding)
    given = [
        Axis(i, extent, s, padding if word.padded else (0, 0), size, op if word.extended else 0)
        for i, extent, s, padding, size, op in zip(case.input, case.extent, case.stride, *columns, strict=True)
    ]
    solved = resolve(word.name, given)
    return (solved.padding, solved.output_padding) == (case.padding, case.output_padding)


def _same(values: Sequence[int]) -> int | list[int]:
    return values[0] if len(set(values)) == 1 else list(values)


def _listed(places: list[str]) -> str:
    """Places as words; of many the first ones and how many more there are."""
    more = f" and {len(places) - 3} more" if len(places) > 4 else ""
    return "; ".join(places[:3] if more else places) + more


def _refuse(_: Any, message: str) -> FileError:
    return FileError(None, None, message)


def _one_line(text: str) -> str:
    """A comment: nothing in it may end the line or be invisible."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


class _Flow(dict):
    """A mapping that is written in braces."""


class _Dumper(yaml.SafeDumper):
    """Mappings as blocks, numbers in brackets, and strings such that every reader reads strings."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.Dumper, text: str) -> yaml.Node:
    plain = len(text) > 1 and text[0].isalpha() and not any(pattern.fullmatch(text) for pattern, _ in TRAPS)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


def _list(dumper: yaml.Dumper, values: list) -> yaml.Node:
    cases = any(isinstance(value, dict) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=not cases)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items()))
_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
