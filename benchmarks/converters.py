"""What people port layers with: converters, on random configurations, held against the definition.

    python benchmarks/converters.py [COUNT]

Each of onnx2torch and tf2onnx that is installed converts one layer at a time, with integers as operands whose sums are
exact. What comes out is run, and is right (bit for bit), refused, or wrong: then with the smallest configuration.
tf2onnx' models are run by ONNX Runtime.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np

from conformance import adapter, oracle
from conformance.case import Case
from conformance.corpus.random_cases import drawn
from conformance.corpus.spelled import configuration, spelled
from conformance.exchange.to_onnx import attributes, lacks
from conformance.library import arrays
from conformance.oracle.operands import make_operands

Operands = dict[str, np.ndarray]


class Refused(Exception):
    """What a converter or its runtime said."""


class Inexpressible(Exception):
    """The format that is converted cannot say the case."""


def by_onnx2torch(case: Case, operands: Operands) -> np.ndarray:
    import onnx
    import onnx2torch
    import torch

    if why := lacks(case):
        raise Inexpressible(why)
    names = [name for name in "xwb" if name in operands]
    node = onnx.helper.make_node("ConvTranspose", names, ["y"], **attributes(case))
    kept = [onnx.numpy_helper.from_array(operands[name], name) for name in names[1:]]
    described = [
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)]
        for name, shape in (("x", case.x_shape), ("y", case.y_shape))
    ]
    graph = onnx.helper.make_graph([node], "layer", *described, kept)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)], ir_version=8)
    try:
        return onnx2torch.convert(model)(torch.from_numpy(operands["x"])).detach().numpy()
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}") from None


def by_tf2onnx(case: Case, operands: Operands) -> np.ndarray:
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    try:
        call, words, layout = arrays.adapter("tensorflow").transposed(adapter.Case(case.question()))
    except adapter.Unsupported as why:
        raise Inexpressible(str(why)) from None
    canonical = adapter.CANONICAL["x"][case.rank]
    x = adapter.arrange(operands["x"], canonical, layout)
    w = adapter.arrange(operands["w"], adapter.CANONICAL["w"][case.rank], f"{canonical[2:]}OI")
    function = getattr(tf.nn, call.rpartition(".")[2])

    def layer(x):
        y = function(x, tf.constant(w), **words)
        return tf.nn.bias_add(y, operands["b"]) if case.bias else y

    try:
        layer(tf.constant(x))
    except Exception as error:
        raise Inexpressible(f"TensorFlow itself: {type(error).__name__}") from None
    try:
        signature = [tf.TensorSpec(x.shape, tf.float32, name="x")]
        model, _ = tf2onnx.convert.from_function(tf.function(layer), signature, opset=17)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (y,) = session.run(None, {"x": x})
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}") from None
    return y.transpose(adapter.permutation(layout, canonical)) if y.ndim == len(layout) else y


CONVERTERS: dict[str, tuple[Callable[[Case, Operands], np.ndarray], tuple[str, ...]]] = {
    "onnx2torch": (by_onnx2torch, ("onnx2torch", "onnx", "torch")),
    "tf2onnx": (by_tf2onnx, ("tf2onnx", "onnxruntime", "tensorflow")),
}


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else 300
    cases = [case for case in drawn(0, count) if case.batch]
    for name, (convert, needs) in CONVERTERS.items():
        if missing := [each for each in needs if importlib.util.find_spec(each) is None]:
            print(f"{name}: needs {', '.join(missing)}")
            continue
        ways: Counter[str] = Counter()
        found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for case in cases:
            exact = make_operands(case, "forward", "float32", "exact").arrays
            operands = {each: array.astype(np.float32) for each, array in exact.items()}
            way, said = "right", ""
            try:
                returned = convert(case, operands)
                right = oracle.answer(case, "forward", exact)
                if returned.shape != right.shape:
                    way, said = "wrong", f"shape {list(returned.shape)} instead of {list(right.shape)}"
                elif not np.array_equal(returned, right):
                    way, said = "wrong", "other values"
            except Inexpressible:
                way = "not in its format"
            except Refused as error:
                way, said = "refused", " ".join(str(error).split())[:110]
            ways[way] += 1
            if said:
                found[f"{way}: {said}" if way == "refused" else way].append((case.size, spelled(case), said))
        print(f"{name}: " + ", ".join(f"{number} {way}" for way, number in ways.most_common()))
        for title, mine in sorted(found.items(), key=lambda each: -len(each[1]))[:8]:
            _, id, said = min(mine)
            case = next(each for each in cases if spelled(each) == id)
            print(f"  {len(mine)} {title}; the smallest: {configuration(case)} ({said})")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(sys.argv[1:])
