"""A case as one of ONNX's backend tests: FOLDER/model.onnx, test_data_set_0/input_0.pb …, test_data_set_0/output_0.pb.

Only what ONNX can express: it asks for pads ≥ 0 and for output paddings below the stride or the dilation.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Case
from conformance.exchange.from_onnx import library

CODES = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "FLOAT16", "bfloat16": "BFLOAT16"}

#: The oldest operator set whose ConvTranspose takes the dtype: what most readers know.
OPSET = {"float32": 11, "float64": 11, "float16": 11, "bfloat16": 22}

Tensors = dict[str, tuple[str, np.ndarray]]


def lacks(case: Case) -> str | None:
    """Why ONNX cannot express a case, or None."""
    if case.expect != "answer":
        return "a backend test has no way of asking for an error"
    if case.options:
        return f"ConvTranspose has no {', '.join(case.options)}"
    if any(length < 1 for length in (case.batch, *case.input, *case.output)):
        return "a model checker refuses empty tensors"
    if min(map(min, case.padding)) < 0:
        return "pads may not be negative"
    for op, s, e in zip(case.output_padding, case.stride, case.dilation, strict=True):
        if not 0 <= op < max(s, e):
            return f"an output padding of {op} is not below stride {s} or dilation {e}"
    return None


def write(folder: Path, case: Case, operands: Tensors, answer: tuple[str, np.ndarray]) -> None:
    """Write the folder of one test. Arrays as they travel to a worker, bfloat16 as its bits."""
    onnx = library()
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    dtype = answer[0]
    inputs = {name: operands[name][1] for name in ("x", "w", "b") if name in operands}
    node = onnx.helper.make_node("ConvTranspose", list(inputs), ["y"], **attributes(case))
    code = getattr(onnx.TensorProto, CODES[dtype])

    def described(name: str, array: np.ndarray) -> Any:
        return onnx.helper.make_tensor_value_info(name, code, array.shape)

    graph = onnx.helper.make_graph(
        [node], "conv_transpose", [described(*one) for one in inputs.items()], [described("y", answer[1])]
    )
    opset = [onnx.helper.make_opsetid("", OPSET[dtype])]
    model = onnx.helper.make_model(
        graph,
        opset_imports=opset,
        ir_version=onnx.helper.find_min_ir_version_for(opset),
        producer_name="conv-transpose-conformance",
        doc_string=f"{case.id}: {case.why}",
    )
    onnx.checker.check_model(model)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    for number, (name, array) in enumerate(inputs.items()):
        (data / f"input_{number}.pb").write_bytes(_tensor(onnx, code, name, array))
    (data / "output_0.pb").write_bytes(_tensor(onnx, code, "y", answer[1]))


def attributes(case: Case) -> dict[str, Any]:
    """The attributes of the node, all of them written out."""
    begins, ends = zip(*case.padding, strict=True)
    return {
        "kernel_shape": case.kernel,
        "strides": case.stride,
        "dilations": case.dilation,
        "group": case.groups,
        "pads": begins + ends,
        "output_padding": case.output_padding,
    }


def _tensor(onnx: Any, code: int, name: str, array: np.ndarray) -> bytes:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    assert len(little) == math.prod(array.shape) * array.itemsize
    return onnx.TensorProto(dims=array.shape, data_type=code, name=name, raw_data=little).SerializeToString()
