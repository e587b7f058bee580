"""TensorFlow: SAME, VALID, written crops, both layouts, dilation, one and three axes, a traced graph."""

import numpy as np
import tensorflow as tf

from conformance.capture import capture


def integers(*shape):
    return tf.constant(np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32"))


CALLS = [
    ("conv2d_transpose", integers(2, 5, 6, 3), integers(4, 3, 2, 3), (2, 9, 12, 2), 2, {"padding": "SAME"}),
    ("conv2d_transpose", integers(2, 5, 6, 3), integers(2, 3, 2, 3), (2, 11, 19, 2), [2, 3], {"padding": "VALID"}),
    (
        "conv2d_transpose",
        integers(1, 5, 6, 3),
        integers(4, 3, 2, 3),
        (1, 10, 12, 2),
        [1, 2, 2, 1],
        {"padding": [[0, 0], [2, 0], [1, 0], [0, 0]]},
    ),
    ("conv1d_transpose", integers(2, 6, 3), integers(3, 2, 3), (2, 17, 2), 3, {}),
    ("conv3d_transpose", integers(1, 2, 3, 4, 2), integers(2, 3, 2, 3, 2), (1, 4, 5, 8, 3), (2, 2, 2), {}),
    (
        "conv_transpose",
        integers(1, 5, 6, 3),
        integers(2, 3, 2, 3),
        (1, 7, 10, 2),
        1,
        {"padding": "VALID", "dilations": [2, 2]},
    ),
]
arrays = {}


@tf.function(autograph=False, input_signature=[tf.TensorSpec((None, 4, 5, 2)), tf.TensorSpec((3, 3, 1, 2))])
def traced(x, w):
    return tf.nn.conv2d_transpose(x, w, (tf.shape(x)[0], 8, 10, 1), 2)


with capture("found.yaml") as found:
    for number, (name, x, w, shape, strides, more) in enumerate(CALLS):
        y = getattr(tf.nn, name)(x, w, shape, strides, **more)
        arrays[f"x{number}"], arrays[f"y{number}"] = np.moveaxis(x, -1, 1), np.moveaxis(y, -1, 1)
        arrays[f"w{number}"] = np.moveaxis(w, (-1, -2), (0, 1))
    # Left open by the trace, the batch is one image.
    x, w = integers(1, 4, 5, 2), integers(3, 3, 1, 2)
    arrays |= {"x6": np.moveaxis(x, -1, 1), "w6": np.moveaxis(w, (-1, -2), (0, 1))}
    arrays["y6"] = np.moveaxis(traced(x, w), -1, 1)
assert not found.notes, found.notes
np.savez("calls.npz", **arrays)
