"""The comparator against answers that are wrong on purpose."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from conformance import oracle
from conformance.case import DTYPES, FLOATS, Case
from conformance.oracle import bounds, error_map, sampled
from conformance.oracle.compare import Expected, compare, looser, says_nothing
from conformance.oracle.operands import decode, encode, rounded

CASE = Case(
    id="compare/one",
    input=(4, 5),
    kernel=(3, 2),
    in_channels=4,
    out_channels=3,
    batch=2,
    groups=1,
    stride=(2, 1),
    dilation=(1, 2),
    padding=((1, 0), (0, 1)),
    output_padding=(0, 1),
    bias=True,
    dtypes=DTYPES,
)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_right_answer_passes_and_one_wrong_bit_does_not(dtype):
    expected = Expected(CASE, "forward", dtype, "exact")
    returned = encode(expected.answer, dtype)
    assert "mismatch" not in compare(expected, returned, dtype)
    at = (1, 2, 3, 4)
    bits = returned.copy().view(f"u{4 if dtype == 'complex64' else returned.itemsize}")
    bits[(*at[:-1], at[-1] * bits.shape[-1] // returned.shape[-1])] ^= bits.dtype.type(1)
    detail = compare(expected, bits.view(returned.dtype), dtype)
    assert detail["mismatch"] == "values"
    assert detail["wrong"] == 1
    assert detail["of"] == returned.size
    assert tuple(detail["first_wrong"]["index"]) == at
    spoken = {word: complex(detail["first_wrong"][word]) for word in ("expected", "returned")}
    assert spoken["expected"] == expected.answer[at] != spoken["returned"]


def test_shape_comes_before_dtype_before_specials_before_values():
    expected = Expected(CASE, "forward", "float32", "exact")
    right = encode(expected.answer, "float32")
    wrong = np.full_like(right, np.nan)
    assert compare(expected, wrong[..., :-1].astype("float64"), "float64")["mismatch"] == "shape"
    assert compare(expected, wrong.astype("float64"), "float64")["mismatch"] == "dtype"
    assert compare(expected, wrong, "float32")["mismatch"] == "specials"
    assert compare(expected, right + 1, "float32")["mismatch"] == "values"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("fill", ["exact", "real"])
def test_a_special_value_where_a_number_belongs_is_wrong(value, fill):
    expected = Expected(CASE, "forward", "float32", fill)
    returned = encode(expected.answer, "float32")
    returned[0, 0, 0, 0] = value
    detail = compare(expected, returned, "float32")
    assert detail["mismatch"] == "specials"
    assert isinstance(detail["first_wrong"]["returned"], str)


@pytest.mark.parametrize("dtype", FLOATS)
def test_real_operands_pass_up_to_the_bound_and_not_beyond(dtype):
    expected = Expected(CASE, "forward", dtype, "real")
    summed = {dtype: {"accumulator": dtype}}
    allowed = bounds.bound(expected.answer, expected.magnitude, expected.terms, dtype, summed)
    # float64 answers cannot be told from the oracle's own rounding, so the allowance is put on its own answer.
    inside = encode(expected.answer + 0.4 * allowed, dtype)
    outside = encode(expected.answer + 2.5 * allowed, dtype)
    assert "mismatch" not in compare(expected, inside, dtype, summed)
    detail = compare(expected, outside, dtype, summed)
    assert detail["mismatch"] == "values"
    assert detail["share"] > 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sums_in_half_precision_have_to_be_declared(dtype):
    """What is rounded once is right without a word; what is off by as much as a sum in half precision is not."""
    expected = Expected(CASE, "forward", dtype, "real")
    once = encode(expected.answer, dtype)
    assert "mismatch" not in compare(expected, once, dtype)
    summed = {dtype: {"accumulator": dtype}}
    allowed = bounds.bound(expected.answer, expected.magnitude, expected.terms, dtype, summed)
    off = encode(expected.answer + 0.4 * allowed, dtype)
    assert compare(expected, off, dtype)["mismatch"] == "values"
    assert looser(expected, decode(off, dtype), {}) == f"an accumulator of {dtype}"
    assert "mismatch" not in compare(expected, off, dtype, summed)


def test_sloppy_accumulation_is_beyond_the_bound_of_a_finer_one_and_within_its_own():
    """Sums in float16 of many terms: outside what float32 accumulation can do, inside what float16 can."""
    case = Case(
        id="compare/long",
        input=(40,),
        kernel=(1,),
        in_channels=64,
        out_channels=2,
        batch=2,
        groups=1,
        stride=(1,),
        dilation=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        bias=False,
    )
    expected = Expected(case, "forward", "float16", "real")
    x, w = (encode(expected.operands[name], "float16") for name in "xw")
    y = np.zeros((2, 2, 40), "float16")
    for channel in range(64):
        y += x[:, channel, None, :] * w[None, channel]
    fine, coarse = {"float16": {"accumulator": "float32"}}, {"float16": {"accumulator": "float16"}}
    assert compare(expected, y, "float16", fine)["mismatch"] == "values"
    assert "mismatch" not in compare(expected, y, "float16", coarse)


def special(check: str = "forward") -> Expected:
    case = Case(
        id="a/special",
        input=(3,),
        kernel=(2,),
        in_channels=2,
        out_channels=2,
        batch=2,
        groups=1,
        stride=(3,),
        dilation=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        bias=True,
        fills=("special",),
    )
    return Expected(case, check, "float32", "special")


def test_nan_and_infinity_belong_where_a_term_brings_them_and_nowhere_else():
    expected = special()
    right = expected.answer
    # NaN in the first position, infinity in the last: stamps of two in 0 1 . 3 4 . 6 7, of image 0 alone. The tap of
    # the first input and the first output channel at index 0 is 0.
    assert np.isnan(right[0, :, :2]).all()
    assert np.isnan(right[0, 0, 6])
    assert np.isinf([right[0, 0, 7], *right[0, 1, 6:]]).all()
    assert np.isfinite(right[0, :, 2:6]).all()
    assert np.isfinite(right[1]).all()
    assert compare(expected, right.astype(np.float32), "float32") == {}

    spread = right.astype(np.float32)
    spread[0, 0, 2] = np.nan
    found = compare(expected, spread, "float32")
    assert (found["mismatch"], found["specials_extra"], found["specials_missing"]) == ("specials", 1, 0)
    assert found["first_wrong"]["returned"] == "nan"

    masked = np.where(np.isnan(right), 0.0, right).astype(np.float32)
    assert compare(expected, masked, "float32")["specials_missing"] == 5

    negated = right.astype(np.float32)
    negated[0, 0, 7] *= -1  # the other infinity
    assert compare(expected, negated, "float32")["mismatch"] == "specials"


def test_arithmetic_that_was_not_declared_is_named():
    """float32 from multiplicands of 11 bits, as TF32 has them: far outside float32's own bound, within TF32's."""
    expected = Expected(CASE, "forward", "float32", "real")
    narrow = {name: rounded(array, "float16") for name, array in expected.operands.items() if name != "b"}
    returned = oracle.answer(CASE, "forward", narrow | {"b": expected.operands["b"]})
    assert compare(expected, returned.astype(np.float32), "float32")["mismatch"] == "values"
    assert looser(expected, returned, {}) == "multiplicands rounded to TF32"
    assert looser(expected, returned + 1, {}) is None


def test_the_map_and_the_list_say_which_elements_are_wrong_and_how_far():
    expected = Expected(CASE, "forward", "float64", "exact")
    wrong = expected.answer.copy()
    unit = expected.magnitude * bounds.ROUNDOFF["float64"]
    wrong[0, 1, 2, 3] += 1
    wrong[1, 2, 3, 4] = np.nan
    detail = compare(expected, wrong, "float64")
    indices = [tuple(index) for index, _, _ in detail["wrong_elements"]]
    assert indices == [(0, 1, 2, 3), (1, 2, 3, 4)]
    assert detail["wrong_elements"][1][1:] == (expected.answer[1, 2, 3, 4], "nan")
    levels = np.frombuffer(base64.b64decode(detail["error_map"]["levels"]), np.uint8)
    levels = levels.reshape(detail["error_map"]["shape"])
    assert [tuple(index) for index in np.argwhere(levels >= 128).tolist()] == indices
    assert not levels[levels < 128].any()
    assert levels[1, 2, 3, 4] & 127 == 127
    step = (levels[0, 1, 2, 3] & 127) - 1
    size = 1 / unit[0, 1, 2, 3]
    assert 2.0 ** (step / 2 - 16) <= size * (1 + 1e-12)
    assert size <= 2.0 ** ((step + 1) / 2 - 16) * (1 + 1e-12)


def test_a_real_answer_within_its_bound_is_on_the_map_as_an_error_and_not_as_wrong():
    expected = Expected(CASE, "forward", "float32", "real")
    returned = encode(expected.answer, "float32")
    returned[0, 0, 0, 0] += 1
    levels = compare(expected, returned, "float32")["error_map"]["levels"]
    levels = np.frombuffer(base64.b64decode(levels), np.uint8)
    assert levels[0] >= 128
    assert (levels[1:] < 128).all()
    assert levels[1:].any()


def test_nan_where_nan_should_be_is_no_error_on_the_map():
    expected = special()
    returned = expected.answer.astype(np.float32)
    wrong = np.argwhere(np.isfinite(returned))[0]
    returned[tuple(wrong)] += 1
    detail = compare(expected, returned, "float32")
    levels = np.frombuffer(base64.b64decode(detail["error_map"]["levels"]), np.uint8).reshape(returned.shape)
    assert np.argwhere(levels).tolist() == [wrong.tolist()]
    assert isinstance(detail["error"], float)


def test_a_large_answer_has_no_map_and_a_short_list():
    units = np.ones(5000)
    assert error_map.error_map(units, units > 0) is None
    assert len(error_map.wrong_elements(units, units, units > 0)) == error_map.LISTED


HALVES = {name: {name: {"accumulator": name}} for name in ("float16", "bfloat16")}
SIGNIFICANT = {"float16": 11, "bfloat16": 8}


def long_sum(channels: int) -> Case:
    return Case(
        id="sums/long",
        input=(12,),
        kernel=(6,),
        in_channels=channels,
        out_channels=3,
        batch=2,
        groups=1,
        stride=(1,),
        dilation=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        bias=False,
    )


def summed(case: Case, operands: dict, dtype: str, rounding=np.rint) -> np.ndarray:
    """One term after the other, rounded to the dtype after each addition: what a careless implementation does."""
    x, w, y = operands["x"], operands["w"], np.zeros(case.y_shape)
    for c, k, i in np.ndindex(case.in_channels, *case.kernel, *case.input):
        added = y[:, :, i + k] + x[:, c, i][:, None] * w[c, :, k]
        fraction, exponent = np.frexp(added)
        y[:, :, i + k] = np.ldexp(rounding(fraction * 2.0 ** SIGNIFICANT[dtype]), exponent - SIGNIFICANT[dtype])
    return y


def judged(expected: Expected, answer: np.ndarray) -> dict:
    return compare(expected, encode(answer, expected.dtype), expected.dtype, HALVES[expected.dtype])


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("channels", [2, 60, 400])
def test_sums_in_half_precision_are_right_and_not_rough(dtype, channels):
    expected = Expected(long_sum(channels), "forward", dtype, "real")
    detail = judged(expected, summed(expected.case, expected.operands, dtype))
    assert "mismatch" not in detail
    assert "rough" not in detail


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("wrong", [lambda y: 0 * y, lambda y: 0 * y + y.mean()], ids=["zeros", "a constant"])
def test_an_answer_that_says_nothing_is_wrong_whatever_the_bound_allows(dtype, wrong):
    expected = Expected(long_sum(400), "forward", dtype, "real")
    assert expected.terms * bounds.ROUNDOFF[dtype] > 1  # so that the bound allows it
    detail = judged(expected, wrong(expected.answer))
    assert detail["mismatch"] == "values"
    assert "says_nothing" in detail
    assert detail["share"] < 1


@pytest.mark.parametrize("dtype", HALVES)
def test_what_rounding_at_random_would_not_do_is_rough(dtype):
    expected = Expected(long_sum(400), "forward", dtype, "real")
    for wrong in (
        summed(expected.case, expected.operands, dtype, np.trunc),  # errors of one sign
        np.roll(expected.answer, 1, axis=-1),  # the answer, one position later
        expected.answer[::-1],
    ):
        detail = judged(expected, wrong)
        assert "mismatch" not in detail
        assert detail["rough"]


def test_few_or_equal_numbers_say_enough():
    right = np.array([0.0, 1.0, 2.0])
    assert not says_nothing(right, np.zeros(3))
    assert not says_nothing(np.full(20, 3.0), np.full(20, 3.5))
    assert says_nothing(np.arange(20.0), np.full(20, 3.5))


def test_the_norm_is_that_of_the_terms():
    case = long_sum(2)
    expected = Expected(case, "forward", "float16", "real")
    squares = np.zeros(case.y_shape)
    for c, k, i in np.ndindex(case.in_channels, *case.kernel, *case.input):
        squares[:, :, i + k] += (expected.operands["x"][:, c, i][:, None] * expected.operands["w"][c, :, k]) ** 2
    np.testing.assert_allclose(expected.norm**2, squares, rtol=1e-12)


@pytest.fixture
def large(monkeypatch):
    """As if the case were too large for its whole answer."""
    monkeypatch.setattr(sampled, "MOST_PRODUCTS", 10)
    return CASE


@pytest.mark.parametrize("check", ["forward", "grad_input", "grad_weight", "grad_bias"])
@pytest.mark.parametrize(("dtype", "fill"), [("float32", "exact"), ("float16", "exact"), ("float16", "real")])
def test_a_large_answer_is_held_against_chosen_elements(check, dtype, fill, large):
    expected = Expected(large, check, dtype, fill)
    right = oracle.answer(large, check, expected.operands)
    assert expected.answer.shape == expected.picks.shape
    assert "mismatch" not in compare(expected, encode(right, dtype), dtype)
    wrong = encode(np.roll(right, 1, axis=0) + 1, dtype)
    detail = compare(expected, wrong, dtype)
    assert (detail["mismatch"], detail["sampled"]) == ("values", True)
    index = tuple(detail["first_wrong"]["index"])
    assert detail["first_wrong"]["returned"] == decode(wrong, dtype)[index]
    assert detail["first_wrong"]["expected"] == right[index]
