"""PaddlePaddle: functional.convNd_transpose, data with channels first or last; the kernel is C, M/g, K… for both."""

from conformance.adapter import Framework, Plan, Route, Script, serve
from conformance.lowering import Style, differentiate, layouts

FLOATS = ("float64", "float32")
CHECKS = ("forward", "grad_input", "grad_weight", "grad_bias")
GRAD = Style("y = {value}\n{results}, = paddle.grad([y], [{operands}], [g])", mark="{operand}.stop_gradient = False")
FORMATS = {"NCW": "NCL", "NWC": "NLC"}


def lower(usual, other):
    def lowered(case, checks):
        x, _ = layouts(case, usual, choice=(other,))
        padding = case.options.get("padding", case.padding)
        if not isinstance(padding, str):
            alike = all(lo == hi for lo, hi in padding)
            padding = [lo for lo, _ in padding] if alike else [number for pair in padding for number in pair]
        arguments = {
            "stride": list(case.stride),
            "padding": padding,
            "groups": case.groups,
            "dilation": list(case.dilation),
            "data_format": FORMATS.get(x, x),
        }
        size = case.options.get("output_size") or (case.convention == "torch_output_size" and case.output_size)
        arguments.update({"output_size": list(size)} if size else {"output_padding": list(case.output_padding)})
        call = "paddle.nn.functional.conv%dd_transpose" % case.rank
        return Plan(call, arguments, differentiate(checks, call + "(x, w, b, **arguments)", GRAD), x=x)

    return lowered


def load():
    import paddle

    return Framework(paddle.__version__, {"paddle": paddle})


def put(array, dtype, device):
    import paddle

    return paddle.to_tensor(array)


def get(tensor):
    return str(tensor.dtype).replace("paddle.", ""), tensor.numpy()


if __name__ == "__main__":
    offers = {
        "dtypes": FLOATS,
        "checks": CHECKS,
        "options": ("padding", "output_size"),
        "arithmetic": {dtype: {"bias": "separate"} for dtype in FLOATS},
        "unasked": {"out_channels": "the number of output channels is read off the kernel"},
    }
    serve(
        "paddle",
        [Route("functional", lower("NC{}", "N{}C"), **offers), Route("last", lower("N{}C", "NC{}"), **offers)],
        load,
        put,
        get,
        script=Script("import paddle", "paddle.to_tensor({array})", get="{y}.numpy().astype(np.{wide})"),
    )
