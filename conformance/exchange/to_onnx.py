"""A case as one of ONNX's backend tests: FOLDER/model.onnx, test_data_set_0/input_0.pb …, test_data_set_0/output_0.pb.

Only what ONNX can express: it asks for pads ≥ 0 and for output paddings below the stride or the dilation.

A case whose convention is one of ONNX's words becomes several tests: one with the pads as numbers, and one with the
words auto_pad and output_shape for each operator set that has them. From set 11 on they mean what they mean today; the
text of set 1 cuts the other half of an odd total, so nothing is asked there.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Case
from conformance.exchange.from_onnx import library

CODES = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "FLOAT16", "bfloat16": "BFLOAT16"}

#: The operator sets in which ConvTranspose was written anew, and takes the dtype; the oldest is what most readers know.
OPSETS = {"float32": (11, 22), "float64": (11, 22), "float16": (11, 22), "bfloat16": (22,)}

#: Our conventions as ONNX's auto_pad; those with an output size say output_shape too.
AUTO_PAD = {
    "onnx_same_upper": "SAME_UPPER",
    "onnx_same_lower": "SAME_LOWER",
    "onnx_valid": "VALID",
    "onnx_output_shape": "NOTSET",
    "onnx_output_shape_upper": "SAME_UPPER",
}

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


def spellings(case: Case, dtype: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """All ways of asking a case: what is added to the name of the test → (operator set, attributes of the node)."""
    said = {"": (OPSETS[dtype][0], attributes(case))}
    if word := AUTO_PAD.get(case.convention):
        words = {name: value for name, value in attributes(case).items() if name not in ("pads", "output_padding")}
        words["auto_pad"] = word
        if case.output_size:
            words["output_shape"] = case.output_size
        elif case.convention == "onnx_valid":
            words["output_padding"] = case.output_padding
        said |= {f".words-{opset}": (opset, words) for opset in OPSETS[dtype]}
    return said


def write(
    folder: Path,
    case: Case,
    operands: Tensors,
    answer: tuple[str, np.ndarray],
    spelling: tuple[int, dict[str, Any]],
) -> None:
    """Write the folder of one test, in one of the `spellings`. Arrays as they travel to a worker, bfloat16 as its
    bits."""
    onnx = library()
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    dtype, (opset, words) = answer[0], spelling
    inputs = {name: operands[name][1] for name in ("x", "w", "b") if name in operands}
    node = onnx.helper.make_node("ConvTranspose", list(inputs), ["y"], **words)
    code = getattr(onnx.TensorProto, CODES[dtype])

    def described(name: str, array: np.ndarray) -> Any:
        return onnx.helper.make_tensor_value_info(name, code, array.shape)

    graph = onnx.helper.make_graph(
        [node], "conv_transpose", [described(*one) for one in inputs.items()], [described("y", answer[1])]
    )
    opsets = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(
        graph,
        opset_imports=opsets,
        ir_version=onnx.helper.find_min_ir_version_for(opsets),
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
