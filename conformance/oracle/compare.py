"""expected, returned → what differs. Order: shape, dtype, special values, values; the first that is wrong is reported.

Exact fills have threshold zero. Real fills have the bound of rounding theory under the route's declared arithmetic.
Errors are in units of u·s, the unit roundoff of the dtype times Σ|terms| of that element: one scale for every dtype.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.oracle import bounds, definition, sampled
from conformance.oracle.error_map import error_map, number, region, wrong_elements
from conformance.oracle.operands import decode, encode, make_operands, picked, terms

if TYPE_CHECKING:
    from conformance.case import Case, Check, Dtype, Fill, Reading


class Expected:
    """One question's operands and right answer, computed once and shared by every route that is asked it."""

    def __init__(self, case: Case, check: Check, dtype: Dtype, fill: Fill, seed: int = 0):
        self.case, self.check, self.dtype, self.fill, self.seed = case, check, dtype, fill, seed
        self.operands, self.choices = make_operands(case, check, dtype, fill, seed)

    def under(self, reading: Reading) -> Expected:
        """What the same operands give under one reading of a disputed case."""
        other = Expected(self.case.read(reading), self.check, self.dtype, self.fill, self.seed)
        other.operands, other.choices = self.operands, self.choices
        return other

    @cached_property
    def picks(self) -> np.ndarray | None:
        """Flat indices of the elements that are compared, where the whole answer is too large; None for all."""
        return picked(self.case, self.check)

    @cached_property
    def answer(self) -> np.ndarray:
        """float64, canonical layout; the picked elements alone where there are picks. Raises ValueError for a case
        without an answer."""
        if self.picks is not None:
            return sampled.answer(self.case, self.check, self.operands, self.picks)
        with np.errstate(invalid="ignore"):  # the special fill adds infinities of both signs
            return definition.answer(self.case, self.check, self.operands)

    @cached_property
    def magnitude(self) -> np.ndarray:
        """Σ|terms| per element."""
        if self.picks is not None:
            sizes = {name: np.abs(array) for name, array in self.operands.items()}
            return sampled.answer(self.case, self.check, sizes, self.picks)
        return definition.magnitude(self.case, self.check, self.operands)

    @cached_property
    def norm(self) -> np.ndarray:
        """√Σ terms² per element."""
        if self.picks is not None:
            squares = {name: array**2 for name, array in self.operands.items()}
            return np.sqrt(sampled.answer(self.case, self.check, squares, self.picks))
        return definition.norm(self.case, self.check, self.operands)

    @cached_property
    def terms(self) -> int:
        """How many numbers one element sums, the bias counted."""
        return terms(self.case, self.check) + (self.check == "forward" and self.case.bias)

    @cached_property
    def tensors(self) -> dict[str, tuple[str, np.ndarray]]:
        """The operands as they travel to a worker."""
        dtypes = {name: self.case.operand_dtypes.get(name, self.dtype) for name in self.operands}
        return {name: (dtypes[name], encode(array, dtypes[name])) for name, array in self.operands.items()}

    @property
    def nbytes(self) -> int:
        """Memory that this question holds, roughly: what a cache counts."""
        answer = int(np.prod([max(n, 0) for n in self.case.y_shape], dtype=np.float64))
        return 16 * answer + 12 * sum(array.size for array in self.operands.values())


