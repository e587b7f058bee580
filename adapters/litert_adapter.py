"""LiteRT (TensorFlow Lite): a model of one TRANSPOSE_CONV, written as a flatbuffer by the schema that LiteRT ships.

Two axes, SAME or VALID with the output's shape, no dilation and no groups; the kernel is [M, H, W, C].
"""

import inspect

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, serve
from conformance.lowering import layouts, same_or_valid


def flatbuffer(x, w, b, y, padding, stride, weights):
    """The bytes of a model of y = TRANSPOSE_CONV(y, w, x, b); shapes of x, w, b and y. `weights`: arrays that are kept
    inside; what is not among them is an input."""
    from ai_edge_litert import schema_py_generated as schema

    model, graph, code = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT()
    model.version, model.buffers, graph.tensors = 3, [schema.BufferT()], []

    def tensor(name, shape, array=None):
        made = schema.TensorT()
        made.name, made.shape, made.buffer = name.encode(), numpy.array(shape, numpy.int32), 0
        made.type = schema.TensorType.INT32 if name == "shape" else schema.TensorType.FLOAT32
        if array is not None:
            buffer = schema.BufferT()
            buffer.data = numpy.frombuffer(numpy.ascontiguousarray(array).tobytes(), numpy.uint8)
            made.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    operands = {"shape": tensor("shape", [4], numpy.array(y, numpy.int32))}
    for name, shape in (("w", w), ("x", x), ("b", b)):
        if shape is not None:
            operands[name] = tensor(name, shape, weights.get(name))
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 0, list(operands.values()), [tensor("y", y)]
    node.builtinOptionsType, node.builtinOptions = (
        schema.BuiltinOptions.TransposeConvOptions,
        schema.TransposeConvOptionsT(),
    )
    node.builtinOptions.padding = getattr(schema.Padding, padding)
    node.builtinOptions.strideH, node.builtinOptions.strideW = stride
    graph.operators, graph.outputs, graph.name = [node], node.outputs, b"main"
    graph.inputs = [operands[name] for name in operands if name not in weights and name != "shape"]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.TRANSPOSE_CONV
    code.version = 1 if b is None else 3
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def started(model, resolver):
    """An interpreter with the kernels of a resolver."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = getattr(OpResolverType, resolver)
    made = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=kernels)
    made.allocate_tensors()
    return made


def invoke(interpreter, operands):
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], operands[detail["name"]])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy()


def lower(resolver, inside=True):
    def lowered(case, checks):
        if case.rank != 2 or case.groups != 1 or any(e != 1 for e in case.dilation):
            raise Unsupported("TRANSPOSE_CONV has two axes, no groups and no dilation")
        x, w = layouts(case, "N{}C", "O{}I")
        padding = same_or_valid(case)
        if not padding:
            raise Unsupported("only SAME and VALID can be expressed, and these numbers are neither")
        if "padding" in case.options and "output_size" not in case.options:
            raise Unsupported("TRANSPOSE_CONV must be told the output's shape")
        size, shapes = case.options.get("output_size", case.output), case.operand_shapes
        if len(shapes["x"]) != 4 or len(shapes["w"]) != 4:
            raise Unsupported("the axes of operands are part of the model")
        arguments = {
            "x": [shapes["x"][axis] for axis in (0, 2, 3, 1)],
            "w": [shapes["w"][axis] for axis in (1, 2, 3, 0)],
            "b": list(shapes["b"]) if case.bias else None,
            "y": [case.batch, *size, case.out_channels],
            "padding": padding,
            "stride": list(case.stride),
        }
        weights = ["w"] * inside + ["b"] * case.bias  # a bias that is not constant is not taken
        kept = "flatbuffer(weights={%s}, **arguments)" % ", ".join("%r: %s" % (name, name) for name in weights)
        return Plan(
            "ai_edge_litert.interpreter.Interpreter",
            arguments,
            "y = invoke(interpreter, {'x': x, 'w': w})",
            build="interpreter = started(%s, %r)" % (kept, resolver),
            x=x,
            w=w,
            define="\n\n".join(inspect.getsource(part) for part in (flatbuffer, started, invoke)),
        )

    return lowered


def load():
    global flatbuffers, numpy
    import importlib.metadata

    import ai_edge_litert
    import ai_edge_litert.interpreter
    import flatbuffers
    import numpy

    names = {"ai_edge_litert": ai_edge_litert, "flatbuffer": flatbuffer, "started": started, "invoke": invoke}
    return Framework(importlib.metadata.version("ai-edge-litert"), names)


if __name__ == "__main__":
    kept = "what is kept inside a model is the bytes of the model's dtype"
    offers = {
        "options": ("padding", "output_size", "tensorflow_same", "tensorflow_valid"),
        "unasked": {"dtype of w": kept, "dtype of b": kept},
    }
    serve(
        "litert",
        [
            Route("xnnpack", lower("AUTO"), **offers),
            Route("builtin", lower("BUILTIN_WITHOUT_DEFAULT_DELEGATES"), **offers),
            Route("reference", lower("BUILTIN_REF"), **offers),
            Route("inputs", lower("AUTO", inside=False), **offers),
        ],
        load,
        script=Script("import flatbuffers\nimport numpy"),
    )
