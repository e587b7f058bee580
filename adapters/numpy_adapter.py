"""NumPy: the operator three ways, written out, as a reference that can be read. Each refuses what has no answer.

All products are einsum's: some BLAS skip zeros, also where they meet NaN or infinity.
"""

import inspect
import itertools

import numpy as np

from conformance.adapter import MEMORY, Framework, Plan, Route, Unsupported, Variant, serve

DTYPES = ("float64", "float32", "float16", "int64", "int32", "int8", "complex64")
CHECKS = ("forward", "grad_input", "grad_weight", "grad_bias")
GRADIENTS = {"grad_input": "dx", "grad_weight": "dw", "grad_bias": "db"}
#: What NumPy adds in float16 it rounds to float16.
ARITHMETIC = {"float16": {"accumulator": "float16"}}
#: The explicit matrix and the windows are dense: beyond so many numbers they are no longer a reference but a burden.
LARGEST = {"matrix": 2**24, "zero_insertion": 2**27}


def refuse(x, w, b, in_channels, out_channels, groups, kernel, stride, dilation, crop, output_padding, output):
    """Raise ValueError where the numbers and the operands do not describe a transposed convolution."""
    if min(stride) < 1 or min(dilation) < 1 or min(output_padding) < 0:
        raise ValueError("stride and dilation are at least 1, output_padding at least 0")
    if groups < 1 or in_channels % groups or out_channels % groups:
        raise ValueError("groups is at least 1 and divides both channel counts")
    if x.ndim != 2 + len(kernel) or x.shape[1] != in_channels:
        raise ValueError("x has shape %s, expected [N, %d] and %d axes" % (x.shape, in_channels, len(kernel)))
    if w.shape != (in_channels, out_channels // groups) + tuple(kernel) or min(kernel) < 1:
        raise ValueError("w has shape %s, expected [C, M/g, K...]" % (w.shape,))
    if b is not None and b.shape != (out_channels,):
        raise ValueError("b has shape %s, expected [%d]" % (b.shape, out_channels))
    if {x.dtype, w.dtype} != {x.dtype if b is None else b.dtype}:
        raise ValueError("x, w and b are not of one dtype")
    for i, k, s, e, (begin, end), o in zip(x.shape[2:], kernel, stride, dilation, crop, output):
        if o < 0 or o != ((i - 1) * s + (k - 1) * e + 1 if i else 0) - begin - end:
            raise ValueError("output length %d does not follow from the other numbers" % o)


def tap_slices(tap, x, stride, dilation, crop, output):
    """Where one tap lands: slices into the input and into the output, whatever falls outside left out."""
    here, there = [], []
    for k, i, s, e, (begin, _), o in zip(tap, x.shape[2:], stride, dilation, crop, output):
        first = max(0, -(-(begin - k * e) // s))
        last = min(i - 1, (o - 1 + begin - k * e) // s)
        start = first * s + k * e - begin
        here.append(slice(first, max(last + 1, first)))
        there.append(slice(start, start + max(last - first + 1, 0) * s, s))
    return tuple(here), tuple(there)


def scatter(x, w, b, groups, stride, dilation, crop, output, g=None, want="y", **numbers):
    """Each tap of the kernel lands on a strided part of the output; the gradients read where it landed."""
    refuse(x, w, b, groups=groups, stride=stride, dilation=dilation, crop=crop, output=output, **numbers)
    per_group, filters = x.shape[1] // groups, w.shape[1]
    y = np.zeros((x.shape[0], groups * filters) + tuple(output), x.dtype)
    dx, dw, space = np.zeros_like(x), np.zeros_like(w), list(range(3, x.ndim + 1))
    for tap in itertools.product(*map(range, w.shape[2:])):
        here, there = tap_slices(tap, x, stride, dilation, crop, output)
        for group in range(groups):
            c, m = slice(group * per_group, (group + 1) * per_group), slice(group * filters, (group + 1) * filters)
            source, target = (slice(None), c) + here, (slice(None), m) + there
            kernel = w[(c, slice(None)) + tap]
            if want == "y":
                y[target] += np.einsum("nc...,cm->nm...", x[source], kernel)
            elif want == "dx":
                dx[source] += np.einsum("nm...,cm->nc...", g[target], kernel)
            elif want == "dw" and x[source].size and g[target].size:  # of nothing einsum makes what lies in memory
                dw[(c, slice(None)) + tap] = np.einsum(x[source], [0, 1] + space, g[target], [0, 2] + space, [1, 2])
    if b is not None:
        y += b.reshape((-1,) + (1,) * len(output))
    return {"y": y, "dx": dx, "dw": dw, "db": g if g is None else g.sum(axis=(0,) + tuple(range(2, g.ndim)))}[want]


def matrix(x, w, b, groups, stride, dilation, crop, output, g=None, want="y", **numbers):
    """The matrix A of the forward convolution from output to input, as a whole: y = Aᵀ x and dx = A g."""
    refuse(x, w, b, groups=groups, stride=stride, dilation=dilation, crop=crop, output=output, **numbers)
    filters, size = w.shape[1], x.shape[2:]
    a = np.zeros(x.shape[1:] + (groups * filters,) + tuple(output), x.dtype)
    for pixel in itertools.product(*map(range, size)):
        for tap in itertools.product(*map(range, w.shape[2:])):
            u = tuple(i * s + k * e - lo for i, s, k, e, (lo, _) in zip(pixel, stride, tap, dilation, crop))
            if all(0 <= at < o for at, o in zip(u, output)):
                for c in range(x.shape[1]):
                    m = c // (x.shape[1] // groups) * filters
                    a[(c,) + pixel + (slice(m, m + filters),) + u] = w[(c, slice(None)) + tap]
    a = a.reshape(int(np.prod(x.shape[1:])), groups * filters * int(np.prod(output)))
    if want == "dx":
        return np.einsum("nu,iu->ni", g.reshape(len(g), a.shape[1]), a).reshape(x.shape)
    y = np.einsum("ni,iu->nu", x.reshape(len(x), a.shape[0]), a).reshape((len(x), groups * filters) + tuple(output))
    return y if b is None else y + b.reshape((-1,) + (1,) * len(output))


def zero_insertion(x, w, b, groups, stride, dilation, crop, output, g=None, want="y", **numbers):
    """Insert zeros between the inputs, pad or crop, and correlate with the flipped kernel."""
    refuse(x, w, b, groups=groups, stride=stride, dilation=dilation, crop=crop, output=output, **numbers)
    rank, size = len(output), x.shape[2:]
    extent = [(k - 1) * e + 1 for k, e in zip(w.shape[2:], dilation)]
    # Room for every window, then the part that the crop leaves: output u reads u + begin … u + begin + extent - 1.
    room = [max(i - 1, 0) * s + 1 + 2 * (k - 1) for i, s, k in zip(size, stride, extent)]
    low = [max(0, -begin) for begin, _ in crop]
    high = [max(0, o + begin + k - 1 - r) for o, (begin, _), k, r in zip(output, crop, extent, room)]
    wide = np.zeros(x.shape[:2] + tuple(map(sum, zip(low, room, high))), x.dtype)
    at = tuple(slice(first + k - 1, first + k - 1 + i * s, s) for first, k, i, s in zip(low, extent, size, stride))
    wide[(slice(None), slice(None)) + at][tuple(slice(0, n) for n in x.shape)] = x
    windows = np.lib.stride_tricks.sliding_window_view(wide, extent, axis=tuple(range(2, 2 + rank)))
    begins = (slice(first + begin, first + begin + o) for first, (begin, _), o in zip(low, crop, output))
    taps = (slice(None, None, e) for e in dilation)
    windows = windows[(slice(None), slice(None)) + tuple(begins) + tuple(taps)]
    flipped = w[(slice(None), slice(None)) + (slice(None, None, -1),) * rank]
    per_group, y = x.shape[1] // groups, []
    out, window = list(range(3, 3 + rank)), list(range(3 + rank, 3 + 2 * rank))
    for group in range(groups):
        c = slice(group * per_group, (group + 1) * per_group)
        y.append(np.einsum(windows[:, c], [0, 1] + out + window, flipped[c], [1, 2] + window, [0, 2] + out))
    y = np.concatenate(y, axis=1)
    return y if b is None else y + b.reshape((-1,) + (1,) * rank)


#: NumPy has it from version 1.20 on.
WINDOWS = "np.lib.stride_tricks.sliding_window_view"


def lower(function):
    define = "\n\n".join(inspect.getsource(part) for part in (refuse, tap_slices, function))

    def lowered(case, checks):
        name, outputs = function.__name__, np.prod(np.maximum(case.output, 0.0))
        size = case.in_channels * outputs
        size *= case.out_channels * np.prod(case.input) if function is matrix else case.batch * np.prod(case.kernel)
        if size > LARGEST.get(name, np.inf):
            raise Unsupported("it would be written out in %.0f numbers, more than %d" % (size, LARGEST[name]))
        words = (
            "in_channels",
            "out_channels",
            "groups",
            "kernel",
            "stride",
            "dilation",
            "crop",
            "output_padding",
            "output",
        )
        arguments = {word: getattr(case, word) for word in words}
        body = "y = %s(x, w, b, **arguments)" % name
        if checks[0] != "forward":
            result = GRADIENTS[checks[0]]
            body = "%s = %s(x, w, b, g=g, want=%r, **arguments)" % (result, name, result)
        return Plan(name, arguments, body, define="import itertools\n\n\n" + define)

    return lowered


def load():
    cores = {"openblas=haswell": "Haswell", "openblas=generic": "Prescott"}
    variants = {name: Variant({"OPENBLAS_CORETYPE": core}) for name, core in cores.items()}
    names = {function.__name__: function for function in (scatter, matrix, zero_insertion)}
    return Framework(np.__version__, dict(names, np=np), variants=variants)


if __name__ == "__main__":
    serve(
        "numpy",
        [
            Route("scatter", lower(scatter), DTYPES, CHECKS, ARITHMETIC),
            Route("matrix", lower(matrix), DTYPES, CHECKS[:2], ARITHMETIC),
            Route("zero_insertion", lower(zero_insertion), DTYPES, arithmetic=ARITHMETIC, needs=[WINDOWS]),
        ],
        load,
        memory=MEMORY,
    )
