"""MLX: conv_transposeNd(x [N, …, C], w [M, …, C]), and conv_general with a dilated input and a kernel turned over."""

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, serve
from conformance.lowering import Style, bias_term, differentiate, dilated, layouts, symmetric

FLOATS = ("float32", "float16", "bfloat16")
CHECKS = ("forward", "grad_input", "grad_weight", "grad_bias")
VJP = Style("_, ({results},) = mlx.core.vjp(lambda {operands}: {value}, [{operands}], [g])")
ADDED = "the bias is added by a second call"


def plan(case, checks, call, arguments):
    if case.groups != 1:
        raise Unsupported("groups is documented as 1 only")
    x, w = layouts(case, "N{}C", "O{}I")
    value = call + "(x, w, **arguments)" + bias_term(case, x)
    return Plan(call, arguments, differentiate(checks, value, VJP), x=x, w=w)


def transposed(case, checks):
    padding, output_padding = symmetric(case)
    arguments = {
        "stride": case.stride,
        "padding": padding,
        "dilation": case.dilation,
        "output_padding": output_padding,
    }
    if case.rank == 1:
        arguments = {name: numbers[0] for name, numbers in arguments.items()}
    return plan(case, checks, "mlx.core.conv_transpose%dd" % case.rank, arguments)


def general(case, checks):
    arguments = {
        "padding": tuple(map(list, zip(*dilated(case)))),
        "kernel_dilation": case.dilation,
        "input_dilation": case.stride,
        "flip": True,
    }
    return plan(case, checks, "mlx.core.conv_general", arguments)


def load():
    import mlx
    import mlx.core

    return Framework(mlx.core.__version__, {"mlx": mlx})


def put(array, dtype, device):
    import mlx.core

    tensor = mlx.core.array(array)
    return tensor.view(mlx.core.bfloat16) if dtype == "bfloat16" else tensor


def get(tensor):
    import mlx.core
    import numpy as np

    name = str(tensor.dtype).replace("mlx.core.", "")
    return name, np.array(tensor.view(mlx.core.uint16) if name == "bfloat16" else tensor)


if __name__ == "__main__":
    offers = {
        "dtypes": FLOATS,
        "checks": CHECKS,
        "arithmetic": {dtype: {"accumulator": "float32", "bias": "separate"} for dtype in FLOATS},
        "unasked": {"shape of b": ADDED, "dtype of b": ADDED},
    }
    serve(
        "mlx",
        [
            Route("conv_transpose", transposed, options=("padding",), **offers),
            Route("conv_general", general, **offers),
        ],
        load,
        put,
        get,
        script=Script(
            "import mlx.core",
            "mlx.core.array({array})",
            "mlx.core.array({array}).astype(mlx.core.bfloat16)",
            "np.array({y}.astype(mlx.core.float32)).astype(np.{wide})",
        ),
    )
