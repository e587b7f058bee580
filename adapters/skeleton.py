"""mylib: how it is asked for a transposed convolution. It runs as it is; REPLACE marks what stands in for mylib.

Try it after each change:  convt run --adapter mylib_adapter.py --tier smoke
"""

import itertools
import types

import numpy as np

from conformance.adapter import Framework, Plan, Route, Unsupported, serve


# REPLACE: delete this function. It stands in for mylib's own, so that the first run shows what a right one looks like.
def conv_transpose(x, w, b, stride, dilation, padding, output_padding, groups):
    """x [N, C, …], w [C, M/g, …], b [M] or None → y [N, M, …]; ValueError where there is no such answer."""
    channels, filters, rank = x.shape[1], w.shape[1], len(stride)
    if min(stride + dilation) < 1 or min(output_padding) < 0 or groups < 1 or channels % groups:
        raise ValueError("stride, dilation and groups are at least 1, and groups divides the channels")
    if x.ndim != rank + 2 or w.ndim != rank + 2 or len(w) != channels or 0 in w.shape[2:]:
        raise ValueError("x %s and w %s do not fit" % (x.shape, w.shape))
    if x.dtype != w.dtype or (b is not None and (b.shape != (groups * filters,) or b.dtype != x.dtype)):
        raise ValueError("w and b must have the dtype of x, and b an element for each output channel")
    full = [(i - 1) * s + (k - 1) * e + 1 if i else 0 for i, s, k, e in zip(x.shape[2:], stride, w.shape[2:], dilation)]
    ends = [f + op - lo for f, op, lo in zip(full, output_padding, padding)]
    if any(end < lo for end, lo in zip(ends, padding)):
        raise ValueError("padding leaves less than nothing of %s" % full)
    y = np.zeros(x.shape[:1] + (groups * filters,) + tuple(f + op for f, op in zip(full, output_padding)), x.dtype)
    for tap in itertools.product(*map(range, w.shape[2:])):
        there = tuple(slice(k * e, k * e + i * s, s) for k, e, i, s in zip(tap, dilation, x.shape[2:], stride))
        there = tuple(slice(at.start, min(at.stop, f), at.step) for at, f in zip(there, full))
        for group in range(groups):
            c, m = (slice(group * n, (group + 1) * n) for n in (channels // groups, filters))
            y[(slice(None), m) + there] += np.einsum("nc...,cm->nm...", x[:, c], w[(c, slice(None)) + tap])
    y = y[(slice(None), slice(None)) + tuple(map(slice, padding, ends))]
    return y if b is None else y + b.reshape((-1,) + (1,) * rank)


def lower(case, checks):
    """The call for a case, as data. REPLACE the name, the arguments, and what mylib cannot express.

    Layouts that are not [N, C, …] and [C, M/g, …] are named: Plan(…, x="NHWC", w="HWOI").
    """
    if any(lo != hi for lo, hi in case.padding):
        raise Unsupported("padding crops both ends alike")
    if min(lo for lo, _ in case.padding) < 0:
        raise Unsupported("padding is not negative")
    if case.groups > 0 and case.out_channels % case.groups:
        raise Unsupported("the number of output channels is read off w")
    arguments = {
        "stride": case.stride,
        "dilation": case.dilation,
        "padding": tuple(lo for lo, _ in case.padding),
        "output_padding": case.output_padding,
        "groups": case.groups,
    }
    return Plan("mylib.conv_transpose", arguments)


def load():
    """Imports mylib. An ImportError means that it is not installed here."""
    # REPLACE the two lines by:  import mylib
    #                            return Framework(mylib.__version__, {"mylib": mylib})
    mylib = types.SimpleNamespace(conv_transpose=conv_transpose)
    return Framework("0", {"mylib": mylib})


def put(array, dtype, device):
    """REPLACE: mylib's tensor of a NumPy array."""
    return array


def get(tensor):
    """REPLACE: (dtype name, NumPy array) of mylib's tensor."""
    return str(tensor.dtype), np.asarray(tensor)


if __name__ == "__main__":
    # REPLACE the dtypes. checks=("forward", "grad_input", "grad_weight", "grad_bias") where lower can differentiate.
    serve("mylib", [Route("conv_transpose", lower, dtypes=("float64", "float32"))], load, put, get)
