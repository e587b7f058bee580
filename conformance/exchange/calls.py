"""What the arguments of the frameworks' transposed convolutions mean: one reader for each signature.

A reader takes the arguments of a call as the function does and returns the keys of a case. It raises NotOne for a call
that is no transposed convolution, and ValueError, in words, for one that no case can say or whose lengths are open.
Channels, dtypes and layouts are read off the operands.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from conformance.case import AXIS_LETTERS, DTYPES
from conformance.exchange.writing import cropped, layer


class NotOne(Exception):
    """This call is an ordinary convolution."""


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
    """torch.nn.functional.conv_transposeNd, and the operator below it: x [N, C, …] or [C, …], w [C, M/g, …]."""
    x, w = _lengths(input), _lengths(weight)
    rank = len(w) - 2
    x = x if len(x) == rank + 2 else [1, *x]
    stored = {}
    if rank > 1 and _channels_last(input):
        stored["input_layout"] = f"N{AXIS_LETTERS[rank]}C"
    if rank > 1 and _channels_last(weight):
        stored["kernel_layout"] = f"I{AXIS_LETTERS[rank]}O"
    return {
        **layer(x, w, groups),
        "stride": _each(stride, rank),
        "dilation": _each(dilation, rank),
        "padding": _each(padding, rank),
        "output_padding": _each(output_padding, rank),
        "bias": bias is not None,
        "dtypes": [_dtype(input)],
        **stored,
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
    size = _output_size(output_shape, layout)
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


def tensorflow_atrous(
    value: Any, filters: Any, output_shape: Any, rate: Any, padding: Any, name: str | None = None
) -> dict[str, Any]:
    """tf.nn.atrous_conv2d_transpose: stride 1, `rate` is the dilation."""
    return tensorflow(value, filters, output_shape, 1, padding, "NHWC", rate)


def tensorflow_raw(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "",
    dilations: Any = None,
    name: str | None = None,
) -> dict[str, Any]:
    """tf.raw_ops.Conv2DBackpropInput and Conv3DBackpropInputV2, called by the program itself."""
    layout = data_format or f"N{AXIS_LETTERS[len(filter.shape) - 2]}C"
    if padding == "EXPLICIT":
        padding = list(zip(explicit_paddings[::2], explicit_paddings[1::2], strict=True))
    return tensorflow(out_backprop, filter, input_sizes, strides, padding, layout, dilations)


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
    rank, images = len(lhs.shape) - 2, _vmapped(lhs, rhs)
    if dimension_numbers is None:
        space = "HWD"[:rank]
        dimension_numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    lax = sys.modules["jax"].lax
    x_axes, w_axes, y_axes = lax.conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    output, into = w_axes[:2] if not transpose_kernel else (w_axes[1], w_axes[0])
    numbers = {
        "batch": images * int(lhs.shape[x_axes[0]]),
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


def jax_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: Any,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> dict[str, Any]:
    """jax.lax.conv_general_dilated with a dilated input, whose padding it is.

    That the kernel is not flipped is only other data; in groups it holds C/g channels for all M filters, which is no
    layout of ours.
    """
    rank = len(lhs.shape) - 2
    if lhs_dilation is None or (max(lhs_dilation) == 1 and not _in_a_transposing_layer()):
        raise NotOne
    if any(s != 1 for s in window_strides) or batch_group_count != 1:
        raise ValueError("a window stride or batch groups beside a dilated input are no transposed convolution")
    if isinstance(padding, str):
        raise ValueError("JAX has no words for the padding of a dilated input")
    images = _vmapped(lhs, rhs)
    x_axes, w_axes, y_axes = sys.modules["jax"].lax.conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    numbers = {
        "batch": images * int(lhs.shape[x_axes[0]]),
        "in_channels": int(lhs.shape[x_axes[1]]),
        "out_channels": int(rhs.shape[w_axes[0]]),
        "groups": int(feature_group_count),
        "input": [int(lhs.shape[axis]) for axis in x_axes[2:]],
        "kernel": [int(rhs.shape[axis]) for axis in w_axes[2:]],
        "stride": [int(s) for s in lhs_dilation],
        "dilation": [int(e) for e in rhs_dilation or [1] * rank],
        "dtypes": [_dtype(lhs)],
    }
    if feature_group_count == 1:
        numbers["kernel_layout"] = _layout((w_axes[1], w_axes[0], *w_axes[2:]), "IO" + AXIS_LETTERS[rank])
    if x_axes == y_axes:
        numbers["input_layout"] = _layout(x_axes, "NC" + AXIS_LETTERS[rank])
    reach = [(k - 1) * e for k, e in zip(numbers["kernel"], numbers["dilation"], strict=True)]
    return numbers | cropped([(r - int(lo), r - int(hi)) for r, (lo, hi) in zip(reach, padding, strict=True)])


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
    "tensorflow.nn.conv_transpose": tensorflow,
    **{f"tensorflow.nn.conv{rank}d_transpose": tensorflow for rank in (1, 2, 3)},
    "tensorflow.nn.atrous_conv2d_transpose": tensorflow_atrous,
    "tensorflow.raw_ops.Conv2DBackpropInput": tensorflow_raw,
    "tensorflow.raw_ops.Conv3DBackpropInputV2": tensorflow_raw,
    "jax.lax.conv_transpose": jax,
    "jax.lax.conv_general_dilated": jax_dilated,
}


OPEN = "its lengths are open while a graph is traced: call it eagerly, or with lengths that are given"


def _lengths(tensor: Any) -> list[int]:
    """The shape. Raises ValueError where a length is open; asking a symbol for its number would fix it."""
    if not all(isinstance(length, int) for length in tensor.shape):
        raise ValueError(OPEN)
    return list(tensor.shape)


def _batched(tensor: Any) -> list[int]:
    """Lengths; a batch that a traced graph leaves open is one image."""
    batch, *rest = tensor.shape
    if any(length is None for length in rest):
        raise ValueError(OPEN)
    return [1 if batch is None else int(batch), *map(int, rest)]


def _output_size(output_shape: Any, layout: str) -> list[int]:
    """The spatial lengths of an output_shape, which is a list of numbers and tensors, or one tensor."""
    if hasattr(output_shape, "shape"):
        output_shape = sys.modules["tensorflow"].get_static_value(output_shape)
        if output_shape is None:
            raise ValueError(OPEN)
    try:
        return [int(length) for letter, length in zip(layout, output_shape, strict=True) if letter not in "NC"]
    except TypeError:
        raise ValueError(OPEN) from None


def _vmapped(lhs: Any, rhs: Any) -> int:
    """How many calls in one jax.vmap makes of this one, whose operands hide that they are many."""
    images = 1
    if type(rhs).__name__ == "BatchTracer":
        raise ValueError("under vmap with a kernel of its own for each: that is no single transposed convolution")
    while type(lhs).__name__ == "BatchTracer":
        if isinstance(lhs.batch_dim, int):
            images *= int(lhs.val.shape[lhs.batch_dim])
        lhs = lhs.val
    return images


def _in_a_transposing_layer() -> bool:
    """Whether a layer that is called so makes this call: with stride 1 nothing else tells a transposed convolution."""
    frame = sys._getframe(1)
    while frame is not None:
        if "self" in frame.f_code.co_varnames and "ConvTranspose" in type(frame.f_locals.get("self")).__name__:
            return True
        frame = frame.f_back
    return False


def _channels_last(tensor: Any) -> bool:
    """Whether PyTorch stores it with its second axis fastest, and could store it otherwise."""
    order = sys.modules["torch"].channels_last if tensor.dim() == 4 else sys.modules["torch"].channels_last_3d
    return tensor.is_contiguous(memory_format=order) and not tensor.is_contiguous()


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
    """Raises ValueError for a dtype that no case has."""
    name = getattr(tensor.dtype, "name", None) or str(tensor.dtype).rpartition(".")[2]
    if name not in DTYPES:
        raise ValueError(f"there are no cases of dtype {name}")
    return name
