"""What a condition may name: the numbers of a case and those that follow from them, and properties that have words."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from conformance.case import CHECKS, DTYPES, FILLS, Case
from conformance.corpus import conventions


class Quantity(NamedTuple):
    of: Callable[[Case], int | tuple[int, ...]]
    says: str


def _kept(name: str, compute: Callable[[Case], Any]) -> Callable[[Case], Any]:
    """What follows from the numbers of a case, computed once for each case: rules ask for it again and again."""
    name = f"kept {name}"

    def of(case: Case) -> Any:
        kept = case.__dict__
        if name not in kept:
            kept[name] = compute(case)
        return kept[name]

    return of


def _each(compute: Callable[..., int], *fields: str) -> Callable[[Case], tuple[int, ...]]:
    """A number for each axis, from the values of other quantities on that axis."""
    return lambda case: tuple(
        compute(*values) for values in zip(*(QUANTITIES[field].of(case) for field in fields), strict=True)
    )


def _uncovered(case: Case) -> tuple[int, ...]:
    """How many positions of the answer no stamp reaches, on each axis; 0 where there is no answer."""
    if case.problem() is not None:
        return (0,) * case.rank
    numbers = zip(case.input, case.kernel, case.stride, case.dilation, case.padding, case.output, strict=True)
    return tuple(
        output - _reached(length, kernel, stride, dilation, range(lo, lo + output))
        for length, kernel, stride, dilation, (lo, _), output in numbers
    )


def _reached(length: int, kernel: int, stride: int, dilation: int, window: range) -> int:
    """How many of the positions i·s + k·e lie in a window: those of one remainder by s are runs of `length`."""
    runs: dict[int, list[int]] = {}
    for tap in range(kernel if length else 0):
        runs.setdefault(tap * dilation % stride, []).append(tap * dilation // stride)
    found = 0
    for remainder, starts in runs.items():
        first, last = -(-(window.start - remainder) // stride), (window.stop - 1 - remainder) // stride
        for start in starts:  # in rising order; what an earlier run reached is not counted again
            first = max(first, start)
            stop = min(start + length - 1, last)
            found += max(stop - first + 1, 0)
            first = max(first, stop + 1)
    return found


def _dilated(length: int, stride: int) -> int:
    """The length of an input with zeros between its elements."""
    return (length - 1) * stride + 1 if length else 0


def _back_exchanged(case: Case) -> tuple[int, ...]:
    """The length that the forward convolution without padding gives back from the answer where the dilations of the
    last two axes are exchanged, on each axis; the input's length where there is no answer."""
    if case.problem() is not None:
        return case.input
    dilation = (*case.dilation[:-2], *reversed(case.dilation[-2:]))
    numbers = zip(case.output, case.kernel, dilation, case.stride, strict=True)
    return tuple((output - (kernel - 1) * e - 1) // stride + 1 for output, kernel, e, stride in numbers)


#: What can be compared: numbers that are written, and those that follow from them; an entry for each axis, or one.
QUANTITIES: dict[str, Quantity] = {
    "rank": Quantity(lambda case: case.rank, "rank"),
    "batch": Quantity(lambda case: case.batch, "batch"),
    "in_channels": Quantity(lambda case: case.in_channels, "input channels"),
    "out_channels": Quantity(lambda case: case.out_channels, "output channels"),
    "groups": Quantity(lambda case: case.groups, "groups"),
    "in_per_group": Quantity(lambda case: case.in_channels // max(case.groups, 1), "input channels of a group"),
    "out_per_group": Quantity(lambda case: case.out_channels // max(case.groups, 1), "output channels of a group"),
    "size": Quantity(lambda case: case.size, "multiply-adds"),
    "input": Quantity(lambda case: case.input, "input length"),
    "kernel": Quantity(lambda case: case.kernel, "kernel"),
    "stride": Quantity(lambda case: case.stride, "stride"),
    "dilation": Quantity(lambda case: case.dilation, "dilation"),
    "padding_lo": Quantity(lambda case: tuple(lo for lo, _ in case.padding), "padding at the beginning"),
    "padding_hi": Quantity(lambda case: tuple(hi for _, hi in case.padding), "padding at the end"),
    "extension_hi": Quantity(lambda case: tuple(-hi for _, hi in case.padding), "extension at the end"),
    "output_padding": Quantity(lambda case: case.output_padding, "output padding"),
    "extent": Quantity(lambda case: case.extent, "kernel extent"),
    "full": Quantity(lambda case: case.full, "full length"),
    "output": Quantity(lambda case: case.output, "output length"),
    "crop_hi": Quantity(_each(operator.sub, "padding_hi", "output_padding"), "crop at the end"),
    "conv_padding_lo": Quantity(
        _each(lambda extent, lo: extent - 1 - lo, "extent", "padding_lo"), "padding before the dilated input"
    ),
    "conv_padding_hi": Quantity(
        _each(lambda extent, hi: extent - 1 - hi, "extent", "crop_hi"), "padding behind the dilated input"
    ),
    "conv_input": Quantity(
        _each(
            lambda length, stride, lo, hi: lo + _dilated(length, stride) + hi,
            "input",
            "stride",
            "conv_padding_lo",
            "conv_padding_hi",
        ),
        "length of the dilated and padded input",
    ),
    "convolved": Quantity(
        _each(
            lambda length, lo, hi, extent, stride: (length + lo + hi - extent) // max(stride, 1) + 1,
            "input",
            "padding_lo",
            "padding_hi",
            "extent",
            "stride",
        ),
        "length of the convolution that is not transposed",
    ),
    "uncovered": Quantity(_uncovered, "positions that no stamp reaches"),
    "back_exchanged": Quantity(_back_exchanged, "length back with the last two dilations exchanged"),
}
_DERIVED = (
    "padding_lo",
    "padding_hi",
    "extension_hi",
    "crop_hi",
    "conv_padding_lo",
    "conv_padding_hi",
    "conv_input",
    "convolved",
    "uncovered",
    "back_exchanged",
)
QUANTITIES |= {
    name: Quantity(_kept(name, quantity.of), quantity.says) for name, quantity in QUANTITIES.items() if name in _DERIVED
}

#: Those with a number for each axis.
PER_AXIS = tuple(QUANTITIES)[list(QUANTITIES).index("input") :]


class Words(NamedTuple):
    """A property with words for values. `of` gives those that hold; `known`: all that there are, () where open;
    `says`: how it is told, where it is true or false in two ways."""

    of: Callable[[Any], Iterable[str | bool]]
    known: tuple[str | bool, ...]
    says: str | tuple[str, str]


def _layout(letters: str | None) -> set[str]:
    if letters is None:
        return {"none"}
    last = letters[-1] in "CO"
    return {letters, "channels_last" if last else "channels_first"}


def _forward_padding(case: Case) -> set[str]:
    """The words that express the padding as that of the forward convolution from the answer to the input: `same` and
    `valid` where their formulas give these numbers; `explicit` where none does, or where the case is asked in pairs."""
    if case.convention == "tensorflow_explicit":
        return {"explicit"}
    words = {"same": conventions.tensorflow_same, "valid": conventions.tensorflow_valid}
    numbers = list(zip(case.input, case.extent, case.stride, case.padding, case.output, strict=True))

    def gives(solve: Callable[[conventions.Axis], conventions.Solved]) -> bool:
        found = (solve(conventions.Axis(i, extent, s, size=o)) for i, extent, s, _, o in numbers)
        return all(one.lo == lo and o in one.legal for one, (_, _, _, (lo, _), o) in zip(found, numbers, strict=True))

    return {word for word, solve in words.items() if gives(solve)} or {"explicit"}


#: Properties of a case.
OF_CASE: dict[str, Words] = {
    "bias": Words(lambda case: {case.bias}, (True, False), ("with bias", "without bias")),
    "depthwise": Words(
        lambda case: {case.groups == case.in_channels > 1}, (True, False), ("depthwise", "not depthwise")
    ),
    "expect": Words(lambda case: {case.expect}, ("answer", "refuse"), "expect {}"),
    "invalid": Words(lambda case: {case.invalid or "nothing"}, (), "what is invalid is {}"),
    "convention": Words(lambda case: {case.convention or "none"}, (), "convention {}"),
    "forward_padding": Words(_forward_padding, ("same", "valid", "explicit"), "{} padding of the forward convolution"),
    "input_layout": Words(lambda case: _layout(case.input_layout), (), "input stored as {}"),
    "kernel_layout": Words(lambda case: _layout(case.kernel_layout), (), "kernel stored as {}"),
    "memory": Words(
        lambda case: {*case.memory.values(), *(f"{name} {word}" for name, word in case.memory.items())} or {"plain"},
        (),
        "{} in memory",
    ),
    "options": Words(lambda case: set(case.options) or {"none"}, (), "with the option {}"),
    "disputed": Words(lambda case: {case.dispute is not None}, (True, False), ("disputed", "not disputed")),
    "axes_differ_in": Words(
        lambda case: {name for name in PER_AXIS if len(set(QUANTITIES[name].of(case))) > 1},
        PER_AXIS,
        "{} not the same on all axes",
    ),
}
OF_CASE |= {name: words._replace(of=_kept(name, words.of)) for name, words in OF_CASE.items()}

#: Properties of what is asked of a case.
OF_ROW: dict[str, Words] = {
    "check": Words(lambda asked: {asked.check}, CHECKS, "{}"),
    "dtype": Words(lambda asked: {asked.dtype}, DTYPES, "{}"),
    "fill": Words(lambda asked: {asked.fill}, (*FILLS, "related"), "{} operands"),
    "device": Words(lambda asked: {asked.device}, (), "on {}"),
}
#: All of them.
PROPERTIES = OF_CASE | OF_ROW
