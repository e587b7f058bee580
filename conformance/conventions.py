"""Ways of not saying the padding, each a named formula that gives (lo, hi, output padding) per axis.

The names mean what the frameworks' own documents and kernels do with an axis of input length I, extent
K_e = (K − 1)·e + 1, stride s and full length F = (I − 1)·s + K_e; `size` is the output length that was asked for.
What is cropped is said as (lo, hi), what is added behind the full length as output padding; never both at one end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Axis(NamedTuple):
    """One spatial axis. `padding` is what the case states (only torch_output_size has one)."""

    input: int
    extent: int
    stride: int
    padding: tuple[int, int] = (0, 0)
    size: int | None = None

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
    #: Whether the case must say output_size (else it must not), and whether it may say a padding.
    sized: bool
    padded: bool = False


CONVENTIONS: dict[str, Convention] = {}


def convention(*, sized: bool, padded: bool = False) -> Callable[[Callable[[Axis], Solved]], Callable[[Axis], Solved]]:
    def register(solve: Callable[[Axis], Solved]) -> Callable[[Axis], Solved]:
        CONVENTIONS[solve.__name__] = Convention(solve.__name__, solve, sized, padded)
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


@convention(sized=True, padded=True)
def torch_output_size(axis: Axis) -> Solved:
    """The output padding that reaches size from the natural length F − lo − hi; it may be 0 to s − 1.

    Source: PyTorch, _ConvTransposeNd._output_padding in torch/nn/modules/conv.py.
    """
    natural = axis.full - sum(axis.padding)
    return Solved(*axis.padding, axis.size - natural, range(natural, natural + axis.stride))


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
        if axis.padding[0] != axis.padding[1]:
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
    return Resolved(
        tuple((one.lo, one.hi) for one in solved), tuple(one.output_padding for one in solved), problem
    )


def _words(legal: range) -> str:
    if not legal:
        return "possible: no length is"
    return str(legal[0]) if len(legal) == 1 else f"{legal[0]} to {legal[-1]}"
