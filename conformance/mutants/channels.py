"""Channels, groups, batch, bias: which image, which channel, whose kernel."""

from __future__ import annotations

import numpy as np

from conformance.case import Case, Check
from conformance.mutants.edges import without
from conformance.mutants.mutant import Computed, Operands, Rewrite, channel
from conformance.oracle import answer


def by_group(case: Case, w: np.ndarray) -> np.ndarray:
    """The kernel as [g, C/g, M/g, K…]."""
    return w.reshape(case.groups, len(w) // case.groups, *w.shape[1:])


def deal(array: np.ndarray, axis: int, piles: int) -> np.ndarray:
    """An axis dealt out like cards: 0 1 2 3 4 5 on two piles is 0 2 4 1 3 5."""
    if not array.size:
        return array
    shape = array.shape
    split = array.reshape(*shape[:axis], shape[axis] // piles, piles, *shape[axis + 1 :])
    return split.swapaxes(axis, axis + 1).reshape(shape)


def _swap_channels(case: Case, w: np.ndarray) -> np.ndarray:
    """In and out channels of each group's kernel exchanged; where they differ the buffer is read so."""
    return by_group(case, w).swapaxes(1, 2).reshape(w.shape)


def _first(array: np.ndarray, axis: int) -> np.ndarray:
    """The first along an axis, repeated."""
    return np.broadcast_to(np.take(array, [0] * min(array.shape[axis], 1), axis), array.shape)


CHANNELS = (
    Rewrite("channels-swapped", "as if the kernel's in and out channels were exchanged", w=_swap_channels),
    Rewrite(
        "input-channels-reversed", "as if the input channels were in reverse order", x=lambda case, x: np.flip(x, 1)
    ),
    Rewrite(
        "output-channels-reversed", "as if the output channels were in reverse order", y=lambda case, y: np.flip(y, 1)
    ),
    Rewrite("input-channel-0-for-all", "as if every input channel were the first", x=lambda case, x: _first(x, 1)),
    Rewrite("output-channel-0-for-all", "as if every output channel were the first", y=lambda case, y: _first(y, 1)),
    Rewrite(
        "kernel-of-output-channel-0",
        "as if every output channel of a group had the kernel of its first",
        w=lambda case, w: _first(w, 1),
    ),
    Rewrite(
        "input-channel-last-missing",
        "as if the last input channel were 0",
        x=lambda case, x: without(x, 1, slice(-1, None)),
    ),
    Rewrite(
        "input-channels-not-summed",
        "as if only the first input channel of a group counted",
        w=lambda case, w: without(by_group(case, w), 1, slice(1, None)).reshape(w.shape),
    ),
    Rewrite(
        "output-channel-last-missing",
        "as if the last output channel held no stamps",
        y=lambda case, y: without(y, 1, slice(-1, None)),
    ),
)

BATCH = (
    Rewrite("batch-0-reused", "as if every image were the first", x=lambda case, x: _first(x, 0)),
    Rewrite("batch-reversed", "as if the images were in reverse order", x=lambda case, x: np.flip(x, 0)),
    Rewrite("batch-last-missing", "as if the last image were 0", x=lambda case, x: without(x, 0, slice(-1, None))),
)

GROUPED = {"groups"}

GROUPS = (
    Rewrite(
        "group-0-kernel",
        "as if every group had the first group's kernel",
        needs=GROUPED,
        w=lambda case, w: _first(by_group(case, w), 0).reshape(w.shape),
    ),
    Rewrite(
        "group-0-input",
        "as if every group had the first group's input",
        needs=GROUPED,
        x=lambda case, x: np.tile(x[:, : case.in_channels // case.groups], (1, case.groups, *[1] * case.rank)),
    ),
    Rewrite(
        "group-0-bias",
        "as if every group had the first group's bias",
        needs={"bias", *GROUPED},
        bias=lambda case, b: channel(np.tile(b[: case.out_channels // case.groups], case.groups), case),
    ),
    Rewrite(
        "groups-interleaved",
        "as if input channel c belonged to group c mod g",
        needs=GROUPED,
        x=lambda case, x: deal(x, 1, case.groups),
    ),
    Rewrite(
        "groups-shuffled",
        "as if the output channels of the groups were interleaved",
        needs=GROUPED,
        y=lambda case, y: deal(y, 1, case.out_channels // case.groups),
    ),
    Rewrite(
        "groups-reversed",
        "as if the groups' kernels were in reverse order",
        needs=GROUPED,
        w=lambda case, w: np.flip(by_group(case, w), 0).reshape(w.shape),
    ),
    Rewrite(
        "groups-on-output-axis",
        "as if the kernel were laid out [C/g, M, …], not [C, M/g, …]",
        needs=GROUPED,
        w=lambda case, w: w.reshape(len(w) // case.groups, case.groups, *w.shape[1:]).swapaxes(0, 1).reshape(w.shape),
    ),
    Rewrite(
        "groups-ignored",
        "as if groups were 1 and the kernel repeated for each group",
        needs=GROUPED,
        numbers=lambda case: {"groups": 1},
        w=lambda case, w: np.tile(w, (1, case.groups, *[1] * case.rank)),
    ),
    Rewrite(
        "group-last-missing",
        "as if the last group's kernel were 0",
        needs=GROUPED,
        when=lambda case: case.groups > 1,
        w=lambda case, w: without(by_group(case, w), 0, slice(-1, None)).reshape(w.shape),
    ),
)


def _biased_by(factor) -> dict:
    """The bias counted several times, in the answer and in its gradient."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        right = answer(case, check, operands)
        if check == "grad_bias":
            return factor(case) * right
        return right + (factor(case) - 1) * channel(operands["b"], case)

    return {
        "compute": compute,
        "checks": ("forward", "grad_bias"),
        "when": lambda case: case.bias and factor(case) != 1,
        "needs": BIASED,
    }


def _along(axis: int) -> dict:
    """The bias along another axis of y, which broadcasting accepts where that axis has M entries."""

    def bias(case: Case, b: np.ndarray) -> np.ndarray:
        shape = [1] * (2 + case.rank)
        shape[axis] = -1
        return b.reshape(shape)

    return {"bias": bias, "when": lambda case: case.y_shape[axis] == case.out_channels, "needs": BIASED}


BIASED = {"bias"}

BIAS = (
    Rewrite("bias-dropped", "as if there were no bias", needs=BIASED, bias=lambda case, b: channel(b * 0, case)),
    Rewrite("bias-negated", "as if the bias were subtracted", needs=BIASED, bias=lambda case, b: channel(-b, case)),
    Rewrite(
        "bias-reversed",
        "as if the bias were in reverse order",
        needs=BIASED,
        bias=lambda case, b: channel(b[::-1], case),
    ),
    Rewrite(
        "bias-0-for-all",
        "as if every channel had the first one's bias",
        needs=BIASED,
        bias=lambda case, b: channel(_first(b, 0), case),
    ),
    Rewrite(
        "bias-of-interleaved-groups",
        "as if the bias were that of interleaved groups",
        needs={"groups", *BIASED},
        bias=lambda case, b: channel(deal(b, 0, case.groups), case),
    ),
    Rewrite("bias-along-last-axis", "as if the bias were added along the last axis", **_along(-1)),
    Rewrite("bias-along-first-axis", "as if the bias were added along the first spatial axis", **_along(2)),
    Rewrite("bias-along-batch", "as if the bias were added along the batch", **_along(0)),
    Computed("bias-twice", "as if the bias were added twice", **_biased_by(lambda case: 2)),
    Computed(
        "bias-for-each-input-channel",
        "as if the bias were added once for each input channel of a group",
        **_biased_by(lambda case: case.in_channels // case.groups),
    ),
)
