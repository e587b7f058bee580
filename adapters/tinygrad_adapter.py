"""tinygrad: Tensor.conv_transpose2d, for any number of axes; padding that differs goes in pairs, the last axis first.

On the CPU it compiles each kernel with clang, which has to be there.
"""

from conformance.adapter import Framework, Plan, Route, Script, serve
from conformance.lowering import Style, differentiate, layouts, pairs

DTYPES = ("float64", "float32", "float16", "int64", "int32")
CHECKS = ("forward", "grad_input", "grad_weight", "grad_bias")
GRADIENT = Style("y = {value}\n{results}, = y.gradient({operands}, gradient=g)")


def lower(case, checks):
    layouts(case)
    told = pairs(case)
    padding = tuple(lo for lo, _ in told)
    if any(lo != hi for lo, hi in told):
        padding = tuple(number for pair in reversed(told) for number in pair)
    arguments = {
        "groups": case.groups,
        "stride": case.stride,
        "dilation": case.dilation,
        "padding": padding,
        "output_padding": case.output_padding,
    }
    body = differentiate(checks, "x.conv_transpose2d(w, b, **arguments)", GRADIENT)
    return Plan("tinygrad.Tensor.conv_transpose2d", arguments, body)


def load():
    import importlib.metadata
    import shutil

    import tinygrad

    if not shutil.which("clang"):
        raise ImportError("tinygrad compiles with clang, which is not on the PATH")
    return Framework(importlib.metadata.version("tinygrad"), {"tinygrad": tinygrad})


def put(array, dtype, device):
    from tinygrad import Tensor

    return Tensor(array)


def get(tensor):
    array = tensor.numpy()
    return str(array.dtype), array


if __name__ == "__main__":
    arithmetic = {dtype: {"bias": "separate"} for dtype in DTYPES[:2]}
    arithmetic["float16"] = {"accumulator": "float32", "bias": "separate"}
    route = Route(
        "tensor",
        lower,
        DTYPES,
        CHECKS,
        arithmetic,
        cost=0.2,
        tier="compiled",
        options=("padding",),
        unasked={"out_channels": "the number of output channels is read off the kernel"},
    )
    script = Script("import tinygrad", "tinygrad.Tensor({array})", get="{y}.numpy().astype(np.{wide})")
    serve("tinygrad", [route], load, put, get, script=script)
