"""Asking again: conditions that fit alike are told apart, the smallest that fails and the nearest that is right."""

from __future__ import annotations

import numpy as np
import pytest
from lying import fault, questions, rows, truth
from msgspec.structs import replace

from conformance.case import Case
from conformance.corpus import spelled
from conformance.corpus.choose import corpus
from conformance.corpus.neighbours import beside, simpler, weight
from conformance.corpus.random_cases import numbered
from conformance.run.diagnose import diagnose, stored
from conformance.run.narrow import Route, narrow

FEW = [case for case in corpus() if case.family in ("groups", "stride") and case.size < 3000 and case.problem() is None]
BY_ID = {case.id: case for case in FEW}


def narrowed(wrong, seconds=60.0, checks=("forward",)):
    """The one finding of a few rows, after asking again; and what was asked."""
    asked = []

    def ask(more):
        asked.extend(more)
        return rows(wrong, more)

    (found,) = diagnose(rows(wrong, questions(FEW)), BY_ID)
    return narrow(found, Route(ask, ("float32",), checks), seconds), asked


def test_conditions_that_tie_are_told_apart():
    """A few rows leave room for many conditions; what is told in the end is the one that made the fault."""
    found, asked = narrowed(fault("kernel-flipped", lambda case: case.groups > 1 and 3 in case.stride))
    assert str(found.when) == "groups > 1 and stride = 3 on some axis"
    assert found.confirmed > 10
    assert found.finished
    assert len(asked) > found.confirmed


def test_the_smallest_is_small_and_the_nearest_differs_in_one_number():
    found, _ = narrowed(fault("kernel-flipped", lambda case: case.groups > 1 and 3 in case.stride))
    case = found.smallest.case
    assert (case.rank, case.batch, case.groups, case.stride, case.kernel) == (1, 1, 2, (3,), (2,))
    assert (case.dilation, case.padding, case.output_padding, case.bias) == ((1,), ((0, 0),), (0,), False)
    told = stored(found, BY_ID)
    assert told.change in ("with stride 2 instead of 3", "with groups 1 instead of 2", "with stride 4 instead of 3")
    assert spelled.named(told.smallest.case).stride == (3,)


def test_what_is_rounding_in_one_dtype_is_not_looked_for_in_others():
    """Float16 that is summed in float16, beside a fault in all dtypes: real operands name no fault, so that a wrong
    answer in float32 could be taken for rounding."""
    twice = fault("bias-twice", lambda case: case.batch > 1)

    def summed_in_float16(case, check, arrays):
        total = np.zeros(case.y_shape, dtype=np.float16)
        for channel in range(case.in_channels):
            mine = np.zeros_like(arrays["x"])
            mine[:, channel] = arrays["x"][:, channel]
            part = {"x": mine, "w": arrays["w"]}
            total += truth(replace(case, bias=False), check, part).astype(np.float16)
        return total + arrays["b"].reshape(-1, *[1] * case.rank).astype(np.float16) if case.bias else total

    def answers(asked):
        half = [one for one in asked if one.dtype == "float16" and one.fill == "real" and not one.case.bias]
        return [*rows(summed_in_float16, half), *rows(twice, [one for one in asked if one not in half])]

    asked = [one._replace(fill="real") for dtype in ("float16", "float32") for one in questions(FEW, dtype=dtype)]
    found = diagnose(answers([*asked, *questions(FEW)]), BY_ID)
    (rounded,) = (each for each in found if each.what.fault is None)
    assert str(rounded.when) == "float16"
    again = narrow(rounded, Route(answers, ("float16", "float32"), ("forward",)), 60.0)
    assert str(again.when) == "float16"
    assert again.confirmed > 10
    assert again.smallest.dtype == "float16"


def test_no_time_is_said():
    found, asked = narrowed(fault("kernel-flipped", lambda case: case.groups > 1), seconds=0.0)
    assert not found.finished
    assert len(asked) < 40


def test_a_route_that_dies_of_a_question_is_no_end():
    """Rows that crash or are unsupported say neither yes nor no."""

    def wrong(case, check, arrays):
        if case.batch == 3:
            raise RuntimeError("out of memory")
        return fault("kernel-flipped", lambda case: case.groups > 1)(case, check, arrays)

    (flipped, *_) = diagnose(rows(wrong, questions(FEW)), BY_ID)
    again = narrow(flipped, Route(lambda more: rows(wrong, more), ("float32",), ("forward",)), 60.0)
    assert str(again.when) == "groups > 1"


def test_other_checks_are_asked_where_a_route_has_them():
    def wrong(case, check, arrays):
        return fault("kernel-flipped", lambda case: check == "forward")(case, check, arrays)

    found, _ = narrowed(wrong, checks=("forward", "grad_input"))
    assert str(found.when) == "forward"


@pytest.mark.parametrize("number", range(40))
def test_ids_that_spell_a_case_can_be_read_again(number):
    case = numbered(4, number)
    again = spelled.named(spelled.spelled(case))
    for field in ("input", "kernel", "stride", "dilation", "padding", "output_padding", "batch", "groups", "bias"):
        assert getattr(again, field) == getattr(case, field)
    assert (again.in_channels, again.out_channels) == (case.in_channels, case.out_channels)


@pytest.mark.parametrize(
    "id", ["as/", "as/k3", "as/i3q2", "as/i3x4x5x6", "as/i3i4", "as/i3k2x2", "stride/x", "as/i3p1:x"]
)
def test_other_ids_spell_nothing(id):
    assert spelled.named(id) is None


def test_configurations_in_words():
    case = Case(
        id="a/b",
        input=(3, 5),
        kernel=(2, 2),
        in_channels=4,
        out_channels=6,
        batch=1,
        groups=2,
        stride=(3, 1),
        dilation=(1, 1),
        padding=((1, 0), (0, 0)),
        output_padding=(0, 1),
        bias=True,
    )
    said = "2-D, channels 4 → 6, groups 2, input 3×5, kernel 2, stride 3×1, padding (1,0)×0, output padding 0×1, bias"
    assert spelled.configuration(case) == said
    assert spelled.spelled(case) == "as/i3x5k2s3x1p1:0x0o0x1c4m6g2b"


def test_simpler_cases_are_simpler_and_neighbours_differ():
    case = numbered(4, 7)
    assert all(weight(one) < weight(case) for one in simpler(case))
    assert all(one.id != spelled.spelled(case) for one in beside(case))
