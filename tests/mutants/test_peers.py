"""Other projects' configurations load, have the sizes that those projects print, and show what a count by hand says."""

from __future__ import annotations

import importlib.util

import pytest
from commands import ROOT
from planted import PLANTED

from conformance.corpus.load import load, load_family

FILES = sorted((ROOT / "benchmarks" / "peers").glob("*.yaml"))


@pytest.fixture(scope="module")
def peers():
    spec = importlib.util.spec_from_file_location("peers", ROOT / "benchmarks" / "peers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(peers, cases, marks):
    return {title for title, seen in peers.column(cases).items() if seen.mark in marks}


def test_all_nine_load_together_and_say_where_they_are_from():
    cases = load(FILES)
    assert {case.family for case in cases} == {file.stem for file in FILES}
    assert len(FILES) == 9
    for file in FILES:
        head = file.read_text(encoding="utf-8").partition("why:")[0]
        assert "# https://github.com/" in head, file.name
        assert "Data: " in head, file.name
        assert "Left out" in head, file.name


def test_nothing_is_too_large_to_be_asked(peers):
    assert not [case.id for case in load(FILES) if case.size > peers.LARGE or case.expect == "refuse"]


@pytest.mark.parametrize(
    ("name", "output"),
    [  # as those projects' own tests have it
        ("onnx/3d", (5, 6, 7)),
        ("onnx/output_shape", (10, 8)),
        ("onnx/pads", (7, 3)),
        ("onnx/autopad_same", (6, 6)),
        ("wpt/padding", (1, 1)),
        ("wpt/output-padding", (10, 8)),
        ("tensorflow/3d-valid", (11, 13, 9)),
        ("keras/1d-same", (23,)),
        ("keras/3d-same", (23, 23, 23)),
        ("keras/2d-valid-k[2,3]", (28, 16)),
        ("keras/2d-valid-k7", (224, 224)),
        ("keras/3d-valid-k[2,2,3]", (16, 9, 17)),
        ("openvino/2d-rounding-of-padding", (16, 1)),
        ("openvino/auto-2d-[9,4]", (9, 9)),
        ("onednn/ci-2d-gemm", (5, 5)),
        ("onednn/ci-3d-grouped", (5, 5, 5)),
        ("onednn/all-1d-1", (2,)),
        ("onednn/all-1d-as-2d", (1, 2)),
        ("onednn/all-regression-signed-dilation", (2, 1)),
    ],
)
def test_sizes(name, output):
    (case,) = (case for case in load(FILES) if case.id == name)
    assert case.output == output


def test_counts_of_cases():
    counts = {file.stem: len(load_family(file)) for file in FILES}
    assert counts["onnx"] == 11  # node tests
    assert counts["keras"] == 10 + 80  # correctness tests, and the grid less what it skips
    assert counts["pytorch"] == 5 + 6 + 5 + 2 * 2 * 2 * 2  # samples by rank; four switches of test_conv_backend
    assert sum("onednn/ci" in case.id for case in load(FILES)) == 3 * 16


def test_kernels_of_ones_hide_a_flipped_kernel(peers):
    cases = load_family(ROOT / "benchmarks" / "peers" / "onnx.yaml")
    ones = [case for case in cases if case.operands["w"] == "ones"]
    assert len(ones) == len(cases) - 1
    assert peers.column(ones)["kernel flipped"].mark == "-"
    assert peers.column(cases)["kernel flipped"] == ("K", "onnx/dilations")


def test_tensorflow_counted_by_hand(peers):
    """Ones in x and w hide every kernel, channel and image; strides are equal on all axes; SAME at stride 2 crops
    (0, 1), so wrong ends show. Random data, in the gradients alone, shows kernel, channels and images; C = M in 3-d.
    There are no groups, no bias, no dilation and no output padding."""
    cases = load_family(ROOT / "benchmarks" / "peers" / "tensorflow.yaml")
    ends = {"pad begin/end swapped", "pad end := begin"}
    data = {
        "kernel flipped",
        "kernel H/W transposed",
        "C/M swapped when equal",
        "input channels reversed",
        "batch 0 reused",
    }
    hidden = {
        "stride of axis 0 for all",
        "pad axes swapped",
        "pad clamped to d(k-1)",
        "uncovered gap not zero",
    }
    assert shown(peers, cases, "K") == ends
    assert shown(peers, cases, "g") == data
    assert shown(peers, cases, "-") == hidden
    assert peers.table({"tensorflow": peers.column(cases)})[-3:] == [
        ["shown forward", "2"],
        ["shown", "7"],
        ["can happen", "11"],
    ]


def test_the_titles_are_those_of_the_planted_faults(peers):
    assert peers.CLASSICAL == PLANTED


def test_equal_channels_only(peers):
    fault = peers.faults()["C/M swapped when equal"]
    by_id = {case.id: case for case in load(FILES)}
    assert fault.applies(by_id["jax/2d-n2-c2-m2"], "forward")
    assert not fault.applies(by_id["jax/2d-n2-c2-m3"], "forward")
    assert not fault.applies(by_id["wpt/default"], "forward")  # one channel each: nothing to exchange
