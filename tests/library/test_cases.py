"""Cases as objects of a test, and the Hypothesis strategy that makes them."""

from __future__ import annotations

import subprocess
import sys
import unittest

import numpy as np
import operators
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as draws

from conformance import Wrong, cases, configurations, folder
from conformance.corpus import load
from conformance.corpus.neighbours import simpler


@pytest.mark.parametrize("case", cases("groups/*", ranks=2), ids=str)
def test_a_case_of_the_corpus(case):
    case.check(operators.conv_transpose, fills=["exact"])


def test_cases_are_those_of_the_corpus():
    everything = load.load(folder("cases"))
    assert [case.id for case in cases("stride/*")] == [case.id for case in everything if case.family == "stride"]
    assert {case.rank for case in cases("rank/*", ranks=(1, 3))} == {1, 3}
    assert all(case.expect == "answer" for case in cases())
    assert any(case.expect == "refuse" for case in cases("invalid/*"))
    assert cases("invalid/*", invalid=False) == []
    assert {case.groups for case in cases(where={"groups": {"above": 3}})} >= {4}
    assert all(case.groups > 3 for case in cases(where={"groups": {"above": 3}}))
    assert not any(case.options for case in cases(tier="full", where={"rank": 2}))


def test_a_case_says_how_to_get_it_again():
    for case in cases("groups/*")[:2] + cases("as/i3x5k2s2", "random/7-3"):
        assert eval(repr(case), {"cases": cases}) == case
        assert str(case) == case.id


def test_the_crop_alone_determines_the_answer():
    for case in cases(tier="smoke"):
        ends = [f - begin - end for f, (begin, end) in zip(case.full, case.crop, strict=True)]
        assert tuple(ends) == case.output


def test_a_wrong_answer_is_told_with_its_place_and_a_script():
    (case,) = cases("as/i1x1k2x1s3x1c2m2g2")
    with pytest.raises(Wrong) as caught:
        case.check(operators.flipped_groups)
    said = str(caught.value)
    assert "differs: as if the kernel were flipped" in said
    assert "first wrong at [0, 0, 0, 0]" in said
    assert "y = flipped_groups(x, w, b, stride=(3, 1), padding=(0, 0)" in said
    assert caught.value.rows[0].case == case.id


def test_what_must_be_refused_and_is_answered_is_wrong():
    with pytest.raises(Wrong, match="is answered and must be refused"):
        cases("invalid/*", where={"invalid": "dtype of b"}, ranks=2)[0].check(operators.conv_transpose)


def test_what_cannot_be_expressed_is_a_skipped_test():
    (case,) = cases("as/i3k2p1:0")
    with pytest.raises(unittest.SkipTest, match="padding crops both ends alike"):
        case.check(operators.conv_transpose)


def test_pytest_skips_it(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "from conformance import cases\n"
        "def test_it():\n"
        "    cases('as/i3p1:0')[0].check(lambda x, w, b=None, stride=1, padding=0: x)\n",
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert "1 skipped" in done.stdout, done.stdout + done.stderr


@given(configurations(output_padding=True))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_configuration(case):
    case.check(operators.conv_transpose)


@given(configurations(symmetric=False, batch=1, ranks=draws.just(2), dtypes=("float64", "float32")))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_configurations_are_valid(case):
    assert case.problem() is None
    assert min(case.output) > 0
    assert (case.rank, case.batch) == (2, 1)
    assert cases(case.id)[0].y_shape == case.y_shape
    assert case.dtypes in (("float64",), ("float32",))


def wrong(case) -> bool:
    """Whether the function with flipped groups answers otherwise than the right one."""
    rng = np.random.default_rng(0)
    x, w = (rng.integers(1, 100, shape).astype(float) for shape in (case.x_shape, case.w_shape))
    words = {"stride": case.stride, "padding": [lo for lo, _ in case.padding], "output_padding": case.output_padding}
    words |= {"groups": case.groups, "dilation": case.dilation}
    right, flipped = (one(x, w, None, **words) for one in (operators.conv_transpose, operators.flipped_groups))
    return not np.array_equal(right, flipped)


def test_a_failure_shrinks_to_the_plainest():
    """Two groups and a stride of 3 are what it takes, and a kernel of which one can see that it is flipped: no number
    can be made plainer, and no axis left out."""
    least = find(configurations(), wrong, settings=settings(max_examples=500, deadline=None, database=None))
    assert (least.groups, max(least.stride), max(least.kernel)) == (2, 3, 2)
    assert wrong(least)
    plainer = [case for case in simpler(least) if case.problem() is None]
    assert len(plainer) >= 4
    assert not any(wrong(case) for case in plainer)


def test_an_example_that_cannot_be_expressed_is_rejected_not_failed():
    seen = []

    @given(configurations(ranks=1, symmetric=False, output_padding=False))
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def property_of_it(case):
        case.check(operators.conv_transpose)
        seen.append(case)

    property_of_it()
    assert seen
