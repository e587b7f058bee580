"""The two formulations of the definition agree, and have the properties that the operator has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from conformance import oracle
from conformance.case import CHECKS, DTYPES, FLOATS, Case
from conformance.oracle import sampled
from conformance.oracle.operands import SIGNIFICAND, Start, decode, encode, make_operands, mix


@st.composite
def cases(draw: st.DrawFn, max_rank: int = 3, bias: bool | None = None) -> Case:
    """Any small case that has an answer; `bias` says whether it has one, None leaves it open."""
    rank = draw(st.integers(1, max_rank))
    groups = draw(st.integers(1, 3))

    def axes(least: int, most: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(least, most)) for _ in range(rank))

    lengths, kernel, stride, dilation, more = axes(0, 4), axes(1, 4), axes(1, 4), axes(1, 3), axes(0, 3)
    padding = []
    for i, k, s, e, op in zip(lengths, kernel, stride, dilation, more, strict=True):
        full = ((i - 1) * s + (k - 1) * e + 1 if i else 0) + op  # so that what is left is never negative
        lo = draw(st.integers(-2, min(5, full + 2)))
        padding.append((lo, draw(st.integers(-2, min(5, full - lo)))))
    case = Case(
        id="drawn/case",
        input=lengths,
        kernel=kernel,
        in_channels=groups * draw(st.integers(1, 3)),
        out_channels=groups * draw(st.integers(1, 3)),
        batch=draw(st.integers(0, 3)),
        groups=groups,
        stride=stride,
        dilation=dilation,
        padding=tuple(padding),
        output_padding=more,
        bias=draw(st.booleans()) if bias is None else bias,
    )
    assert case.problem() is None
    return case


def exact(case: Case, check: str, seed: int = 0, dtype: str = "float64") -> dict[str, np.ndarray]:
    return make_operands(case, check, dtype, "exact", seed).arrays


@pytest.mark.parametrize("check", CHECKS)
@given(pick=st.data(), seed=st.integers(0, 2**31))
@settings(max_examples=100, deadline=None)
def test_two_formulations_agree(check, pick, seed):
    case = pick.draw(cases(bias=True if check == "grad_bias" else None))
    arrays = exact(case, check, seed)
    answer = oracle.answer(case, check, arrays)
    assert answer.shape == case.result_shape(check)
    assert np.array_equal(answer, oracle.answer_by_definition(case, check, arrays))


@pytest.mark.parametrize("check", CHECKS)
@given(pick=st.data(), seed=st.integers(0, 2**31))
@settings(max_examples=100, deadline=None)
def test_chosen_elements_are_those_of_the_whole_answer(check, pick, seed):
    case = pick.draw(cases(bias=True if check == "grad_bias" else None))
    arrays = exact(case, check, seed)
    whole = oracle.answer(case, check, arrays)
    assert np.array_equal(sampled.answer(case, check, arrays, np.arange(whole.size)), whole.reshape(-1))


@pytest.mark.parametrize("fill", ["special", "special_second"])
@given(pick=st.data())
@settings(max_examples=60, deadline=None)
def test_chosen_elements_may_be_infinite(fill, pick):
    case = pick.draw(cases())
    arrays = make_operands(case, "forward", "float32", fill, 0).arrays
    with np.errstate(invalid="ignore"):
        whole = oracle.answer(case, "forward", arrays)
        chosen = sampled.answer(case, "forward", arrays, np.arange(whole.size))
    assert np.array_equal(chosen, whole.reshape(-1), equal_nan=True)


@given(st.lists(st.integers(0, 300), min_size=3, max_size=4), st.integers(1, 2**30))
def test_the_ends_of_an_answer_are_chosen(shape, terms):
    size = int(np.prod(shape))
    found = sampled.picks(tuple(shape), terms, np.arange(sampled.PICKS, dtype=np.uint64) * 7919)
    assert len(np.unique(found)) == len(found) <= 2 * sampled.PICKS
    assert len(found) >= min(size, 8)
    if size:
        assert (found[0], found[-1]) == (0, size - 1)


@given(case=cases())
@settings(max_examples=100, deadline=None)
def test_gradient_is_the_adjoint(case):
    """⟨y(x), g⟩ = ⟨x, dx(g)⟩ = ⟨w, dw(x, g)⟩ without bias, exactly, in integers."""
    arrays = {name: np.sign(array) for name, array in exact(case, "grad_input").items() if name != "b"}
    y = oracle.answer(case, "forward", {name: arrays[name] for name in "xw"})
    product = np.vdot(y, arrays["g"])
    assert product == np.vdot(arrays["x"], oracle.answer(case, "grad_input", arrays))
    assert product == np.vdot(arrays["w"], oracle.answer(case, "grad_weight", arrays))


@given(case=cases())
@settings(max_examples=60, deadline=None)
def test_linear_in_each_operand(case):
    # Drawn for float32, so that the sums of twice as large operands are exact in the oracle's float64.
    one, two = (exact(case, "forward", seed, "float32") for seed in (1, 2))
    for name in ("x", "w"):
        both = one | {name: one[name] + two[name]}
        parts = [oracle.answer(case, "forward", one | {name: array}) for array in (one[name], two[name])]
        bias = one["b"].reshape(-1, *[1] * case.rank) if case.bias else 0
        assert np.array_equal(oracle.answer(case, "forward", both), sum(parts) - bias)


@given(case=cases(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_a_shift_of_the_input_shifts_the_answer_by_the_stride(case, seed):
    """x[i − 1] gives y[u − s]: along each axis, where neither end of the input nor of the answer cuts it off."""
    arrays = exact(case, "forward", seed)
    for axis in range(2, 2 + case.rank):
        stride, length = case.stride[axis - 2], case.input[axis - 2]
        if length < 2:
            continue
        x = arrays["x"].copy()
        x[(slice(None),) * axis + (-1,)] = 0  # nothing falls off the end
        one = oracle.answer(case, "forward", arrays | {"x": x})
        two = oracle.answer(case, "forward", arrays | {"x": np.roll(x, 1, axis)})
        before, kept = (slice(None),) * axis, max(0, one.shape[axis] - stride)
        assert np.array_equal(two[(*before, slice(stride, None))], one[(*before, slice(0, kept))])


@given(case=cases(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_groups_are_answers_side_by_side(case, seed):
    arrays = exact(case, "forward", seed)
    c, m = case.in_channels // case.groups, case.out_channels // case.groups
    alone = replace(case, groups=1, in_channels=c, out_channels=m)
    parts = []
    for group in range(case.groups):
        mine = {"x": arrays["x"][:, group * c : (group + 1) * c], "w": arrays["w"][group * c : (group + 1) * c]}
        if case.bias:
            mine["b"] = arrays["b"][group * m : (group + 1) * m]
        parts.append(oracle.answer(alone, "forward", mine))
    assert np.array_equal(oracle.answer(case, "forward", arrays), np.concatenate(parts, axis=1))


@given(case=cases(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_orders_of_images_channels_and_axes_do_not_matter(case, seed):
    arrays, rng = exact(case, "forward", seed), np.random.default_rng(seed)
    y = oracle.answer(case, "forward", arrays)
    images = rng.permutation(case.batch)
    assert np.array_equal(oracle.answer(case, "forward", arrays | {"x": arrays["x"][images]}), y[images])
    inside = rng.permutation(case.in_channels // case.groups)
    order = np.concatenate([group * len(inside) + inside for group in range(case.groups)])
    mixed = arrays | {"x": arrays["x"][:, order], "w": arrays["w"][order]}
    assert np.array_equal(oracle.answer(case, "forward", mixed), y)
    turned = replace(
        case,
        input=case.input[::-1],
        kernel=case.kernel[::-1],
        stride=case.stride[::-1],
        dilation=case.dilation[::-1],
        padding=case.padding[::-1],
        output_padding=case.output_padding[::-1],
    )
    axes = (0, 1, *range(1 + case.rank, 1, -1))
    other = arrays | {name: arrays[name].transpose(axes) for name in "xw"}
    assert np.array_equal(oracle.answer(turned, "forward", other), y.transpose(axes))


@given(case=cases(), seed=st.integers(0, 1000), more=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_padding_crops_and_does_nothing_else(case, seed, more):
    arrays = exact(case, "forward", seed)
    wider = replace(case, padding=tuple((lo - more, hi - more) for lo, hi in case.padding))
    inner = (..., *(slice(more, more + length) for length in case.output))
    assert np.array_equal(oracle.answer(wider, "forward", arrays)[inner], oracle.answer(case, "forward", arrays))


@given(case=cases())
@settings(max_examples=100, deadline=None)
def test_the_convolution_of_the_output_has_the_input_s_length(case):
    """Where output padding stays below the stride: floor((O + lo + hi − K_e) / s) + 1 = I."""
    for axis in range(case.rank):
        (lo, hi), extent = case.padding[axis], case.extent[axis]
        if case.input[axis] and case.output_padding[axis] < case.stride[axis]:
            assert (case.output[axis] + lo + hi - extent) // case.stride[axis] + 1 == case.input[axis]


def test_a_published_example():
    """Dumoulin and Visin's arithmetic by hand: the stamp [1, 2, 3] at stride 2, cropped by one at the beginning."""
    case = Case(
        id="hand/one",
        input=(2,),
        kernel=(3,),
        in_channels=1,
        out_channels=1,
        batch=1,
        groups=1,
        stride=(2,),
        dilation=(1,),
        padding=((1, 0),),
        output_padding=(2,),
        bias=True,
    )
    arrays = {"x": np.array([[[10.0, 100.0]]]), "w": np.array([[[1.0, 2.0, 3.0]]]), "b": np.array([5.0])}
    # full length: 10 20 30+100 200 300; the first goes, two positions of nothing but bias are added
    assert oracle.answer(case, "forward", arrays).tolist() == [[[25.0, 135.0, 205.0, 305.0, 5.0, 5.0]]]


