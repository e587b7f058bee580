"""JAX' convolution of a dilated input, as libraries call it: layouts, groups, vmap, gradients, and what is none."""

import inspect
import pickle

import jax
import numpy as np

from conformance.capture import capture


def integers(*shape):
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32")


lax = jax.lax
NHWC = ("NHWC", "HWIO", "NHWC")
flipped = (slice(None), slice(None), slice(None, None, -1), slice(None, None, -1))
x, w = integers(2, 4, 5, 6), integers(3, 4, 3, 2)  # here w is [M, C, …]
grouped = integers(6, 2, 3, 2)  # [M, C/g, …]: the first three filters read the first two channels
ours = np.concatenate([grouped[:3].swapaxes(0, 1), grouped[3:].swapaxes(0, 1)])[flipped]
arrays = {}


def keep(number, x, w, y):
    arrays.update({f"x{number}": x, f"w{number}": w, f"y{number}": np.asarray(y)})


with capture("found.yaml") as found:
    y = lax.conv_general_dilated(x, w, (1, 1), [(2, 1), (1, 3)], (2, 3))
    keep(0, x, w.swapaxes(0, 1)[flipped], y)
    y = lax.conv_general_dilated(x, grouped, (1, 1), [(4, 4), (1, 1)], (2, 1), (2, 1), feature_group_count=2)
    keep(1, x, ours, y)
    last, hwio = x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0)
    y = lax.conv_general_dilated(last, hwio, (1, 1), [(2, 2), (1, 1)], (2, 2), dimension_numbers=NHWC)
    keep(2, x, w.swapaxes(0, 1)[flipped], y.transpose(0, 3, 1, 2))
    many = integers(3, 2, 4, 5, 6)
    up = jax.vmap(lambda x: lax.conv_general_dilated(x, w, (1, 1), [(2, 2), (1, 1)], (3, 2)))
    y = up(many)
    keep(3, many.reshape(6, 4, 5, 6), w.swapaxes(0, 1)[flipped], y.reshape(6, *y.shape[2:]))
    # Ordinary convolutions and their gradients are none, though JAX writes these with a dilated input.
    lax.conv_general_dilated(x, w, (2, 2), "SAME", lhs_dilation=(1, 1))
    jax.grad(lambda x: lax.conv_general_dilated(x, w, (2, 2), "VALID").sum())(x)
    assert pickle.loads(pickle.dumps(lax.conv_general_dilated)) is lax.conv_general_dilated
    assert list(inspect.signature(lax.conv_general_dilated).parameters)[:2] == ["lhs", "rhs"]
    assert not found.notes, found.notes
    lax.conv_general_dilated(x, w, (2, 1), [(1, 1), (1, 1)], (3, 2))
    jax.vmap(lambda w: lax.conv_general_dilated(x, w, (1, 1), [(1, 1), (1, 1)], (2, 2)))(integers(2, 3, 4, 3, 2))
assert [note.partition(": ")[2].partition(": ")[2][:20] for note in found.notes] == [
    "a window stride or b",
    "under vmap with a ke",
], found.notes
np.savez("calls.npz", **arrays)
