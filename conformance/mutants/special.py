"""Faults of NaN and infinity: zeros that are skipped, and zeros that are multiplied though they stand in no term.

On finite numbers all of them answer rightly: x·0 is 0, left out or not. So they are asked in the special fills only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Case, Check
from conformance.mutants.channels import by_group
from conformance.mutants.edges import nearest, reached
from conformance.mutants.mutant import SPECIAL_FILLS, Axis, Computed, Operands, axes, channel, other
from conformance.oracle import answer
from conformance.oracle.definition import FACTORS

BY_KERNEL = ("forward", "grad_input")


def _zeros_skipped(name: str):
    """Terms with a zero of one factor are left out, whatever the other factor is there."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        [partner] = set(FACTORS[check]) - {name}
        special = ~np.isfinite(operands[partner])
        result = answer(case, check, operands | {partner: np.where(special, 0, operands[partner])})
        for place in zip(*np.nonzero(special), strict=True):
            # One entry of a factor stands in one term of an element, so its terms can be told from their sum.
            alone = np.zeros(special.shape)
            alone[place] = 1
            term = answer(case, check, {partner: alone, name: operands[name]})
            with np.errstate(invalid="ignore"):
                result[term != 0] += operands[partner][place] * term[term != 0]
        return result

    return compute


def _matrix(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """What stands in an image at all reaches each element of its answer, by a term or by a zero of the matrix."""
    name = FACTORS[check][0]
    special = (~np.isfinite(operands[name])).astype(float)
    by_terms = answer(case, check, {name: special, "w": np.ones(case.w_shape)})
    at_all = special.sum(axis=tuple(range(1, special.ndim)), keepdims=True)
    return np.where(at_all > by_terms, np.nan, answer(case, check, operands))


def _zero_blocks(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """One group with a kernel [C, M, K…] that is zero between channels of different groups."""
    blocks = by_group(case, operands["w"])
    dense = np.zeros((case.groups, blocks.shape[1], case.groups, *blocks.shape[2:]))
    for group, block in enumerate(blocks):
        dense[group, :, group] = block
    w = dense.reshape(case.in_channels, case.out_channels, *case.kernel)
    return answer(other(case, {"groups": 1}), check, operands | {"w": w})


def spread(array: np.ndarray, steps: tuple[int, ...]) -> np.ndarray:
    """Zeros between the entries of the spatial axes, which come to lie so many steps apart."""
    lengths = (max((length - 1) * step + 1, 0) for length, step in zip(array.shape[2:], steps, strict=True))
    wide = np.zeros((*array.shape[:2], *lengths))
    wide[(..., *(slice(None, None, step) for step in steps))] = array
    return wide


def _kernel_written_out(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The kernel with its holes as zeros, and no dilation."""
    numbers = {"kernel": case.extent, "dilation": (1,) * case.rank}
    return answer(other(case, numbers), check, operands | {"w": spread(operands["w"], case.dilation)})


def _outside(a: Axis) -> tuple[int, int]:
    """How many positions before the input's first, and after its last, have a tap that lands in the output."""
    return max((a.extent - 1 - a.lo) // a.stride, 0), max((a.output - 1 + a.lo) // a.stride - (a.input - 1), 0)


def _bordered(case: Case, check: Check, operands: Operands, first: int = 0) -> np.ndarray:
    """The input in a border of zeros, as wide as the output reads it, on the axes from the `first`."""
    border = [_outside(a) if axis >= first else (0, 0) for axis, a in enumerate(axes(case))]
    numbers = {
        "input": tuple(before + a.input + after for a, (before, after) in zip(axes(case), border, strict=True)),
        "padding": tuple(
            (a.lo + before * a.stride, a.hi + after * a.stride)
            for a, (before, after) in zip(axes(case), border, strict=True)
        ),
    }
    x = np.pad(operands["x"], [(0, 0), (0, 0), *border])
    return answer(other(case, numbers), check, operands | {"x": x})


def _rows_bordered(case: Case, check: Check, operands: Operands) -> np.ndarray:
    return _bordered(case, check, operands, case.rank - 1)


def _stretched(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The input with zeros between its positions, in a border of zeros, and no stride."""
    wide = spread(operands["x"], case.stride)
    return _bordered(other(case, {"input": wide.shape[2:], "stride": (1,) * case.rank}), check, operands | {"x": wide})


def _uncropped(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The upstream gradient with zeros where the answer was cropped, and nothing cropped."""
    crops = [(max(a.lo, 0), max(a.hi - a.op, 0)) for a in axes(case)]
    padding = tuple((a.lo - lo, a.hi - hi) for a, (lo, hi) in zip(axes(case), crops, strict=True))
    g = np.pad(operands["g"], [(0, 0), (0, 0), *crops])
    return answer(other(case, {"padding": padding}), check, operands | {"g": g})


def _gap_by_product(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """A position that no stamp reaches holds 0 times the value of the last one before it that a stamp does."""
    y = answer(other(case, {"bias": False}), check, {name: operands[name] for name in "xw"})
    with np.errstate(invalid="ignore"):
        y = np.where(reached(case), y, nearest(case, y) * 0)
    return y + channel(operands["b"], case) if case.bias else y


def _not_empty(case: Case) -> bool:
    return min(case.input) > 0


def _replaced(test: Callable[[np.ndarray], np.ndarray], value: float):
    """Every operand has a number in place of some others."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        replaced = {name: np.where(test(array), value, array) for name, array in operands.items()}
        return answer(case, check, replaced)

    return compute


SPECIAL = (
    Computed(
        "zero-weights-skipped",
        "as if the kernel's zeros were skipped, also where they meet NaN or infinity",
        checks=BY_KERNEL,
        compute=_zeros_skipped("w"),
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zero-inputs-skipped",
        "as if the input's zeros were skipped, also where they meet NaN or infinity",
        checks=("forward", "grad_weight"),
        compute=_zeros_skipped("x"),
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zero-gradients-skipped",
        "as if the upstream gradient's zeros were skipped, also where they meet NaN or infinity",
        checks=("grad_input", "grad_weight"),
        compute=_zeros_skipped("g"),
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "matrix-zeros-multiplied",
        "as if everything were multiplied with zeros to which no tap connects it, as an explicit matrix does",
        checks=BY_KERNEL,
        compute=_matrix,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zeros-between-groups-multiplied",
        "as if channels of other groups were multiplied with zeros",
        needs={"groups"},
        checks=BY_KERNEL,
        when=lambda case: case.groups > 1,
        compute=_zero_blocks,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zeros-between-taps-multiplied",
        "as if the zeros between the taps of a dilated kernel were multiplied",
        needs={"dilation"},
        checks=BY_KERNEL,
        when=lambda case: case.extent != case.kernel,
        compute=_kernel_written_out,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zeros-around-input-multiplied",
        "as if zeros around the input were multiplied with the kernel",
        checks=("forward",),
        when=_not_empty,
        compute=_bordered,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zeros-around-rows-multiplied",
        "as if zeros before and behind the input's rows were multiplied with the kernel",
        needs={"several axes"},
        checks=("forward",),
        when=lambda case: _not_empty(case) and case.rank > 1,
        compute=_rows_bordered,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zeros-inserted-multiplied",
        "as if zeros between and around the inputs were multiplied with the kernel",
        needs={"stride"},
        checks=("forward",),
        when=lambda case: _not_empty(case) and max(case.stride) > 1,
        compute=_stretched,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "zeros-where-cropped-multiplied",
        "as if cropped positions had an upstream gradient of 0, and it were multiplied",
        needs={"padding"},
        checks=("grad_input", "grad_weight"),
        when=lambda case: any(max(a.lo, a.hi - a.op) > 0 for a in axes(case)),
        compute=_uncropped,
        fills=SPECIAL_FILLS,
    ),
    Computed(
        "gap-filled-by-product",
        "as if positions that no stamp reaches held 0 times the value of the last one before them that a stamp does",
        checks=("forward",),
        when=lambda case: not reached(case).all(),
        compute=_gap_by_product,
        fills=SPECIAL_FILLS,
    ),
    Computed("nan-as-zero", "as if NaN were 0", compute=_replaced(np.isnan, 0), fills=SPECIAL_FILLS),
    Computed("infinity-as-nan", "as if infinity were NaN", compute=_replaced(np.isinf, np.nan), fills=SPECIAL_FILLS),
)
