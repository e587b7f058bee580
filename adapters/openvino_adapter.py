"""OpenVINO, CPU: ConvolutionBackpropData and GroupConvolutionBackpropData as operations, and ConvTranspose of ONNX.

The operation reads the kernel as C, M, K…, behind an axis for the groups where there are several, and has no bias.
"""

import inspect

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, serve
from conformance.lowering import ONNX_WORDS, SPACE, layouts, onnx_attributes, onnx_model

DTYPES = ("float32", "float16")
ADDED = "the bias is added by a second operation"


def compiled(model):
    """A request for a model, computed as it is written, in float32, by one thread."""
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1"}
    return openvino.Core().compile_model(model, "CPU", settings).create_infer_request()


def backprop(x, w, b, element, kind, attributes, kernel=None):
    """A model of the operation and of an addition where there is a bias; shapes of x, w and b. A kernel that is given
    is kept inside."""
    from openvino import opset13

    element_type = getattr(openvino.Type, element)
    data = opset13.parameter(x, element_type, name="x")
    weights = opset13.parameter(w, element_type, name="w") if kernel is None else opset13.constant(kernel)
    y, parameters = getattr(opset13, kind)(data, weights, **attributes), [data] + [weights] * (kernel is None)
    if b is not None:
        bias = opset13.parameter(b, element_type, name="b")
        shape = opset13.constant(numpy.array([1, -1] + [1] * (len(x) - 2)))
        y, parameters = opset13.add(y, opset13.reshape(bias, shape, False)), parameters + [bias]
    return openvino.Model([y], parameters)


def native(case, checks, inside=False):
    layouts(case)
    if case.groups < 1 or case.in_channels % case.groups:
        raise Unsupported("the number of groups is an axis of the kernel")
    pairs = case.options.get("padding", case.padding)
    said = {"strides": list(case.stride), "dilations": list(case.dilation)}
    if isinstance(pairs, str):
        if pairs == "SAME":
            raise Unsupported("auto_pad is same_upper or same_lower, and needs the output's size")
        said["auto_pad"], pairs = pairs.lower(), [(0, 0)] * case.rank
    said["pads_begin"], said["pads_end"] = [lo for lo, _ in pairs], [hi for _, hi in pairs]
    if any(case.output_padding):
        said["output_padding"] = list(case.output_padding)
    shapes = case.operand_shapes
    kernel, w = list(shapes["w"]), "IO" + SPACE[case.rank]
    if case.groups > 1:
        kernel, w = [case.groups, kernel[0] // case.groups] + kernel[1:], "G" + w
    kind = "group_convolution_backprop_data" if case.groups > 1 else "convolution_backprop_data"
    arguments = {
        "x": list(shapes["x"]),
        "w": kernel,
        "b": list(shapes["b"]) if case.bias else None,
        "element": {"float32": "f32", "float16": "f16"}[case.dtype],
        "kind": kind,
        "attributes": said,
    }
    fed = {"x": "x", "w": "w", "b": "b"}
    if not case.bias:
        del fed["b"]
    if inside:
        del fed["w"]
    return Plan(
        "openvino.opset13." + kind,
        arguments,
        "y = request.infer({%s})[0].copy()" % ", ".join("%r: %s" % item for item in fed.items()),
        define="\n\n".join(inspect.getsource(part) for part in (compiled, backprop)),
        w=w,
        **{"build" if inside else "prepare": "request = compiled(backprop(%s**arguments))" % ("kernel=w, " * inside)},
    )


def constant(case, checks):
    return native(case, checks, inside=True)


def onnx(case, checks):
    arguments = {
        "dtype": case.dtype,
        "shapes": {name: list(shape) for name, shape in case.operand_shapes.items()},
        "attributes": onnx_attributes(case),
    }
    return Plan(
        "openvino.Core",
        arguments,
        "y = request.infer({'x': x})[0].copy()",
        build="request = compiled(openvino.Core().read_model("
        "io.BytesIO(onnx_model(weights={'w': w, 'b': b}, **arguments))))",
        define="import io\n\n\n" + "\n\n".join(inspect.getsource(part) for part in (compiled, onnx_model)),
    )


def load():
    global numpy, openvino
    import io

    import numpy
    import openvino
    import openvino.opset13

    names = {"openvino": openvino, "io": io, "compiled": compiled, "backprop": backprop, "onnx_model": onnx_model}
    return Framework(openvino.__version__.split("-")[0], names)


if __name__ == "__main__":
    arithmetic = {dtype: {"accumulator": "float32", "bias": "separate"} for dtype in DTYPES}
    offers = {"dtypes": DTYPES, "arithmetic": arithmetic, "cost": 0.02}
    own = {"options": ("padding",), "unasked": {"shape of b": ADDED, "dtype of b": ADDED}}
    serve(
        "openvino",
        [
            Route("native", native, **own, **offers),
            Route("constant", constant, **own, **offers),
            Route("onnx", onnx, options=ONNX_WORDS, **offers),
        ],
        load,
        script=Script("import numpy\nimport openvino\nimport openvino.opset13"),
    )
