"""Faults with a trigger: paths that an implementation takes for some numbers only, and the remainders that loops leave.

What survives here shows which numbers a corpus never has. `when` of each is its trigger.
"""

from __future__ import annotations

from collections.abc import Callable, Set

import numpy as np

from conformance.case import CHECKS, Case, Check
from conformance.mutants import channels, edges, kernel, padding
from conformance.mutants.edges import without
from conformance.mutants.mutant import Axis, Mutant, Rewrite, axes, channel, each

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
        channels.BATCH,
        channels.GROUPS,
        channels.BIAS,
    )
    for mutant in group
}


def _only(
    base: str,
    name: str,
    says: str,
    when: Callable[[Case], bool],
    needs: Set[str] = frozenset(),
    checks: tuple[Check, ...] = CHECKS,
) -> Mutant:
    """A fault of another module, set off by a trigger."""
    return _BASES[base].only(name, says, when, needs, checks)


def _some(test: Callable[[Axis], bool]) -> Callable[[Case], bool]:
    """Whether some axis is so."""
    return lambda case: any(map(test, axes(case)))


def _every(test: Callable[[Axis], bool]) -> Callable[[Case], bool]:
    """Whether all axes are so."""
    return lambda case: all(map(test, axes(case)))


def _rest(length: int, width: int) -> bool:
    """Whether a loop over blocks leaves something after a whole block."""
    return length > width and length % width > 0


