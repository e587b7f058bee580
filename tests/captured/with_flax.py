"""Flax' linen.ConvTranspose, without its bias, which Flax adds itself."""

import flax.linen as nn
import jax
import numpy as np

from conformance.capture import capture


def integers(*shape):
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32")


CALLS = [
    ((2, 5, 6, 3), nn.ConvTranspose(2, (4, 3), strides=(2, 2), use_bias=False)),
    ((2, 5, 6, 3), nn.ConvTranspose(2, (3, 2), strides=(2, 3), padding="VALID", use_bias=False)),
    ((1, 7, 3), nn.ConvTranspose(2, (3,), strides=(2,), padding=[(1, 0)], kernel_dilation=(2,), use_bias=False)),
]
arrays = {}
with capture("found.yaml") as found:
    for number, (shape, layer) in enumerate(CALLS):
        x = integers(*shape)
        kernel = integers(*layer.init(jax.random.key(0), x)["params"]["kernel"].shape)
        y = layer.apply({"params": {"kernel": kernel}}, x)
        arrays[f"x{number}"], arrays[f"y{number}"] = np.moveaxis(x, -1, 1), np.moveaxis(y, -1, 1)
        arrays[f"w{number}"] = np.moveaxis(np.flip(kernel, range(kernel.ndim - 2)), (-2, -1), (0, 1))
assert not found.notes, found.notes
np.savez("calls.npz", **arrays)
