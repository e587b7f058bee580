"""Wrong output sizes: the right values at the size of another formula, cut or drawn out at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conformance.case import Case, Check
from conformance.mutants.channels import by_group
from conformance.mutants.mutant import Axis, Computed, Mutant, Operands, axes, channel, other, reversed_
from conformance.oracle import answer


@dataclass(frozen=True, eq=False)
class Size(Mutant):
    """A formula for the output lengths; `formula` takes an Axis and may return what no axis has (less than 0)."""

    checks: tuple[Check, ...] = ("forward",)
    formula: Callable[[Axis], int] = lambda axis: axis.output

    def size(self, case: Case) -> tuple[int, ...]:
        """The wrong output lengths."""
        return tuple(self.formula(axis) for axis in axes(case))

    def applies(self, case: Case, check: Check) -> bool:
        if not super().applies(case, check):
            return False
        size = self.size(case)
        return size != case.output and min(size) >= 0

    def compute(self, case: Case, check: Check, operands: Operands) -> np.ndarray:
        padding = tuple((a.lo, a.hi + a.output - length) for a, length in zip(axes(case), self.size(case), strict=True))
        return answer(other(case, {"padding": padding}), check, operands)


def _conv(a: Axis) -> int:
    return (a.input + a.lo + a.hi - a.extent) // a.stride + 1


SIZES = (
    Size(
        "size-of-convolution",
        "the size is that of a convolution, (I + lo + hi − K_e)/s + 1",
        formula=_conv,
    ),
    Size(
        "size-of-convolution-without-stride",
        "the size is that of a convolution of stride 1, N + 2P − K + 1",
        formula=lambda a: a.input + a.lo + a.hi - a.kernel + 1,
    ),
    Size(
        "size-without-dilation",
        "the size is computed from K, not from K_e = (K − 1)·e + 1",
        needs={"dilation"},
        formula=lambda a: a.output - a.extent + a.kernel,
    ),
    Size(
        "size-without-output-padding",
        "the size lacks the output padding",
        needs={"output padding"},
        formula=lambda a: a.output - a.op,
    ),
    Size(
        "size-with-output-padding-twice",
        "the size has the output padding at both ends",
        needs={"output padding"},
        formula=lambda a: a.output + a.op,
    ),
    Size(
        "size-with-output-padding-in-input",
        "the size is that of an input drawn out by the output padding",
        needs={"output padding", "stride"},
        formula=lambda a: a.output - a.op + a.op * a.stride,
    ),
    Size(
        "size-with-output-padding-below-stride",
        "the size has an output padding of at most s − 1",
        needs={"output padding"},
        formula=lambda a: a.output - a.op + min(a.op, a.stride - 1),
    ),
    Size(
        "size-without-padding",
        "the size is the full one, (I − 1)·s + K_e + op, nothing cropped",
        needs={"padding"},
        formula=lambda a: a.full + a.op,
    ),
    Size(
        "size-with-padding-once",
        "the size lacks only the padding at the beginning, not at the end",
        needs={"padding"},
        formula=lambda a: a.output + a.hi,
    ),
    Size(
        "size-with-padding-added",
        "the size has the padding added, not subtracted",
        needs={"padding"},
        formula=lambda a: a.output + 2 * (a.lo + a.hi),
    ),
    Size("size-full", "the size is the natural one, (I − 1)·s + K_e, not the one asked for", formula=lambda a: a.full),
    Size("size-same", "the size is that of SAME, I·s", formula=lambda a: a.input * a.stride),
    Size(
        "size-valid",
        "the size is that of VALID, I·s + max(K_e − s, 0)",
        formula=lambda a: a.input * a.stride + max(a.extent - a.stride, 0),
    ),
    Size(
        "size-same-of-short-kernel",
        "the size is that of SAME for a kernel that covers its stride, min(I·s, (I − 1)·s + K_e)",
        formula=lambda a: min(a.input * a.stride, a.full),
    ),
    Size(
        "size-of-forward-padding",
        "the size is (I − 1)·s + 1 + lo + hi − K_e + 1, padding on the forward side",
        formula=lambda a: (a.input - 1) * a.stride + 2 + a.lo + a.hi - a.extent,
    ),
    Size("size-one-short", "the size is one short on every axis", formula=lambda a: a.output - 1),
    Size("size-one-long", "the size is one long on every axis", formula=lambda a: a.output + 1),
    Size(
        "size-of-whole-strides",
        "the size counts I·s + K_e, not (I − 1)·s + K_e",
        formula=lambda a: a.output + a.stride,
    ),
    Size(
        "size-without-stride",
        "the size is that of stride 1",
        needs={"stride"},
        formula=lambda a: a.output - (a.input - 1) * (a.stride - 1),
    ),
    Size("size-at-least-1", "the size is at least 1", formula=lambda a: max(a.output, 1)),
    Size("size-of-input", "the size is the input's", formula=lambda a: a.input),
)


def _one_axis(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """Every axis as long as the first."""
    padding = tuple((a.lo, a.hi + a.output - case.output[0]) for a in axes(case))
    return answer(other(case, {"padding": padding}), check, operands)


def _no_image(case: Case, check: Check, operands: Operands) -> np.ndarray:
    one = np.zeros((1, *case.x_shape[1:]))
    return answer(other(case, {"batch": 1}), check, operands | {"x": one})


def _convolved(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The plain convolution of x, the adjoint of another transposed convolution."""
    length = tuple(map(_conv, axes(case)))
    adjoint = reversed_(case, length, case.input)
    w = by_group(case, operands["w"]).swapaxes(1, 2).reshape(adjoint.w_shape)
    y = answer(adjoint, "grad_input", {"w": w, "g": operands["x"]})
    return y + channel(operands["b"], case) if case.bias else y


SHAPES = (
    Computed(
        "transposed-ignored",
        "as if the convolution were not transposed",
        checks=("forward",),
        when=lambda case: min(map(_conv, axes(case))) > 0,
        compute=_convolved,
    ),
    Computed(
        "size-of-axis-0",
        "the size is the first axis' on all",
        needs={"several axes"},
        checks=("forward",),
        when=lambda case: len(set(case.output)) > 1,
        compute=_one_axis,
    ),
    Computed(
        "batch-at-least-1",
        "an empty batch is answered with one image",
        checks=("forward",),
        when=lambda case: case.batch == 0,
        compute=_no_image,
    ),
)
