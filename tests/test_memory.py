"""Operands stored in another way: the same values, other strides; an implementation that ignores them is found."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from conformance import adapter, folder
from conformance.case import Memory
from conformance.corpus import load
from conformance.memory import DENSE, stored
from conformance.oracle.operands import make_operands
from conformance.report import explain
from conformance.run.programs import choose
from conformance.run.questions import Narrow, select
from conformance.run.session import Session

CASES = {case.id: case for case in load.load([folder("cases") / "memory.yaml"])}
ARRAY = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 4)
SAME = np.broadcast_to(ARRAY[:1], ARRAY.shape)

#: Word → strides in elements of an array of shape [2, 3, 4].
STRIDES = {
    "contiguous": (12, 4, 1),
    "transposed": (1, 2, 6),
    "channels_last": (12, 1, 3),
    "reversed": (-12, -4, -1),
    "sliced": (2 * 7 * 9, 2 * 9, 2),
    "expanded": (0, 4, 1),
    "readonly": (12, 4, 1),
    "misaligned": (12, 4, 1),
}

LIAR = """
import sys

import numpy as np
from conformance.adapter import MEMORY

sys.path.insert(0, {liars!r})
import truth


def put(array, dtype, device):
    contiguous = np.cumprod((array.itemsize, *array.shape[:0:-1]))[::-1]
    return np.lib.stride_tricks.as_strided(array, array.shape, contiguous)


truth.serve("lies", [truth.Route("route", truth.lower)], lambda: truth.Framework("1.0", {{"truth": truth}}), put,
            lambda array: (str(array.dtype), array), memory={memory})
"""


@pytest.mark.parametrize("word", get_args(Memory))
def test_strides_are_others_and_values_are_not(word):
    array = SAME if word == "expanded" else ARRAY
    found = stored(array, word)
    assert np.array_equal(found, array)
    assert tuple(stride // 4 for stride in found.strides) == STRIDES[word]
    assert found.flags.aligned == (word != "misaligned")
    assert found.flags.writeable == (word != "readonly")


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_what_lies_between_is_no_small_number(dtype):
    found = stored(np.zeros((2, 2), dtype), "sliced")
    everything = np.lib.stride_tricks.as_strided(found, (4, 4), (found.strides[0] // 2, found.strides[1] // 2))
    between = everything[1::2]
    assert between.size == 8
    assert not (np.abs(between) < 1000).any()  # NaN is not


def test_the_words_are_the_same_on_both_sides():
    assert get_args(Memory) == adapter.MEMORY
    assert set(STRIDES) == set(adapter.MEMORY) >= set(DENSE)


def test_what_is_read_again_is_the_same():
    for case in CASES.values():
        for check in case.checks:
            arrays = make_operands(case, check, "float32", "exact").arrays
            for name, word in case.memory.items():
                if word == "expanded" and name in arrays:
                    assert np.array_equal(arrays[name], np.broadcast_to(arrays[name][:1], arrays[name].shape))


def asked(case, path, tmp_path):
    (tmp_path / "known").mkdir(exist_ok=True)
    session = Session.open(choose((str(path),), (), {}, 1), ledger=tmp_path / "known")
    try:
        return list(session.rows(select([case], session.hellos, Narrow())))
    finally:
        session.close()


def liar(tmp_path, memory):
    """An adapter that takes every operand for contiguous from its first element on."""
    liars = str(folder("cases").parent / "tests" / "liars")
    path = tmp_path / "strideless.py"
    path.write_text(LIAR.format(liars=liars, memory=memory), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("x=contiguous", "pass"),
        ("x=sliced", "differ"),
        ("w=sliced", "differ"),
        ("w=transposed", "differ"),
        ("x=channels_last", "differ"),
    ],
)
def test_strides_that_are_ignored_are_found(tmp_path, name, verdict):
    path = liar(tmp_path, "MEMORY")
    assert [row.verdict for row in asked(CASES[f"memory/{name}"], path, tmp_path)] == [verdict]


def test_who_copies_is_not_asked(tmp_path):
    rows = asked(CASES["memory/x=sliced"], liar(tmp_path, "()"), tmp_path)
    assert [row.verdict for row in rows] == ["unsupported"]
    assert rows[0].detail["reason"] == "lies copies its operands: x would not be stored as sliced"


def test_the_script_lays_the_operands_so(tmp_path):
    case = CASES["memory/both-x=reversed,w=reversed"]
    path = folder("adapters") / "numpy_adapter.py"
    row = next(row for row in asked(case, path, tmp_path) if row.route == "numpy/scatter")
    assert row.verdict == "pass"
    arrays = make_operands(case, "forward", "float32", "exact").arrays
    text = explain.script(row, case, arrays, None)
    assert "stored(x, 'reversed')" in text
    assert "def stored(array, word):" in text
