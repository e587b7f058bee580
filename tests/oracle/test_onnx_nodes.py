"""ONNX's own node tests of ConvTranspose: imported by us, their operands through our oracle, against their outputs."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import oracle
from conformance.exchange.from_onnx import add
from conformance.exchange.writing import Family

pytest.importorskip("onnx", reason="the package onnx is not installed")
node = pytest.importorskip("onnx.backend.test.case.node", reason="this onnx has no node tests")
pytest.importorskip("onnx.backend.test.case.node.convtranspose")

# Importing an operator's module collects its tests; collect_testcases() would import every operator's, for 20 seconds.
CASES = {case.name: case for case in node._NodeTestCases if case.name.startswith("test_convtranspose")}


def test_there_are_as_many_as_when_this_was_written():
    assert len(CASES) >= 11


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_agrees_with_onnx(name, tmp_path):
    family = Family(tmp_path / "node.yaml", name, "onnx")
    add(CASES[name].model, {}, family)
    (case,) = family.cases
    assert family.notes == []
    for inputs, outputs in CASES[name].data_sets:
        operands = {key: array.astype(np.float64) for key, array in zip("xwb", inputs, strict=False)}
        answer = oracle.answer(case, "forward", operands)
        # Sums of small integers are exact: there is nothing to tolerate.
        np.testing.assert_array_equal(answer.astype(np.float32), outputs[0], strict=True)
