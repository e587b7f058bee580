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


#: What the first two axes of an answer are called, by check; those behind them are space.
_FIRST = {
    "forward": ("image", "channel"),
    "grad_input": ("image", "channel"),
    "grad_weight": ("input channel", "output channel of a group"),
    "grad_bias": ("channel",),
}
_SPACE = {1: ("column",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def region(wrong: np.ndarray, check: str) -> str:
    """Where the wrong elements are, in words: `the last column`, `every second row of channel 0`, `everywhere`.

    `wrong`: a mask shaped like the answer to `check`. What is not wrong all along an axis is named by that axis; where
    no axis tells, `some elements`.
    """
    names = (*_FIRST[check], *_SPACE.get(wrong.ndim - len(_FIRST[check]), ()))
    parts, product = [], np.ones((), dtype=bool)
    for axis, name in enumerate(names):
        touched = wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis))
        product = np.multiply.outer(product, touched)
        if not touched.all():
            parts.append(_along(name, np.flatnonzero(touched), len(touched)))
    if not parts and wrong.all():
        return "everywhere"
    if (board := _checkerboard(wrong, names)) is not None:
        return board
    if not parts or None in parts:
        return "some elements"
    some = "" if (product == wrong).all() else "some elements of "
    return some + " of ".join(part for part in reversed(parts) if part)


def _checkerboard(wrong: np.ndarray, names: tuple[str, ...]) -> str | None:
    """`a checkerboard of channel 2`, where every second element of the last two axes is wrong like that; else None."""
    if wrong.ndim < 2 or min(wrong.shape[-2:]) < 2 or max(wrong.shape[-2:]) < 3:
        return None
    touched = wrong.any(axis=(-2, -1))
    parity = np.add.outer(*(np.arange(length) for length in wrong.shape[-2:])) % 2
    if not any((wrong[touched] == (parity == odd)).all() for odd in (0, 1)):
        return None
    said = []
    for axis, name in enumerate(names[: touched.ndim]):
        here = touched.any(axis=tuple(other for other in range(touched.ndim) if other != axis))
        said += [] if here.all() else [_along(name, np.flatnonzero(here), len(here))]
    return " of ".join(["a checkerboard", *(part for part in reversed(said) if part)])


def _along(name: str, indices: np.ndarray, length: int) -> str | None:
    """The wrong indices of one axis in words; None where there is no short word for them."""
    count, first, last = len(indices), int(indices[0]), int(indices[-1])
    together = last - first + 1 == count
    if count == 1:
        return f"the last {name}" if first == length - 1 else f"the first {name}" if first == 0 else f"{name} {first}"
    if together and last == length - 1:
        return f"all {name}s but the first" if first == 1 else f"the {name}s from {first} on"
    if together and first == 0:
        return f"all {name}s but the last" if last == length - 2 else f"the first {count} {name}s"
    if count > 1 and np.array_equal(indices, np.arange(first, length, 2)):
        return f"every second {name}"
    return None
