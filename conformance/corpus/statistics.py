"""How much of the space of parameters some cases cover: of the possible combinations of any one, two or three
parameters' classes, how many stand in some case.

What has a number for each spatial axis is combined axis by axis: a case of two axes is looked at twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from conformance.case import DTYPES, FLOATS, Case, Check
from conformance.corpus.covering import Row, Space

#: Parameter → its classes. The first six are of one spatial axis; "beyond" crops at least the kernel's whole extent.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "input": ("1", "2 or more"),
    "kernel": ("1", "2", "odd", "even"),
    "stride": ("1", "2", "3 or more"),
    "dilation": ("1", "2", "3 or more"),
    "padding": ("none", "symmetric", "asymmetric", "negative", "beyond"),
    "output_padding": ("0", "1 or more"),
    "groups": ("1", "2", "3 or more", "depthwise"),
    "channels": ("one", "few", "many"),
    "rank": ("1", "2", "3"),
    "batch": ("1", "2 to 4", "5 or more"),
    "bias": ("without", "with"),
    "dtype": DTYPES,
}

#: Numbers among which every possible combination of classes of one spatial axis, and of the channels, is found.
SIZES = ((1, 2, 40), (1, 2, 3, 4), (1, 2, 3), (1, 2, 3), (-1, 0, 1, 2, 3, 12), (-1, 0, 1, 2, 3, 12), (0, 1, 24))
CHANNELS = ((1, 2, 3, 4, 6, 17, 18, 34, 36, 51), (1, 2, 3, 4, 6, 17, 18, 34, 36, 51), (1, 2, 3, 4, 6, 17, 18))

Words = tuple[str, ...]


def space() -> Space:
    """The parameter space: which classes go together in a case that has an answer of at least one element."""
    sizes, channels = set(), set()
    for i, k, s, e, lo, hi, op in itertools.product(*SIZES):
        if (i - 1) * s + (k - 1) * e + 1 - lo - hi + op >= 1:
            sizes.add(_size(i, k, s, e, lo, hi, op))
    for inputs, outputs, groups in itertools.product(*CHANNELS):
        if inputs % groups == outputs % groups == 0:
            channels.add(_channels(inputs, outputs, groups))
    classes = list(PARAMETERS.values())
    rows = [frozenset(_index(words, begin) for words in found) for found, begin in ((sizes, 0), (channels, 6))]
    free = [((axis,), frozenset((index,) for index in range(len(classes[axis])))) for axis in range(8, len(classes))]
    return Space(tuple(map(len, classes)), ((tuple(range(6)), rows[0]), ((6, 7), rows[1]), *free))


def rows(case: Case) -> Iterator[Row]:
    """Where a case stands in the space, once for each spatial axis and dtype; nowhere without an answer, or empty."""
    if case.expect == "refuse" or 0 in case.x_shape or 0 in case.y_shape:
        return
    numbers = (case.input, case.kernel, case.stride, case.dilation, case.padding, case.output_padding)
    rest = (
        *_channels(case.in_channels, case.out_channels, case.groups),
        str(case.rank),
        "1" if case.batch == 1 else "2 to 4" if case.batch < 5 else "5 or more",
        "with" if case.bias else "without",
    )
    for i, k, s, e, (lo, hi), op in zip(*numbers, strict=True):
        for dtype in case.dtypes:
            yield _index((*_size(i, k, s, e, lo, hi, op), *rest, dtype), 0)


def covered(cases: Iterable[Case], strength: int, check: Check = "forward") -> tuple[int, int, list[str]]:
    """How many combinations of `strength` parameters stand in some case that asks for the check, how many are possible,
    and the others in words. Gradients are of floats, and that of the bias is of cases with one."""
    seen = {row for case in cases if check in case.checks for row in rows(case)}
    parameters, count, total, absent = list(PARAMETERS.items()), 0, 0, []
    senseless = set() if check == "forward" else {("dtype", dtype) for dtype in DTYPES if dtype not in FLOATS}
    senseless |= {("bias", "without")} if check == "grad_bias" else set()
    for axes, possible in space().possible(strength):
        possible = {
            values
            for values in possible
            if not any(
                (parameters[axis][0], parameters[axis][1][value]) in senseless
                for axis, value in zip(axes, values, strict=True)
            )
        }
        found = {tuple(row[axis] for axis in axes) for row in seen} & possible
        count, total = count + len(found), total + len(possible)
        for values in sorted(possible - found):
            named = zip((parameters[axis] for axis in axes), values, strict=True)
            absent.append(", ".join(f"{name} {classes[value]}" for (name, classes), value in named))
    return count, total, absent


def _size(i: int, k: int, s: int, e: int, lo: int, hi: int, op: int) -> Words:
    """The classes of one spatial axis."""
    if min(lo, hi) < 0:
        padding = "negative"
    elif max(lo, hi) > (k - 1) * e:
        padding = "beyond"
    else:
        padding = "asymmetric" if lo != hi else "symmetric" if lo else "none"
    return (
        "1" if i == 1 else "2 or more",
        str(k) if k <= 2 else "odd" if k % 2 else "even",
        str(s) if s <= 2 else "3 or more",
        str(e) if e <= 2 else "3 or more",
        padding,
        "1 or more" if op else "0",
    )


def _channels(inputs: int, outputs: int, groups: int) -> Words:
    """The classes of groups and channels; more than 16 are many."""
    kind = "depthwise" if groups == inputs > 1 else str(groups) if groups <= 2 else "3 or more"
    return kind, "one" if min(inputs, outputs) == 1 else "few" if max(inputs, outputs) <= 16 else "many"


def _index(words: Words, begin: int) -> Row:
    classes = list(PARAMETERS.values())[begin:]
    return tuple(classes[place].index(word) for place, word in enumerate(words))
