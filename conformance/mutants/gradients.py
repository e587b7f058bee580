"""Faults that a backward has by itself; those that follow from a wrong forward are that forward's own.

A gradient also comes wrong by any fault of the other modules, through its adjoint: the gradient of a flipped kernel
is the kernel's gradient, flipped.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Case, Check
from conformance.mutants.channels import by_group
from conformance.mutants.mutant import Computed, Operands, axes, other, reversed_
from conformance.oracle import answer


def _images(keep: slice):
    """Only some images count."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        some = {name: operands[name][keep] for name in "xg"}
        return answer(other(case, {"batch": len(some["x"])}), check, operands | some)

    return compute


def _odd_one_out(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """Images count in pairs, and what is left of an odd number of them does not."""
    return _images(slice(case.batch // 2 * 2))(case, check, operands)


def _past_2(images: Callable[[np.ndarray], np.ndarray]):
    """From the third image on, something made of the gradients of the first two."""

    def compute(case: Case, check: Check, operands: Operands) -> np.ndarray:
        right = answer(case, check, operands)
        return np.concatenate([right[:2], images(right)])

    return compute


def _exchanged(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """Σ g·x with g where x belongs: the kernel gradient of the convolution, [M, C/g, K…]."""
    swapped = reversed_(case, case.output, case.input)
    return answer(swapped, check, {"x": operands["g"], "g": operands["x"]})


def _other_way(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The forward's loop over g: a transposed convolution where its adjoint is due, cut to the input's size."""
    swapped = reversed_(case, case.output, case.input)
    w = by_group(case, operands["w"]).swapaxes(1, 2).reshape(swapped.w_shape)
    return answer(swapped, "forward", {"x": operands["g"], "w": w})


def _upstream_dropped(case: Case, check: Check, operands: Operands) -> np.ndarray:
    return answer(case, check, operands | {"g": np.ones(case.y_shape)})


def _next_group(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """Every group's gradient from the upstream of the next one."""
    return answer(case, check, operands | {"g": np.roll(operands["g"], -(case.out_channels // case.groups), axis=1)})


def _scaled(factor):
    return lambda case, check, operands: answer(case, check, operands) * factor(case)


def _without_borders(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """Only input positions whose whole stamp is in the output."""
    x = operands["x"].copy()
    for axis, a in enumerate(axes(case)):
        begin = np.arange(a.input) * a.stride - a.lo
        whole = (begin >= 0) & (begin + a.extent <= a.output)
        x *= whole.reshape(-1, *[1] * (case.rank - axis - 1))
    return answer(case, check, operands | {"x": x})


INPUT, KERNEL, BIAS = ("grad_input",), ("grad_weight",), ("grad_bias",)
ALL = INPUT + KERNEL + BIAS

GRADIENTS = (
    Computed("gradient-upstream-dropped", "as if the upstream gradient were 1", checks=ALL, compute=_upstream_dropped),
    Computed("gradient-negated", "as if the gradient had the other sign", checks=ALL, compute=_scaled(lambda case: -1)),
    Computed(
        "gradient-accumulated-twice",
        "as if the gradient were added up twice",
        checks=ALL,
        compute=_scaled(lambda case: 2),
    ),
    Computed(
        "gradient-of-first-image",
        "as if only the first image counted",
        checks=KERNEL + BIAS,
        compute=_images(slice(1)),
    ),
    Computed(
        "gradient-of-last-image",
        "as if the gradient of each image overwrote that of the one before",
        checks=KERNEL + BIAS,
        compute=_images(slice(-1, None)),
    ),
    Computed(
        "gradient-of-first-two-images",
        "as if only the first two images counted",
        checks=KERNEL + BIAS,
        when=lambda case: case.batch > 2,
        compute=_images(slice(2)),
    ),
    Computed(
        "gradient-without-odd-image",
        "as if images counted in pairs, and the last of an odd number did not",
        checks=KERNEL + BIAS,
        when=lambda case: case.batch > 2 and case.batch % 2 == 1,
        compute=_odd_one_out,
    ),
    Computed(
        "grad-input-past-image-2-missing",
        "as if images past the second had no gradient",
        checks=INPUT,
        when=lambda case: case.batch > 2,
        compute=_past_2(lambda right: np.zeros_like(right[2:])),
    ),
    Computed(
        "grad-input-past-image-2-repeated",
        "as if images past the second had the second one's gradient",
        checks=INPUT,
        when=lambda case: case.batch > 2,
        compute=_past_2(lambda right: np.repeat(right[1:2], len(right) - 2, axis=0)),
    ),
    Computed(
        "gradient-averaged-over-batch",
        "as if the gradient were averaged over the batch",
        checks=KERNEL + BIAS,
        when=lambda case: case.batch > 0,
        compute=_scaled(lambda case: 1 / case.batch),
    ),
    Computed(
        "grad-input-averaged-over-batch",
        "as if the gradient were divided by the batch",
        checks=INPUT,
        when=lambda case: case.batch > 0,
        compute=_scaled(lambda case: 1 / case.batch),
    ),
    Computed(
        "grad-input-by-forward",
        "as if the gradient were another transposed convolution, not its adjoint",
        checks=INPUT,
        compute=_other_way,
    ),
    Computed(
        "grad-weight-operands-exchanged",
        "as if input and upstream gradient were exchanged",
        checks=KERNEL,
        compute=_exchanged,
    ),
    Computed(
        "grad-weight-without-borders",
        "as if only inputs whose whole stamp is in the output counted",
        needs={"padding"},
        checks=KERNEL,
        compute=_without_borders,
    ),
    Computed(
        "gradient-of-next-group",
        "as if each group had the next one's upstream gradient",
        needs={"groups"},
        checks=ALL,
        when=lambda case: case.groups > 1,
        compute=_next_group,
    ),
    Computed(
        "grad-bias-averaged-over-space",
        "as if the gradient were averaged over the positions",
        needs={"bias"},
        checks=BIAS,
        when=lambda case: min(case.output) > 0,
        compute=_scaled(lambda case: 1 / np.prod(case.output)),
    ),
    Computed(
        "grad-bias-not-summed-over-space",
        "as if the gradient were summed over the batch only",
        needs={"bias"},
        checks=BIAS,
        compute=lambda case, check, operands: operands["g"].sum(axis=0),
    ),
)
