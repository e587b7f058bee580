"""Faults of number: rounded on the way, summed in too few bits, wrapped around.

The exact fill leaves room for rounding that a declaration may allow: its float32 operands fit the 11 bits of TF32, so
"multiplicands-11-bits" shows in float64 only, and a sum in half precision does not show in half precision. That is what
the real fill and its bound are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.case import Case, Check
from conformance.mutants.mutant import Computed, Operands, channel, other
from conformance.oracle import answer
from conformance.oracle.operands import decode, encode

Rounding = Callable[[np.ndarray], np.ndarray]


def through(dtype: str) -> Rounding:
    """Rounded to a dtype and back; beyond its range infinite."""

    def rounded(array: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return decode(encode(array, dtype), dtype)

    return rounded


def bits(count: int) -> Rounding:
    """Rounded to a significand of so many bits, at any magnitude."""

    def rounded(array: np.ndarray) -> np.ndarray:
        fraction, exponent = np.frexp(array)
        return np.ldexp(np.rint(np.ldexp(fraction, count)), exponent - count)

    return rounded


def wrapped(width: int) -> Rounding:
    """The integer's two's complement of so many bits."""
    half = 2.0 ** (width - 1)
    return lambda array: np.mod(np.rint(array) + half, 2 * half) - half


def clipped(width: int) -> Rounding:
    """Cut off at the largest integers of so many bits."""
    half = 2.0 ** (width - 1)
    return lambda array: np.clip(array, -half, half - 1)


def _result(rounding: Rounding):
    return lambda case, check, operands: rounding(answer(case, check, operands))


def _operands(rounding: Rounding):
    """Everything that is multiplied is rounded first; bias is added as it is."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        rounded = {name: rounding(array) if name != "b" else array for name, array in operands.items()}
        return answer(case, check, rounded)

    return compute


def parts(case: Case, check: Check, operands: Operands) -> Iterator[np.ndarray]:
    """The answer without bias as a sum of parts: one for each input channel of a group, filter or image summed over."""
    per_group, filters = case.in_channels // case.groups, case.out_channels // case.groups
    if check == "forward":
        one = other(case, {"in_channels": case.groups, "bias": False})
        for c in range(per_group):
            yield answer(one, check, {"x": operands["x"][:, c::per_group], "w": operands["w"][c::per_group]})
    elif check == "grad_input":
        one = other(case, {"out_channels": case.groups})
        for m in range(filters):
            yield answer(one, check, {"g": operands["g"][:, m::filters], "w": operands["w"][:, m : m + 1]})
    else:
        one = other(case, {"batch": 1})
        for n in range(case.batch):
            yield answer(one, check, {name: operands[name][n : n + 1] for name in "xg"})


def _accumulated(rounding: Rounding):
    """The sum is rounded after every part."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        total = np.zeros(case.result_shape(check))
        if check == "forward" and case.bias:
            total = rounding(total + channel(operands["b"], case))
        for part in parts(case, check, operands):
            with np.errstate(invalid="ignore"):
                total = rounding(total + part)
        return total

    return compute


def _quantised(axis: int | None):
    """The kernel in 8 bits, with one scale, or one for each entry of an axis."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        w = operands["w"]
        over = tuple(other for other in range(w.ndim) if other != axis)
        scale = np.abs(w).max(axis=over, keepdims=True, initial=0) / 127
        scale = np.where(scale > 0, scale, 1)
        return answer(case, check, operands | {"w": np.rint(w / scale) * scale})

    return compute


def _conjugated(name: str):
    return lambda case, check, operands: answer(case, check, operands | {name: np.conj(operands[name])})


#: What goes wrong with complex operands only. Rounding is not asked there, and the score knows real operands only.
COMPLEX = (
    Computed("kernel-conjugated", "the kernel was conjugated", compute=_conjugated("w")),
    Computed("input-conjugated", "the input was conjugated", compute=_conjugated("x")),
    Computed("imaginary-lost", "the imaginary part of the answer is lost", compute=_result(np.real)),
)

MULTIPLIED = ("forward", "grad_input", "grad_weight")
BY_KERNEL = ("forward", "grad_input")

ARITHMETIC = (
    Computed("result-float16", "rounded through float16", compute=_result(through("float16"))),
    Computed("result-bfloat16", "rounded through bfloat16", compute=_result(through("bfloat16"))),
    Computed("result-float32", "rounded through float32", compute=_result(through("float32"))),
    Computed("accumulated-float16", "accumulated in float16", compute=_accumulated(through("float16"))),
    Computed("accumulated-bfloat16", "accumulated in bfloat16", compute=_accumulated(through("bfloat16"))),
    Computed(
        "multiplicands-11-bits",
        "multiplicands rounded to 11 bits, as TF32 and float16 do",
        checks=MULTIPLIED,
        compute=_operands(bits(11)),
    ),
    Computed(
        "multiplicands-bfloat16",
        "multiplicands rounded to bfloat16",
        checks=MULTIPLIED,
        compute=_operands(through("bfloat16")),
    ),
    Computed("result-int8-wrapped", "wrapped around at 8 bits", compute=_result(wrapped(8))),
    Computed("result-int8-clipped", "cut off at 8 bits", compute=_result(clipped(8))),
    Computed("result-int16-wrapped", "wrapped around at 16 bits", compute=_result(wrapped(16))),
    Computed("result-int32-wrapped", "wrapped around at 32 bits", compute=_result(wrapped(32))),
    Computed(
        "kernel-int8", "the kernel was quantised to 8 bits with one scale", checks=BY_KERNEL, compute=_quantised(None)
    ),
    Computed(
        "kernel-int8-by-input-channel",
        "the kernel was quantised to 8 bits with a scale for each input channel",
        checks=BY_KERNEL,
        compute=_quantised(0),
    ),
)
