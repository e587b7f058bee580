"""How one kernel is stored under each layout, and which forgotten permutations no shape shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.run.run_file import Run

#: The layout, who reads it, the axes that numpy.transpose needs from IOHW, where groups are, the layout in words.
LAYOUTS = (
    (
        "IOHW",
        "PyTorch, ONNX, OpenVINO",
        "–",
        "I counts all groups', O one group's",
        "input channels, output channels of a group, height, width",
    ),
    (
        "HWOI",
        "TensorFlow, Keras",
        "2, 3, 1, 0",
        "I counts all groups', O one group's; their number is read off the sizes, in 2-D only",
        "height, width, output channels, input channels",
    ),
    (
        "OHWI",
        "MLX, TensorFlow Lite, XNNPACK",
        "1, 2, 3, 0",
        "TensorFlow Lite's TRANSPOSE_CONV has no groups",
        "output channels, height, width, input channels",
    ),
    (
        "HWIO",
        "JAX and Flax by default",
        "2, 3, 0, 1",
        "conv_general_dilated: I counts one group's, O all",
        "height, width, input channels, output channels",
    ),
)
EXAMPLE = {"I": 2, "O": 3, "H": 1, "W": 2}


def in_memory() -> list[dict[str, Any]]:
    """For each layout the elements of one small kernel in the order of memory: each the indices (i, o, h, w)."""
    found = []
    for name, *_ in LAYOUTS:
        shape = [EXAMPLE[letter] for letter in name]
        cells = [dict(zip(name, index, strict=True)) for index in np.ndindex(*shape)]
        found.append({"name": name, "shape": shape, "cells": [[cell[letter] for letter in "IOHW"] for cell in cells]})
    return found


#: (how the kernel is stored, how it is read): the permutations that are forgotten or confused.
CONFUSED = (("IOHW", "HWOI"), ("IOHW", "OHWI"), ("IOHW", "HWIO"), ("IOHW", "OIHW"), ("HWIO", "HWOI"), ("IOHW", "IOWH"))


def unnoticed(run: Run) -> list[dict[str, Any]]:
    """For each confusion: which sizes hide it, and the 2-D cases of the run with such sizes, which show it by value."""
    found, answered = [], [case for case in run.cases.values() if case.rank == 2 and case.expect == "answer"]
    for stored, read in CONFUSED:
        cases = [case.id for case in answered if _silent(case.w_shape, stored, read)]
        found.append({"stored": stored, "read": read, "when": _when(stored, read), "cases": cases})
    return found


def _when(stored: str, read: str) -> str:
    """Which sizes must be equal for a confusion to go unnoticed: `H = I and O = W`."""
    equal = {letter: {letter} for letter in stored}
    for one, other in zip(stored, read, strict=True):
        joined = equal[one] | equal[other]
        equal |= dict.fromkeys(joined, joined)
    classes = sorted({" = ".join(sorted(joined)) for joined in equal.values() if len(joined) > 1})
    return " and ".join(classes)


def _silent(shape: tuple[int, ...], stored: str, read: str) -> bool:
    """Whether a kernel of this IOHW shape, read so, keeps every size while its elements change places."""
    if len(shape) != 4:
        return False
    size = dict(zip("IOHW", shape, strict=True))
    same = all(size[one] == size[other] for one, other in zip(stored, read, strict=True))
    return same and [letter for letter in stored if size[letter] > 1] != [letter for letter in read if size[letter] > 1]
