"""How far rounding alone may take a result: the bound of Jeannerod and Rump (2013), no chosen tolerance.

    E = ((1 + v)²·(1 + n·u) − 1)·s          the sum               s = Σ|terms|, n their number (the bias counted)
    |ŷ − y| ≤ (1 + u')·E + u'·|y|           rounded to the answer's dtype
              + n·2^-53·s                   the reference, computed in float64, is no better
              + n·η + η'                    underflow

u is the unit roundoff of the declared accumulator, v that of multiplicands that are rounded before they are multiplied
(TF32; 0 where they are not), u' that of the answer's dtype, η and η' half the smallest subnormals of the two. With
v = 0 the sum's part is n·u·s, for any order of summation, with or without fused multiply-add; nothing is left out. A
route that declares that the bias is added after the sum has been rounded rounds twice: (1 + u')²·E + u'·(1 + u')·s.

In half precision n·u is soon more than 1, and then the bound allows anything. Beside it stands what rounding at random
would do (Higham and Mary 2019: errors grow with √n, not with n). The terms of the real fill have random signs, so all
partial sums stay below λ·‖t‖, ‖t‖² = Σ terms², with a probability of at least 1 − 4·exp(−λ²/2) (Hoeffding, Lévy); and
rounding errors of mean 0 that are at most u of each partial sum add up to less than λ·√n·u times that, with at least
1 − 2·exp(−λ²/2) (Azuma). With λ = 7 one element in 7·10⁹ is beyond

    λ²·√n·u·‖t‖ + u'·|y| + n·η + η'

Of all m elements together, the mean square of error / (√n·u·‖t‖ + u'·|y| + …) is expected to be at most 1, and no more
often beyond 1 + 2·√(l/m) + 2·l/m, l = λ²/2 (Laurent and Massart 2000, for errors that are like normal ones). An answer
that is within the bound and beyond either is `rough`.
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


#: λ of the module's text.
CONFIDENCE = 7.0


def rough(error: np.ndarray, expected: np.ndarray, norm: np.ndarray, terms: int, dtype: str, arithmetic: dict) -> bool:
    """Whether errors are beyond what rounding at random would do; all arrays are shaped like the answer. `norm`: the
    root of the sum of the squared terms of each element."""
    sums, declared = accumulator(dtype, arithmetic), arithmetic.get(dtype, {})
    narrow = 2 * ROUNDOFF.get(declared.get("multiplicand"), 0.0)
    summed = (terms**0.5 * ROUNDOFF[sums] + narrow) * norm
    rest = ROUNDOFF[dtype] * np.abs(expected)
    if (
        declared.get("bias") == "separate"
    ):  # the sum before it may be longer than the answer, but by no more than the bias
        rest += ROUNDOFF[dtype] * (np.abs(expected) + norm)
    rest += terms * UNDERFLOW[sums] + UNDERFLOW[dtype] + terms * ROUNDOFF["float64"] * norm
    if (error > CONFIDENCE**2 * summed + 2 * rest).any():
        return True
    most = CONFIDENCE**2 / 2 / max(error.size, 1)
    return bool(((error / (summed + rest)) ** 2).mean() > 1 + 2 * most**0.5 + 2 * most) if error.size else False


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
