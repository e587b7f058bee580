"""Ways to give the padding other than in numbers, each a named formula that gives (lo, hi, output padding) per axis.

The names mean what the frameworks' own documents and kernels do with an axis of input length I, extent
K_e = (K − 1)·e + 1, stride s and full length F = (I − 1)·s + K_e; `size` is the output length that was asked for.
What is cropped is written as (lo, hi), what is added behind the full length as output padding; never both at one end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple


class Axis(NamedTuple):
    """One spatial axis. `padding` and `output_padding` are what the case states, for conventions that have them."""

    input: int
    extent: int
    stride: int
    padding: tuple[int, int] = (0, 0)
    size: int | None = None
    output_padding: int = 0

    @property
    def full(self) -> int:
        return (self.input - 1) * self.stride + self.extent if self.input > 0 else 0


class Solved(NamedTuple):
    """The numbers a convention stands for, and the output lengths that it allows on this axis."""

    lo: int
    hi: int
    output_padding: int
    legal: range


class Convention(NamedTuple):
    name: str
    solve: Callable[[Axis], Solved]
    #: Whether the case must give output_size (else it must not), and whether it may give output_padding.
    sized: bool
    extended: bool = False
    #: Whether the case may give a padding: one number for both ends, or one for each.
    padded: Literal["symmetric", "each end"] | None = None


CONVENTIONS: dict[str, Convention] = {}


def convention(**words: Any) -> Callable[[Callable[[Axis], Solved]], Callable[[Axis], Solved]]:
    """Register a formula under its own name; `words`: the other fields of Convention."""

    def register(solve: Callable[[Axis], Solved]) -> Callable[[Axis], Solved]:
        CONVENTIONS[solve.__name__] = Convention(solve.__name__, solve, **words)
        return solve

    return register


@convention(sized=True)
def tensorflow_same(axis: Axis) -> Solved:
    """The forward convolution's SAME: total = max((I − 1)·s + K_e − size, 0), lo = ⌊total/2⌋, hi = the rest.

    The forward convolution maps size to ⌈size/s⌉ = I, so (I − 1)·s < size ≤ I·s. Where K_e < s, F may be less than
    size: nothing is cropped and the rest stays uncovered.
    Source: TensorFlow, GetWindowedOutputSizeVerbose in tensorflow/core/framework/kernel_shape_util.cc, called by
    conv2d_backprop_input with the size of the gradient's input.
    """
    total = max(axis.full - axis.size, 0)
    legal = range((axis.input - 1) * axis.stride + 1, axis.input * axis.stride + 1) if axis.input else range(1)
    return Solved(total // 2, total - total // 2, max(axis.size - axis.full, 0), legal)


@convention(sized=True)
def tensorflow_valid(axis: Axis) -> Solved:
    """The forward convolution's VALID: nothing is cropped, and what size has beyond F stays uncovered.

    The forward convolution maps size to ⌈(size − K_e + 1)/s⌉ = I, so F ≤ size < F + s.
    Source: as tensorflow_same.
    """
    return Solved(0, 0, axis.size - axis.full, range(axis.full, axis.full + axis.stride))


@convention(sized=False)
def jax_same(axis: Axis) -> Solved:
    """Output length I·s. The dilated input gets K_e + s − 2 zeros, of them begin = K_e − 1 if s > K_e − 1, else
    ⌈(K_e + s − 2)/2⌉ in front; so lo = K_e − 1 − begin, and F − lo − I·s is cropped at the end (added where negative).

    Source: JAX, _conv_transpose_padding in jax/_src/lax/convolution.py.
    """
    added = axis.extent + axis.stride - 2
    begin = axis.extent - 1 if axis.stride > axis.extent - 1 else -(-added // 2)
    size = axis.input * axis.stride
    lo = axis.extent - 1 - begin
    end = axis.full - lo - size
    return Solved(lo, max(end, 0), max(-end, 0), range(size, size + 1))


@convention(sized=False)
def jax_valid(axis: Axis) -> Solved:
    """Output length I·s + max(K_e − s, 0): nothing is cropped, and s − K_e positions are added where K_e < s.

    Source: as jax_same.
    """
    size = axis.input * axis.stride + max(axis.extent - axis.stride, 0)
    return Solved(0, 0, size - axis.full, range(size, size + 1))


@convention(sized=True, padded="symmetric")
def torch_output_size(axis: Axis) -> Solved:
    """The output padding that reaches size from the natural length F − lo − hi; it may be 0 to s − 1.

    Source: PyTorch, _ConvTransposeNd._output_padding in torch/nn/modules/conv.py.
    """
    natural = axis.full - sum(axis.padding)
    return Solved(*axis.padding, axis.size - natural, range(natural, natural + axis.stride))


@convention(sized=True, padded="each end")
def tensorflow_explicit(axis: Axis) -> Solved:
    """Explicit paddings [lo, hi] of the forward convolution: they are cropped, and size says what stays uncovered.

    The forward convolution maps size to ⌊(size + lo + hi − K_e)/s⌋ + 1 = I, so F − lo − hi ≤ size < F − lo − hi + s.
    Source: TensorFlow, the case EXPLICIT of GetWindowedOutputSizeVerbose, as tensorflow_same.
    """
    natural = axis.full - sum(axis.padding)
    return Solved(*axis.padding, axis.size - natural, range(max(natural, 0), natural + axis.stride))


@convention(sized=False, padded="each end")
def jax_explicit(axis: Axis) -> Solved:
    """Pairs [a, b] are zeros around the dilated input, so that lo = K_e − 1 − a, hi = K_e − 1 − b.

    Source: jax.lax.conv_transpose, "integer tuples are interpreted as padding for the transposed convolution".
    """
    lo, hi = (axis.extent - 1 - zeros for zeros in axis.padding)
    return Solved(lo, hi, 0, range(axis.full - lo - hi, axis.full - lo - hi + 1))


@convention(sized=False, padded="each end")
def jax_consistent(axis: Axis) -> Solved:
    """Pairs [lo, hi] are the padding of the forward convolution, lo = lo and hi = hi: they crop.

    Source: jax.lax.conv_transpose, its argument use_consistent_padding.
    """
    size = axis.full - sum(axis.padding)
    return Solved(*axis.padding, 0, range(size, size + 1))


@convention(sized=False)
def keras_same(axis: Axis) -> Solved:
    """padding="same" with output_padding None. Output length I·s: of s + K_e − 2 zeros around the dilated input,
    a = min(⌈(s + K_e − 2)/2⌉, K_e − 1) are in front.

    Source: Keras 3, _convert_conv_transpose_padding_args_from_keras_to_jax (src/backend/common/backend_utils.py).
    """
    return _keras(axis, axis.stride + axis.extent - 2)


@convention(sized=False, extended=True)
def keras_same_output_padding(axis: Axis) -> Solved:
    """padding="same" with a number op. Output length (I − 1)·s + K_e mod 2 + op: of K_e + K_e mod 2 − 2 + op zeros
    around the dilated input, a = min(⌈…/2⌉, K_e − 1) are in front. Source: as keras_same.
    """
    return _keras(axis, axis.extent + axis.extent % 2 - 2 + axis.output_padding)


@convention(sized=False)
def keras_valid(axis: Axis) -> Solved:
    """padding="valid" with output_padding None: output length (I − 1)·s + max(K_e, s), added at the end.

    Source: as keras_same.
    """
    added = max(axis.stride - axis.extent, 0)
    return Solved(0, 0, added, range(axis.full + added, axis.full + added + 1))


@convention(sized=False, extended=True)
def keras_valid_output_padding(axis: Axis) -> Solved:
    """padding="valid" with a number op, be it 0: output length (I − 1)·s + K_e + op.

    Source: as keras_same.
    """
    size = axis.full + axis.output_padding
    return Solved(0, 0, axis.output_padding, range(size, size + 1))


@convention(sized=False, extended=True)
def onnx_valid(axis: Axis) -> Solved:
    """auto_pad = VALID: all pads are 0, so the output length is F + output_padding.

    Source: ONNX, ConvTranspose-22: output_shape[i] = stride·(input − 1) + output_padding + K_e − pads.
    """
    size = axis.full + axis.output_padding
    return Solved(0, 0, axis.output_padding, range(size, size + 1))


@convention(sized=False)
def onnx_same_upper(axis: Axis) -> Solved:
    """auto_pad = SAME_UPPER. Output length I·s: F − I·s is cropped, lo = ⌊(F − I·s)/2⌋, hi = the rest.

    Where K_e < s there is nothing to crop, and I·s − F stays uncovered at the end; that is disputed (disputes.yaml).
    Source: ONNX, ConvTranspose-22: "the extra padding is added at the end for SAME_UPPER".
    """
    return _onnx(axis, axis.input * axis.stride, upper=True)


@convention(sized=False)
def onnx_same_lower(axis: Axis) -> Solved:
    """auto_pad = SAME_LOWER. Output length I·s: F − I·s is cropped, hi = ⌊(F − I·s)/2⌋, lo = the rest.

    Source: ONNX, ConvTranspose-22: "… and at the beginning for SAME_LOWER". K_e < s: as onnx_same_upper.
    """
    return _onnx(axis, axis.input * axis.stride, upper=False)


@convention(sized=True)
def onnx_output_shape(axis: Axis) -> Solved:
    """output_shape with auto_pad NOTSET (or VALID, or SAME_LOWER): pads are ignored, total = F − size is cropped,
    hi = ⌊total/2⌋, lo = the rest. size ≤ F; what a larger one means is disputed (disputes.yaml).

    Source: ONNX, ConvTranspose-22: "Else: pads[start_i] = total_padding[i] − (total_padding[i]/2)".
    """
    return _onnx(axis, axis.size, upper=False)


@convention(sized=True)
def onnx_output_shape_upper(axis: Axis) -> Solved:
    """output_shape with auto_pad = SAME_UPPER: total = F − size is cropped, lo = ⌊total/2⌋, hi = the rest. size ≤ F.

    Source: ONNX, ConvTranspose-22: "If (auto_pads == SAME_UPPER): pads[start_i] = total_padding[i]/2".
    """
    return _onnx(axis, axis.size, upper=True)


def _keras(axis: Axis, zeros: int) -> Solved:
    """`zeros` around the dilated input, half of them in front, rounded up, but no more than K_e − 1."""
    front = min((zeros + 1) // 2, axis.extent - 1)
    lo, end = axis.extent - 1 - front, axis.extent - 1 - (zeros - front)
    size = axis.full - lo - end
    return Solved(lo, max(end, 0), max(-end, 0), range(size, size + 1))


def _onnx(axis: Axis, size: int, *, upper: bool) -> Solved:
    """F − size is cropped; of an odd total the larger half at the end where `upper`, else at the beginning."""
    total = max(axis.full - size, 0)
    lo = total // 2 if upper else total - total // 2
    legal = range(size, size + 1) if axis.size is None else range(axis.full + 1)
    return Solved(lo, total - lo, max(size - axis.full, 0), legal)


class Resolved(NamedTuple):
    """A case's padding and output padding; `problem` says why the output size that was asked for is not legal."""

    padding: tuple[tuple[int, int], ...]
    output_padding: tuple[int, ...]
    problem: str | None


