"""The families of published layers: sourced, affordable, able to tell layouts apart, and there at their own size."""

from __future__ import annotations

import math

import pytest

from conformance import folder
from conformance.corpus import load

FILES = sorted(folder("cases").glob("models-*.yaml"))
CASES = [case for file in FILES for case in load.load_family(file)]
SMALL = [case for case in CASES if case.tier == "core"]
FULL = [case for case in CASES if case.tier == "full"]


def test_every_layer_has_a_source_and_a_reason():
    assert len(SMALL) >= 120
    for case in CASES:
        assert case.source.startswith("https://"), case.id
        assert case.why, case.id


def test_no_layer_is_there_twice():
    names = [case.id.partition("/")[2] for case in SMALL]
    assert len(set(names)) == len(names)


def test_every_small_layer_is_affordable():
    for case in SMALL:
        assert math.prod(case.w_shape) < 2**22, case.id
        assert case.size < 150e6, case.id
    assert sum(case.size for case in SMALL) < 2.5e9


def test_every_full_layer_fits_two_gibibytes():
    """In double precision, twice over: x, w, the full length and what is left of it."""
    for case in FULL:
        full = case.batch * case.out_channels * math.prod(case.full)
        elements = math.prod(case.x_shape) + math.prod(case.w_shape) + full + math.prod(case.y_shape)
        assert 16 * elements < 2**31, case.id
        assert case.size < 20e9, case.id


def test_spatial_sizes_differ_where_there_is_more_than_one_position():
    for case in SMALL:
        if math.prod(case.input) > 1:
            assert len(set(case.input)) == case.rank, case.id


@pytest.mark.parametrize("case", FULL, ids=lambda case: case.id)
def test_a_full_layer_is_a_small_one_that_grew(case):
    small = {small.id: small for small in SMALL}[case.id.replace("-full/", "/")]
    for word in ("kernel", "stride", "dilation", "groups", "bias", "convention", "source"):
        assert getattr(case, word) == getattr(small, word), word
    if case.convention is None:
        assert (case.padding, case.output_padding) == (small.padding, small.output_padding)
    assert case.size > small.size
