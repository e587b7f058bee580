"""How far rounding alone may take a result: the bound of Jeannerod and Rump (2013), no chosen tolerance.

    E = ((1 + v)²·(1 + n·u) − 1)·s          the sum               s = Σ|terms|, n their number (the bias counted)
    |ŷ − y| ≤ (1 + u')·E + u'·|y|           rounded to the answer's dtype
              + n·2^-53·s                   the reference, computed in float64, is no better
              + n·η + η'                    underflow

u is the unit roundoff of the declared accumulator, v that of multiplicands that are rounded before they are multiplied
(TF32; 0 where they are not), u' that of the answer's dtype, η and η' half the smallest subnormals of the two. With
v = 0 the sum's part is n·u·s, for any order of summation, with or without fused multiply-add; nothing is left out. A
route that declares that the bias is added after the sum has been rounded rounds twice: (1 + u')²·E + u'·(1 + u')·s.
"""

from __future__ import annotations

import numpy as np

#: Unit roundoff. Integers are not rounded: their errors are counted in Σ|terms|.
ROUNDOFF = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "tf32": 2.0**-11,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "int64": 1.0,
    "int32": 1.0,
    "int8": 1.0,
    "complex64": 2.0**-24,
}

#: Half the smallest subnormal number: what an underflow may lose.
UNDERFLOW = {"float64": 2.0**-1075, "float32": 2.0**-150, "float16": 2.0**-25, "bfloat16": 2.0**-134}

#: Arithmetic that a route might have declared instead, tightest first: in words, what it is, and for which dtypes.
LOOSER: dict[str, tuple[dict[str, str], frozenset[str]]] = {
    "a bias that is added after rounding": ({"bias": "separate"}, frozenset(ROUNDOFF)),
    "multiplicands rounded to TF32": ({"multiplicand": "tf32"}, frozenset({"float32"})),
    "an accumulator of float16": ({"accumulator": "float16"}, frozenset({"float32", "float16"})),
    "an accumulator of bfloat16": ({"accumulator": "bfloat16"}, frozenset({"float32", "bfloat16"})),
}

#: Types in which nobody should sum without saying so.
HALF = frozenset({"float16", "bfloat16"})


def accumulator(dtype: str, arithmetic: dict) -> str:
    """The accumulator of a route for a dtype. Where none is declared: the dtype itself, but float32 for half types,
    so that whoever sums in half precision has to declare it."""
    return arithmetic.get(dtype, {}).get("accumulator", "float32" if dtype in HALF else dtype)


def bound(expected: np.ndarray, magnitude: np.ndarray, terms: int, dtype: str, arithmetic: dict) -> np.ndarray:
    """Largest |ŷ − y| that the declared arithmetic can cause, per element; arguments shaped like the answer."""
    sums, declared = accumulator(dtype, arithmetic), arithmetic.get(dtype, {})
    last, narrow = ROUNDOFF[dtype], ROUNDOFF.get(declared.get("multiplicand"), 0.0)
    summed = 2 * narrow + narrow**2 + (1 + narrow) ** 2 * terms * ROUNDOFF[sums]
    scale = (1 + last) * summed + terms * ROUNDOFF["float64"]
    if declared.get("bias") == "separate":
        scale += last * (1 + last) * (1 + summed)
    underflow = terms * UNDERFLOW[sums] + UNDERFLOW[dtype]
    return scale * magnitude + last * np.abs(expected) + underflow
