"""Conditions from examples: the simplest that fits is found, and arrays decide as conditions do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.corpus.conditions import Condition
from conformance.corpus.random_cases import drawn, numbered
from conformance.run import infer
from conformance.run.infer import Asked, Table

CASES = list(drawn(21, 1500))


def inferred(holds, cases=CASES, asked=lambda case: Asked(case, "forward", "float32", "exact")):
    table = Table()
    places = table.add(map(asked, cases))
    wrong = np.array([holds(table.asked[place]) for place in places])
    return infer.conditions(table, places[wrong], places[~wrong])


@pytest.mark.parametrize(
    ("holds", "says"),
    [
        (lambda case: case.groups > 1 and 3 in case.stride, "groups > 1 and stride = 3 on some axis"),
        (lambda case: case.batch > 2, "batch > 2"),
        (lambda case: case.bias and case.rank == 2, "rank = 2 and with bias"),
        (lambda case: set(case.stride) == {1}, "stride = 1 on every axis"),
        (
            lambda case: any(s == 3 and i > 1 for s, i in zip(case.stride, case.input, strict=True)),
            "stride = 3 and input length > 1 on one axis",
        ),
        (lambda case: case.groups == case.in_channels > 1, "depthwise"),
        (lambda case: len(set(case.dilation)) > 1, "dilation not the same on all axes"),
        (lambda case: case.rank == 1 or case.in_channels > 16, "rank = 1; or input channels > 16"),
        (lambda case: True, "always"),
    ],
)
def test_the_condition_that_made_the_examples_is_found(holds, says):
    found = inferred(lambda one: holds(one.case))
    assert str(found[0]) == says


def test_words_of_rows_are_found_too():
    cases = CASES[:200]
    table = Table()
    places = table.add(
        Asked(case, check, dtype, "exact")
        for case in cases
        for check in ("forward", "grad_input")
        for dtype in ("float32", "float16")
    )
    wrong = np.array([table.asked[p].check == "grad_input" and table.asked[p].dtype == "float16" for p in places])
    assert str(infer.conditions(table, places[wrong], places[~wrong])[0]) == "grad input and float16"


def test_nothing_is_said_where_nothing_fits():
    """Whether the hash of a case is even is no condition on its numbers."""
    assert inferred(lambda one: hash(one.case.id) % 2 == 0, CASES[:600]) == []


def test_every_condition_that_is_offered_fits_all_examples():
    wrong = [case.groups > 1 and max(case.dilation) > 1 for case in CASES[:16]]
    table = Table()
    places = table.add(Asked(case, "forward", "float32", "exact") for case in CASES[:16])
    found = infer.conditions(table, places[wrong], places[~np.array(wrong)])
    assert len(found) > 1  # so few examples do not tell them apart
    for condition in found:
        assert [condition.holds(case) for case in CASES[:16]] == wrong


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, len(infer.atoms()) - 1), st.integers(0, len(infer.joint_atoms()) - 1))
def test_arrays_decide_as_conditions_do(number, single, joint):
    one = Asked(numbered(8, number), "grad_weight", "bfloat16", "real")
    table = Table([Asked(CASES[0], "forward", "float32", "exact"), one])
    for atom in (infer.atoms()[single], infer.joint_atoms()[joint]):
        assert table.holds(atom)[1] == atom.holds(one.case, one), str(atom)
        assert table.meets(Condition(((atom,),)))[1] == atom.holds(one.case, one)


def test_a_table_grows():
    table, atom = Table(), infer.atoms()[0]
    first = table.add([Asked(case, "forward", "float32", "exact") for case in CASES[:10]])
    before = table.holds(atom).copy()
    second = table.add([Asked(case, "forward", "float32", "exact") for case in CASES[10:30]])
    assert list(table.holds(atom)[first]) == list(before)
    assert list(table.holds(atom)[second]) == [atom.holds(case) for case in CASES[10:30]]
