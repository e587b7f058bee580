"""The ConvTranspose nodes of an ONNX model → cases, by ONNX's own shape inference; no weights are read.

    O = s·(I − 1) + op + K_e − pads_begin − pads_end

auto_pad and output_shape leave the pads open; https://onnx.ai/onnx/operators/onnx__ConvTranspose.html gives
total = s·(I − 1) + op + K_e − O, with O = I·s for SAME; SAME_UPPER cuts ⌊total/2⌋ in front, everything else ⌈total/2⌉.
They become the conventions of the same names, so that a case still says what the model says. With an output_padding of
their own, or where total is negative, they become numbers: there the text leaves more than one reading, and ours is
onnxruntime's: an output_shape gets the positions that are missing at its end, SAME cuts nothing and its output is
shorter than I·s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.corpus.yaml_file import FileError, nearest
from conformance.exchange.writing import Family, cropped, layer

DTYPES = {"FLOAT": "float32", "DOUBLE": "float64", "FLOAT16": "float16", "BFLOAT16": "bfloat16"}


def library() -> Any:
    """The package onnx. Raises FileError where it is not installed."""
    try:
        import onnx
        import onnx.inliner
        import onnx.shape_inference
    except ImportError:
        install = "python -m pip install 'onnx>=1.17'"
        raise FileError(None, None, f"ONNX models need the package onnx: {install}") from None
    return onnx


def file(path: Path, dims: Mapping[str, int], family: Family) -> None:
    """Add the nodes of a model file. Raises FileError."""
    onnx = library()
    try:
        model = onnx.load_model_from_string(path.read_bytes())
        if not model.graph.node:
            raise ValueError("it has no nodes")
        add(model, dims, family)
    except FileError as error:
        raise FileError(path, None, error.message) from None
    except Exception as error:  # protobuf, the checker and shape inference each raise their own
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise FileError(path, None, f"not an ONNX model that onnx {onnx.__version__} reads: {said}") from None


def add(model: Any, dims: Mapping[str, int], family: Family) -> None:
    """Add the nodes of a loaded model, named dimensions replaced by numbers. Raises FileError."""
    onnx = library()
    stated = [*model.graph.value_info]
    still_open = _fix(model.graph, dims)
    model = onnx.inliner.inline_local_functions(model)
    model = _inferred(onnx, model, stated, dims)
    makers = {output: node for node, _ in _nodes(model.graph, {}) for output in node.output}
    for number, (node, values) in enumerate(_nodes(model.graph, {})):
        module = _module(node)
        place = f"node {node.name}" if node.name else f"node {number} of type {node.op_type}"
        place += f", module {module}" if module else ""
        if node.op_type != "ConvTranspose" or node.domain not in ("", "ai.onnx"):
            if "ConvTranspose" in node.op_type:
                family.notes.append(f"left out: {place}: {node.domain}.{node.op_type} is another operator")
            continue
        x, w = (_shape(values.get(name)) for name in node.input[:2])
        if not (x and w and all(isinstance(length, int) for length in [*x, *w])):
            if still_open:
                said = " ".join(f"--dim '{name}=…'" for name in still_open)
                raise FileError(None, None, f"the shapes of {place} depend on open dimensions: give them as {said}")
            family.notes.append(f"left out: {place}: its shapes are not known")
            continue
        said = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        bias = _shape(values.get(node.input[2])) if len(node.input) > 2 else []
        if wrong := _contradiction(said, x, w, bias):
            raise FileError(None, None, f"the model contradicts itself: {place}: {wrong}")
        _quantised(node, makers, place, family)
        case = family.add(
            module or node.name or node.output[0], place, _numbers(onnx, node, said, x, w, values, family)
        )
        inferred = _shape(values.get(node.output[0]))
        if case and len(inferred) == len(x) and _whole(inferred) and inferred != [*case.y_shape]:
            family.notes.append(f"{place}: onnx infers the output {inferred}, the definition gives {[*case.y_shape]}")


def _inferred(onnx: Any, model: Any, stated: list[Any], dims: Mapping[str, int]) -> Any:
    """The model with its shapes. Where inference does not know one, as behind an operator of somebody else's, what the
    file states is taken, with the given `dims` in it."""
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    known = {value.name for value in model.graph.value_info if _whole(_shape(value))}
    for value in stated:
        for dim in value.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value") and dim.dim_param in dims:
                dim.dim_value = dims[dim.dim_param]
    missing = {value.name: value for value in stated if value.name not in known and _whole(_shape(value))}
    if not missing:
        return model
    kept = [value for value in model.graph.value_info if value.name not in missing]
    del model.graph.value_info[:]
    model.graph.value_info.extend([*kept, *missing.values()])
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def _whole(shape: list[int | str]) -> bool:
    return bool(shape) and all(isinstance(length, int) for length in shape)


def _contradiction(said: Mapping[str, Any], x: list[int], w: list[int], bias: list[int | str]) -> str | None:
    """What of a node cannot be true together, in words."""
    rank, groups = len(x) - 2, said.get("group", 1)
    if len(w) != len(x) or rank < 1:
        return f"x has shape {x} and w has shape {w}"
    if x[1] != w[0]:
        return f"x has {x[1]} channels and w is for {w[0]}"
    if groups < 1 or w[0] % groups:
        return f"{w[0]} channels cannot be split into {groups} groups"
    if said.get("kernel_shape", w[2:]) != w[2:]:
        return f"kernel_shape is {said['kernel_shape']} and w has shape {w}"
    if bias and bias != [w[1] * groups]:
        return f"the bias has shape {bias}, and there are {w[1] * groups} output channels"
    for name, count in (("strides", rank), ("dilations", rank), ("output_padding", rank), ("pads", 2 * rank)):
        if len(said.get(name) or [0] * count) != count:
            return f"{name} is {said[name]} for {rank} spatial axes"
    if len(said.get("output_shape") or x) not in (rank, rank + 2):
        return f"output_shape is {said['output_shape']} for {rank} spatial axes"
    return None


#: Operators that leave numbers as they are: a quantised weight is often moved about before it is used.
MOVES = frozenset({"Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Cast"})


def _quantised(node: Any, makers: Mapping[str, Any], place: str, family: Family) -> None:
    """Note which operands of a node the model keeps in integers: a case asks the sum of what they stand for."""
    found = []
    for operand, name in zip("xwb", node.input, strict=False):
        maker = makers.get(name)
        while maker is not None and maker.op_type in MOVES:
            maker = makers.get(maker.input[0])
        found += [operand] if maker is not None and maker.op_type == "DequantizeLinear" else []
    if found:
        family.notes.append(f"{place}: {', '.join(found)} quantised in the model, asked as floats without their scales")


def _numbers(
    onnx: Any, node: Any, said: Mapping[str, Any], x: list[int], w: list[int], values: Mapping, family: Family
) -> dict[str, Any]:
    """The keys of a case."""
    rank, groups = len(x) - 2, said.get("group", 1)
    strides, dilations = (list(said.get(name) or [1] * rank) for name in ("strides", "dilations"))
    extra = list(said.get("output_padding") or [0] * rank)
    pads = list(said.get("pads") or [0] * 2 * rank)
    crops = list(zip(pads[:rank], pads[rank:], strict=True))
    auto_pad = said.get("auto_pad", b"NOTSET").decode()
    full = [(i - 1) * s + (k - 1) * e + 1 for i, k, s, e in zip(x[2:], w[2:], strides, dilations, strict=True)]
    size = list(said.get("output_shape") or [])[-rank:]  # some write N and C too
    same = auto_pad.startswith("SAME")
    word = None
    if size or same:
        wanted = size or [i * s for i, s in zip(x[2:], strides, strict=True)]
        totals = [f + op - o for f, op, o in zip(full, extra, wanted, strict=True)]
        crops = [_split(total if size else max(total, 0), auto_pad == "SAME_UPPER") for total in totals]
        if min(totals) >= 0 and not any(extra):
            upper = "_upper" if auto_pad == "SAME_UPPER" else ""
            word = f"onnx_output_shape{upper}" if size else f"onnx_{auto_pad.lower()}"
    elif auto_pad == "VALID":
        crops, word = [(0, 0)] * rank, "onnx_valid"
    numbers: dict[str, Any] = {"padding": [list(crop) for crop in crops], "output_padding": extra}
    if any(hi < 0 for _, hi in crops):
        numbers = cropped([(lo, hi - op) for (lo, hi), op in zip(crops, extra, strict=True)])
    if word:
        numbers = {"convention": word} | (
            {"output_size": size} if size else {"output_padding": extra} if any(extra) else {}
        )
    value = values[node.input[0]]
    code = value.data_type if hasattr(value, "dims") else value.type.tensor_type.elem_type
    dtype = onnx.TensorProto.DataType.Name(code)
    if dtype not in DTYPES:
        family.notes.append(f"node {node.name}: {dtype} was written as float32")
    return {
        **layer(x, w, groups),
        "stride": strides,
        "dilation": dilations,
        "bias": len(node.input) > 2 and node.input[2] != "",
        "dtypes": [DTYPES.get(dtype, "float32")],
        **numbers,
    }


def _split(total: int, upper: bool) -> tuple[int, int]:
    if total < 0:
        return 0, total
    return (total // 2, total - total // 2) if upper else (total - total // 2, total // 2)


def _fix(graph: Any, dims: Mapping[str, int]) -> list[str]:
    """Give the open dimensions of the inputs their lengths; one without a name is called INPUT.AXIS.

    Returns the names of those that stay open.
    """
    names: dict[str, None] = {}
    for value in graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if not dim.HasField("dim_value"):
                dim.dim_param = dim.dim_param or f"{value.name}.{axis}"
                names[dim.dim_param] = None
                if dim.dim_param in dims:
                    dim.dim_value = dims[dim.dim_param]
    for name in dims:
        if name not in names:
            there = nearest(name, list(names), of="there are") if names else ", all are fixed"
            raise FileError(None, None, f"--dim {name}: the model has no open dimension of that name{there}")
    del graph.value_info[:]  # what the exporter inferred, perhaps with other lengths: see _inferred
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    return [name for name in names if name not in dims]


def _nodes(graph: Any, outer: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """All nodes, those of branches and loop bodies too, each with the values that it can see."""
    values = outer | {value.name: value for value in [*graph.input, *graph.value_info, *graph.output]}
    values |= {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        yield node, values
        for attribute in node.attribute:
            for inner in [attribute.g] * attribute.HasField("g") + list(attribute.graphs):
                yield from _nodes(inner, values)


def _module(node: Any) -> str:
    """The dotted name that PyTorch's exporter keeps of the module that made a node."""
    said = {entry.key: entry.value for entry in node.metadata_props}.get("pkg.torch.onnx.name_scopes", "")
    scopes = re.findall(r"'([^']*)'", said)
    return scopes[-2] if len(scopes) > 1 else ""


def _shape(value: Any) -> list[int | str]:
    """Lengths, or names of what is open, of a value or an initializer; empty where nothing is known."""
    if value is None:
        return []
    if hasattr(value, "dims"):
        return list(value.dims)
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims]
