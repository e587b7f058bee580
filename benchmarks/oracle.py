"""How fast the oracle is: published layers, beside torch in float64 on the same threads, and beside onnx.reference.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/oracle.py
    python benchmarks/oracle.py --layers '*audio*' --every 9     some layers only

All in one run, in turn; the median of five calls each. onnx.reference answers only the forward, and is asked only
where it would take less than a minute. Needs torch and, for the last column, onnx.
"""

# Threads are set before NumPy is imported, and calls are timed where they are made.
# ruff: noqa: E402, B023
from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np
import torch

from conformance import oracle
from conformance.case import CHECKS, Case
from conformance.corpus.choose import corpus
from conformance.corpus.globs import matches
from conformance.oracle.operands import make_operands

#: Multiply-adds from which the Python loops of onnx.reference take too long to wait for.
PATIENCE = 30_000_000


def seconds(call: Callable[[], object], repeat: int = 5) -> float:
    """The median time of a call, once warmed up."""
    call()
    took = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def torch_call(case: Case, check: str, arrays: dict[str, np.ndarray]) -> Callable[[], object] | None:
    """The same question to torch in float64, or None where it cannot express it."""
    if any(lo != hi for lo, hi in case.padding):
        return None
    x, w, b, g = (torch.from_numpy(arrays[name]) if name in arrays else None for name in "xwbg")
    padding = [lo for lo, _ in case.padding]
    if check == "forward":
        function = getattr(torch.nn.functional, f"conv_transpose{case.rank}d")
        return lambda: function(x, w, b, case.stride, padding, case.output_padding, case.groups, case.dilation)
    mask = [check == name for name in CHECKS[1:]]
    return lambda: torch.ops.aten.convolution_backward(
        g,
        x,
        w,
        [case.out_channels] if case.bias else None,
        case.stride,
        padding,
        case.dilation,
        True,
        case.output_padding,
        case.groups,
        mask,
    )


def onnx_call(case: Case, arrays: dict[str, np.ndarray]) -> Callable[[], object] | None:
    """The forward by onnx.reference, or None where it is not installed or would take too long."""
    try:
        from onnx import TensorProto, helper
        from onnx.reference import ReferenceEvaluator
    except ImportError:
        return None
    if case.size > PATIENCE:
        return None
    names = [name for name in "xwb" if name in arrays]
    pads = [lo for lo, _ in case.padding] + [hi for _, hi in case.padding]
    node = helper.make_node(
        "ConvTranspose",
        names,
        ["y"],
        strides=case.stride,
        dilations=case.dilation,
        group=case.groups,
        pads=pads,
        output_padding=case.output_padding,
    )
    values = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, arrays[name].shape) for name in names]
    answer = helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)
    session = ReferenceEvaluator(helper.make_model(helper.make_graph([node], "g", values, [answer])))
    return lambda: session.run(None, {name: arrays[name] for name in names})


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--layers", default="*", metavar="GLOB", help="only these cases")
    words.add_argument("--every", type=int, default=1, metavar="N", help="every Nth layer only")
    asked = words.parse_args()
    layers = [case for case in corpus() if case.family.startswith("models-") and matches(case.id, asked.layers)]
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    ratios: dict[str, list[float]] = {check: [] for check in CHECKS}
    speedups: list[float] = []
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread; milliseconds: ours / torch (ratio)")
    print(f"{'layer':34}" + "".join(f"{check:>24}" for check in CHECKS) + f"{'onnx.reference':>18}")
    for case in layers[:: asked.every]:
        line, slowest = f"{case.id:34}", ""
        for check in CHECKS:
            if check == "grad_bias" and not case.bias:
                line += f"{'':>24}"
                continue
            arrays = make_operands(case, check, "float32", "exact").arrays
            mine = seconds(lambda check=check, arrays=arrays: oracle.answer(case, check, arrays))
            call = torch_call(case, check, arrays)
            theirs = seconds(call) if call else None
            if theirs:
                ratios[check].append(mine / theirs)
                line += f"{mine * 1e3:8.2f} /{theirs * 1e3:7.2f} ({mine / theirs:4.1f})"
            else:
                line += f"{mine * 1e3:8.2f} /{'':7}       "
            if check == "forward" and (call := onnx_call(case, arrays)):
                try:
                    slow = seconds(call, repeat=1)
                except ValueError:
                    slowest = "fails"
                else:
                    speedups.append(slow / mine)
                    slowest = f"{slow * 1e3:9.0f} ({slow / mine:.0f}×)"
        print(line + f"{slowest:>18}", flush=True)
    for check, found in ratios.items():
        if not found:
            continue
        print(f"{check}: median {statistics.median(found):.2f} × torch's time over {len(found)} layers")
    if speedups:
        print(f"median {statistics.median(speedups):.0f} × faster than onnx.reference over {len(speedups)} layers")


if __name__ == "__main__":
    main()
