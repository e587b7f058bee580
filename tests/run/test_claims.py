"""Every claim is there, and its `known` verdict is what arithmetic written out in loops says, oracle aside."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from conformance import folder, oracle
from conformance.corpus import load
from conformance.oracle.operands import make_operands
from conformance.run.claims import judge

CASES = {case.id: case for case in load.load([folder("cases") / "claims.yaml"])}

#: Above this many multiply-adds only the shape is checked: loops in Python are slow.
FEW = 100_000


def pairs(case):
    """(input position i, tap k, output position u) of every term whose u lies inside the output."""
    lengths = output(case)
    for i in product(*map(range, case.input)):
        for k in product(*map(range, case.kernel)):
            u = tuple(
                a * s + b * e - lo
                for a, s, b, e, (lo, _) in zip(i, case.stride, k, case.dilation, case.padding, strict=True)
            )
            if all(0 <= position < length for position, length in zip(u, lengths, strict=True)):
                yield i, k, u


def output(case):
    """Output lengths, by listing the positions that the stamps of one axis reach."""
    lengths = []
    for axis, (lo, hi) in enumerate(case.padding):
        reached = [
            i * case.stride[axis] + k * case.dilation[axis]
            for i in range(case.input[axis])
            for k in range(case.kernel[axis])
        ]
        lengths.append(max(reached) + 1 - lo - hi + case.output_padding[axis])
    return tuple(lengths)


def by_loops(case, arrays):
    """What the case's check returns, one term after the other."""
    x, w = arrays["x"], arrays["w"]
    check = case.checks[0]
    result = np.zeros((case.batch, case.out_channels, *output(case)) if check == "forward" else x.shape)
    if check == "forward" and case.bias:
        result += arrays["b"].reshape(1, -1, *[1] * len(case.input))
    inputs, filters = case.in_channels // case.groups, case.out_channels // case.groups
    for i, k, u in pairs(case):
        for n, c, m in product(range(case.batch), range(case.in_channels), range(filters)):
            channel = c // inputs * filters + m
            if check == "forward":
                result[(n, channel, *u)] += x[(n, c, *i)] * w[(c, m, *k)]
            else:
                result[(n, c, *i)] += arrays["g"][(n, channel, *u)] * w[(c, m, *k)]
    return result


def convolution(image, kernel, padding=0):
    """The cross-correlation of two planes, stride 1: Y[i, j] = sum of X[i + u, j + v] W[u, v]."""
    image, kernel = np.pad(np.array(image, float), padding), np.array(kernel, float)
    rows, columns = (a - b + 1 for a, b in zip(image.shape, kernel.shape, strict=True))
    result = np.zeros((rows, columns))
    for i, j in product(range(rows), range(columns)):
        result[i, j] = (image[i : i + kernel.shape[0], j : j + kernel.shape[1]] * kernel).sum()
    return result


def plane(nested):
    return np.array(nested, float)[0, 0]


def case_of(name):
    return CASES[f"claims/{name}"]


def test_all_numbers_are_there():
    assert {case.claim.number for case in CASES.values()} == set(range(1, 22))


def test_each_number_has_one_source():
    sources = {(case.claim.number, case.claim.source) for case in CASES.values()}
    assert len(sources) == 21


