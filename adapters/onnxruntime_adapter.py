"""ONNX Runtime, CPU: a model of one ConvTranspose, with the kernel as an input or kept inside (packed, folded)."""

import inspect

from conformance.adapter import Framework, Plan, Route, Script, serve
from conformance.lowering import ONNX_WORDS, onnx_attributes, onnx_model

CALL = "onnxruntime.InferenceSession"
FLOATS = ("float32", "float16", "float64")


def started(model):
    """A session that computes as one thread and logs nothing."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def lower(make, feeds, step):
    """A route whose model is made by the expression `make` in the step `prepare` or `build`."""
    define = "\n\n".join(inspect.getsource(part) for part in (started, onnx_model))

    def lowered(case, checks):
        arguments = {
            "dtype": case.dtype,
            "shapes": {name: list(shape) for name, shape in case.operand_shapes.items()},
            "attributes": onnx_attributes(case),
        }
        body = "y = session.run(None, {%s})[0]" % feeds(case)
        return Plan(CALL, arguments, body, define=define, **{step: "session = started(%s)" % make})

    return lowered


def operands(case):
    return ", ".join("%r: %s" % (name, name) for name in case.operand_shapes)


def dynamic(case, checks):
    plan = lower("onnx_model(**arguments)", operands, "prepare")(case, checks)
    plan.arguments["shapes"] = {name: [None] * len(shape) for name, shape in plan.arguments["shapes"].items()}
    return plan


def load():
    global onnxruntime
    import onnxruntime

    return Framework(
        onnxruntime.__version__, {"onnxruntime": onnxruntime, "started": started, "onnx_model": onnx_model}
    )


if __name__ == "__main__":
    read = {"out_channels": "the number of output channels is read off the kernel"}
    kept = "what is kept inside a model is the bytes of the model's dtype"
    offers = {"dtypes": FLOATS, "options": ONNX_WORDS}
    serve(
        "onnxruntime",
        [
            Route("inputs", lower("onnx_model(**arguments)", operands, "prepare"), unasked=read, **offers),
            Route("dynamic", dynamic, unasked=read, **offers),
            Route(
                "constant",
                lower("onnx_model(weights={'w': w, 'b': b}, **arguments)", lambda case: "'x': x", "build"),
                unasked=dict(read, **{"dtype of w": kept, "dtype of b": kept}),
                **offers,
            ),
        ],
        load,
        script=Script("import onnxruntime"),
    )
