"""One wrong answer as a small picture: the output with what is cropped and added, and on it the wrong elements.

The page's script draws the same large. This one stands in the page itself: it is there without a script, and in print.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from html import escape

import numpy as np

from conformance.case import Case
from conformance.oracle.error_map import ENDLESS, WRONG
from conformance.run.row import Row

#: Pixels of the picture and of one cell at most; positions of an axis that are drawn; shades of an error.
WIDE, CELL, MOST, SHADES = 230, 18, 28, 6
#: Shades beyond this one are dark, and crossed in light.
DARK = 3


def miniature(row: Row, case: Case | None) -> str | None:
    """The picture as SVG, or None where nothing can be drawn: no case, an empty one, one that must be refused.

    A wrong gradient has the shape of its operand, where nothing is cropped or added.
    """
    if case is None or case.problem() is not None or 0 in case.y_shape:
        return None
    levels, named = _slice(row)
    if levels is not None and row.check != "forward":
        return _drawn(np.full(levels.shape, "kept", dtype="U7"), levels, named)
    kinds = _kinds(case)
    return _drawn(kinds if levels is None or case.rank > 1 else kinds.repeat(len(levels), axis=0), levels, named)


def _slice(row: Row) -> tuple[np.ndarray | None, str]:
    """The plane of an error map that holds most wrong elements, and what it is called. What has one axis of space is
    drawn with its channels below each other."""
    found = row.detail.get("error_map")
    if not found:
        return None, ""
    shape = found["shape"]
    levels = np.frombuffer(base64.b64decode(found["levels"]), dtype=np.uint8).reshape(shape)
    space = min(2, len(shape))
    flat = levels.reshape(-1, *shape[len(shape) - space :])
    best = int(np.argmax((flat >= WRONG).sum(axis=tuple(range(1, flat.ndim)))))
    outer = np.unravel_index(best, shape[: len(shape) - space]) if len(shape) > space else ()
    first = ("input channel", "output channel") if row.check == "grad_weight" else ("image", "channel")
    names = ("channel",) if row.check == "grad_bias" else (*first, "depth")
    told = [f"{name} {int(at)}" for name, at, long in zip(names, outer, shape, strict=False) if long > 1]
    if len(shape) == 3 and shape[1] > 1:
        told.append(f"a line for each {names[1]}")
    return np.atleast_2d(flat[best]), ", ".join(told)


def _kinds(case: Case) -> np.ndarray:
    """What each position of the last two axes is: cropped, kept, extra (added by output padding), bare (no tap reaches
    it)."""
    axes = [_axis(case, axis) for axis in range(max(0, case.rank - 2), case.rank)]
    if len(axes) == 1:
        return axes[0][np.newaxis]
    rows, columns = np.meshgrid(*axes, indexing="ij")
    found = np.where((rows == "bare") | (columns == "bare"), "bare", "kept")
    found = np.where((rows == "extra") | (columns == "extra"), "extra", found)
    return np.where((rows == "cropped") | (columns == "cropped"), "cropped", found)


def _axis(case: Case, axis: int) -> np.ndarray:
    length, kernel, stride, dilation = (
        values[axis] for values in (case.input, case.kernel, case.stride, case.dilation)
    )
    (lo, hi), full, output = case.padding[axis], case.full[axis], case.output[axis]
    first, last = min(0, lo), max(full, lo + output)
    at = np.arange(first, min(last, first + 4 * MOST))
    reached = {i * stride + k * dilation for i in range(min(length, 4 * MOST)) for k in range(kernel)}
    bare = np.array([int(position) not in reached for position in at], dtype=bool)
    found = np.where(bare, "bare", "kept")
    found = np.where(at >= full - hi, "extra", found)
    return np.where((at < lo) | (at >= lo + output), "cropped", found)


def _inside(kinds: np.ndarray) -> tuple[slice, ...]:
    """The part that is not cropped."""
    found = []
    for axis in range(kinds.ndim):
        kept = np.flatnonzero((kinds != "cropped").any(axis=1 - axis))
        found.append(slice(int(kept[0]), int(kept[-1]) + 1) if kept.size else slice(0))
    return tuple(found)


def _drawn(kinds: np.ndarray, levels: np.ndarray | None, named: str) -> str:
    window, cut = [slice(0, MOST), slice(0, MOST)], ""
    within = _inside(kinds)
    placed = np.zeros(kinds.shape, dtype=np.uint8)
    if levels is not None:
        room = placed[within]  # a run file may tell a map of another size than its case
        levels = levels[: room.shape[0], : room.shape[1]]
        room[: levels.shape[0], : levels.shape[1]] = levels
    if max(kinds.shape) > MOST:
        wrong = np.argwhere(placed >= WRONG)
        start = (0, 0) if not len(wrong) else tuple(max(0, int(at) - 3) for at in wrong[0])
        start = tuple(min(at, max(0, long - MOST)) for at, long in zip(start, kinds.shape, strict=True))
        window, cut = [slice(at, at + MOST) for at in start], ", a part of it"
    kinds, placed = kinds[tuple(window)], placed[tuple(window)]
    high, wide = kinds.shape
    size = max(5, min(CELL, WIDE // max(wide, high if high > 1 else 1)))
    cells: dict[str, list[tuple[int, int]]] = defaultdict(list)
    shades = _shades(placed)
    for (i, j), kind in np.ndenumerate(kinds):
        wrong = placed[i, j] >= WRONG
        cells[f"cell shade{shades[i, j]}" if wrong else f"cell {kind}"].append((i, j))
    square, parts = f"h{size - 1}v{size - 1}h{1 - size}z", []
    for name, places in cells.items():
        drawn = "".join(f"M{1 + j * size} {1 + i * size}{square}" for i, j in places)
        parts.append(f'<path class="{name}" d="{drawn}"/>')
    arm, edge = size * 0.4, size * 0.28 + 1
    diagonals = f"l{arm:.1f} {arm:.1f}m0 {-arm:.1f}l{-arm:.1f} {arm:.1f}"
    for dark, name in ((False, "cross"), (True, "cross light")):
        crosses = "".join(
            f"M{j * size + edge:.1f} {i * size + edge:.1f}{diagonals}"
            for i, j in np.argwhere((placed >= WRONG) & ((shades > DARK) == dark))
        )
        parts += [f'<path class="{name}" d="{crosses}"/>'] if crosses else []
    count = int((placed >= WRONG).sum())
    said = f"{named or 'the output'}{cut}: {count} wrong elements, crossed" if count else named
    return (
        f'<svg class="drawn" width="{wide * size + 2}" height="{high * size + 2}" '
        f'viewBox="0 0 {wide * size + 2} {high * size + 2}" role="img" aria-label="{escape(said or "the output")}">'
        f"{''.join(parts)}</svg>"
    )


def _shades(placed: np.ndarray) -> np.ndarray:
    """1 to 5 from the smallest error to the largest, 6 for one that is infinite or no number."""
    sizes = placed & (WRONG - 1)
    finite = sizes[(placed >= WRONG) & (sizes != ENDLESS) & (sizes > 0)]
    if not finite.size:
        return np.full(placed.shape, SHADES)
    least, most = int(finite.min()), int(finite.max())
    scaled = np.ceil((sizes.astype(int) - least + 1) / (most - least + 1) * (SHADES - 1))
    return np.where(sizes == ENDLESS, SHADES, np.clip(scaled, 1, SHADES - 1)).astype(int)


def seen(row: Row, case: Case | None) -> str:
    """What the picture shows, in words beside it."""
    _, named = _slice(row)
    if not named and not row.detail.get("error_map"):
        return "the output"
    region = row.detail.get("region", "some elements")
    return ", ".join(filter(None, (named, f"wrong: {region}" if region != "some elements" else "wrong where crossed")))
