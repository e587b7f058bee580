"""Faults of NaN and infinity: right on finite numbers, and on others what their sentences say, term by term."""

from __future__ import annotations

import math

import numpy as np
import pytest
from terms import terms, total

from conformance import oracle
from conformance.case import CHECKS, Case
from conformance.corpus.random_cases import numbered
from conformance.mutants import MUTANTS
from conformance.mutants.mutant import SPECIAL_FILLS
from conformance.mutants.special import SPECIAL
from conformance.oracle.definition import FACTORS
from conformance.oracle.operands import make_operands

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
SMALL = [case for case in (numbered(2, number) for number in range(80)) if 0 < case.size < 1500]


def asked(name: str):
    """Every small question to which a mutant applies, with its operands in each fill."""
    for case in SMALL:
        for check in CHECKS:
            if BY_NAME[name].applies(case, check):
                for fill in SPECIAL_FILLS:
                    if fill == "special" or check != "grad_bias":
                        yield case, check, make_operands(case, check, "float64", fill).arrays


def test_they_are_those_of_the_special_fills():
    assert {mutant.name for mutant in MUTANTS if mutant.fills == SPECIAL_FILLS} == {mutant.name for mutant in SPECIAL}
    assert not [mutant.name for mutant in MUTANTS if mutant not in SPECIAL and set(mutant.fills) & set(SPECIAL_FILLS)]


@pytest.mark.parametrize("mutant", SPECIAL, ids=lambda mutant: mutant.name)
def test_finite_numbers_are_answered_rightly(mutant):
    seen = 0
    for case in SMALL:
        for check in CHECKS:
            arrays = make_operands(case, check, "float64", "exact").arrays
            wrong = mutant.answer(case, check, arrays)
            if wrong is not None:
                np.testing.assert_array_equal(wrong, oracle.answer(case, check, arrays))
                seen += 1
    assert seen > 5


@pytest.mark.parametrize(
    ("name", "skipped"), [("zero-weights-skipped", "w"), ("zero-inputs-skipped", "x"), ("zero-gradients-skipped", "g")]
)
def test_a_skipped_zero_is_no_term(name, skipped):
    shown = 0
    for case, check, arrays in asked(name):
        zero = FACTORS[check].index(skipped)
        left = {
            place: [one * other for one, other in pairs if (one, other)[zero] != 0]
            for place, pairs in terms(case, check, arrays).items()
        }
        wrong = BY_NAME[name].answer(case, check, arrays)
        np.testing.assert_array_equal(wrong, total(case, check, arrays, left))
        shown += not np.array_equal(wrong, oracle.answer(case, check, arrays), equal_nan=True)
    assert shown > 5


def test_a_matrix_multiplies_everything_of_an_image():
    for case, check, arrays in asked("matrix-zeros-multiplied"):
        special = ~np.isfinite(arrays[FACTORS[check][0]])
        wrong = BY_NAME["matrix-zeros-multiplied"].answer(case, check, arrays)
        for image in range(case.batch):
            if np.isnan(arrays[FACTORS[check][0]][image]).any():
                assert np.isnan(wrong[image]).all()
            elif not special[image].any() and np.isfinite(arrays["w"]).all():
                assert np.isfinite(wrong[image]).all()


#: Two inputs three apart, two taps, and two positions more than they reach.
LINE = Case(
    id="a/line",
    input=(2,),
    kernel=(2,),
    in_channels=1,
    out_channels=1,
    batch=1,
    groups=1,
    stride=(3,),
    dilation=(1,),
    padding=((0, 0),),
    output_padding=(2,),
    bias=True,
)
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("name", "y"),
    [  # the infinite tap meets position 6 from where a third input would stand
        ("zeros-around-input-multiplied", [INF, 15, 5, INF, 25, 5, NAN]),
        ("zeros-inserted-multiplied", [INF, NAN, NAN, INF, NAN, NAN, NAN]),
    ],
)
def test_zeros_that_are_multiplied_by_hand(name, y):
    arrays = {"x": np.array([[[1.0, 2.0]]]), "w": np.array([[[INF, 10.0]]]), "b": np.array([5.0])}
    np.testing.assert_array_equal(BY_NAME[name].answer(LINE, "forward", arrays), [[y]])
    np.testing.assert_array_equal(oracle.answer(LINE, "forward", arrays), [[[INF, 15, 5, INF, 25, 5, 5]]])
