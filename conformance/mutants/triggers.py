"""Faults with a trigger: paths that an implementation takes for some numbers only, and the remainders that loops leave.

What survives here shows which numbers a corpus never has.
"""

from __future__ import annotations

from collections.abc import Callable, Set

import numpy as np

from conformance.case import Case
from conformance.mutants import channels, edges, kernel, padding
from conformance.mutants.edges import without
from conformance.mutants.mutant import Mutant, Rewrite, axes, each

_BASES = {
    mutant.name: mutant
    for group in (
        kernel.KERNEL,
        kernel.STRIDE,
        kernel.DILATION,
        padding.PADDING,
        edges.OUTPUT_PADDING,
        edges.EDGES,
        channels.CHANNELS,
        channels.GROUPS,
    )
    for mutant in group
}


def _only(base: str, name: str, says: str, when: Callable[[Case], bool], needs: Set[str] = frozenset()) -> Mutant:
    """A fault of another module, set off by a trigger."""
    return _BASES[base].only(name, says, when, needs)


def _tail(length: int, width: int) -> slice:
    """What a loop over blocks leaves, when there is a whole block and a rest."""
    return slice(length // width * width, None) if length > width else slice(length, None)


REMAINDERS = (
    Rewrite(
        "input-channels-past-16",
        "as if input channels past the last multiple of 16 were 0",
        w=lambda case, w: without(channels.by_group(case, w), 1, _tail(case.in_channels // case.groups, 16)).reshape(
            w.shape
        ),
    ),
    Rewrite(
        "output-channels-past-8",
        "as if output channels past the last multiple of 8 held no stamps",
        y=lambda case, y: without(y, 1, _tail(case.out_channels, 8)),
    ),
    Rewrite(
        "output-channels-past-16",
        "as if output channels past the last multiple of 16 held no stamps",
        y=lambda case, y: without(y, 1, _tail(case.out_channels, 16)),
    ),
    Rewrite(
        "columns-past-8",
        "as if columns past the last multiple of 8 held no stamps",
        y=lambda case, y: without(y, -1, _tail(case.output[-1], 8)),
    ),
    Rewrite(
        "input-columns-past-4",
        "as if input columns past the last multiple of 4 were 0",
        x=lambda case, x: without(x, -1, _tail(case.input[-1], 4)),
    ),
    Rewrite(
        "taps-past-4",
        "as if the kernel's columns past the fourth were 0",
        w=lambda case, w: without(w, -1, slice(4, None)),
    ),
    Rewrite("images-past-1", "as if all images but the first were 0", x=lambda case, x: without(x, 0, slice(1, None))),
    Rewrite("images-past-4", "as if images past the fourth were 0", x=lambda case, x: without(x, 0, slice(4, None))),
)


def _modulo(case: Case, w: np.ndarray) -> np.ndarray:
    """Group j has the kernel of group j mod 2."""
    return channels.by_group(case, w)[np.arange(case.groups) % 2].reshape(w.shape)


def _pointwise(case: Case) -> bool:
    return set(case.kernel) == {1}


TRIGGERS = (
    Rewrite(
        "stride-3-as-2",
        "as if a stride of 3 were 2",
        needs={"stride"},
        numbers=each("stride", lambda a: 2 if a.stride == 3 else a.stride),
    ),
    Rewrite(
        "stride-at-most-3",
        "as if a stride above 3 were 3",
        needs={"stride"},
        numbers=each("stride", lambda a: min(a.stride, 3)),
    ),
    Rewrite(
        "dilation-3-as-2",
        "as if a dilation of 3 were 2",
        needs={"dilation"},
        numbers=each("dilation", lambda a: 2 if a.dilation == 3 else a.dilation),
    ),
    Rewrite(
        "groups-modulo-2",
        "as if, from 3 groups on, the third had the first one's kernel",
        needs={"groups"},
        w=_modulo,
    ),
    _only("stride-ignored", "stride-ignored-by-pointwise", "as if a kernel of 1 had no stride", _pointwise),
    _only("padding-all-at-end", "padding-ignored-by-pointwise", "as if a kernel of 1 had no padding", _pointwise),
    Rewrite(
        "padding-of-even-kernel",
        "as if an even kernel's centre were one further on",
        numbers=each("padding", lambda a: (a.lo + (a.kernel % 2 == 0), a.hi)),
    ),
    Rewrite(
        "padding-of-input-1",
        "as if nothing were cropped at the beginning where the input's length is 1",
        needs={"padding"},
        numbers=each("padding", lambda a: (0 if a.input == 1 else a.lo, a.hi)),
    ),
    Rewrite(
        "padding-of-output-1",
        "as if one more were cropped at the beginning where the output's length is 1",
        numbers=each("padding", lambda a: (a.lo + (a.output == 1), a.hi)),
    ),
    Rewrite(
        "padding-clamped-where-strided",
        "as if padding above K_e − 1 were K_e − 1 where the stride is above 1",
        needs={"padding", "stride"},
        numbers=each("padding", lambda a: (min(a.lo, a.extent - 1) if a.stride > 1 else a.lo, a.hi)),
    ),
    Rewrite(
        "padding-without-multiple-of-stride",
        "as if the padding at the beginning were rounded down to a multiple of the stride",
        needs={"padding", "stride"},
        numbers=each("padding", lambda a: (a.lo // a.stride * a.stride, a.hi)),
    ),
    Rewrite(
        "dilation-ignored-where-strided",
        "as if an axis of stride above 1 had no dilation",
        needs={"dilation", "stride"},
        numbers=each("dilation", lambda a: 1 if a.stride > 1 else a.dilation),
    ),
    _only(
        "dilation-ignored",
        "dilation-ignored-by-groups",
        "as if there were no dilation where there are groups",
        lambda case: case.groups > 1,
        {"groups"},
    ),
    _only(
        "stride-axes-swapped",
        "stride-axes-swapped-by-groups",
        "as if the strides of the axes were exchanged where there are groups",
        lambda case: case.groups > 1,
        {"groups"},
    ),
    Rewrite(
        "output-padding-at-begin-where-dilated",
        "as if the output padding were at the beginning where the dilation is above 1",
        needs={"output padding", "dilation"},
        numbers=each("padding", lambda a: (a.lo - a.op * (a.dilation > 1), a.hi)),
    ),
    _only(
        "output-padding-zero-filled",
        "output-padding-zero-filled-by-groups",
        "as if the output padding held nothing but the bias where there are groups",
        lambda case: case.groups > 1,
        {"groups"},
    ),
    Rewrite(
        "output-padding-beyond-stride-shifts",
        "as if output padding of s and more were at the beginning",
        needs={"output padding"},
        numbers=each("padding", lambda a: (a.lo - a.op * (a.op >= a.stride), a.hi)),
    ),
    _only(
        "gap-not-zero",
        "gap-not-zero-where-dilated",
        "as if gaps between dilated taps held their neighbour's value",
        lambda case: any(a.stride == a.dilation > 1 for a in axes(case)),
        {"stride", "dilation"},
    ),
    _only(
        "groups-shuffled",
        "depthwise-multiplier-first",
        "as if a depthwise kernel's output channels were counted multiplier first",
        lambda case: case.groups == case.in_channels,
    ),
    _only(
        "kernel-axes-transposed",
        "kernel-axes-transposed-for-one-channel",
        "as if the kernel's spatial axes were exchanged where there is one input channel",
        lambda case: case.in_channels == 1,
    ),
    _only(
        "kernel-flipped",
        "kernel-flipped-for-one-filter",
        "as if the kernel were flipped where there is one output channel",
        lambda case: case.out_channels == 1,
    ),
    _only(
        "kernel-flipped",
        "kernel-flipped-for-one-image",
        "as if the kernel were flipped where there is one image",
        lambda case: case.batch == 1,
    ),
    _only(
        "kernel-flipped",
        "kernel-flipped-at-stride-1",
        "as if the kernel were flipped where every stride is 1",
        lambda case: set(case.stride) == {1},
    ),
    _only(
        "kernel-flipped",
        "kernel-flipped-beyond-input",
        "as if the kernel were flipped where it is longer than the input on every axis",
        lambda case: all(a.extent > a.input for a in axes(case)),
    ),
    _only(
        "kernel-flipped", "kernel-flipped-in-1d", "as if the kernel were flipped in 1-d", lambda case: case.rank == 1
    ),
    _only(
        "stride-axes-swapped",
        "stride-axes-swapped-in-3d",
        "as if the strides of depth and width were exchanged in 3-d",
        lambda case: case.rank == 3,
    ),
    _only(
        "dilation-of-last-axis",
        "dilation-of-last-axis-in-3d",
        "as if the width's dilation were that of all axes in 3-d",
        lambda case: case.rank == 3,
    ),
    _only(
        "padding-ends-swapped",
        "padding-ends-swapped-in-3d",
        "as if the paddings at the beginning and at the end were exchanged in 3-d",
        lambda case: case.rank == 3,
        {"several axes"},
    ),
    _only(
        "output-padding-at-begin",
        "output-padding-at-begin-in-3d",
        "as if the output padding were at the beginning in 3-d",
        lambda case: case.rank == 3,
        {"several axes"},
    ),
    Rewrite(
        "depth-past-2-missing",
        "as if only the first two slices of depth were written in 3-d",
        needs={"several axes"},
        when=lambda case: case.rank == 3,
        y=lambda case, y: without(y, 2, slice(2, None)),
    ),
    _only(
        "group-0-bias",
        "group-0-bias-where-strided",
        "as if every group had the first group's bias where the stride is above 1",
        lambda case: max(case.stride) > 1,
        {"stride"},
    ),
)
