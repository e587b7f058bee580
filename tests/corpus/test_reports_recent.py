"""The faults of recent reports as implementations that have them: the report's own case shows each."""

from __future__ import annotations

import numpy as np
import pytest
from lying import fault, rows
from msgspec.structs import replace

from conformance import folder, oracle
from conformance.case import Case
from conformance.corpus import load
from conformance.run.infer import Asked

CASES = {case.id.partition("/")[2]: case for case in load.load_family(folder("cases") / "reports-recent.yaml")}


def answered_as(**numbers):
    """The right answer to the question with other numbers."""
    return lambda case, check, arrays: oracle.answer(replace(case, **numbers), check, arrays)


def raises(case: Case, check: str, arrays: dict):
    raise RuntimeError("shapes")


def zero_inserting(case: Case, check: str, arrays: dict) -> np.ndarray:
    """As on an accelerator that multiplies the padding: any infinity in the kernel makes NaN of all."""
    right = oracle.answer(case, check, arrays)
    return right if np.isfinite(arrays["w"]).all() else np.full_like(right, np.nan)


def bias_unchecked(case: Case, check: str, arrays: dict) -> np.ndarray:
    wide = replace(case, shapes={}, expect="answer")
    return oracle.answer(wide, check, arrays | {"b": np.repeat(arrays["b"], case.out_channels)})


def groups_unchecked(case: Case, check: str, arrays: dict) -> np.ndarray:
    return oracle.answer(replace(case, out_channels=4, expect="answer"), check, arrays)


def zeros_of_long_sums(case: Case, check: str, arrays: dict) -> np.ndarray:
    right = oracle.answer(case, check, arrays)
    return right if (arrays["x"] == np.rint(arrays["x"])).all() else 0 * right


def tail_unweighted(case: Case, check: str, arrays: dict) -> np.ndarray:
    """The channels that do not fill a vector of four are added with a kernel of ones."""
    ones = arrays["w"].copy()
    ones[case.in_channels // 4 * 4 :] = 1
    return oracle.answer(case, check, arrays | {"w": ones})


def offset_without_strides(case: Case, check: str, arrays: dict) -> np.ndarray:
    return oracle.answer(case, check, arrays | {"w": np.roll(arrays["w"], 1, axis=-1)})


#: Case → the fault of the report, as an implementation.
FAULTS = {
    "empty-answer": raises,
    "empty-answer-long-kernel": raises,
    "one-channel-gradient": fault("kernel-axes-transposed-for-one-channel"),
    "one-channel-gradient-last": fault("answer-channels-last"),
    "float16-long-sum": zeros_of_long_sums,
    "inverse-of-frames": fault("kernel-last-tap-missing"),
    "bias-of-one": bias_unchecked,
    "infinite-tap": zero_inserting,
    "infinite-kernel-float16": zero_inserting,
    "rank-1-output-padding": fault("size-without-output-padding"),
    "output-padding-without-padding": fault("output-padding-blank"),
    "output-padding-cut-input": fault("input-last-row-missing"),
    "output-shape-onnx_output_shape": fault("size-without-padding"),
    "output-shape-onnx_output_shape_upper": fault("padding-ends-swapped"),
    "rank-1-padding": fault("size-without-padding"),
    "same-asymmetric-kernel": fault("padding-ends-swapped"),
    "more-than-the-kernel-on-one-axis": fault("padding-clamped"),
    "more-than-the-kernel": fault("padding-clamped"),
    "padding-per-axis": raises,
    "padding-order": fault("padding-pairs-read-as-begins-and-ends"),
    "negative-pads": fault("padding-negative-clamped"),
    "pairs-pad-the-dilated-input": fault("padding-on-forward-side"),
    "padding-of-one-axis": raises,
    "same-one-short": fault("size-one-short"),
    "same-short-kernel": answered_as(padding=((2, 0), (2, 0)), output_padding=(6, 6)),
    "dilation-in-an-engine": fault("dilation-ignored"),
    "dilation-99": fault("dilation-at-most-4"),
    "lowered-to-a-convolution": fault("stride-ignored"),
    "not-flipped": fault("kernel-flipped"),
    "offset-without-strides": offset_without_strides,
    "short-row": fault("input-channels-past-16"),
    "channels-5": tail_unweighted,
    "channels-7": tail_unweighted,
    "filters-of-the-first-group": fault("group-0-kernel"),
    "groups-of-the-output": groups_unchecked,
    "grouped-gradients": fault("gradient-of-next-group"),
    "groups-interleaved": fault("groups-interleaved"),
    "batch-and-channels": fault("batch-and-channels-swapped"),
    "no-image-gradient": fault("batch-at-least-1"),
}
#: Those whose fault is another answer at each call: only --repeat shows it.
BY_CHANCE = {"order-of-summation", "order-of-summation-float16"}


def test_every_report_has_its_fault():
    assert FAULTS.keys() | BY_CHANCE == CASES.keys()


@pytest.mark.parametrize("name", FAULTS)
def test_the_case_of_a_report_shows_its_fault(name):
    case = CASES[name]
    asked = [
        Asked(case, check, dtype, fill)
        for dtype in case.dtypes
        for check in case.checks
        for fill in (case.fills[:1] if case.expect == "refuse" else case.fills)
    ]
    assert any(row.verdict not in ("pass", "unsupported") for row in rows(FAULTS[name], asked))
