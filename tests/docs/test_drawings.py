"""Drawings in documents: what is written is what the program draws, and a drawing shows the operator's numbers."""

from __future__ import annotations

import importlib.util
import re

import pytest
from documents import ROOT

from conformance.case import Case

spec = importlib.util.spec_from_file_location("drawings", ROOT / "docs" / "drawings.py")
drawings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(drawings)


@pytest.mark.parametrize("name", drawings.DRAWN)
def test_the_drawings_are_there_as_they_are_drawn(name):
    there = (drawings.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert there == drawings.DRAWN[name], "run: python docs/drawings.py"
    assert f"pictures/{name}.svg" in (ROOT / "docs" / "specification.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "numbers",
    [
        (3, 3, 2, 1, 1, 0, 0),
        (3, 3, 2, 1, 1, 1, 1),
        (2, 2, 1, 3, 2, 0, 3),
        (3, 2, 2, 1, -1, -2, 0),
        (1, 1, 1, 1, 0, 0, 5),
    ],
)
def test_as_many_positions_are_kept_as_the_output_has(numbers):
    length, kernel, stride, dilation, lo, hi, op = numbers
    case = Case(
        id="drawing/one",
        input=(length,),
        kernel=(kernel,),
        in_channels=1,
        out_channels=1,
        batch=1,
        groups=1,
        stride=(stride,),
        dilation=(dilation,),
        padding=((lo, hi),),
        output_padding=(op,),
        bias=False,
    )
    drawn = drawings.axis(*numbers)
    assert len(re.findall(r'class="[yo]"', drawn)) == case.output[0]
    assert len(re.findall(r'class="o"', drawn)) == op
    assert len(re.findall(r'class="s"', drawn)) == length * kernel
