"""JAX: words and numbers for the padding, both meanings of numbers, both meanings of a kernel, under jit."""

import jax
import numpy as np

from conformance.capture import capture


def integers(*shape):
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32")


CALLS = [
    ((2, 5, 6, 3), (4, 3, 3, 2), (2, 2), "SAME", {}),
    ((2, 5, 6, 3), (2, 3, 2, 3), (3, 2), "VALID", {"transpose_kernel": True}),
    ((1, 5, 6, 3), (2, 3, 3, 2), (2, 3), [(1, 0), (1, 5)], {"rhs_dilation": (2, 1)}),
    ((1, 5, 6, 3), (4, 3, 3, 2), (2, 3), [(1, 0), (0, 2)], {"use_consistent_padding": True}),
    ((2, 6, 3), (3, 3, 2), (2,), "SAME", {}),
    ((2, 2, 3, 4, 3), (2, 1, 3, 3, 2), (1, 2, 2), "SAME", {"dimension_numbers": ("NDHWC", "DHWIO", "NDHWC")}),
]
arrays = {}
with capture("found.yaml") as found:
    for number, (x_shape, w_shape, strides, padding, more) in enumerate(CALLS):
        x, w = integers(*x_shape), integers(*w_shape)
        call = jax.jit(lambda x, w, s=strides, p=padding, m=more: jax.lax.conv_transpose(x, w, s, p, **m))
        arrays[f"x{number}"], arrays[f"y{number}"] = np.moveaxis(x, -1, 1), np.moveaxis(call(x, w), -1, 1)
        w = np.swapaxes(w, -1, -2) if more.get("transpose_kernel") else np.flip(w, range(w.ndim - 2))
        arrays[f"w{number}"] = np.moveaxis(w, (-2, -1), (0, 1))
assert not found.notes, found.notes
np.savez("calls.npz", **arrays)
