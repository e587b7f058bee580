"""What the arguments of the frameworks' transposed convolutions mean: one reader for each signature.

A reader takes the arguments of a call as the function does and returns the keys of a case; it raises where a length is
not known yet (symbolic shapes). Channels and layouts are read off the operands.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from conformance.case import AXIS_LETTERS, DTYPES
from conformance.exchange.writing import cropped, layer


def torch(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> dict[str, Any]:
    """torch.nn.functional.conv_transposeNd: x [N, C, …] or [C, …], w [C, M/g, …]."""
    x, w = _lengths(input), _lengths(weight)
    rank = len(w) - 2
    x = x if len(x) == rank + 2 else [1, *x]
    return {
        **layer(x, w, groups),
        "stride": _each(stride, rank),
        "dilation": _each(dilation, rank),
        "padding": _each(padding, rank),
        "output_padding": _each(output_padding, rank),
        "bias": bias is not None,
        "dtypes": [_dtype(input)],
    }


def tensorflow(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> dict[str, Any]:
    """tf.nn.convNd_transpose: filters […, M, C]; the padding is that of the forward convolution."""
    w = _lengths(filters)
    rank = len(w) - 2
    layout = data_format or f"N{AXIS_LETTERS[rank]}C"
    x = dict(zip(layout, _batched(input), strict=True))
    y = dict(zip(layout, output_shape, strict=True))
    size = [int(y[letter]) for letter in AXIS_LETTERS[rank]]
    numbers = {
        "batch": x["N"],
        "in_channels": w[-1],
        "out_channels": w[-2],
        "input": [x[letter] for letter in AXIS_LETTERS[rank]],
        "kernel": w[:-2],
        "stride": _spatial(strides, layout),
        "dilation": _spatial(1 if dilations is None else dilations, layout),
        "input_layout": layout,
        "dtypes": [_dtype(input)],
    }
    if isinstance(padding, str):
        return numbers | {"convention": f"tensorflow_{padding.lower()}", "output_size": size}
    begins = [begin for letter, (begin, _) in zip(layout, padding, strict=True) if letter in AXIS_LETTERS[rank]]
    return numbers | _to_size(numbers, begins, size)


def jax(
    lhs: Any,
    rhs: Any,
    strides: Sequence[int],
    padding: Any,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    transpose_kernel: bool = False,
    precision: Any = None,
    preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> dict[str, Any]:
    """jax.lax.conv_transpose: integers pad the dilated input; a kernel that is not flipped is only other data."""
    rank = len(lhs.shape) - 2
    if dimension_numbers is None:
        space = "HWD"[:rank]
        dimension_numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    lax = sys.modules["jax"].lax
    x_axes, w_axes, y_axes = lax.conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    output, into = w_axes[:2] if not transpose_kernel else (w_axes[1], w_axes[0])
    numbers = {
        "batch": int(lhs.shape[x_axes[0]]),
        "in_channels": int(rhs.shape[into]),
        "out_channels": int(rhs.shape[output]),
        "input": [int(lhs.shape[axis]) for axis in x_axes[2:]],
        "kernel": [int(rhs.shape[axis]) for axis in w_axes[2:]],
        "stride": [int(s) for s in strides],
        "dilation": [int(e) for e in rhs_dilation or [1] * rank],
        "dtypes": [_dtype(lhs)],
        "kernel_layout": _layout((into, output, *w_axes[2:]), "IO" + AXIS_LETTERS[rank]),
    }
    if x_axes == y_axes:
        numbers["input_layout"] = _layout(x_axes, "NC" + AXIS_LETTERS[rank])
    if isinstance(padding, str):
        return numbers | {"convention": f"jax_{padding.lower()}"}
    crops = [(int(lo), int(hi)) for lo, hi in padding]
    if not use_consistent_padding:
        reach = [(k - 1) * e for k, e in zip(numbers["kernel"], numbers["dilation"], strict=True)]
        crops = [(all_of_it - lo, all_of_it - hi) for all_of_it, (lo, hi) in zip(reach, crops, strict=True)]
    return numbers | cropped(crops)


def keras_on_torch(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> dict[str, Any]:
    """Keras' own function for PyTorch, which asks for the full answer and crops it: the crops are Keras' numbers."""
    backend = sys.modules["keras.src.backend.torch.nn"]
    x, w = _lengths(inputs), _lengths(kernel)
    rank = len(w) - 2
    first = backend.backend.standardize_data_format(data_format) == "channels_first"
    crops = backend.compute_conv_transpose_output_crops_for_torch(
        input_shape=x,
        kernel_shape=w,
        strides=strides,
        padding=padding,
        output_padding=output_padding,
        dilation_rate=dilation_rate,
    )
    return {
        "batch": x[0],
        "in_channels": w[-1],
        "out_channels": w[-2],
        "input": x[2:] if first else x[1:-1],
        "kernel": w[:-2],
        "stride": _each(strides, rank),
        "dilation": _each(dilation_rate, rank),
        "dtypes": [_dtype(inputs)],
        **cropped([(int(begin), int(end)) for begin, end in crops]),
    }


#: Dotted name of a function → its reader. Outer functions stand before those that they call.
READERS: dict[str, Callable[..., dict[str, Any]]] = {
    "keras.src.backend.torch.nn.conv_transpose": keras_on_torch,
    **{f"torch.nn.functional.conv_transpose{rank}d": torch for rank in (1, 2, 3)},
    "tensorflow.nn.conv_transpose": tensorflow,
    **{f"tensorflow.nn.conv{rank}d_transpose": tensorflow for rank in (1, 2, 3)},
    "jax.lax.conv_transpose": jax,
}


def _lengths(tensor: Any) -> list[int]:
    return [int(length) for length in tensor.shape]


def _batched(tensor: Any) -> list[int]:
    """Lengths; a batch that a traced graph leaves open is one image."""
    batch, *rest = tensor.shape
    return [1 if batch is None else int(batch), *map(int, rest)]


def _each(value: Any, rank: int) -> list[int]:
    """One number for each axis, of one number or a sequence of one or of all."""
    values = [int(value)] if not hasattr(value, "__len__") else [int(one) for one in value]
    return values * rank if len(values) == 1 else values


def _spatial(value: Any, layout: str) -> list[int]:
    """The spatial entries of a number, of one for each spatial axis, or of one for each letter of the layout."""
    values = _each(value, len(layout) - 2)
    if len(values) < len(layout):
        return values
    return [values[layout.index(letter)] for letter in AXIS_LETTERS[len(layout) - 2]]


def _to_size(numbers: dict[str, Any], begins: Sequence[int], size: Sequence[int]) -> dict[str, Any]:
    """The crop that begins so and ends where the output has its size."""
    columns = zip(numbers["input"], numbers["kernel"], numbers["stride"], numbers["dilation"], strict=True)
    full = [(i - 1) * s + (k - 1) * e + 1 for i, k, s, e in columns]
    return cropped([(begin, f - o - begin) for f, begin, o in zip(full, begins, size, strict=True)])


def _layout(axes: Sequence[int], letters: str) -> str:
    """The letters in the order of their axes."""
    return "".join(letter for _, letter in sorted(zip(axes, letters, strict=True)))


def _dtype(tensor: Any) -> str:
    name = getattr(tensor.dtype, "name", None) or str(tensor.dtype).rpartition(".")[2]
    return name if name in DTYPES else "float32"
