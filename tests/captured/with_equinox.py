"""Equinox' ConvTranspose, which calls JAX' convolution of a dilated input."""

import equinox
import jax
import numpy as np

from conformance.capture import capture

layer = equinox.nn.ConvTranspose2d(
    4, 3, 3, stride=2, padding=1, output_padding=1, use_bias=False, key=jax.random.key(0)
)
x, w = (np.random.default_rng(1).integers(-3, 4, shape).astype("float32") for shape in ((4, 5, 6), layer.weight.shape))
layer = equinox.tree_at(lambda layer: layer.weight, layer, w)
plain = equinox.nn.ConvTranspose2d(4, 3, 3, use_bias=False, key=jax.random.key(1))  # stride 1
plain = equinox.tree_at(lambda layer: layer.weight, plain, w)
with capture("found.yaml") as found:
    y = layer(x)
    z = plain(x)
    equinox.nn.Conv2d(4, 3, 3, key=jax.random.key(2))(x)
assert not found.notes, found.notes
# Its kernel is [M, C, …], and it is not flipped.
w = w.swapaxes(0, 1)[:, :, ::-1, ::-1]
np.savez("calls.npz", x0=x[None], y0=np.asarray(y)[None], w0=w, x1=x[None], y1=np.asarray(z)[None], w1=w)
