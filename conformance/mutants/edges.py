"""Output padding, gaps, overlaps, edges: what an output position holds that many stamps reach, or none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance import oracle
from conformance.case import Case, Check
from conformance.mutants.mutant import (
    Computed,
    Map,
    Operands,
    Rewrite,
    axes,
    channel,
    each,
    exchanged,
    first_for_all,
    other,
    taken,
)


def everywhere(per_axis: list[np.ndarray]) -> np.ndarray:
    """1 where the flags of every axis are set, 0 elsewhere, in the shape of the space."""
    product = np.ones((), dtype=int)
    for flags in per_axis:
        product = np.multiply.outer(product, flags.astype(int))
    return product


def covered(case: Case) -> list[np.ndarray]:
    """Per axis, which output positions a tap reaches."""
    found = []
    for a in axes(case):
        lands = np.add.outer(np.arange(a.input) * a.stride, np.arange(a.kernel) * a.dilation).ravel() - a.lo
        reached = np.zeros(a.output, dtype=bool)
        reached[lands[(lands >= 0) & (lands < a.output)]] = True
        found.append(reached)
    return found


def reached(case: Case) -> np.ndarray:
    """1 where some stamp reaches, shaped like y's space."""
    return everywhere(covered(case))


def proper(case: Case) -> np.ndarray:
    """1 outside the output padding, shaped like y's space."""
    return everywhere([np.arange(a.output) < a.output - a.op for a in axes(case)])


def _but_last_column(case: Case) -> np.ndarray:
    """0 in the last column, 1 elsewhere, shaped like y's space."""
    return everywhere([np.arange(a.output) < a.output - (axis == case.rank - 1) for axis, a in enumerate(axes(case))])


def biased(where: Callable[[Case], np.ndarray]) -> Map:
    """The bias only where a mask of y's space is 1."""
    return lambda case, b: channel(b, case) * where(case)


def nearest(case: Case, y: np.ndarray) -> np.ndarray:
    """Along each axis, in place of what no tap reaches, the last before it that one does."""
    for axis, flags in enumerate(covered(case)):
        y = np.take(y, np.maximum.accumulate(np.where(flags, np.arange(flags.size), 0)), axis=2 + axis)
    return y


def _edge(case: Case, y: np.ndarray) -> np.ndarray:
    for axis, a in enumerate(axes(case)):
        y = np.take(y, np.minimum(np.arange(a.output), max(a.output - a.op - 1, 0)), axis=2 + axis)
    return y


def without(array: np.ndarray, axis: int, part: slice) -> np.ndarray:
    """Zeros in a part of one axis."""
    keep = np.ones(array.shape[axis], dtype=int)
    keep[part] = 0
    return array * keep.reshape(-1, *[1] * (array.ndim - axis % array.ndim - 1))


