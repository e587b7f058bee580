"""OpenCV's dnn: a model of one ConvTranspose through its importer of ONNX, on the new engine and on the classic one."""

import inspect

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, serve
from conformance.lowering import ONNX_WORDS, onnx_attributes, onnx_model


def lower(engine):
    def lowered(case, checks):
        shapes = {name: list(shape) for name, shape in case.operand_shapes.items()}
        if len(shapes["x"]) < 3:
            raise Unsupported("a blob has a batch and channels")
        arguments = {"dtype": case.dtype, "shapes": shapes, "attributes": onnx_attributes(case)}
        build = (
            "model = numpy.frombuffer(onnx_model(weights={'w': w, 'b': b}, **arguments), numpy.uint8)\n"
            "net = cv2.dnn.readNetFromONNX(model, cv2.dnn.%s)" % engine
        )
        return Plan(
            "cv2.dnn.readNetFromONNX",
            arguments,
            "net.setInput(x, 'x')\ny = net.forward()\nif y is None:\n    raise ValueError('forward() gives None')",
            build=build,
            define=inspect.getsource(onnx_model),
            needs=[engine],
        )

    return lowered


def load():
    import cv2
    import numpy

    cv2.setNumThreads(1)
    lacks = [name for name in ("ENGINE_NEW", "ENGINE_CLASSIC") if not hasattr(cv2.dnn, name)]
    return Framework(cv2.__version__, {"cv2": cv2, "numpy": numpy, "onnx_model": onnx_model}, lacks=lacks)


if __name__ == "__main__":
    serve(
        "opencv",
        [
            Route("new", lower("ENGINE_NEW"), options=ONNX_WORDS),
            Route("classic", lower("ENGINE_CLASSIC"), options=ONNX_WORDS),
        ],
        load,
        script=Script("import cv2\nimport numpy"),
    )
