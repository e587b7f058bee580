"""The definition at chosen elements, for questions whose whole answer would take too much time or memory.

An element costs as many products as it has terms, however long the axes are. The elements that are chosen are those at
the two ends of the answer and others at random from the operands' stream (see operands.mix), the same for every route.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from conformance.case import Case, Check

    Operands = dict[str, np.ndarray]

#: Products of the whole kernel with the whole input beyond which the answer is sampled: they would fill a GiB.
MOST_PRODUCTS = 2**27
#: How many elements are chosen, and how many products all of them may take.
PICKS, WORK = 4096, 2**28


def wanted(case: Case) -> bool:
    """Whether only chosen elements of the answer are computed."""
    products = case.out_channels * math.prod(case.kernel) * case.batch * math.prod(case.input)
    return max(products, math.prod(case.y_shape), case.batch * math.prod(case.full) * case.out_channels) > MOST_PRODUCTS


def picks(shape: tuple[int, ...], terms: int, random: np.ndarray) -> np.ndarray:
    """Flat indices of the chosen elements of an answer of this shape, each of which has so many terms; sorted.
    `random`: PICKS numbers, uint64."""
    size = math.prod(shape)
    count = max(min(PICKS, WORK // max(terms, 1), size), min(size, 16))
    ends = np.arange(min(count // 4, size))
    chosen = np.concatenate([ends, size - 1 - ends, random[:count] % np.uint64(max(size, 1))]).astype(np.int64)
    return np.unique(chosen) if size else np.zeros(0, np.int64)


def answer(case: Case, check: Check, operands: Operands, chosen: np.ndarray) -> np.ndarray:
    """The chosen elements (flat indices) of what `check` must return, float64. NaN and infinities come in by the terms
    that have them, and by no others: nothing else is multiplied."""
    at = np.unravel_index(chosen, case.result_shape(check))
    return {"forward": _forward, "grad_input": _grad_input, "grad_weight": _grad_weight, "grad_bias": _grad_bias}[
        check
    ](case, operands, at)


def _forward(case: Case, operands: Operands, at: tuple[np.ndarray, ...]) -> np.ndarray:
    x, w, (n, m, *u) = operands["x"], operands["w"], at
    filters, per_group = case.out_channels // case.groups, case.in_channels // case.groups
    channels = m[:, None] // filters * per_group + np.arange(per_group)
    total = np.zeros(len(n)) if "b" not in operands else operands["b"][m].astype(np.float64)
    for tap in itertools.product(*map(range, case.kernel)):
        inside, i = np.ones(len(n), bool), []
        for here, k, length, s, e, (lo, _) in zip(
            u, tap, case.input, case.stride, case.dilation, case.padding, strict=True
        ):
            steps, rest = np.divmod(here + lo - k * e, s)
            inside &= (rest == 0) & (steps >= 0) & (steps < length)
            i.append(steps[:, None])
        if inside.any():
            some = tuple(axis[inside] for axis in i)
            products = (
                x[(n[inside, None], channels[inside], *some)] * w[(channels[inside], m[inside, None] % filters, *tap)]
            )
            total[inside] += products.sum(axis=1)
    return total


def _grad_input(case: Case, operands: Operands, at: tuple[np.ndarray, ...]) -> np.ndarray:
    w, g, (n, c, *i) = operands["w"], operands["g"], at
    filters, per_group = case.out_channels // case.groups, case.in_channels // case.groups
    outputs = c[:, None] // per_group * filters + np.arange(filters)
    total = np.zeros(len(n))
    for tap in itertools.product(*map(range, case.kernel)):
        inside, u = _reached(case, i, tap)
        if inside.any():
            some = tuple(axis[inside, None] for axis in u)
            products = g[(n[inside, None], outputs[inside], *some)] * w[(c[inside], slice(None), *tap)]
            total[inside] += products.sum(axis=1)
    return total


def _grad_weight(case: Case, operands: Operands, at: tuple[np.ndarray, ...]) -> np.ndarray:
    x, g, (c, m, *k) = operands["x"], operands["g"], at
    filters, per_group = case.out_channels // case.groups, case.in_channels // case.groups
    total = np.zeros(len(c))
    for number, (channel, output, *tap) in enumerate(zip(c, c // per_group * filters + m, *k, strict=True)):
        here, there = _strips(case, tap)
        total[number] = np.sum(x[(slice(None), channel, *here)] * g[(slice(None), output, *there)])
    return total


def _grad_bias(case: Case, operands: Operands, at: tuple[np.ndarray, ...]) -> np.ndarray:
    return operands["g"].sum(axis=(0, *range(2, 2 + case.rank)))[at[0]]


def _reached(case: Case, i: list[np.ndarray], tap: tuple[int, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Whether a tap of each of these positions lands inside the output, and where."""
    inside, u = np.ones(len(i[0]), bool), []
    for here, k, s, e, (lo, _), length in zip(
        i, tap, case.stride, case.dilation, case.padding, case.output, strict=True
    ):
        u.append(here * s + k * e - lo)
        inside &= (u[-1] >= 0) & (u[-1] < length)
    return inside, u


def _strips(case: Case, tap: list[int]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Slices of the input whose tap lands inside the output, and of the output where it lands."""
    here, there = [], []
    for k, i, s, e, (lo, _), length in zip(
        tap, case.input, case.stride, case.dilation, case.padding, case.output, strict=True
    ):
        first = max(-(-(lo - k * e) // s), 0)
        last = min((length - 1 + lo - k * e) // s, i - 1)
        here.append(slice(first, max(last + 1, first)))
        begin = first * s + k * e - lo
        there.append(slice(begin, begin + max(last - first + 1, 0) * s, s))
    return tuple(here), tuple(there)