def _only_one(taps: Callable[[list], list]) -> Callable[[Case, Check, Operands], np.ndarray]:
    """Where stamps overlap the tap that comes last in an order overwrites the others."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        y = np.zeros(case.y_shape, operands["x"].dtype)
        for tap in taps(list(np.ndindex(case.kernel))):
            # A tap by itself is a kernel of length 1, whose stamps are k·e further on; the end makes up the length.
            lo = [a.lo - k * a.dilation for a, k in zip(axes(case), tap, strict=True)]
            hi = [(a.input - 1) * a.stride + 1 - begin - a.output for a, begin in zip(axes(case), lo, strict=True)]
            numbers = {"kernel": (1,) * case.rank, "padding": tuple(zip(lo, hi, strict=True))}
            alone = other(case, numbers | {"output_padding": (0,) * case.rank, "bias": False})
            mine = reached(alone).astype(bool)
            w = operands["w"][(..., *(slice(k, k + 1) for k in tap))]
            y[..., mine] = oracle.answer(alone, "forward", {"x": operands["x"], "w": w})[..., mine]
        return y + channel(operands["b"], case) if case.bias else y

    return compute


def _averaged(case: Case, check: Check, operands: Operands) -> np.ndarray:
    one = other(case, {"batch": 1, "in_channels": 1, "out_channels": 1, "groups": 1, "bias": False})
    stamps = oracle.answer(one, "forward", {"x": np.ones(one.x_shape), "w": np.ones(one.w_shape)})
    y = oracle.answer(other(case, {"bias": False}), "forward", {name: operands[name] for name in "xw"})
    y = y / np.maximum(stamps, 1)
    return y + channel(operands["b"], case) if case.bias else y


def _not_empty(case: Case) -> bool:
    return min(case.input) > 0


TAIL = {"output padding"}

OUTPUT_PADDING = (
    Rewrite(
        "output-padding-at-begin",
        "as if the output padding were at the beginning",
        needs=TAIL,
        numbers=each("padding", lambda a: (a.lo - a.op, a.hi)),
    ),
    Rewrite(
        "output-padding-at-both-ends",
        "as if half of the output padding were at the beginning",
        needs=TAIL,
        numbers=each("padding", lambda a: (a.lo - a.op // 2, a.hi)),
    ),
    Rewrite(
        "output-padding-zero-filled",
        "as if the output padding held nothing but the bias",
        needs={"padding", *TAIL},
        y=lambda case, y: y * proper(case),
    ),
    Rewrite(
        "output-padding-blank",
        "as if the output padding held zeros, not even the bias",
        needs={"bias", *TAIL},
        checks=("forward",),
        when=lambda case: case.bias,
        y=lambda case, y: y * proper(case),
        bias=biased(proper),
    ),
    Rewrite(
        "output-padding-without-bias",
        "as if no bias were added in the output padding",
        needs={"bias", *TAIL},
        bias=biased(proper),
    ),
    Rewrite("output-padding-edge", "as if the output padding repeated the last row or column", needs=TAIL, y=_edge),
    Rewrite(
        "output-padding-axes-swapped",
        "as if the output paddings of the axes were exchanged",
        needs={"several axes", *TAIL},
        numbers=taken("output_padding", exchanged),
    ),
    Rewrite(
        "output-padding-of-axis-0",
        "as if the first axis' output padding were that of all",
        needs={"several axes", *TAIL},
        numbers=taken("output_padding", first_for_all),
    ),
)

EDGES = (
    Rewrite(
        "gap-not-zero",
        "as if positions that no stamp reaches held the value of the last one before them that a stamp does",
        y=nearest,
    ),
    Rewrite(
        "gap-without-bias",
        "as if no bias were added where no stamp reaches",
        needs={"bias"},
        bias=biased(reached),
    ),
    Rewrite("row-last-missing", "as if the last row held no stamps", y=lambda case, y: without(y, 2, slice(-1, None))),
    Rewrite(
        "column-last-missing", "as if the last column held no stamps", y=lambda case, y: without(y, -1, slice(-1, None))
    ),
    Rewrite(
        "column-last-zero",
        "as if the last column held zeros, not even the bias",
        checks=("forward",),
        y=lambda case, y: y * _but_last_column(case),
        bias=biased(_but_last_column),
    ),
    Rewrite(
        "column-first-missing", "as if the first column held no stamps", y=lambda case, y: without(y, -1, slice(1))
    ),
    Rewrite(
        "input-last-row-missing",
        "as if the last row of the input were 0",
        x=lambda case, x: without(x, 2, slice(-1, None)),
    ),
    Rewrite(
        "input-last-column-missing",
        "as if the last column of the input were 0",
        x=lambda case, x: without(x, -1, slice(-1, None)),
    ),
    Rewrite(
        "row-first-only",
        "as if only the first row (slice) of the output were written",
        y=lambda case, y: without(y, 2, slice(1, None)),
    ),
    Computed(
        "overlap-first-tap-wins",
        "as if overlapping stamps were overwritten, not added; the first tap wins",
        checks=("forward",),
        when=_not_empty,
        compute=_only_one(lambda taps: taps[::-1]),
    ),
    Computed(
        "overlap-last-tap-wins",
        "as if overlapping stamps were overwritten, not added; the last tap wins",
        checks=("forward",),
        when=_not_empty,
        compute=_only_one(lambda taps: taps),
    ),
    Computed(
        "overlap-averaged",
        "as if overlapping stamps were averaged, not added",
        checks=("forward",),
        compute=_averaged,
    ),
)
