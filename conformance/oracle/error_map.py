"""Where an answer is wrong and by how much, small enough to ride in a row and to be drawn: one byte an element.

The low seven bits are the size of the error in units of u·Σ|terms|: 0 is none, 1 to 126 are half octaves from 2⁻¹⁶ on,
127 is infinite or no number. The high bit marks a wrong element: a real answer may err within its bound.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

#: Answers beyond so many elements have no map; of the wrong elements so many are written out.
LARGEST, LISTED = 4096, 20
STEPS, LEAST, ENDLESS, WRONG = 2, -16, 127, 128


def error_map(units: np.ndarray, wrong: np.ndarray) -> dict[str, Any] | None:
    """The map of an answer's errors (in units, 0 or more), or None where the answer is large.

    `levels` is base64 of one byte an element, the last axis fastest.
    """
    if not 0 < units.size <= LARGEST:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.floor((np.log2(units) - LEAST) * STEPS) + 1
    levels = np.where(np.isfinite(units), np.clip(steps, 1, ENDLESS - 1), ENDLESS)
    levels = np.where(units == 0, 0, levels).astype(np.uint8) | (wrong.astype(np.uint8) * WRONG)
    return {"shape": list(units.shape), "levels": base64.b64encode(levels.tobytes()).decode()}


def wrong_elements(expected: np.ndarray, returned: np.ndarray, wrong: np.ndarray) -> list[tuple[list[int], Any, Any]]:
    """(index, expected, returned) of the first wrong elements; NaN and infinities by name, as JSON wants them."""
    indices = [tuple(int(i) for i in index) for index in np.argwhere(wrong)[:LISTED]]
    return [(list(index), number(expected[index]), number(returned[index])) for index in indices]


def number(value: complex) -> float | str:
    """A float that JSON can hold; NaN, infinities and complex numbers by name."""
    if np.iscomplexobj(value):
        return str(complex(value))
    value = float(value)
    return value if np.isfinite(value) else "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"
