"""TensorFlow's other ways: atrous, raw operators, AutoGraph; ordinary gradients are none, and open lengths are said."""

import numpy as np
import tensorflow as tf

from conformance.capture import capture


def integers(*shape):
    return tf.constant(np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32"))


def kept(number, x, w, y):
    arrays.update({f"x{number}": np.moveaxis(x, -1, 1), f"y{number}": np.moveaxis(y, -1, 1)})
    arrays[f"w{number}"] = np.moveaxis(w, (-1, -2), (0, 1))


arrays, x, w = {}, integers(2, 5, 6, 3), integers(3, 3, 2, 3)


@tf.function
def converted(x, w):
    if tf.reduce_sum(x) > 1e9:  # what AutoGraph rewrites
        x = -x
    return tf.nn.conv2d_transpose(x, w, (2, 11, 13, 2), 2, padding="VALID")


@tf.function(input_signature=[tf.TensorSpec((1, None, None, 3)), tf.TensorSpec((3, 3, 2, 3))])
def opened(x, w):
    return tf.nn.conv2d_transpose(x, w, (1, 2 * tf.shape(x)[1], 2 * tf.shape(x)[2], 2), 2)


with capture("found.yaml") as found:
    kept(0, x, w, tf.nn.atrous_conv2d_transpose(x, w, (2, 9, 10, 2), 2, "VALID"))
    raw = {"strides": [1, 2, 2, 1], "padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 0, 0, 1, 0, 0]}
    kept(1, x, w, tf.raw_ops.Conv2DBackpropInput(input_sizes=[2, 10, 12, 2], filter=w, out_backprop=x, **raw))
    kept(2, x, w, converted(x, w))
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.nn.conv2d(x, integers(3, 3, 3, 2), 2, "SAME")
    tape.gradient(z, x)
    assert not found.notes, found.notes
    assert opened(x[:1], w).shape == (1, 10, 12, 2)
assert "converted, called at with_tensorflow_kinds.py:" in found.cases[2].why, found.cases[2].why
assert len(found.notes) == 1, found.notes
assert "its lengths are open while a graph is traced" in found.notes[0], found.notes
np.savez("calls.npz", **arrays)
