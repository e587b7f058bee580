"""oneDNN's benchdnn problem descriptors of a deconvolution → cases.

    g2mb1_ic16ih14iw7_oc32oh28ow14_kh4kw4_sh2sw2_ph1pw1_dh0dw0_n"name"

The rules are benchdnn's (tests/benchdnn/deconv/deconv_aux.cpp): mb is 2 and g 1 where they are not written; underscores
mean nothing; with the h axis alone the problem is square, with the d axis alone cubic; an output that is not written
follows from the padding, a padding that is not written is half of what the output leaves; a dilation counts the taps
between two of the kernel's, one less than ours; behind the output whatever is left over is cropped at the end.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from conformance.corpus.yaml_file import FileError
from conformance.exchange.writing import Family, cropped

KEYS = ("g", "mb", "ic", "oc", *(kind + axis for kind in "iokspd" for axis in "dhw"))
_PAIR = re.compile(rf"({'|'.join(sorted(KEYS, key=len, reverse=True))})([0-9]+)_?")


def file(path: Path, family: Family) -> None:
    """Add the problems of a batch file: one a line, `#` comments; options are skipped with a note.

    Raises FileError, with the line, for a line that is none of these.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise FileError(path, None, "not UTF-8: name a benchdnn batch file or an ONNX model") from None
    for number, line in enumerate(lines, 1):
        try:
            for word in line.partition("#")[0].split():
                if word.startswith("--"):
                    family.notes.append(f"{path.name}:{number}: the option {word} was skipped")
                else:
                    add(word, f"{path.name}:{number}", family)
        except ValueError as error:
            raise FileError(path, number, str(error)) from None


def add(descriptor: str, place: str, family: Family) -> None:
    """Add one problem. Raises ValueError, in words, where it is not one."""
    numbers, name = parse(descriptor)
    family.add(name or descriptor, f"{name} ({place})" if name else place, case(numbers, descriptor))


def parse(descriptor: str) -> tuple[dict[str, int], str]:
    """The numbers that are written, by key, and the name behind `n`."""
    numbers, rest = {}, descriptor.lstrip("_")
    while match := _PAIR.match(rest):
        if match[1] in numbers:
            raise ValueError(f"{descriptor}: {match[1]} is written twice")
        numbers[match[1]] = int(match[2])
        rest = rest[match.end() :]
    if rest and not rest.startswith("n"):
        raise ValueError(f"{descriptor}: {rest!r} is no part of a problem descriptor, the keys are {', '.join(KEYS)}")
    return numbers, rest[1:].strip("\"'")


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
        "bias": True,  # benchdnn's default direction, FWD_B, has one
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
