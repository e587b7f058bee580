"""The definition, forward and its three gradients, in double precision; exact on integers below 2^53.

    y[n, m, u] = b[m] + Σ over c in m's group, i, k with i·s + k·e − lo = u  of  x[n, c, i] · w[c, m mod M/g, k]

and for an upstream g shaped like y:  dx = Σ w·g,  dw = Σ x·g,  db = Σ g,  over the same index set.

Written twice, in ways that share no step: `answer` by a matrix product and strided adds, for use;
`answer_by_definition` by summing over a table of the index set, for the tests that compare the two on finite numbers.
Nothing here is taken from a framework.
Operands are float64 (or any dtype that NumPy multiplies), canonical: x [N, C, I…], w [C, M/g, K…], b [M], g [N, M, O…].
"""

from __future__ import annotations

import math
from string import ascii_lowercase
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from conformance.case import Case, Check

    Operands = dict[str, np.ndarray]

#: Which operands a check multiplies with one another.
FACTORS = {"forward": ("x", "w"), "grad_input": ("g", "w"), "grad_weight": ("g", "x"), "grad_bias": ("g",)}


def answer(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """What `check` must return, shaped `case.result_shape(check)`. Raises ValueError where the case has no answer.

    NaN and infinities count where a term of the definition has them, by IEEE 754, and nowhere else.
    """
    if problem := case.problem():
        raise ValueError(f"{case.id} has no answer: {problem}")
    if all(np.isfinite(operands[name]).all() for name in FACTORS[check]):
        return _sums(case, check, operands)
    return _special(case, check, operands)


def _sums(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The answer for finite factors; on the way they are also multiplied with zeros that stand in no term."""
    return {
        "forward": _forward,
        "grad_input": _grad_input,
        "grad_weight": _grad_weight,
        "grad_bias": _grad_bias,
    }[check](case, operands)


def _special(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The sum of the finite terms, and for each element how many of its terms are NaN, +∞ and −∞: that is all it takes,
    whatever the order of summation. The counts are sums of products of zeros and ones."""
    if check == "grad_bias":
        with np.errstate(invalid="ignore"):
            return _grad_bias(case, operands)
    names = FACTORS[check]
    one, two = (_Kinds.of(operands[name]) for name in names)

    def sums(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return _sums(case, check, {names[0]: left, names[1]: right})

    nan = sums(one.nan, two.any) + sums(one.any, two.nan) + sums(one.endless, two.zero) + sums(one.zero, two.endless)
    endless = sums(one.endless, abs(two.sign)) + sums(abs(one.sign), two.endless)
    excess = sums(one.endless * one.sign, two.sign) + sums(one.sign, two.endless * two.sign)  # of +∞ over −∞
    plus, minus = endless + excess > 0, endless - excess > 0
    finite = {name: np.where(np.isfinite(operands[name]), operands[name], 0) for name in names}
    total = np.where(plus, np.inf, np.where(minus, -np.inf, 0))
    total[(nan > 0) | (plus & minus)] = np.nan
    return total + _sums(case, check, operands | finite)


class _Kinds(NamedTuple):
    """Where a factor is NaN, infinite, zero, anything at all, as 1 and 0; and its sign, 0 where it has none."""

    nan: np.ndarray
    endless: np.ndarray
    zero: np.ndarray
    any: np.ndarray
    sign: np.ndarray

    @classmethod
    def of(cls, factor: np.ndarray) -> _Kinds:
        nan = np.isnan(factor)
        flags = (nan, np.isinf(factor), factor == 0, np.ones_like(nan))
        return cls(*(flag.astype(np.float64) for flag in flags), np.sign(np.where(nan, 0, factor)))


def magnitude(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """Σ |terms| of every element of the answer: the scale on which rounding errors are measured."""
    return answer(case, check, {name: np.abs(array) for name, array in operands.items()})


def norm(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """√Σ terms² of every element of the answer: the scale of a sum whose terms have random signs."""
    return np.sqrt(answer(case, check, {name: array**2 for name, array in operands.items()}))


def _forward(case: Case, operands: Operands) -> np.ndarray:
    rank, batch, groups, per_group = case.rank, case.batch, case.groups, case.in_channels // case.groups
    filters, kernel = case.out_channels // groups, math.prod(case.kernel)
    x, w = _pixels(case, operands["x"]), operands["w"].reshape(groups, per_group, filters, kernel)
    # One matrix product per group, each input position times the whole kernel; then one axis after the other: tap k of
    # position i lands at i·s + k·e. What is longer, filters or rows, is the last axis, where adding is fast.
    here, there = _overlap(case)
    y = np.zeros((batch, groups, filters, *case.output), x.dtype)
    if filters > case.input[-1] > 1:
        stamps = np.matmul(x.transpose(0, 2, 1), w.transpose(0, 1, 3, 2).reshape(groups, per_group, kernel * filters))
        stamps = stamps.reshape(groups, batch, *case.input, *case.kernel, filters)
        for axis in reversed(range(rank)):
            stamps = _land(stamps, case, axis, tap_axis=2 + rank + axis, pixel_axis=2 + axis)
        y[(..., *here)] = np.moveaxis(stamps[(slice(None), slice(None), *there)], (0, -1), (1, 2))
    else:
        stamps = np.matmul(w.reshape(groups, per_group, filters * kernel).transpose(0, 2, 1), x)
        stamps = stamps.reshape(groups, filters, *case.kernel, batch, *case.input)
        for axis in reversed(range(rank)):
            stamps = _land(stamps, case, axis, tap_axis=2 + axis, pixel_axis=stamps.ndim - rank + axis)
        y[(..., *here)] = np.moveaxis(stamps[(..., *there)], 2, 0)
    y = y.reshape(case.y_shape)
    if "b" in operands:
        y += operands["b"].reshape(-1, *[1] * rank)
    return y


def _pixels(case: Case, x: np.ndarray) -> np.ndarray:
    """[groups, C/g, N·I]: the input positions of all images side by side, so that one product serves them."""
    x = x.reshape(case.batch, case.groups, case.in_channels // case.groups, math.prod(case.input))
    return x.transpose(1, 2, 0, 3).reshape(case.groups, x.shape[2], case.batch * x.shape[3])


def _land(stamps: np.ndarray, case: Case, axis: int, tap_axis: int, pixel_axis: int) -> np.ndarray:
    """Add up the taps of one spatial axis: its tap axis goes, its pixel axis grows to the full length."""
    stride, dilation, length = case.stride[axis], case.dilation[axis], case.input[axis]
    shape = list(stamps.shape)
    shape[pixel_axis] = case.full[axis]
    full = np.zeros(shape[:tap_axis] + shape[tap_axis + 1 :], stamps.dtype)
    before = (slice(None),) * (pixel_axis - (tap_axis < pixel_axis))
    for k in range(case.kernel[axis] if length else 0):
        begin = k * dilation
        full[(*before, slice(begin, begin + (length - 1) * stride + 1, stride))] += stamps[
            (*(slice(None),) * tap_axis, k)
        ]
    return full


def _overlap(case: Case) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where output and full length overlap: slices into the output, slices into the full length."""
    here, there = [], []
    for (lo, _), full, output in zip(case.padding, case.full, case.output, strict=True):
        begin, end = max(lo, 0), min(lo + output, full)
        end = max(begin, end)
        here.append(slice(begin - lo, end - lo))
        there.append(slice(begin, end))
    return tuple(here), tuple(there)


def _upstream(case: Case, upstream: np.ndarray) -> np.ndarray:
    """[groups, M/g·K, N·I]: what each tap of each input position touches of the upstream gradient, 0 outside."""
    full = np.zeros((case.out_channels, case.batch, *case.full), upstream.dtype)
    here, there = _overlap(case)
    full[(..., *there)] = upstream[(..., *here)].swapaxes(0, 1)
    (filter_step, image_step), space = full.strides[:2], full.strides[2:]
    touched = np.lib.stride_tricks.as_strided(
        full,
        (case.out_channels, *case.kernel, case.batch, *case.input),
        (
            filter_step,
            *(step * e for step, e in zip(space, case.dilation, strict=True)),
            image_step,
            *(step * s for step, s in zip(space, case.stride, strict=True)),
        ),
        writeable=False,
    )
    taps = case.out_channels // case.groups * math.prod(case.kernel)
    return touched.reshape(case.groups, taps, case.batch * math.prod(case.input))


def _grad_input(case: Case, operands: Operands) -> np.ndarray:
    groups, per_group = case.groups, case.in_channels // case.groups
    taps = math.prod(case.w_shape[1:])
    dx = np.matmul(operands["w"].reshape(groups, per_group, taps), _upstream(case, operands["g"]))
    dx = dx.reshape(groups, per_group, case.batch, math.prod(case.input))
    return dx.transpose(2, 0, 1, 3).reshape(case.x_shape)


def _grad_weight(case: Case, operands: Operands) -> np.ndarray:
    taps = _upstream(case, operands["g"])
    return np.matmul(_pixels(case, operands["x"]), taps.swapaxes(-1, -2)).reshape(case.w_shape)


def _grad_bias(case: Case, operands: Operands) -> np.ndarray:
    return operands["g"].sum(axis=(0, *range(2, 2 + case.rank)))


def answer_by_definition(case: Case, check: Check, operands: Operands) -> np.ndarray:
    """The same as `answer`, from a table of the index set: T[i, k, u] = 1 where i·s + k·e − lo = u, per axis.

    Slow (the table has I·K·O entries per axis); small cases only.
    """
    rank, letters = case.rank, iter(ascii_lowercase)
    n, a, c, m = (next(letters) for _ in range(4))  # batch, group, channel in group, filter in group
    i, k, u = ([next(letters) for _ in range(rank)] for _ in range(3))
    tables = [_table(case, axis) for axis in range(rank)]
    groups, per_group, filters = case.groups, case.in_channels // case.groups, case.out_channels // case.groups
    spelled = {
        "x": (n + a + c + "".join(i), (case.batch, groups, per_group, *case.input)),
        "w": (a + c + m + "".join(k), (groups, per_group, filters, *case.kernel)),
        "g": (n + a + m + "".join(u), (case.batch, groups, filters, *case.output)),
    }
    if check == "grad_bias":
        return np.einsum(operands["g"], [0, 1, *range(2, 2 + rank)], [1])
    inputs, result = {"forward": ("xw", "g"), "grad_input": ("wg", "x"), "grad_weight": ("xg", "w")}[check]
    terms = [spelled[name][0] for name in inputs] + ["".join(axis) for axis in zip(i, k, u, strict=True)]
    total = np.einsum(
        ",".join(terms) + "->" + spelled[result][0],
        *(operands[name].reshape(spelled[name][1]) for name in inputs),
        *tables,
        optimize=True,
    ).reshape(case.result_shape(check))
    if check == "forward" and "b" in operands:
        total = total + operands["b"].reshape(-1, *[1] * rank)
    return total


def _table(case: Case, axis: int) -> np.ndarray:
    i = np.arange(case.input[axis])[:, None, None]
    k = np.arange(case.kernel[axis])[None, :, None]
    u = np.arange(case.output[axis])[None, None, :]
    hits = i * case.stride[axis] + k * case.dilation[axis] - case.padding[axis][0] == u
    return hits.astype(np.float64)