def resolve(name: str, axes: Sequence[Axis]) -> Resolved:
    """Apply the convention `name` to every axis.

    Raises ValueError, in words, where the name is unknown or a size or a padding is missing or too much. An output
    size outside the legal range is a `problem`: the case has no answer under this convention.
    """
    if name not in CONVENTIONS:
        raise ValueError(f"unknown convention {name!r}, the known ones are {', '.join(CONVENTIONS)}")
    chosen = CONVENTIONS[name]
    for axis in axes:
        if chosen.sized and axis.size is None:
            raise ValueError(f"{name} needs output_size: write it")
        if not chosen.sized and axis.size is not None:
            raise ValueError(f"{name} gives the size itself: delete output_size")
        if not chosen.padded and axis.padding != (0, 0):
            raise ValueError(f"{name} gives the padding itself: delete padding")
        if chosen.padded == "symmetric" and axis.padding[0] != axis.padding[1]:
            raise ValueError(f"{name} has one padding for both ends: make {list(axis.padding)} symmetric")
    solved = [chosen.solve(axis) for axis in axes]
    problem = next(
        (
            f"output size {axis.size} on axis {number} is not {_words(one.legal)}, which {name} allows"
            for number, (axis, one) in enumerate(zip(axes, solved, strict=True))
            if axis.size is not None and axis.size not in one.legal
        ),
        None,
    )
    return Resolved(tuple((one.lo, one.hi) for one in solved), tuple(one.output_padding for one in solved), problem)


def _words(legal: range) -> str:
    if not legal:
        return "possible: no length is"
    return str(legal[0]) if len(legal) == 1 else f"{legal[0]} to {legal[-1]}"
