"""The family of published layers: sourced, affordable, and able to tell layouts apart where the network allows it."""

from __future__ import annotations

import math

from conformance import folder, load

CASES = load.load([folder("cases") / "models.yaml"])


def test_every_layer_has_a_source_and_a_reason():
    assert len(CASES) >= 30
    for case in CASES:
        assert case.source.startswith("https://"), case.id
        assert case.why, case.id


def test_every_layer_is_affordable():
    for case in CASES:
        assert math.prod(case.w_shape) < 2**22, case.id
        assert case.size < 150e6, case.id
    assert sum(case.size for case in CASES) < 1.5e9


def test_spatial_sizes_differ_where_there_is_more_than_one_position():
    for case in CASES:
        if math.prod(case.input) > 1:
            assert len(set(case.input)) == case.rank, case.id