def compare(expected: Expected, returned: np.ndarray, dtype: str, arithmetic: dict | None = None) -> dict[str, Any]:
    """What is wrong with `returned` (raw, as it travelled, of type `dtype`), as the detail of a row.

    Empty `mismatch` key: nothing is. `arithmetic`: what the route declared, see bounds.accumulator.
    """
    shape = expected.case.result_shape(expected.check)
    detail: dict[str, Any] = {}
    if returned.shape != shape:
        return detail | {"mismatch": "shape", "expected_shape": list(shape), "returned_shape": list(returned.shape)}
    if dtype != expected.dtype:
        return detail | {"mismatch": "dtype", "expected_dtype": expected.dtype, "returned_dtype": dtype}
    if expected.fill == "related":  # what its values must be follows from other answers, see run/metamorphic.py
        return detail
    if expected.picks is not None:
        returned = returned.reshape(-1)[expected.picks]
    right, got = expected.answer, decode(returned, dtype)
    if expected.fill != "real":
        wrong = (got != right) & ~(np.isnan(got) & np.isnan(right))
        if not wrong.any():
            return detail
        with np.errstate(invalid="ignore"):
            error = np.where(wrong, np.abs(got - right), 0.0)  # NaN where NaN should be is no error
    else:
        error = np.abs(got - right)
        allowed = bounds.bound(right, expected.magnitude, expected.terms, dtype, arithmetic or {})
        wrong = ~(error <= allowed)  # so that NaN is wrong
        detail |= _shares(error, allowed, got - right, expected)
        if not wrong.any() and says_nothing(right, got):
            detail["says_nothing"] = number(got[right != 0].flat[0])
            wrong = error > 0
        if not wrong.any():
            how = (expected.terms, dtype, arithmetic or {})
            if dtype in bounds.HALF and bounds.rough(error, right, expected.norm, *how):
                detail["rough"] = True
            return detail
    if expected.picks is not None:
        return detail | _sampled(expected, right, got, wrong, error)
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    finite, should_be = np.isfinite(got), np.isfinite(right)
    units = _units(error, expected)
    if not (finite[wrong] & should_be[wrong]).all():
        detail["specials_extra"] = int((should_be & ~finite).sum())
        detail["specials_missing"] = int((finite & ~should_be).sum())
    return detail | {
        "mismatch": "specials" if "specials_extra" in detail else "values",
        "first_wrong": {"index": list(first), "expected": number(right[first]), "returned": number(got[first])},
        "wrong": int(wrong.sum()),
        "of": int(wrong.size),
        "region": region(wrong, expected.check),
        "error": number(units.max(initial=0.0)),
        "wrong_elements": wrong_elements(right, got, wrong),
        "error_map": error_map(units, wrong),
    }


def _sampled(
    expected: Expected, right: np.ndarray, got: np.ndarray, wrong: np.ndarray, error: np.ndarray
) -> dict[str, Any]:
    """What is wrong among the picked elements; there is no map and no region of the others."""
    first = int(np.argmax(wrong))
    index = np.unravel_index(expected.picks[first], expected.case.result_shape(expected.check))
    return {
        "mismatch": "values",
        "first_wrong": {
            "index": [int(i) for i in index],
            "expected": number(right[first]),
            "returned": number(got[first]),
        },
        "wrong": int(wrong.sum()),
        "of": int(wrong.size),
        "sampled": True,
        "error": number(_units(error, expected).max(initial=0.0)),
    }


#: From so many elements on it is no chance where all are alike.
TELLING = 8


def says_nothing(right: np.ndarray, got: np.ndarray) -> bool:
    """Whether an answer is the same number everywhere, where the right one has many: no rounding does that, however
    little a bound says."""
    due = right != 0
    return bool(due.sum() >= TELLING and np.ptp(right[due]) > 0 and np.ptp(got[due]) == 0)


def looser(expected: Expected, returned: np.ndarray, arithmetic: dict) -> str | None:
    """In words, the tightest arithmetic under which a real answer (float64) would be right; None where none is."""
    declared = arithmetic.get(expected.dtype, {})
    error = np.abs(returned - expected.answer)
    for words, (more, dtypes) in bounds.LOOSER.items():
        if expected.dtype not in dtypes:
            continue
        other = {expected.dtype: declared | more}
        allowed = bounds.bound(expected.answer, expected.magnitude, expected.terms, expected.dtype, other)
        if (error <= allowed).all():
            return words
    return None


def _units(error: np.ndarray, expected: Expected) -> np.ndarray:
    """Errors in units of u·s; where s is 0 any error is infinitely many."""
    scale = bounds.ROUNDOFF[expected.dtype] * expected.magnitude
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0.0, error / scale)


def _shares(error: np.ndarray, allowed: np.ndarray, signed: np.ndarray, expected: Expected) -> dict[str, Any]:
    """How much of its bound a real result used; and the sum of its signed errors with that of their squares, in units
    of u·Σ|terms|, from which report/accuracy.py sees whether they lean to one side."""
    if not error.size or not np.isfinite(error).all():
        return {}
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # something where nothing is due
        units = signed / np.maximum(bounds.ROUNDOFF[expected.dtype] * expected.magnitude, 1e-300)
        return {
            "share": number(np.divide(error, allowed, out=np.zeros_like(error), where=error > 0).max()),
            "error": number(_units(error, expected).max()),
            "sum": number(units.sum()),
            "squares": number((units**2).sum()),
        }
