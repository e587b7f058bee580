"""The arguments of each framework's layers and functions → a layer.

A reader is called with the literal arguments as the framework's own function is, so that a missing or unknown argument
is found as Python finds it. What a call does not say (the shape of its input; of its kernel, where the call gets one)
comes beside it, as `Shapes`.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from conformance.case import AXIS_LETTERS
from conformance.port.layer import Layer, made
from conformance.port.literal import Call, LayerError, Operand


class Shapes(NamedTuple):
    """What stands beside a call: `input`: its spatial lengths; `batch`; `channels`: of the input; `weight`: the shape
    of the kernel as the framework stores it."""

    input: tuple[int, ...] = ()
    batch: int = 1
    channels: int | None = None
    weight: tuple[int, ...] = ()


class Read(NamedTuple):
    """What a reader says: numbers as in a family file, the kernel's letters, its flip, the input's layout, and the
    statements that run it ({call} is the call)."""

    numbers: dict[str, Any]
    kernel: str
    x: str
    body: str
    flipped: bool = False


class Reader(NamedTuple):
    """A function of a framework: `read(rank, shapes, *its arguments)`."""

    framework: str
    rank: int | None
    read: Callable[..., Read]


def read(call: Call, shapes: Shapes, name: str = "layer") -> Layer:
    """The layer that a call makes. Raises LayerError."""
    dotted, reader = find(call)
    bound = _bound(call, dotted, reader)
    rank = reader.rank or len(shapes.input)
    if not rank:
        raise LayerError(f"{call.text}: how long is its input? Give the spatial lengths, as in --input 5,4")
    if len(shapes.input) != rank:
        given = "none" if not shapes.input else f"{len(shapes.input)}"
        raise LayerError(f"{call.text}: it has {rank} spatial axes, --input gives {given}: write --input with {rank}")
    try:
        said = reader.read(rank, shapes, *bound.args, **bound.kwargs)
    except LayerError as error:
        raise LayerError(f"{call.text}: {error}") from None
    numbers = {"batch": shapes.batch, "input": list(shapes.input), **said.numbers}
    case = made(numbers, call.text)
    body = said.body.replace("{call}", _spelled(call, dotted))
    return Layer(name, reader.framework, case, said.kernel, said.x, said.flipped, call.text, body)


def find(call: Call) -> tuple[str, Reader]:
    """The function that a call means: by its whole name, or by the end of one where only one ends so."""
    if call.name in READERS:
        return call.name, READERS[call.name]
    whole = {short: long for short, long in SHORT.items() if call.name == short or call.name.startswith(f"{short}.")}
    for short, long in whole.items():
        if (spelled := long + call.name.removeprefix(short)) in READERS:
            return spelled, READERS[spelled]
    ends = [name for name in READERS if name.endswith(f".{call.name}")]
    if len(ends) == 1:
        return ends[0], READERS[ends[0]]
    if ends:
        raise LayerError(f"{call.text}: {call.name} may be {' or '.join(ends)}: write which")
    near = difflib.get_close_matches(call.name, READERS, 1, 0.5)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"there are {', '.join(sorted({r.framework for r in READERS.values()}))}"
    )
    raise LayerError(f"{call.text}: no transposed convolution is called {call.name}: {hint}")


def _bound(call: Call, dotted: str, reader: Reader) -> inspect.BoundArguments:
    signature = inspect.signature(reader.read)
    own = list(signature.parameters.values())[2:]
    try:
        return signature.replace(parameters=own).bind(*call.args, **call.keywords)
    except TypeError as error:
        names = ", ".join(str(each.replace(annotation=each.empty)) for each in own)
        raise LayerError(f"{call.text}: {error}; it takes {dotted}({names})") from None


def _spelled(call: Call, dotted: str) -> str:
    """The call as it is run: its whole name, operands by the names x, w and b."""
    words = [_word(value) for value in call.args] + [f"{name}={_word(value)}" for name, value in call.keywords.items()]
    root, _, rest = dotted.partition(".")
    return f"{'tf' if root == 'tensorflow' else root}.{rest}({', '.join(words)})"


def _word(value: Any) -> str:
    return value.name if isinstance(value, Operand) else repr(value)


# What several readers need


def _each(value: Any, rank: int, what: str) -> list[int]:
    """One number for each axis."""
    values = list(value) if isinstance(value, (tuple, list)) else [value]
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in values):
        raise LayerError(f"{what} is {_word(value)}, expected a number or one for each axis")
    if len(values) == 1:
        return values * rank
    if len(values) != rank:
        raise LayerError(f"{what} has {len(values)} numbers, the layer has {rank} axes")
    return values


def _pairs(lows: Sequence[int], highs: Sequence[int]) -> dict[str, Any]:
    """Crops at both ends as padding; a negative one at the end is output padding."""
    return {
        "padding": [[lo, max(hi, 0)] for lo, hi in zip(lows, highs, strict=True)],
        "output_padding": [max(-hi, 0) for hi in highs],
    }


def _weight(shapes: Shapes, letters: str, what: str) -> dict[str, Any]:
    """Channels and kernel from the shape of the stored kernel."""
    if not shapes.weight:
        raise LayerError(f"what shape has its {what}? Give it as --weight, in the order {letters}")
    if len(shapes.weight) != len(letters):
        raise LayerError(f"--weight has {len(shapes.weight)} lengths, its {what} has {len(letters)}: {letters}")
    lengths = dict(zip(letters, shapes.weight, strict=True))
    kernel = [lengths[letter] for letter in letters if letter in "DHW"]
    return {"in_channels": lengths["I"], "out_channels": lengths["O"], "kernel": kernel}


def _channels(shapes: Shapes) -> int:
    if shapes.channels is None:
        raise LayerError("how many channels has its input? Give them as --channels")
    return shapes.channels


def _unless(value: Any, plain: Any, what: str) -> None:
    """Raises LayerError for a word that changes the answer and that the operator does not have."""
    if value not in plain:
        raise LayerError(f"{what}={value!r} is not part of the operator: port it by itself")


# PyTorch


def torch_layer(
    rank: int,
    shapes: Shapes,
    in_channels: int,
    out_channels: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    bias: bool = True,
    dilation: Any = 1,
    padding_mode: str = "zeros",
    device: Any = None,
    dtype: Any = None,
) -> Read:
    _unless(padding_mode, ("zeros",), "padding_mode")
    space = AXIS_LETTERS[rank]
    numbers: dict[str, Any] = {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "groups": groups,
        "kernel": _each(kernel_size, rank, "kernel_size"),
        "stride": _each(stride, rank, "stride"),
        "padding": _each(padding, rank, "padding"),
        "output_padding": _each(output_padding, rank, "output_padding"),
        "dilation": _each(dilation, rank, "dilation"),
        "bias": bool(bias),
    }
    for op, s, e in zip(numbers["output_padding"], numbers["stride"], numbers["dilation"], strict=True):
        if op >= max(s, e):
            raise LayerError(f"output padding must be smaller than either stride or dilation, and {op} is not")
    body = "y = torch.func.functional_call({call}, {'weight': w%s}, (x,))" % (", 'bias': b" * bool(bias))
    return Read(numbers, f"IO{space}", f"NC{space}", body)


def torch_function(
    rank: int,
    shapes: Shapes,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Read:
    found = _weight(shapes, "IO" + AXIS_LETTERS[rank], "weight")
    words = (stride, padding, output_padding, groups, bias is not None, dilation)
    said = torch_layer(rank, shapes, found["in_channels"], found["out_channels"] * groups, found["kernel"], *words)
    return said._replace(body="y = {call}")


# TensorFlow and Keras


def tensorflow(
    rank: int,
    shapes: Shapes,
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: Any = None,
    dilations: Any = None,
    name: Any = None,
) -> Read:
    space = AXIS_LETTERS[rank]
    layout = data_format or f"N{space}C"
    if sorted(layout) != sorted(f"NC{space}"):
        raise LayerError(f"data_format is {data_format!r}, expected N{space}C or NC{space}")
    numbers: dict[str, Any] = _weight(shapes, f"{space}OI", "filters")
    if not isinstance(output_shape, (tuple, list)) or len(output_shape) != rank + 2:
        raise LayerError(f"output_shape is {_word(output_shape)}, expected {rank + 2} numbers in the order {layout}")
    spatial = [layout.index(letter) for letter in space]
    steps = {"stride": strides, "dilation": 1 if dilations is None else dilations}
    for what, value in steps.items():
        values = list(value) if isinstance(value, (tuple, list)) else [value]
        values = [values[axis] for axis in spatial] if len(values) == rank + 2 else values
        numbers[what] = _each(values, rank, f"{what}s")
    size = [output_shape[axis] for axis in spatial]
    numbers["out_channels"], numbers["batch"] = output_shape[layout.index("C")], output_shape[layout.index("N")]
    if numbers["out_channels"] != dict(zip(f"{space}OI", shapes.weight, strict=True))["O"]:
        raise LayerError(f"output_shape has {numbers['out_channels']} channels, the filters {shapes.weight[-2]}")
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            raise LayerError(f"padding is {padding!r}, expected 'SAME', 'VALID' or a pair for each dimension")
        numbers |= {"convention": f"tensorflow_{padding.lower()}", "output_size": size}
    else:
        lows = [padding[axis][0] for axis in spatial]
        full = _full(shapes.input, numbers)
        numbers |= _pairs(lows, [f - o - lo for f, o, lo in zip(full, size, lows, strict=True)])
    return Read(numbers, f"{space}OI", layout, "y = {call}")


def _full(lengths: Sequence[int], numbers: dict[str, Any]) -> list[int]:
    columns = zip(lengths, numbers["kernel"], numbers["stride"], numbers["dilation"], strict=True)
    return [(i - 1) * s + (k - 1) * e + 1 for i, k, s, e in columns]


def keras_layer(
    rank: int,
    shapes: Shapes,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: Any = None,
    dilation_rate: Any = 1,
    activation: Any = None,
    use_bias: bool = True,
    **rest: Any,
) -> Read:
    _unless(activation, (None, "linear"), "activation")
    space = AXIS_LETTERS[rank]
    if padding not in ("valid", "same"):
        raise LayerError(f"padding is {padding!r}, expected 'valid' or 'same'")
    if data_format not in (None, "channels_last", "channels_first"):
        raise LayerError(f"data_format is {data_format!r}, expected 'channels_last' or 'channels_first'")
    numbers: dict[str, Any] = {
        "in_channels": _channels(shapes),
        "out_channels": filters,
        "kernel": _each(kernel_size, rank, "kernel_size"),
        "stride": _each(strides, rank, "strides"),
        "dilation": _each(dilation_rate, rank, "dilation_rate"),
        "bias": use_bias,
        "convention": f"keras_{padding}",
    }
    if any(s > 1 for s in numbers["stride"]) and any(e > 1 for e in numbers["dilation"]):
        raise LayerError("strides > 1 is not supported in conjunction with dilation_rate > 1")
    if output_padding is not None:
        numbers |= {"convention": f"keras_{padding}_output_padding"}
        numbers |= {"output_padding": _each(output_padding, rank, "output_padding")}
        for op, s in zip(numbers["output_padding"], numbers["stride"], strict=True):
            if op >= s:
                raise LayerError(f"strides must be greater than output_padding, and {s} is not greater than {op}")
    x = f"NC{space}" if data_format == "channels_first" else f"N{space}C"
    body = "layer = {call}\nlayer.build(tuple(x.shape))\n"
    body += f"y, _ = layer.stateless_call([w{', b' * bool(use_bias)}], [], x)"
    return Read(numbers, f"{space}OI", x, body)


# JAX and Flax


def jax_function(
    rank: int,
    shapes: Shapes,
    lhs: Any,
    rhs: Any,
    strides: Any,
    padding: Any,
    rhs_dilation: Any = None,
    dimension_numbers: Any = None,
    transpose_kernel: bool = False,
    precision: Any = None,
    preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> Read:
    space = "HWD"[:rank]  # JAX's own letters for one axis to three
    x, w, y = dimension_numbers or (f"N{space}C", f"{space}IO", f"N{space}C")
    ours = dict(zip(space if dimension_numbers is None else _space(w), AXIS_LETTERS[rank], strict=True))
    if x != y:
        raise LayerError(f"the answer is laid out as {y} and the input as {x}: that is no part of the operator")
    letters = "".join(ours.get(letter, letter) for letter in w)
    letters = letters.translate({ord("I"): "O", ord("O"): "I"}) if transpose_kernel else letters
    numbers = _weight(shapes, letters, "rhs")
    return _jax(rank, shapes, numbers, letters, "".join(ours.get(a, a) for a in x), strides, padding, rhs_dilation)(
        use_consistent_padding, not transpose_kernel, "y = {call}"
    )


def _space(letters: str) -> str:
    return "".join(letter for letter in letters if letter not in "IO")


def _jax(
    rank: int,
    shapes: Shapes,
    numbers: dict[str, Any],
    letters: str,
    x: str,
    strides: Any,
    padding: Any,
    dilation: Any,
) -> Callable[[bool, bool, str], Read]:
    numbers |= {"stride": _each(1 if strides is None else strides, rank, "strides")}
    numbers |= {"dilation": _each(1 if dilation is None else dilation, rank, "rhs_dilation")}

    def finish(consistent: bool, flipped: bool, body: str) -> Read:
        if isinstance(padding, str):
            if padding not in ("SAME", "VALID"):
                raise LayerError(f"padding is {padding!r}, expected 'SAME', 'VALID' or a pair for each axis")
            return Read(numbers | {"convention": f"jax_{padding.lower()}"}, letters, x, body, flipped)
        given: list[Any] = [padding] * rank if isinstance(padding, int) else list(padding)
        pairs = [(pair, pair) if isinstance(pair, int) else tuple(pair) for pair in given]
        if len(pairs) != rank or any(len(pair) != 2 for pair in pairs):
            raise LayerError(f"padding is {padding!r}, expected a pair for each of {rank} axes")
        if not consistent:
            reach = [(k - 1) * e for k, e in zip(numbers["kernel"], numbers["dilation"], strict=True)]
            pairs = [(all_of_it - lo, all_of_it - hi) for all_of_it, (lo, hi) in zip(reach, pairs, strict=True)]
        return Read(numbers | _pairs(*zip(*pairs, strict=True)), letters, x, body, flipped)

    return finish


def flax_linen(
    rank: int,
    shapes: Shapes,
    features: int,
    kernel_size: Any,
    strides: Any = None,
    padding: Any = "SAME",
    kernel_dilation: Any = None,
    use_bias: bool = True,
    mask: Any = None,
    dtype: Any = None,
    param_dtype: Any = None,
    precision: Any = None,
    kernel_init: Any = None,
    bias_init: Any = None,
    transpose_kernel: bool = False,
    promote_dtype: Any = None,
    preferred_element_type: Any = None,
) -> Read:
    _unless(mask, (None,), "mask")
    body = "y = {call}.apply({'params': {'kernel': w%s}}, x)" % (", 'bias': b" * bool(use_bias))
    return _flax(rank, shapes, _channels(shapes), features, kernel_size, strides, padding, kernel_dilation, use_bias)(
        transpose_kernel, body
    )


def flax_nnx(
    rank: int,
    shapes: Shapes,
    in_features: int,
    out_features: int,
    kernel_size: Any,
    strides: Any = 1,
    *,
    padding: Any = "SAME",
    kernel_dilation: Any = None,
    use_bias: bool = True,
    mask: Any = None,
    dtype: Any = None,
    param_dtype: Any = None,
    precision: Any = None,
    kernel_init: Any = None,
    bias_init: Any = None,
    transpose_kernel: bool = False,
    promote_dtype: Any = None,
    rngs: Any = None,
    preferred_element_type: Any = None,
) -> Read:
    _unless(mask, (None,), "mask")
    body = "rngs = flax.nnx.Rngs(0)\nlayer = {call}\nlayer.kernel.value = w\n" + "layer.bias.value = b\n" * bool(
        use_bias
    )
    return _flax(rank, shapes, in_features, out_features, kernel_size, strides, padding, kernel_dilation, use_bias)(
        transpose_kernel, body + "y = layer(x)"
    )


def _flax(
    rank: int,
    shapes: Shapes,
    inputs: int,
    outputs: int,
    kernel_size: Any,
    strides: Any,
    padding: Any,
    dilation: Any,
    bias: bool,
) -> Callable[[bool, str], Read]:
    space = AXIS_LETTERS[rank]
    numbers: dict[str, Any] = {"in_channels": inputs, "out_channels": outputs, "bias": bool(bias)}
    numbers |= {"kernel": _each(kernel_size, rank, "kernel_size")}

    def finish(transposed: bool, body: str) -> Read:
        letters = f"{space}OI" if transposed else f"{space}IO"
        finished = _jax(rank, shapes, numbers, letters, f"N{space}C", strides, padding, dilation)
        return finished(False, not transposed, body)

    return finish


# ONNX, Paddle, MLX


def onnx(
    rank: int,
    shapes: Shapes,
    X: Any = None,
    W: Any = None,
    B: Any = None,
    auto_pad: str = "NOTSET",
    dilations: Any = 1,
    group: int = 1,
    kernel_shape: Any = None,
    output_padding: Any = 0,
    output_shape: Any = None,
    pads: Any = None,
    strides: Any = 1,
) -> Read:
    space = AXIS_LETTERS[rank]
    numbers = _weight(shapes, f"IO{space}", "W")
    numbers["out_channels"] *= group
    if kernel_shape is not None and list(kernel_shape) != numbers["kernel"]:
        raise LayerError(f"kernel_shape is {list(kernel_shape)}, W has {numbers['kernel']}")
    numbers |= {"groups": group, "bias": B is not None}
    numbers |= {"stride": _each(strides, rank, "strides"), "dilation": _each(dilations, rank, "dilations")}
    more = _each(output_padding, rank, "output_padding")
    body = "y = {call}"
    if output_shape is not None:
        upper = "_upper" * (auto_pad == "SAME_UPPER")
        numbers |= {"convention": f"onnx_output_shape{upper}", "output_size": list(output_shape)[-rank:]}
    elif auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        if any(more):
            raise LayerError("output_padding with auto_pad SAME means something else in each runtime: give pads")
        numbers |= {"convention": f"onnx_{auto_pad.lower()}"}
    elif auto_pad in ("NOTSET", "VALID"):
        ends = list(pads or [0] * 2 * rank) if auto_pad == "NOTSET" else [0] * 2 * rank
        if len(ends) != 2 * rank:
            raise LayerError(f"pads has {len(ends)} numbers, expected {2 * rank}: all beginnings, then all ends")
        pairs = zip(ends[:rank], ends[rank:], strict=True)
        numbers |= {"padding": [list(pair) for pair in pairs], "output_padding": more}
    else:
        raise LayerError(f"auto_pad is {auto_pad!r}, expected NOTSET, SAME_UPPER, SAME_LOWER or VALID")
    return Read(numbers, f"IO{space}", f"NC{space}", body)


def paddle_layer(
    rank: int,
    shapes: Shapes,
    in_channels: int,
    out_channels: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    weight_attr: Any = None,
    bias_attr: Any = None,
    data_format: Any = None,
) -> Read:
    if isinstance(padding, str):
        raise LayerError(f"padding={padding!r}: Paddle's words for padding are not read here: give the numbers")
    words = (stride, padding, output_padding, groups, bias_attr is not False, dilation)
    said = torch_layer(rank, shapes, in_channels, out_channels, kernel_size, *words)
    layout = data_format or said.x
    if len(layout) != rank + 2 or layout[0] != "N" or "C" not in layout:
        raise LayerError(f"data_format is {data_format!r}, expected NC{AXIS_LETTERS[rank]} or N{AXIS_LETTERS[rank]}C")
    x = f"NC{AXIS_LETTERS[rank]}" if layout[1] == "C" else f"N{AXIS_LETTERS[rank]}C"
    body = "layer = {call}\nlayer.weight = layer.create_parameter(w.shape)\nlayer.weight.set_value(w)\n"
    return said._replace(x=x, body=body + "layer.bias.set_value(b)\n" * said.numbers["bias"] + "y = layer(x)")


def mlx_layer(
    rank: int,
    shapes: Shapes,
    in_channels: int,
    out_channels: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    output_padding: Any = 0,
    bias: bool = True,
) -> Read:
    words = (stride, padding, output_padding, 1, bias, dilation)
    said = torch_layer(rank, shapes, in_channels, out_channels, kernel_size, *words)
    space = AXIS_LETTERS[rank]
    body = "layer = {call}\nlayer.weight = w\n" + "layer.bias = b\n" * bool(bias) + "y = layer(x)"
    return said._replace(kernel=f"O{space}I", x=f"N{space}C", body=body)


#: What people import modules as.
SHORT = {"tf": "tensorflow", "tf.keras": "keras", "F": "torch.nn.functional", "lax": "jax.lax", "nnx": "flax.nnx"}
SHORT |= {"linen": "flax.linen", "layers": "keras.layers"}

READERS: dict[str, Reader] = {
    **{f"torch.nn.ConvTranspose{rank}d": Reader("torch", rank, torch_layer) for rank in (1, 2, 3)},
    **{f"torch.nn.functional.conv_transpose{rank}d": Reader("torch", rank, torch_function) for rank in (1, 2, 3)},
    "tensorflow.nn.conv_transpose": Reader("tensorflow", None, tensorflow),
    **{f"tensorflow.nn.conv{rank}d_transpose": Reader("tensorflow", rank, tensorflow) for rank in (1, 2, 3)},
    **{f"keras.layers.Conv{rank}DTranspose": Reader("keras", rank, keras_layer) for rank in (1, 2, 3)},
    "jax.lax.conv_transpose": Reader("jax", None, jax_function),
    "flax.linen.ConvTranspose": Reader("flax", None, flax_linen),
    "flax.nnx.ConvTranspose": Reader("flax", None, flax_nnx),
    "onnx.ConvTranspose": Reader("onnx", None, onnx),
    **{f"paddle.nn.Conv{rank}DTranspose": Reader("paddle", rank, paddle_layer) for rank in (1, 2, 3)},
    **{f"mlx.nn.ConvTranspose{rank}d": Reader("mlx", rank, mlx_layer) for rank in (1, 2, 3)},
}
