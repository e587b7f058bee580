"""Kernel, stride, dilation: which number stamps which position."""

from __future__ import annotations

import numpy as np

from conformance.case import Case
from conformance.mutants.mutant import Rewrite, each, exchanged, first_for_all, last_for_all, taken


def flip(case: Case, w: np.ndarray) -> np.ndarray:
    return np.flip(w, range(2, w.ndim))


def transpose_space(case: Case, array: np.ndarray) -> np.ndarray:
    """Spatial axes in reverse order; where lengths differ the buffer is read so, the shape stays."""
    return array.transpose(0, 1, *range(array.ndim - 1, 1, -1)).reshape(array.shape)


KERNEL = (
    Rewrite("kernel-flipped", "as if the kernel were flipped", w=flip),
    Rewrite(
        "kernel-flipped-along-first-axis",
        "as if the kernel were flipped along the first axis only",
        needs={"several axes"},
        when=lambda case: case.rank > 1,
        w=lambda case, w: np.flip(w, 2),
    ),
    Rewrite(
        "kernel-flipped-along-last-axis",
        "as if the kernel were flipped along the last axis only",
        needs={"several axes"},
        when=lambda case: case.rank > 1,
        w=lambda case, w: np.flip(w, -1),
    ),
    Rewrite(
        "kernel-axes-transposed",
        "as if the kernel's spatial axes were exchanged",
        needs={"several axes"},
        w=transpose_space,
    ),
    Rewrite("kernel-first-tap-missing", "as if the kernel's first tap were 0", w=lambda case, w: w * _but(w, 0)),
    Rewrite("kernel-last-tap-missing", "as if the kernel's last tap were 0", w=lambda case, w: w * _but(w, -1)),
    Rewrite(
        "kernel-constant",
        "as if every tap were the first",
        w=lambda case, w: np.broadcast_to(w[(..., *[slice(1)] * case.rank)], w.shape),
    ),
    Rewrite(
        "kernel-rolled",
        "as if the kernel were rolled by one tap",
        w=lambda case, w: np.roll(w, [1] * case.rank, tuple(range(2, w.ndim))),
    ),
)


def _but(w: np.ndarray, tap: int) -> np.ndarray:
    keep = np.ones(w.shape[2:], dtype=int)
    keep.flat[tap] = 0
    return keep


STRIDE = (
    Rewrite(
        "stride-of-axis-0",
        "as if the first axis' stride were that of all",
        needs={"several axes", "stride"},
        numbers=taken("stride", first_for_all),
    ),
    Rewrite(
        "stride-of-last-axis",
        "as if the last axis' stride were that of all",
        needs={"several axes", "stride"},
        numbers=taken("stride", last_for_all),
    ),
    Rewrite(
        "stride-axes-swapped",
        "as if the strides of the axes were exchanged",
        needs={"several axes", "stride"},
        numbers=taken("stride", exchanged),
    ),
    Rewrite("stride-ignored", "as if the stride were 1", needs={"stride"}, numbers=each("stride", lambda a: 1)),
    Rewrite(
        "stride-capped-at-kernel",
        "as if a stride beyond the kernel's length were that length",
        needs={"stride"},
        numbers=each("stride", lambda a: min(a.stride, a.extent)),
    ),
    Rewrite(
        "stride-and-dilation-swapped",
        "as if stride and dilation were exchanged",
        numbers=lambda case: {"stride": case.dilation, "dilation": case.stride},
    ),
)

DILATION = (
    Rewrite("dilation-ignored", "as if the dilation were 1", needs={"dilation"}, numbers=each("dilation", lambda a: 1)),
    Rewrite(
        "dilation-of-axis-0",
        "as if the first axis' dilation were that of all",
        needs={"several axes", "dilation"},
        numbers=taken("dilation", first_for_all),
    ),
    Rewrite(
        "dilation-of-last-axis",
        "as if the last axis' dilation were that of all",
        needs={"several axes", "dilation"},
        numbers=taken("dilation", last_for_all),
    ),
    Rewrite(
        "dilation-axes-swapped",
        "as if the dilations of the axes were exchanged",
        needs={"several axes", "dilation"},
        numbers=taken("dilation", exchanged),
    ),
    Rewrite(
        "dilation-one-more",
        "as if the dilation counted the zeros between two taps",
        numbers=each("dilation", lambda a: a.dilation + 1),
    ),
    Rewrite(
        "dilation-one-less",
        "as if the dilation were one less",
        needs={"dilation"},
        numbers=each("dilation", lambda a: max(a.dilation - 1, 1)),
    ),
)
