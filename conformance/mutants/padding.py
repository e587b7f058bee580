"""Padding: where the full length is cropped. The size stays what was asked for, unless only the size would tell."""

from __future__ import annotations

from collections.abc import Callable

from conformance.case import Case
from conformance.mutants.mutant import Axis, Numbers, Rewrite, each, exchanged, first_for_all, taken


def crop(rule: Callable[[Axis], tuple[int, int]]) -> dict[str, Numbers]:
    """The numbers of a fault that crops another (lo, hi)."""
    return {"numbers": each("padding", rule)}


def _begins_then_ends(case: Case) -> dict:
    """(lo, hi) pairs, from a list that holds them side by side and is read as all begins, then all ends."""
    flat = [end for pair in case.padding for end in pair]
    return {"padding": tuple(zip(flat[: case.rank], flat[case.rank :], strict=True))}


def _pairs(case: Case) -> dict:
    """(lo, hi) pairs, from a list of all begins, then all ends, that is read as pairs."""
    flat = [pair[end] for end in (0, 1) for pair in case.padding]
    return {"padding": tuple(zip(flat[::2], flat[1::2], strict=True))}


def _undilated(a: Axis) -> tuple[int, int]:
    """K − 1 − lo zeros before the stretched input, where K_e − 1 − lo are due."""
    return a.lo + a.extent - a.kernel, a.hi + a.extent - a.kernel


PADDED = {"padding"}
UNEQUAL_ENDS = {"padding", "asymmetric padding"}

PADDING = (
    Rewrite(
        "padding-ends-swapped",
        "as if the paddings at the beginning and at the end were exchanged",
        needs=UNEQUAL_ENDS,
        **crop(lambda a: (a.hi, a.lo)),
    ),
    Rewrite(
        "padding-end-is-begin",
        "as if the end had the padding of the beginning",
        needs=UNEQUAL_ENDS,
        **crop(lambda a: (a.lo,) * 2),
    ),
    Rewrite(
        "padding-begin-is-end",
        "as if the beginning had the padding of the end",
        needs=UNEQUAL_ENDS,
        **crop(lambda a: (a.hi,) * 2),
    ),
    Rewrite(
        "padding-axes-swapped",
        "as if the paddings of the axes were exchanged",
        needs={"several axes", *PADDED},
        numbers=taken("padding", exchanged),
    ),
    Rewrite(
        "padding-of-axis-0",
        "as if the first axis' padding were that of all",
        needs={"several axes", *PADDED},
        numbers=taken("padding", first_for_all),
    ),
    Rewrite(
        "padding-pairs-read-as-begins-and-ends",
        "as if paddings given as (begin, end) pairs were read as all begins, then all ends",
        needs={"several axes", *PADDED},
        numbers=_begins_then_ends,
    ),
    Rewrite(
        "padding-begins-and-ends-read-as-pairs",
        "as if paddings given as all begins, then all ends were read as (begin, end) pairs",
        needs={"several axes", *PADDED},
        numbers=_pairs,
    ),
    Rewrite(
        "padding-all-at-end", "as if all of the padding were at the end", needs=PADDED, **crop(lambda a: (0, a.hi))
    ),
    Rewrite(
        "padding-all-at-begin",
        "as if all of the padding were at the beginning",
        needs=PADDED,
        **crop(lambda a: (a.lo + a.hi, 0)),
    ),
    Rewrite(
        "padding-halved-odd-at-end",
        "as if the padding were split in halves, the odd pixel at the end (SAME_UPPER)",
        needs=UNEQUAL_ENDS,
        **crop(lambda a: ((a.lo + a.hi) // 2, a.hi)),
    ),
    Rewrite(
        "padding-halved-odd-at-begin",
        "as if the padding were split in halves, the odd pixel at the beginning (SAME_LOWER)",
        needs=UNEQUAL_ENDS,
        **crop(lambda a: (-(-(a.lo + a.hi) // 2), a.hi)),
    ),
    Rewrite(
        "padding-halved-with-output-padding",
        "as if the padding less the output padding were split in halves",
        needs={"output padding"},
        when=lambda case: any(case.output_padding),
        **crop(lambda a: ((a.lo + a.hi - a.op) // 2, a.hi)),
    ),
    Rewrite(
        "padding-clamped",
        "as if padding beyond the kernel, above K_e − 1, were K_e − 1",
        needs=PADDED,
        **crop(lambda a: (min(a.lo, a.extent - 1), min(a.hi, a.extent - 1))),
    ),
    Rewrite(
        "padding-negative-clamped",
        "as if negative padding were 0",
        needs={"padding", "negative padding"},
        **crop(lambda a: (max(a.lo, 0), max(a.hi, 0))),
    ),
    Rewrite(
        "padding-from-undilated-kernel",
        "as if the padding were computed from the undilated kernel, K − 1 − p",
        needs={"dilation"},
        **crop(_undilated),
    ),
    Rewrite(
        "padding-on-forward-side",
        "as if the padding were added to the stretched input instead of cropped from the output",
        **crop(lambda a: (a.extent - 1 - a.lo, a.extent - 1 - a.hi)),
    ),
    Rewrite("padding-one-more", "as if one more were cropped at the beginning", **crop(lambda a: (a.lo + 1, a.hi))),
    Rewrite("padding-one-less", "as if one less were cropped at the beginning", **crop(lambda a: (a.lo - 1, a.hi))),
    Rewrite(
        "padding-times-dilation",
        "as if the padding were counted in dilated steps",
        needs={"dilation", *PADDED},
        **crop(lambda a: (a.lo * a.dilation, a.hi * a.dilation)),
    ),
    Rewrite(
        "padding-times-stride",
        "as if the padding were counted in input steps",
        needs={"stride", *PADDED},
        **crop(lambda a: (a.lo * a.stride, a.hi * a.stride)),
    ),
)
