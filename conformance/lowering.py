"""What `lower` of many adapters needs: the gradients asked, paddings in other words, a case as a model of ONNX.

Part of the worker's half: standard library only, Python 3.7 or newer.
"""

from conformance.adapter import Unsupported

#: The names of each gradient and of the operand that it belongs to, in a plan's body.
GRADIENTS = {"grad_input": ("dx", "x"), "grad_weight": ("dw", "w"), "grad_bias": ("db", "b")}
SPACE = {1: "W", 2: "HW", 3: "DHW"}


class Style:
    """How a framework differentiates: a template of statements, and a line for each operand before them.

    Words of the template: {value} the expression of y, {results} and {operands} the names with commas between them.
    """

    def __init__(self, template, mark=""):
        self.template, self.mark = template, mark


TORCH = Style("y = {value}\n{results}, = torch.autograd.grad(y, [{operands}], g)", mark="{operand}.requires_grad_()")
TAPE = Style(
    "with tf.GradientTape() as tape:\n    tape.watch([{operands}])\n    y = {value}\n"
    "{results}, = tape.gradient(y, [{operands}], g)"
)
VJP = Style("{results}, = jax.vjp(lambda {operands}: {value}, {operands})[1](g)")


def differentiate(checks, value, style):
    """Statements that set y, or the gradients that are asked, of an expression in x, w and b."""
    wanted = [GRADIENTS[check] for check in checks if check != "forward"]
    if not wanted:
        return "y = " + value
    words = {"value": value, "results": ", ".join(r for r, _ in wanted), "operands": ", ".join(o for _, o in wanted)}
    marks = [style.mark.format(operand=operand) for _, operand in wanted if style.mark]
    return "\n".join(marks + [style.template.format(**words)])


def layouts(case, x="NC{}", w="IO{}", choice=()):
    """(x, w) as letters, {} for the axes of space: what the case asks for where that is `x`, `w` or among `choice`.

    Raises Unsupported where the case asks for another one.
    """
    space = SPACE[case.rank]
    mine = [x.format(space), w.format(space)]
    others = [each.format(space) for each in choice]
    for index, (asked, what) in enumerate(((case.input_layout, "data"), (case.kernel_layout, "the kernel"))):
        if asked in others:
            mine[index] = asked
        elif asked not in (None, mine[index]):
            raise Unsupported("%s is %s" % (what, mine[index]))
    return mine


def bias_term(case, layout):
    """The expression of a bias that is added by a second call, along the C of a layout; "" where there is none."""
    if not case.bias or layout.endswith("C"):
        return " + b" if case.bias else ""
    return " + b.reshape(%s)" % ", ".join("-1" if letter == "C" else "1" for letter in layout)


def pairs(case):
    """Padding as (lo, hi) per axis. Raises Unsupported where it is asked for by a word."""
    said = case.options.get("padding", case.padding)
    if isinstance(said, str):
        raise Unsupported("padding is a number, not a word")
    return said


def symmetric(case, below=("stride", "dilation")):
    """(padding, output_padding) per axis for who crops both ends alike.

    Only where the crop begins and how long the answer is matter: a shorter crop at the end is output padding. It is
    searched only where the ends differ, and must then be below one of the numbers named. Raises Unsupported.
    """
    ends, output_padding = pairs(case), case.output_padding
    if any(lo != hi for lo, hi in ends):
        output_padding = tuple(op + lo - hi for op, (lo, hi) in zip(output_padding, ends))
        most = [max(numbers) for numbers in zip(*(getattr(case, name) for name in below))]
        if min(output_padding) < 0 or any(op >= limit for op, limit in zip(output_padding, most)):
            raise Unsupported("padding crops both ends alike; output_padding cannot make up for the difference")
    return tuple(lo for lo, _ in ends), output_padding


