"""A configuration as an id and in words: `as/i3x5k2s3x1c4m6g2b` is a case that stands in no file.

    i 3x5       input, one length for all axes or one for each; says how many axes there are only where it has several
    k s e       kernel, stride, dilation
    p 1:0x2     padding lo:hi, or one number for both
    o           output padding
    n c m g     batch, input channels, output channels, groups
    b           with bias
    r           rank, where every length stands once

What is not there is plain: stride 1, no padding, one image, one channel.
"""

from __future__ import annotations

import re

from conformance.case import Case

FAMILY = "as"
_PART = re.compile(r"([ikseponcmgrb])([-\dx:]*)")
_PLAIN = {"k": 1, "s": 1, "e": 1, "o": 0, "p": (0, 0), "n": 1, "c": 1, "m": 1, "g": 1}


def spelled(case: Case) -> str:
    """The id of a case's numbers. What is no number (layouts, memory, options …) is not in it."""
    values = {
        "i": case.input,
        "k": case.kernel,
        "s": case.stride,
        "e": case.dilation,
        "p": case.padding,
        "o": case.output_padding,
    }
    parts = [f"i{'x'.join(map(str, case.input))}"]
    parts += [f"{letter}{_axes(value)}" for letter, value in values.items() if letter != "i" and _told(letter, value)]
    numbers = {"n": case.batch, "c": case.in_channels, "m": case.out_channels, "g": case.groups}
    parts += [f"{letter}{number}" for letter, number in numbers.items() if number != _PLAIN[letter]]
    return f"{FAMILY}/{''.join(parts)}{'b' * case.bias}"


def _told(letter: str, value: tuple) -> bool:
    return set(value) != {_PLAIN[letter]}


def _axes(value: tuple) -> str:
    said = [f"{one[0]}:{one[1]}" if isinstance(one, tuple) else str(one) for one in value]
    said = [one.partition(":")[0] if one.partition(":")[0] == one.partition(":")[2] else one for one in said]
    return said[0] if len(set(said)) == 1 else "x".join(said)


def named(id: str) -> Case | None:
    """The case of an id that `spelled` made, or None where it is not one."""
    family, _, text = id.partition("/")
    parts = _PART.findall(text)
    letters = [letter for letter, _ in parts]
    if family != FAMILY or "".join(letter + value for letter, value in parts) != text or len(set(letters)) < len(parts):
        return None
    found = dict(parts)
    try:
        lengths = [int(one) for one in found["i"].split("x")]
        rank = len(lengths)
        axes = {letter: _read(found.get(letter), rank, _PLAIN[letter]) for letter in "kseop"}
        numbers = {letter: int(found.get(letter, _PLAIN[letter])) for letter in "ncmg"}
    except (KeyError, ValueError):
        return None
    if not 1 <= rank <= 3 or any(len(value) != rank for value in axes.values()):
        return None
    return Case(
        id=id,
        input=tuple(lengths),
        kernel=axes["k"],
        stride=axes["s"],
        dilation=axes["e"],
        padding=tuple(one if isinstance(one, tuple) else (one, one) for one in axes["p"]),
        output_padding=axes["o"],
        batch=numbers["n"],
        in_channels=numbers["c"],
        out_channels=numbers["m"],
        groups=numbers["g"],
        bias="b" in found,
    )


def _read(text: str | None, rank: int, plain: int | tuple[int, int]) -> tuple:
    if text is None:
        return (plain,) * rank
    values = tuple(tuple(map(int, one.split(":", 1))) if ":" in one else int(one) for one in text.split("x"))
    return values * rank if len(values) == 1 else values


def configuration(case: Case) -> str:
    """The numbers of a case in words, what is plain left out: `2-D, groups 2, stride 3×1, input 3×5, kernel 2`."""
    said = [f"{case.rank}-D"]
    said += [f"batch {case.batch}"] if case.batch != 1 else []
    said += [f"channels {case.in_channels} → {case.out_channels}"]
    said += [f"groups {case.groups}"] if case.groups != 1 else []
    said += [f"input {times(case.input)}", f"kernel {times(case.kernel)}"]
    for name, values, plain in (
        ("stride", case.stride, 1),
        ("dilation", case.dilation, 1),
        ("padding", case.padding, (0, 0)),
        ("output padding", case.output_padding, 0),
    ):
        said += [f"{name} {times(values)}"] if set(values) != {plain} else []
    said += ["bias"] if case.bias else []
    return ", ".join(said)


def times(values: object) -> str:
    """Numbers of the axes as one word: `3×1`, or `3` where they are equal; a pair of paddings as `(1,0)`."""
    if not isinstance(values, tuple):
        return str(values)
    said = [str(one[0]) if isinstance(one, tuple) and one[0] == one[1] else str(one) for one in values]
    said = [one.replace(", ", ",") for one in said]
    return said[0] if len(set(said)) == 1 else "×".join(said)
