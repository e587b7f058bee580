"""How far rounding alone may take a result: the bound of Jeannerod and Rump (2013), no chosen tolerance.

    |ŷ − y| ≤ n·u·s + 2·v·s + u_out·(|y| + s') + n·η          s = Σ|terms|, n their number (the bias counted)

u is the unit roundoff of the declared accumulator, v that of multiplicands that are rounded before they are multiplied
(TF32; 0 where they are not), u_out that of the answer's dtype, η half the smallest subnormal of accumulator and answer;
s' is s for a route that declares that the bias is added after the sum has been rounded to the answer's dtype, else 0.
It holds for any order of summation, with or without fused multiply-add.
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

#: Arithmetic that a route might have declared instead, tightest first, in words.
LOOSER = {
    "a bias that is added after rounding": {"bias": "separate"},
    "multiplicands rounded to TF32": {"multiplicand": "tf32"},
    "an accumulator of float16": {"accumulator": "float16"},
    "an accumulator of bfloat16": {"accumulator": "bfloat16"},
}


def accumulator(dtype: str, arithmetic: dict) -> str:
    """The declared accumulator of a route for a dtype: the dtype itself where nothing is declared."""
    return arithmetic.get(dtype, {}).get("accumulator", dtype)


def bound(expected: np.ndarray, magnitude: np.ndarray, terms: int, dtype: str, arithmetic: dict) -> np.ndarray:
    """Largest |ŷ − y| that the declared arithmetic can cause, per element; arguments shaped like the answer."""
    sums = accumulator(dtype, arithmetic)
    scale = terms * ROUNDOFF[sums]
    narrow = arithmetic.get(dtype, {}).get("multiplicand")
    if narrow:
        scale += 2 * ROUNDOFF[narrow]
    if arithmetic.get(dtype, {}).get("bias") == "separate":
        scale += ROUNDOFF[dtype]
    underflow = terms * UNDERFLOW[sums] + UNDERFLOW[dtype]
    return scale * magnitude + ROUNDOFF[dtype] * np.abs(expected) + underflow