def same_or_valid(case):
    """SAME or VALID, for who is told the output's size; None where the numbers are neither.

    They are those of the forward convolution from output to input: SAME splits what it pads with the odd one at the
    end, VALID pads nothing.
    """
    word = case.options.get("padding")
    if isinstance(word, str):
        return word
    if case.convention in ("tensorflow_same", "tensorflow_valid"):
        return case.convention[len("tensorflow_") :].upper()
    if word or case.convention == "tensorflow_explicit":
        return None
    begins, ends = zip(*case.crop)
    if not any(begins) and all(0 <= -end < s for end, s in zip(ends, case.stride)):
        return "VALID"
    totals = [max(full - output, 0) for full, output in zip(case.full, case.output)]
    fits = all(s and -(-o // s) == i for o, s, i in zip(case.output, case.stride, case.input))
    return "SAME" if fits and all(begin == total // 2 for begin, total in zip(begins, totals)) else None


def dilated(case):
    """(lo, hi) per axis to add around the dilated input, so that `crop` is what goes from the full answer:
    K_e - 1 - crop."""
    if min(case.output_padding) < 0:
        raise Unsupported("there is no output_padding that could be negative")
    return [(k - 1 - begin, k - 1 - end) for k, (begin, end) in zip(case.extent, case.crop)]


#: Conventions of ONNX's auto_pad and output_shape, and the words of `case.options` that its attributes can say.
AUTO_PAD = {"onnx_valid": "VALID", "onnx_same_upper": "SAME_UPPER", "onnx_same_lower": "SAME_LOWER"}
OUTPUT_SHAPE = {"onnx_output_shape": "NOTSET", "onnx_output_shape_upper": "SAME_UPPER"}
ONNX_WORDS = ("padding", "output_size") + tuple(AUTO_PAD) + tuple(OUTPUT_SHAPE)


def onnx_attributes(case):
    """The attributes of ONNX's ConvTranspose for a case, as plain data."""
    layouts(case)
    said = {
        "kernel_shape": list(case.kernel),
        "strides": list(case.stride),
        "dilations": list(case.dilation),
        "group": case.groups,
    }
    word, size = case.options.get("padding", case.padding), case.options.get("output_size")
    sized = case.convention in OUTPUT_SHAPE
    if isinstance(word, str):
        said["auto_pad"] = {"SAME": "SAME_UPPER"}.get(word, word)
    elif case.convention in AUTO_PAD:
        said["auto_pad"] = AUTO_PAD[case.convention]
    elif sized:
        said["auto_pad"], size = OUTPUT_SHAPE[case.convention], case.output_size
    elif not size:
        said["pads"] = [lo for lo, _ in word] + [hi for _, hi in word]
    if size:
        said["output_shape"] = list(size)
    elif any(case.output_padding) and not sized:
        said["output_padding"] = list(case.output_padding)
    return said


def onnx_model(dtype, shapes, attributes, weights=None, opset=11):
    """A model of one ConvTranspose as bytes, written by hand: no package of ONNX is needed.

    shapes: of x, w and b; None is a length that is not said. weights: {"w": array, "b": array} that are kept inside
    the model; else they are its inputs.
    """
    kind, weights = {"float32": 1, "float16": 10, "float64": 11, "bfloat16": 16}[dtype], weights or {}

    def varint(number):
        number, said = number & (2**64 - 1), bytearray()
        while number > 127:
            said.append(number & 127 | 128)
            number >>= 7
        return bytes(said + bytearray([number]))

    def field(number, value):  # of a protocol buffer: an integer, or anything else with its length
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        value = value.encode() if isinstance(value, str) else value
        return varint(number << 3 | 2) + varint(len(value)) + value

    def attribute(name, value):
        if isinstance(value, str):
            return field(1, name) + field(4, value) + field(20, 3)
        if isinstance(value, int):
            return field(1, name) + field(3, value) + field(20, 2)
        return field(1, name) + b"".join(field(8, number) for number in value) + field(20, 7)

    def described(name, shape):
        lengths = b"".join(field(1, b"" if length is None else field(1, length)) for length in shape)
        return field(1, name) + field(2, field(1, field(1, kind) + field(2, lengths)))

    def constant(name, array):
        lengths = b"".join(field(1, length) for length in array.shape)
        return lengths + field(2, kind) + field(8, name) + field(9, array.tobytes())

    node = b"".join(field(1, name) for name in shapes) + field(2, "y") + field(4, "ConvTranspose")
    node += b"".join(field(5, attribute(name, value)) for name, value in attributes.items())
    graph = field(1, node) + field(2, "graph")
    graph += b"".join(field(5, constant(name, array)) for name, array in weights.items() if array is not None)
    graph += b"".join(field(11, described(name, shape)) for name, shape in shapes.items() if name not in weights)
    graph += field(12, described("y", [None] * len(shapes["x"])))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, opset))