def _tail(length: int, width: int) -> slice:
    """What a loop over blocks leaves."""
    return slice(length // width * width, None)


REMAINDERS = (
    Rewrite(
        "input-channels-past-16",
        "as if input channels past the last multiple of 16 were 0",
        when=lambda case: _rest(case.in_channels // case.groups, 16),
        w=lambda case, w: without(channels.by_group(case, w), 1, _tail(case.in_channels // case.groups, 16)).reshape(
            w.shape
        ),
    ),
    Rewrite(
        "output-channels-past-8",
        "as if output channels past the last multiple of 8 held no stamps",
        when=lambda case: _rest(case.out_channels, 8),
        y=lambda case, y: without(y, 1, _tail(case.out_channels, 8)),
    ),
    Rewrite(
        "output-channels-past-16",
        "as if output channels past the last multiple of 16 held no stamps",
        when=lambda case: _rest(case.out_channels, 16),
        y=lambda case, y: without(y, 1, _tail(case.out_channels, 16)),
    ),
    Rewrite(
        "columns-past-8",
        "as if columns past the last multiple of 8 held no stamps",
        when=lambda case: _rest(case.output[-1], 8),
        y=lambda case, y: without(y, -1, _tail(case.output[-1], 8)),
    ),
    Rewrite(
        "input-columns-past-4",
        "as if input columns past the last multiple of 4 were 0",
        when=lambda case: _rest(case.input[-1], 4),
        x=lambda case, x: without(x, -1, _tail(case.input[-1], 4)),
    ),
    Rewrite(
        "taps-past-4",
        "as if the kernel's columns past the fourth were 0",
        when=lambda case: case.kernel[-1] > 4,
        w=lambda case, w: without(w, -1, slice(4, None)),
    ),
    Rewrite(
        "images-past-1",
        "as if all images but the first were 0",
        when=lambda case: case.batch > 1,
        x=lambda case, x: without(x, 0, slice(1, None)),
    ),
    Rewrite(
        "images-past-4",
        "as if images past the fourth were 0",
        when=lambda case: case.batch > 4,
        x=lambda case, x: without(x, 0, slice(4, None)),
    ),
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
        when=lambda case: 3 in case.stride,
        numbers=each("stride", lambda a: 2 if a.stride == 3 else a.stride),
    ),
    Rewrite(
        "stride-at-most-3",
        "as if a stride above 3 were 3",
        needs={"stride"},
        when=lambda case: max(case.stride) > 3,
        numbers=each("stride", lambda a: min(a.stride, 3)),
    ),
    Rewrite(
        "dilation-3-as-2",
        "as if a dilation of 3 were 2",
        needs={"dilation"},
        when=lambda case: 3 in case.dilation,
        numbers=each("dilation", lambda a: 2 if a.dilation == 3 else a.dilation),
    ),
    Rewrite(
        "groups-modulo-2",
        "as if, from 3 groups on, the third had the first one's kernel",
        needs={"groups"},
        when=lambda case: case.groups > 2,
        w=_modulo,
    ),
    _only("stride-ignored", "stride-ignored-by-pointwise", "as if a kernel of 1 had no stride", _pointwise),
    _only("padding-all-at-end", "padding-ignored-by-pointwise", "as if a kernel of 1 had no padding", _pointwise),
    Rewrite(
        "padding-of-even-kernel",
        "as if an even kernel's centre were one further on",
        when=_some(lambda a: a.kernel % 2 == 0),
        numbers=each("padding", lambda a: (a.lo + (a.kernel % 2 == 0), a.hi)),
    ),
    Rewrite(
        "padding-of-input-1",
        "as if nothing were cropped at the beginning where the input's length is 1",
        needs={"padding"},
        when=lambda case: 1 in case.input,
        numbers=each("padding", lambda a: (0 if a.input == 1 else a.lo, a.hi)),
    ),
    Rewrite(
        "padding-of-output-1",
        "as if one more were cropped at the beginning where the output's length is 1",
        when=lambda case: 1 in case.output,
        numbers=each("padding", lambda a: (a.lo + (a.output == 1), a.hi)),
    ),
    Rewrite(
        "padding-clamped-where-strided",
        "as if padding above K_e − 1 were K_e − 1 where the stride is above 1",
        needs={"padding", "stride"},
        when=_some(lambda a: a.stride > 1 and a.lo > a.extent - 1),
        numbers=each("padding", lambda a: (min(a.lo, a.extent - 1) if a.stride > 1 else a.lo, a.hi)),
    ),
    Rewrite(
        "padding-without-multiple-of-stride",
        "as if the padding at the beginning were rounded down to a multiple of the stride",
        needs={"padding", "stride"},
        when=_some(lambda a: a.lo % a.stride > 0),
        numbers=each("padding", lambda a: (a.lo // a.stride * a.stride, a.hi)),
    ),
    Rewrite(
        "dilation-ignored-where-strided",
        "as if an axis of stride above 1 had no dilation",
        needs={"dilation", "stride"},
        when=_some(lambda a: a.stride > 1 and a.dilation > 1),
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
        when=_some(lambda a: a.op > 0 and a.dilation > 1),
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
        when=_some(lambda a: a.op >= a.stride),
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
    _only(
        "kernel-flipped",
        "kernel-flipped-by-groups-at-stride-3",
        "as if the kernel were flipped where there are groups and a stride is 3",
        lambda case: case.groups > 1 and 3 in case.stride,
        {"groups", "stride"},
    ),
    _only(
        "kernel-flipped",
        "kernel-flipped-where-kernel-is-stride",
        "as if the kernel were flipped where stamps lie side by side, with no overlap and no gap",
        _every(lambda a: a.extent == a.stride),
        {"stride"},
    ),
    _only(
        "kernel-flipped",
        "grad-weight-flipped-where-strided",
        "as if the kernel were flipped where a stride is above 1, in the gradient of the kernel only",
        lambda case: max(case.stride) > 1,
        {"stride"},
        ("grad_weight",),
    ),
    _only(
        "dilation-ignored",
        "grad-input-without-dilation-by-groups",
        "as if there were no dilation where there are groups, in the gradient of the input only",
        lambda case: case.groups > 1,
        {"groups"},
        ("grad_input",),
    ),
    _only(
        "output-padding-zero-filled",
        "gradients-without-output-padding",
        "as if the upstream gradient in the output padding did not count",
        lambda case: max(case.output_padding) > 0,
        checks=("grad_input", "grad_weight"),
    ),
    _only(
        "stride-of-axis-0",
        "stride-of-axis-0-in-3d",
        "as if the depth's stride were that of all axes in 3-d",
        lambda case: case.rank == 3,
    ),
    Rewrite(
        "dilation-at-most-4",
        "as if a dilation above 4 were 4",
        needs={"dilation"},
        when=lambda case: max(case.dilation) > 4,
        numbers=each("dilation", lambda a: min(a.dilation, 4)),
    ),
    _only(
        "dilation-ignored",
        "dilation-ignored-by-depthwise",
        "as if a depthwise kernel had no dilation",
        lambda case: case.groups == case.in_channels > 1,
        {"groups"},
    ),
    _only(
        "output-padding-zero-filled",
        "output-padding-zero-filled-by-depthwise",
        "as if the output padding held nothing but the bias where the kernel is depthwise",
        lambda case: case.groups == case.in_channels > 1,
        {"groups"},
    ),
    _only(
        "output-padding-at-begin",
        "output-padding-at-begin-at-stride-1",
        "as if the output padding were at the beginning where every stride is 1",
        lambda case: set(case.stride) == {1},
    ),
    _only(
        "padding-ends-swapped",
        "padding-ends-swapped-at-stride-1",
        "as if the padding of beginning and end were exchanged where every stride is 1",
        lambda case: set(case.stride) == {1},
    ),
    _only(
        "padding-one-less",
        "padding-one-less-where-full",
        "as if one less were cropped at the beginning where the padding there is K_e − 1",
        _every(lambda a: a.lo == a.extent - 1 > 0),
        {"padding"},
    ),
    _only(
        "column-last-missing",
        "column-last-missing-where-dilated-with-output-padding",
        "as if the last column held no stamps where there are a dilation above 1 and output padding",
        lambda case: max(case.dilation) > 1 and max(case.output_padding) > 0,
        {"dilation", "output padding"},
    ),
    _only(
        "column-last-missing",
        "column-last-missing-where-odd",
        "as if columns were written in pairs, and the last of an odd number held no stamps",
        lambda case: case.output[-1] > 1 and case.output[-1] % 2 == 1,
    ),
    _only(
        "input-channel-last-missing",
        "input-channel-last-missing-where-odd",
        "as if input channels were summed in pairs, and the last of an odd number were 0",
        lambda case: case.in_channels > 1 and case.in_channels % 2 == 1,
    ),
    _only(
        "batch-last-missing",
        "batch-last-missing-where-odd",
        "as if images were read in pairs, and the last of an odd number were 0",
        lambda case: case.batch > 1 and case.batch % 2 == 1,
    ),
    _only(
        "group-0-kernel",
        "group-0-kernel-from-4-groups",
        "as if every group had the first group's kernel where there are 4 groups and more",
        lambda case: case.groups >= 4,
    ),
    _only(
        "bias-twice",
        "bias-twice-past-batch-4",
        "as if the bias were added twice where there are more than 4 images",
        lambda case: case.batch > 4,
    ),
    _only("bias-dropped", "bias-dropped-by-pointwise", "as if a kernel of 1 had no bias", _pointwise),
    Rewrite(
        "bias-dropped-past-channel-16",
        "as if output channels past the 16th had no bias",
        needs={"bias"},
        when=lambda case: case.out_channels > 16,
        bias=lambda case, b: channel(without(b, 0, slice(16, None)), case),
    ),
)


def _equal(numbers: tuple[int, ...]) -> bool:
    """Whether the numbers of all axes are one, above 1, as a library that takes a single number for all may ask."""
    return len(set(numbers)) == 1 and numbers[0] > 1


def _where_equal(base: str, field: str) -> Mutant:
    """A fault of axes that only shows up where another field has one number for all of them."""
    return _only(
        base,
        f"{base}-where-{field}s-equal",
        f"{_BASES[base].says} where all have one {field}, above 1",
        lambda case: case.rank > 1 and _equal(getattr(case, field)),
        {field},
    )


#: Code for one number on all axes, which takes the others for one number as well.
EQUAL_AXES = (
    _where_equal("dilation-of-axis-0", "stride"),
    _where_equal("dilation-of-last-axis", "stride"),
    _where_equal("dilation-axes-swapped", "stride"),
    _where_equal("stride-of-axis-0", "dilation"),
    _where_equal("stride-of-last-axis", "dilation"),
    _where_equal("stride-axes-swapped", "dilation"),
    _where_equal("padding-of-axis-0", "stride"),
    _where_equal("output-padding-of-axis-0", "stride"),
)