@pytest.mark.parametrize("name", CASES)
def test_a_claim_asks_one_thing(name):
    case = CASES[name]
    stated = [case.claim.values, case.claim.not_values, case.claim.answers, case.claim.definition]
    others = sum(statement is not None for statement in stated)
    assert len(case.checks) == 1
    assert others == 1 or (others == 0 and case.claim.shape is not None)
    assert case.claim.says
    assert case.why


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.expect == "answer"])
def test_known_is_what_loops_say(name):
    case = CASES[name]
    check = case.checks[0]
    if case.size > FEW:
        shape = (case.batch, case.out_channels, *output(case)) if check == "forward" else case.x_shape
        if check == "grad_input":  # the convolution's output: the windows of K that fit into the upstream gradient
            assert case.input == tuple(g - k + 1 for g, k in zip(output(case), case.kernel, strict=True))
        assert case.claim.shape is not None
        assert case.claim.definition is None
        assert (tuple(case.claim.shape) == shape) is (case.claim.known == "confirmed")
        return
    fill = case.fills[0]
    assert fill in ("exact", "given")  # integers, so that every order of summation gives the same bits
    arrays = make_operands(case, check, "float32", fill).arrays
    came_out = by_loops(case, arrays)
    assert np.array_equal(came_out, oracle.answer(case, check, arrays))
    holds = [
        case.claim.shape is None or tuple(case.claim.shape) == came_out.shape,
        case.claim.values is None or np.array_equal(np.array(case.claim.values), came_out),
        case.claim.not_values is None or not np.array_equal(np.array(case.claim.not_values), came_out),
    ]
    assert all(holds) is (case.claim.known == "confirmed")
    assert judge(case.claim, "pass", came_out, None)["verdict"] == case.claim.known


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.expect == "refuse"])
def test_known_is_what_a_refusal_says(name):
    claim = CASES[name].claim
    assert judge(claim, "pass", None, "refused")["verdict"] == claim.known
    answered = np.zeros(claim.shape or CASES[name].y_shape)
    assert judge(claim, "accept", answered, None)["verdict"] != claim.known


def test_claim_5_states_the_convolution():
    for name in ("c05-output-size", "c05-padded-size"):
        case = case_of(name)
        sizes = zip(case.input, case.padding, case.kernel, strict=True)
        assert tuple(case.claim.shape[2:]) == tuple(n + 2 * lo - k + 1 for n, (lo, _), k in sizes)
    case = case_of("c05-sum")
    stated = convolution(plane(case.operands["x"]), plane(case.operands["w"]), padding=1)
    assert np.array_equal(plane(case.claim.values), stated)
    assert stated.shape == case.output


def test_claim_7_starts_from_sizes_that_the_convolution_maps_to_the_input():
    for size in (13, 16, 17, 18):
        case = case_of(f"c07-round-trip-{size}")
        windows = len(range(0, size + 2 * 2 - 5 + 1, 3))
        assert case.input == (windows, windows)
        assert tuple(case.claim.shape) == (1, 10, size, size)


def test_claim_9_starts_from_the_stated_values():
    case = case_of("c09-convolution-first")
    image, kernel = plane(case.claim.not_values), plane(case.operands["w"])
    assert np.array_equal(plane(case.operands["x"]), convolution(image, kernel))
    case = case_of("c09-transposed-first")
    start, kernel = plane(case.claim.not_values), plane(case.operands["w"])
    # A transposed convolution is the convolution of the input padded by K - 1 with the kernel turned around.
    assert np.array_equal(plane(case.operands["g"]), convolution(start, kernel[::-1, ::-1], padding=2))


def test_claims_19_and_20_state_the_texts_reading():
    for name in ("c19-output-padding-stamped", "c19-output-padding-bias"):
        case = case_of(name)
        arrays = make_operands(case, "forward", "float32", "given").arrays
        rows, columns = (length - op for length, op in zip(case.output, case.output_padding, strict=True))
        stated = np.zeros(case.output)
        stated[:rows, :columns] = by_loops(case, arrays)[0, 0, :rows, :columns]
        assert np.array_equal(plane(case.claim.values), stated)
    case = case_of("c20-padding")
    x, w = plane(case.operands["x"]), plane(case.operands["w"])
    stated = convolution(np.pad(x, 1), w[::-1, ::-1], padding=1)
    assert np.array_equal(plane(case.claim.values), stated)


def test_the_convolution_formula_of_claim_1():
    case = case_of("c01-conv-formula")
    lengths = zip(output(case), case.kernel, case.padding, case.stride, strict=True)
    assert tuple(case.claim.shape[2:]) == tuple((i - k + 2 * lo) // s + 1 for i, k, (lo, _), s in lengths)
