"""An operator as a person might write it, with four bugs: it flips the kernel where groups > 1 and a stride is 3,
clears the last column where dilation and output padding meet, adds the bias twice to more than four images, and sums
float16 in float16 although it says float32. As PyTorch's it pads both ends alike; it has no gradients."""

import numpy as np

from conformance.adapter import Framework, Plan, Route, Unsupported, serve


def conv_transpose(x, w, b, stride, padding, dilation, output_padding, groups):
    rank = x.ndim - 2
    if groups > 1 and 3 in stride:
        w = np.flip(w, tuple(range(2, 2 + rank)))
    axes = list(zip(x.shape[2:], w.shape[2:], stride, dilation, output_padding))
    full = [(i - 1) * s + (k - 1) * e + 1 + more for i, k, s, e, more in axes]
    channels, filters = x.shape[1] // groups, w.shape[1]
    y = np.zeros((x.shape[0], groups * filters, *full), x.dtype)
    for group in range(groups):
        mine = slice(group * filters, (group + 1) * filters)
        for tap in np.ndindex(*w.shape[2:]):
            where = tuple(slice(t * e, t * e + (i - 1) * s + 1, s) for t, (i, _, s, e, _) in zip(tap, axes))
            for channel in range(group * channels, (group + 1) * channels):
                taps = w[(channel, slice(None), *tap)].reshape(-1, *[1] * rank)
                y[(slice(None), mine, *where)] += x[:, channel][:, None] * taps
    if b is not None:
        y += b.reshape(-1, *[1] * rank) * (2 if len(x) > 4 else 1)
    y = y[(slice(None), slice(None), *(slice(p, length - p) for p, length in zip(padding, full)))].copy()
    if max(dilation) > 1 and max(output_padding) > 0:
        y[..., -1] = 0
    return y


def lower(case, checks):
    if any(lo != hi or lo < 0 for lo, hi in case.padding):
        raise Unsupported("padding crops both ends alike")
    if min(case.batch, case.in_channels, *case.input) < 1:
        raise Unsupported("nothing may be empty")
    arguments = {
        "stride": case.stride,
        "padding": [lo for lo, _ in case.padding],
        "dilation": case.dilation,
        "output_padding": case.output_padding,
        "groups": case.groups,
    }
    return Plan("tinylib.conv_transpose", arguments)


tinylib = type(np)("tinylib")
tinylib.conv_transpose = conv_transpose
half = {"float16": {"accumulator": "float32"}}
serve(
    "tinylib",
    [Route("conv_transpose", lower, dtypes=("float64", "float32", "float16"), arithmetic=half)],
    load=lambda: Framework("0.3.1", {"tinylib": tinylib}),
    put=lambda array, dtype, device: array,
    get=lambda array: (str(array.dtype), array),
)
