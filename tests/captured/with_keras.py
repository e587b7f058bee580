"""Keras 3 on the backend that KERAS_BACKEND names: a model of layers, called; each layer's bias is its own."""

import keras
import numpy as np

from conformance.capture import capture


def integers(*shape):
    return np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32")


Conv = keras.layers.Conv2DTranspose
layers = [
    Conv(4, (4, 3), strides=2, padding="same", name="doubles"),
    Conv(2, 3, strides=(2, 3), padding="valid", use_bias=False, name="valid"),
    Conv(3, 3, padding="same", dilation_rate=(2, 1), name="dilated"),
    Conv(2, 3, strides=2, padding="same", output_padding=1, name="extended"),
]
model = keras.Sequential([keras.Input((3, 4, 3)), *layers])
arrays, x = {}, integers(2, 3, 4, 3)
for layer in layers:
    layer.set_weights([integers(*weight.shape) for weight in layer.get_weights()])
with capture("found.yaml") as found:
    model(x)
assert not found.notes, found.notes
assert [case.id.partition("/")[2] for case in found.cases] == [layer.name for layer in layers]
for number, layer in enumerate(layers):
    y = keras.ops.convert_to_numpy(layer(x))
    arrays[f"x{number}"], arrays[f"y{number}"] = np.moveaxis(x, -1, 1), np.moveaxis(y, -1, 1)
    kernel, *bias = layer.get_weights()
    arrays[f"w{number}"] = np.moveaxis(kernel, (-1, -2), (0, 1))
    if bias:
        arrays[f"b{number}"] = bias[0]
    x = y
np.savez("calls.npz", **arrays)