@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases(), seed=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_exact_operands_leave_nothing_to_round(dtype, case, seed):
    """Every partial sum is at most Σ|terms| ≤ 2^p, so it is representable in any order of summation."""
    for check in CHECKS[: 1 if dtype not in FLOATS else 4 if case.bias else 3]:
        operands = make_operands(case, check, dtype, "exact", seed)
        # |x||w| is up to twice the largest product of parts.
        room = 2 ** (SIGNIFICAND[dtype] + (dtype == "complex64"))
        assert oracle.magnitude(case, check, operands.arrays).max(initial=0) <= room
        for array in operands.arrays.values():
            assert np.array_equal(decode(encode(array, dtype), dtype), array)


def test_operands_are_the_formula_and_not_a_generator():
    """SplitMix64 as published, seed 0: its first outputs; another implementation must agree with these numbers."""
    first = [int(value) for value in mix(Start(0), "x", 4)]
    state, wanted = 0, []
    for _ in range(4):
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        wanted.append(z ^ (z >> 31))
        state = (state + 0x9E3779B97F4A7C15) % 2**64
    assert first == wanted


def test_bfloat16_rounds_to_nearest_even():
    values = np.array([1.0, 1.00390625, 1.01171875, -1.00390625])  # the middle two lie halfway between neighbours
    assert decode(encode(values, "bfloat16"), "bfloat16").tolist() == [1.0, 1.0, 1.015625, -1.0]
