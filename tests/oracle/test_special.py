"""NaN, infinities and the zeros that they meet: the answer is what IEEE 754 makes of the terms, in any order."""

from __future__ import annotations

import random

import numpy as np
import pytest
from msgspec.structs import replace
from terms import terms, total

from conformance import oracle
from conformance.case import Case
from conformance.corpus.choose import corpus
from conformance.corpus.random_cases import numbered
from conformance.mutants import kills
from conformance.oracle.definition import FACTORS
from conformance.oracle.operands import make_operands

MULTIPLYING = ("forward", "grad_input", "grad_weight")
FILLS = ("special", "special_second")
SMALL = [case for case in (numbered(1, number) for number in range(60)) if 0 < case.size < 2000]
SPECIAL = [case for case in corpus() if set(FILLS) & set(case.fills)]

LINE = Case(
    id="a/line",
    input=(3,),
    kernel=(2,),
    in_channels=1,
    out_channels=1,
    batch=1,
    groups=1,
    stride=(3,),
    dilation=(1,),
    padding=((0, 0),),
    output_padding=(0,),
    bias=False,
)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("check", MULTIPLYING)
def test_the_answer_is_the_sum_of_its_terms_in_any_order(check, fill):
    rng, seen = random.Random(0), 0
    assert len(SMALL) > 20
    for case in SMALL:
        arrays = make_operands(case, check, "float64", fill).arrays
        answer = oracle.answer(case, check, arrays)
        products = {place: [one * other for one, other in pairs] for place, pairs in terms(case, check, arrays).items()}
        for order in (list, lambda found: found[::-1], lambda found: rng.sample(found, len(found))):
            ordered = {place: order(found) for place, found in products.items()}
            np.testing.assert_array_equal(answer, total(case, check, arrays, ordered))
        seen += not np.isfinite(answer).all()
    assert seen > 20


@pytest.mark.parametrize(
    ("x", "w", "y"),
    [
        ([1, np.nan, 3], [1, 10], [1, 10, 0, np.nan, np.nan, 0, 3, 30]),
        ([1, np.inf, 3], [0, 10], [0, 10, 0, np.nan, np.inf, 0, 0, 30]),
        ([1, -np.inf, 3], [-1, 10], [-1, 10, 0, np.inf, -np.inf, 0, -3, 30]),
        ([1, 2, 3], [1, np.inf], [1, np.inf, 0, 2, np.inf, 0, 3, np.inf]),
        ([1, 0, -3], [1, np.inf], [1, np.inf, 0, 0, np.nan, 0, -3, -np.inf]),
    ],
)
def test_by_hand(x, w, y):
    operands = {"x": np.array([[x]], float), "w": np.array([[w]], float)}
    np.testing.assert_array_equal(oracle.answer(LINE, "forward", operands), [[y]])


def test_infinities_of_both_signs_are_nan_where_they_meet():
    case = replace(LINE, stride=(1,))
    operands = {"x": np.array([[[np.inf, -np.inf, 1]]]), "w": np.array([[[1.0, 1.0]]])}
    np.testing.assert_array_equal(oracle.answer(case, "forward", operands), [[[np.inf, np.nan, -np.inf, 1]]])


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("check", MULTIPLYING)
def test_one_factor_is_hit_and_the_other_has_zeros(check, fill):
    for case in SPECIAL:
        arrays = make_operands(case, check, case.dtypes[0], fill).arrays
        hit, zeroed = FACTORS[check] if fill == "special" else FACTORS[check][::-1]
        indices = np.indices(arrays[zeroed].shape).sum(axis=0)
        assert np.array_equal(arrays[zeroed] == 0, indices % 3 == 0)
        assert not (arrays[hit] == 0).any()
        special = {tuple(place) for place in np.argwhere(~np.isfinite(arrays[hit])).tolist()}
        last = tuple(length - 1 for length in arrays[hit].shape)
        assert special == {(0, 0, *last[2:]), (0, last[1], *[0] * case.rank)}
        assert all(np.isfinite(array).all() for name, array in arrays.items() if name != hit)


@pytest.mark.parametrize("case", SPECIAL, ids=lambda case: case.id)
def test_zeros_meet_what_is_special_in_every_question_of_the_corpus(case):
    """Else an implementation that skips them would pass."""
    for check in set(case.checks) & set(MULTIPLYING):
        for fill in set(case.fills) & set(FILLS):
            shown = kills(case, check, case.dtypes[0], fill)
            assert any(shown.get(f"zero-{name}-skipped") for name in ("weights", "inputs", "gradients")), (check, fill)
