"""oneDNN's benchdnn problem descriptors of a deconvolution → cases.

    g2mb1_ic16ih14iw7_oc32oh28ow14_kh4kw4_sh2sw2_ph1pw1_dh0dw0_n"name"

The rules are benchdnn's (tests/benchdnn/deconv/deconv_aux.cpp): mb is 2 and g 1 where they are not written; underscores
mean nothing; with the h axis alone the problem is square, with the d axis alone cubic; an output that is not written
follows from the padding, a padding that is not written is half of what the output leaves; a dilation counts the taps
between two of the kernel's, one less than ours; behind the output whatever is left over is cropped at the end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.case import CHECKS
from conformance.corpus.yaml_file import FileError
from conformance.exchange.writing import Family, cropped

KEYS = ("g", "mb", "ic", "oc", *(kind + axis for kind in "iokspd" for axis in "dhw"))

#: benchdnn's directions as checks, and those that have a bias.
CHECKS_OF = {
    "FWD_B": ("forward",),
    "FWD_D": ("forward",),
    "FWD_I": ("forward",),
    "BWD_D": ("grad_input",),
    "BWD_W": ("grad_weight",),
    "BWD_WB": ("grad_weight", "grad_bias"),
    "BWD_DW": ("grad_input", "grad_weight"),
}
BIASED = ("FWD_B", "BWD_WB")
#: benchdnn's data types that cases have too.
TYPES = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "f16f16f16": "float16",
    "bf16bf16bf16": "bfloat16",
}

_PAIR = re.compile(rf"({'|'.join(sorted(KEYS, key=len, reverse=True))})([0-9]+)_?")


@dataclass
class _Settings:
    """What the options before a problem say of it. They hold on, into `--batch` files and out of them, as in benchdnn,
    until they are written again or `--reset`."""

    directions: list[str] = field(default_factory=lambda: ["FWD_B"])
    types: list[str] = field(default_factory=lambda: ["f32"])
    batches: list[int] = field(default_factory=lambda: [0])
    convolution: bool = False

    def read(self, option: str, value: str) -> bool:
        """Take an option; whether it is one that says something of a case. Raises ValueError for a bad value."""
        words = value.split(",")
        if option == "--dir":
            if unknown := [word for word in words if word not in CHECKS_OF]:
                raise ValueError(f"--dir={unknown[0]}: the directions are {', '.join(CHECKS_OF)}")
            self.directions = words
        elif option in ("--dt", "--cfg"):
            self.types = [word for word in words if word] or ["f32"]
        elif option == "--mb":
            if not all(word.isdecimal() for word in words):
                raise ValueError(f"--mb={value}: expected numbers")
            self.batches = [int(word) for word in words]
        elif option in ("--conv", "--deconv"):
            self.convolution = option == "--conv"
        else:
            return False
        return True


class _Reader:
    """Reads batch files into a family: a problem that comes again, in another type or direction, is the same case."""

    def __init__(self, family: Family):
        self.family, self.settings = family, _Settings()
        self.skipped: Counter[str] = Counter()
        self.others: dict[str, None] = {}  # data types that no case has
        self.found: dict[str, tuple[str, list[str], dict[str, Any]]] = {}  # numbers → name, places, keys of a case
        self._open: list[Path] = []

    def file(self, path: Path) -> None:
        """Read the lines of a file. Raises FileError, with the line, for one that cannot be read."""
        if path in self._open:
            raise FileError(path, None, "is read by itself, by way of --batch: delete that line")
        self._open.append(path)
        for number, line in _lines(path.read_text(encoding="utf-8")):
            for word in line.split():
                try:
                    self._word(word, path, number)
                except ValueError as error:
                    raise FileError(path, number, str(error)) from None
        self._open.pop()

    def _word(self, word: str, path: Path, number: int) -> None:
        option, _, value = word.partition("=")
        if not word.startswith("-"):
            self.problem(word, f"{path.name}:{number}")
        elif option == "--batch":
            if (beside := path.parent / value).is_file():
                self.file(beside)
            else:
                self.family.notes.append(f"left out: {path.name}:{number}: there is no file {value} beside it")
        elif option == "--reset":
            self.settings = _Settings(convolution=self.settings.convolution)
        elif not self.settings.read(option, value):
            self.skipped[option] += 1

    def problem(self, descriptor: str, place: str) -> None:
        """Note a problem under the settings. Raises ValueError, in words, where it is none."""
        numbers, name = parse(descriptor)
        settings, directions = self.settings, self.settings.directions
        if settings.convolution:
            if "BWD_D" not in directions:
                self.family.notes.append(f"left out: {place}: only --dir=BWD_D of a convolution is a transposed one")
                return
            numbers, directions = turned(numbers, descriptor), ["FWD_D"]
        dtypes, others = _dtypes(settings.types)
        self.others |= dict.fromkeys(others)
        name = name if re.search("[A-Za-z]", name) else ""
        for batch in settings.batches:
            keys = case(numbers | ({"mb": batch} if batch else {}), descriptor)
            known = self.found.setdefault(repr(keys), (name or descriptor, [], keys | {"dtypes": [], "checks": []}))
            known[1].append(f"{name} ({place})" if name else place)
            known[2]["bias"] |= any(direction in BIASED for direction in directions)
            checks = [check for direction in directions for check in CHECKS_OF[direction]]
            for key, more in (("dtypes", dtypes), ("checks", checks)):
                known[2][key] = list(dict.fromkeys([*known[2][key], *more]))

    def finish(self) -> None:
        """Give the family what was found."""
        for name, places, keys in self.found.values():
            for place in dict.fromkeys(places):
                self.family.add(name, place, keys | {"checks": sorted(keys["checks"], key=CHECKS.index)})
        if self.others:
            types = ", ".join(self.others)
            self.family.notes.append(f"asked as float32, since a case has no such operands: {types}")
        if self.skipped:
            counted = ", ".join(
                f"{option} ({count} times)" if count > 1 else option for option, count in self.skipped.items()
            )
            self.family.notes.append(f"skipped, since a case cannot say them: {counted}")


def file(path: Path, family: Family) -> None:
    """Add the problems of a batch file, and of those that it names by `--batch=`; `#` begins a comment.

    Applied: --dir, --dt and --cfg, --mb, --reset, --conv and --deconv; others are named in one note. Raises FileError,
    with the line, for what cannot be read.
    """
    reader = _Reader(family)
    reader.file(path)
    reader.finish()


def add(descriptor: str, place: str, family: Family) -> None:
    """Add one problem. Raises ValueError, in words, where it is not one."""
    reader = _Reader(family)
    reader.problem(descriptor, place)
    reader.finish()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(number, text) of each line without its comment; what ends in a backslash goes on in the next one."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        first = first if begun else number
        begun += line.removesuffix("\\").rstrip()
        if line.endswith("\\"):
            begun += "" if begun.endswith(",") else " "
            continue
        yield first, begun
        begun = ""
    if begun:
        yield first, begun


def _dtypes(types: Sequence[str]) -> tuple[list[str], list[str]]:
    """The dtypes of a case for benchdnn's `src:wei:dst`, or the older words of --cfg; and which of them are no floats
    or not the same for all operands."""
    dtypes, others = [], []
    for word in types:
        of = {word.split("_")[0]} if ":" not in word else set(word.split(":"))
        if len(of) == 1 and (one := of.pop()) in TYPES:
            dtypes.append(TYPES[one])
        else:
            dtypes.append("float32")
            others.append(word)
    return list(dict.fromkeys(dtypes)), others


def turned(numbers: dict[str, int], descriptor: str) -> dict[str, int]:
    """A convolution's numbers as those of the transposed convolution that its gradient by the data is: channels and
    lengths change places, w [oc, ic/g, k] is the same array. Raises ValueError where lengths are missing."""
    other = {"i": "o", "o": "i"}
    found = {other.get(key[0], key[0]) + key[1:] if key != "mb" else key: value for key, value in numbers.items()}
    for axis in "dhw":
        if "i" + axis in numbers and not numbers.get("o" + axis):
            if "k" + axis not in numbers:
                raise ValueError(f"{descriptor}: k{axis} must be written and not 0")
            extent = (numbers["k" + axis] - 1) * (numbers.get("d" + axis, 0) + 1) + 1
            span = numbers["i" + axis] + 2 * numbers.get("p" + axis, 0) - extent
            found["i" + axis] = span // numbers.get("s" + axis, 1) + 1
    return found


def parse(descriptor: str) -> tuple[dict[str, int], str]:
    """The numbers that are written, by key, and the name behind `n`."""
    numbers, rest = {}, descriptor.lstrip("_")
    while match := _PAIR.match(rest):
        if match[1] in numbers:
            raise ValueError(f"{descriptor}: {match[1]} is written twice")
        numbers[match[1]] = int(match[2])
        rest = rest[match.end() :]
    if rest and rest[0] not in 'n"':
        raise ValueError(f"{descriptor}: {rest!r} is no part of a problem descriptor, the keys are {', '.join(KEYS)}")
    return numbers, rest.removeprefix("n").strip("\"'")


def case(numbers: dict[str, int], descriptor: str) -> dict[str, Any]:
    """The keys of a case. Raises ValueError where lengths are missing."""
    written = [axis for axis in "dhw" if any(kind + axis in numbers for kind in "iok")]
    axes = {"d": "ddd", "h": "hh", "w": "w", "hw": "hw", "dhw": "dhw"}.get("".join(written))
    if axes is None:
        raise ValueError(f"{descriptor}: write the axes w, h or d alone, h and w, or all three")
    needed = ["ic", "oc", *(kind + axis for kind in "ik" for axis in dict.fromkeys(axes))]
    if missing := [key for key in needed if not numbers.get(key)]:
        raise ValueError(f"{descriptor}: {' and '.join(missing)} must be written and not 0")
    return {
        "batch": numbers.get("mb", 2),
        "groups": numbers.get("g", 1),
        "in_channels": numbers["ic"],
        "out_channels": numbers["oc"],
        "input": [numbers["i" + axis] for axis in axes],
        "kernel": [numbers["k" + axis] for axis in axes],
        "stride": [numbers.get("s" + axis, 1) for axis in axes],
        "dilation": [numbers.get("d" + axis, 0) + 1 for axis in axes],
        "bias": False,  # what the direction says
        **cropped([_crop(numbers, axis) for axis in axes]),
    }


def _crop(numbers: dict[str, int], axis: str) -> tuple[int, int]:
    length, kernel = numbers["i" + axis], numbers["k" + axis]
    stride, dilation = numbers.get("s" + axis, 1), numbers.get("d" + axis, 0) + 1
    full = (length - 1) * stride + (kernel - 1) * dilation + 1
    if not numbers.get("o" + axis):
        begin = numbers.get("p" + axis, 0)
        return begin, begin
    left = full - numbers["o" + axis]
    begin = numbers.get("p" + axis, int(left / 2))  # towards 0, as in C
    return begin, left - begin
