"""A small honest implementation for the liars beside it to bend; it needs NumPy and conformance.adapter only."""

import itertools
import os
import sys

import numpy as np

from conformance.adapter import Framework, Plan, Route, serve


def conv_transpose(x, w, b, stride, dilation, begin, output, groups):
    """The definition, input position by input position."""
    per_group = x.shape[1] // groups
    y = np.zeros((x.shape[0], groups * w.shape[1], *output), x.dtype)
    for pixel in itertools.product(*(range(n) for n in x.shape[2:])):
        for tap in itertools.product(*(range(n) for n in w.shape[2:])):
            at = tuple(i * s + k * e - lo for i, s, k, e, lo in zip(pixel, stride, tap, dilation, begin))
            if all(0 <= u < o for u, o in zip(at, output)):
                for group in range(groups):
                    here = slice(group * per_group, (group + 1) * per_group)
                    there = slice(group * w.shape[1], (group + 1) * w.shape[1])
                    y[(slice(None), there, *at)] += x[(slice(None), here, *pixel)] @ w[(here, slice(None), *tap)]
    return y if b is None else y + b.reshape(-1, *[1] * len(output))


def lower(case, checks):
    arguments = {
        "stride": case.stride,
        "dilation": case.dilation,
        "begin": [lo for lo, _ in case.crop],
        "output": case.output,
        "groups": case.groups,
    }
    return Plan("truth.conv_transpose", arguments)


def chosen(case):
    """The one question with which most liars misbehave: the others must not suffer from it."""
    return tuple(case.kernel) == (2, 3)


def lie(lower=lower, conv_transpose=conv_transpose, get=lambda array: (str(array.dtype), array), load=None):
    """Serve the route `lies/route` with whatever is bent."""
    names = {"truth": type(sys)("truth")}
    names["truth"].conv_transpose = conv_transpose
    serve(
        "lies",
        [Route("route", lower, dtypes=("float64", "float32"))],
        load=load or (lambda: Framework(version="1.0", names=names)),
        put=lambda array, dtype, device: array,
        get=get,
    )


def real_stdout():
    """A file descriptor of the pipe on which frames travel, which only a liar would look for."""
    import conformance.adapter

    return conformance.adapter._stdout.fileno()


def end():
    os.kill(os.getpid(), 11)
