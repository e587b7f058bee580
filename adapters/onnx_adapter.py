"""onnx.reference: the evaluator that onnx itself ships, on a model of one ConvTranspose, in two versions of it."""

import inspect

from conformance.adapter import Framework, Plan, Route, Script, serve
from conformance.lowering import ONNX_WORDS, onnx_attributes, onnx_model

#: It loops over the kernel in Python: beyond so many multiply-adds an answer takes minutes.
LARGEST = 2**20


def lower(opset):
    def lowered(case, checks):
        arguments = {
            "dtype": case.dtype,
            "shapes": {name: list(shape) for name, shape in case.operand_shapes.items()},
            "attributes": onnx_attributes(case),
            "opset": opset,
        }
        fed = ", ".join("%r: %s" % (name, name) for name in case.operand_shapes)
        return Plan(
            "onnx.reference.ReferenceEvaluator",
            arguments,
            "y = evaluator.run(None, {%s})[0]" % fed,
            "evaluator = onnx.reference.ReferenceEvaluator(onnx.load_from_string(onnx_model(**arguments)))",
            define=inspect.getsource(onnx_model),
        )

    return lowered


def load():
    import onnx
    import onnx.reference

    return Framework(onnx.__version__, {"onnx": onnx, "onnx_model": onnx_model})


if __name__ == "__main__":
    offers = {"dtypes": ("float64", "float32", "float16"), "options": ONNX_WORDS, "largest": LARGEST}
    serve(
        "onnx",
        [Route("opset11", lower(11), **offers), Route("opset22", lower(22), **offers)],
        load,
        script=Script("import onnx\nimport onnx.reference"),
    )
