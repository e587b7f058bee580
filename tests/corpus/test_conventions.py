"""Each convention against what its framework computes, against counted positions, and at the edge of what it allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.corpus.conventions import CONVENTIONS, Axis, resolve

#: (convention, I, K_e, s, size, padding) → (lo, hi, op); the crops were read off answers of TensorFlow 2.21, JAX 0.10.2
#: PyTorch 2.13, Keras 3 and ONNX Runtime 1.31, whose results on these the definition reproduces bit for bit.
KNOWN = [
    ("tensorflow_same", 3, 3, 2, 5, (0, 0), (1, 1, 0)),
    ("tensorflow_same", 3, 3, 2, 6, (0, 0), (0, 1, 0)),
    ("tensorflow_same", 4, 4, 3, 10, (0, 0), (1, 2, 0)),
    ("tensorflow_same", 4, 4, 3, 12, (0, 0), (0, 1, 0)),
    ("tensorflow_same", 3, 2, 1, 3, (0, 0), (0, 1, 0)),
    ("tensorflow_same", 3, 1, 2, 6, (0, 0), (0, 0, 1)),
    ("tensorflow_valid", 3, 3, 2, 7, (0, 0), (0, 0, 0)),
    ("tensorflow_valid", 3, 3, 2, 8, (0, 0), (0, 0, 1)),
    ("tensorflow_valid", 4, 2, 3, 13, (0, 0), (0, 0, 2)),
    ("jax_same", 3, 3, 2, None, (0, 0), (0, 1, 0)),
    ("jax_same", 3, 4, 2, None, (0, 0), (1, 1, 0)),
    ("jax_same", 3, 5, 1, None, (0, 0), (2, 2, 0)),
    ("jax_same", 3, 4, 1, None, (0, 0), (1, 2, 0)),
    ("jax_same", 3, 1, 2, None, (0, 0), (0, 0, 1)),
    ("jax_same", 4, 2, 4, None, (0, 0), (0, 0, 2)),
    ("jax_valid", 3, 3, 2, None, (0, 0), (0, 0, 0)),
    ("jax_valid", 3, 1, 3, None, (0, 0), (0, 0, 2)),
    ("torch_output_size", 3, 3, 2, 5, (1, 1), (1, 1, 0)),
    ("torch_output_size", 3, 3, 2, 6, (1, 1), (1, 1, 1)),
    ("tensorflow_explicit", 3, 3, 2, 5, (2, 0), (2, 0, 0)),
    ("tensorflow_explicit", 3, 3, 2, 6, (2, 0), (2, 0, 1)),
    ("jax_explicit", 3, 3, 2, None, (0, 3), (2, -1, 0)),
    ("jax_explicit", 3, 4, 3, None, (3, 1), (0, 2, 0)),
    ("jax_consistent", 3, 3, 2, None, (0, 3), (0, 3, 0)),
    ("keras_same", 3, 4, 1, None, (0, 0), (1, 2, 0)),
    ("keras_same", 3, 1, 3, None, (0, 0), (0, 0, 2)),
    ("keras_valid", 3, 1, 3, None, (0, 0), (0, 0, 2)),
    ("keras_valid", 3, 4, 3, None, (0, 0), (0, 0, 0)),
    ("onnx_same_upper", 3, 4, 3, None, (0, 0), (0, 1, 0)),
    ("onnx_same_lower", 3, 4, 3, None, (0, 0), (1, 0, 0)),
    ("onnx_output_shape", 3, 4, 3, 7, (0, 0), (2, 1, 0)),
    ("onnx_output_shape_upper", 3, 4, 3, 7, (0, 0), (1, 2, 0)),
]

#: With output padding: (convention, I, K_e, s, op) → (lo, hi, op). As above.
EXTENDED = [
    ("keras_same_output_padding", 3, 3, 2, 0, (1, 1, 0)),
    ("keras_same_output_padding", 3, 3, 2, 1, (0, 1, 0)),
    ("keras_same_output_padding", 3, 4, 2, 1, (1, 2, 0)),
    ("keras_same_output_padding", 3, 1, 3, 2, (0, 0, 2)),
    ("keras_valid_output_padding", 3, 1, 3, 0, (0, 0, 0)),
    ("keras_valid_output_padding", 3, 4, 3, 2, (0, 0, 2)),
    ("onnx_valid", 3, 4, 3, 2, (0, 0, 2)),
]

axes = st.builds(
    Axis,
    input=st.integers(1, 9),
    extent=st.integers(1, 9),
    stride=st.integers(1, 5),
    padding=st.just((0, 0)),
    size=st.none(),
    output_padding=st.just(0),
)


@pytest.mark.parametrize(("name", "length", "extent", "stride", "size", "padding", "numbers"), KNOWN)
def test_known_numbers(name, length, extent, stride, size, padding, numbers):
    resolved = resolve(name, [Axis(length, extent, stride, padding, size)])
    assert (*resolved.padding[0], *resolved.output_padding) == numbers
    assert resolved.problem is None


@pytest.mark.parametrize(("name", "length", "extent", "stride", "op", "numbers"), EXTENDED)
def test_known_numbers_with_output_padding(name, length, extent, stride, op, numbers):
    resolved = resolve(name, [Axis(length, extent, stride, output_padding=op)])
    assert (*resolved.padding[0], *resolved.output_padding) == numbers


def length(axis, solved):
    return axis.full - solved.lo - solved.hi + solved.output_padding


@pytest.mark.parametrize("name", CONVENTIONS)
@given(axis=axes)
def test_the_numbers_give_the_size_on_both_sides_of_legal(name, axis):
    convention = CONVENTIONS[name]
    if not convention.sized:
        solved = convention.solve(axis)
        assert [length(axis, solved)] == list(solved.legal)
        return
    legal = convention.solve(axis._replace(size=axis.full)).legal
    for size in range(max(legal[0] - 2, 0), legal[-1] + 3):
        asked = axis._replace(size=size)
        assert length(asked, convention.solve(asked)) == size
        assert (resolve(name, [asked]).problem is None) == (size in legal)


@given(axis=axes, word=st.sampled_from(["same", "valid"]))
def test_tensorflow_is_the_adjoint_of_a_convolution_written_out(axis, word):
    """A size is legal when windows of K_e at every s-th position of it, padded, are I many; lo is where they begin."""
    for size in range(axis.full + 2 * axis.stride):
        begins = range(0, size if word == "same" else size - axis.extent + 1, axis.stride)
        solved = CONVENTIONS[f"tensorflow_{word}"].solve(axis._replace(size=size))
        assert (size in solved.legal) == (len(begins) == axis.input)
        if size in solved.legal and word == "same":
            missing = max(begins[-1] + axis.extent - size, 0)  # what the last window lacks if the first begins at 0
            assert solved.hi - solved.lo in (0, 1)
            assert solved.lo + solved.hi == missing


@given(axis=axes)
def test_jax_same_keeps_the_middle_and_never_crops_more_than_the_kernel(axis):
    solved = CONVENTIONS["jax_same"].solve(axis)
    assert length(axis, solved) == axis.input * axis.stride
    assert 0 <= solved.hi - solved.lo <= 1 or axis.stride >= axis.extent
    assert solved.lo <= axis.extent - 1


WRONG = [
    ("valid", [Axis(3, 3, 2)], "unknown convention 'valid', the known ones are tensorflow_same"),
    ("tensorflow_same", [Axis(3, 3, 2)], "tensorflow_same needs output_size"),
    ("torch_output_size", [Axis(3, 3, 2, (1, 1))], "torch_output_size needs output_size"),
    ("jax_same", [Axis(3, 3, 2, (0, 0), 6)], "jax_same gives the size itself: delete output_size"),
    ("jax_valid", [Axis(3, 3, 2, (1, 1))], "jax_valid gives the padding itself: delete padding"),
    ("tensorflow_valid", [Axis(3, 3, 2, (1, 1), 7)], "tensorflow_valid gives the padding itself"),
    ("torch_output_size", [Axis(3, 3, 2, (1, 0), 6)], "make [1, 0] symmetric"),
]


@pytest.mark.parametrize(("name", "axes", "gist"), WRONG)
def test_what_is_missing_or_too_much(name, axes, gist):
    with pytest.raises(ValueError, match=r".") as caught:
        resolve(name, axes)
    assert gist in str(caught.value)


def test_an_illegal_size_is_a_problem_with_the_legal_ones():
    axes = [Axis(3, 3, 2, (0, 0), 6), Axis(3, 3, 2, (0, 0), 9)]
    problem = resolve("tensorflow_same", axes).problem
    assert problem == "output size 9 on axis 1 is not 5 to 6, which tensorflow_same allows"


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_says_its_formula_and_its_source(name):
    text = CONVENTIONS[name].solve.__doc__
    assert "Source: " in text
    assert any(symbol in text for symbol in "=≤<−")
