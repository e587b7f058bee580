"""The definition as lists of terms, in plain Python: what sums are made of, in an order of one's choice."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from conformance.case import Case, Check

Index = tuple[int, ...]


def terms(case: Case, check: Check, operands: dict[str, np.ndarray]) -> dict[Index, list[tuple[float, float]]]:
    """Element of the answer → the pairs of numbers that are multiplied for it, the bias not among them."""
    found: dict[Index, list[tuple[float, float]]] = defaultdict(list)
    for x, w, y in _triples(case):
        place, (one, other) = {
            "forward": (y, ("x", "w")),
            "grad_input": (x, ("g", "w")),
            "grad_weight": (w, ("g", "x")),
        }[check]
        at = {"x": x, "w": w, "g": y}
        found[place].append((float(operands[one][at[one]]), float(operands[other][at[other]])))
    return found


def _triples(case: Case) -> Iterator[tuple[Index, Index, Index]]:
    """Which x meets which w for which y: i·s + k·e − lo = u on every axis, and channels of one group."""
    c_per, m_per = case.in_channels // case.groups, case.out_channels // case.groups
    for i in itertools.product(*map(range, case.input)):
        for k in itertools.product(*map(range, case.kernel)):
            numbers = zip(i, case.stride, k, case.dilation, case.padding, strict=True)
            u = tuple(at * s + tap * e - lo for at, s, tap, e, (lo, _) in numbers)
            if all(0 <= at < length for at, length in zip(u, case.output, strict=True)):
                for n, c, m in itertools.product(range(case.batch), range(case.in_channels), range(m_per)):
                    yield (n, c, *i), (c, m, *k), (n, c // c_per * m_per + m, *u)


def total(case: Case, check: Check, operands: dict[str, np.ndarray], found: dict[Index, list[float]]) -> np.ndarray:
    """The answer that terms give, added in the order in which they come."""
    result = np.zeros(case.result_shape(check))
    with np.errstate(invalid="ignore"):
        for place, products in found.items():
            for product in products:
                result[place] += product
    if check == "forward" and case.bias:
        result += operands["b"].reshape(-1, *[1] * case.rank)
    return result
