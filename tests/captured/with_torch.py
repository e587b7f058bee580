"""PyTorch: functions, modules, an early import, no batch, an output size, another thread, a failure."""

import threading

import numpy as np
import torch
from torch.nn.functional import conv_transpose2d as imported_before

from conformance.capture import capture


def integers(*shape):
    return torch.from_numpy(np.random.default_rng(sum(shape)).integers(-3, 4, shape).astype("float32"))


def layer(kind, *args, **keywords):
    made = kind(*args, **keywords)
    for parameter in made.parameters():
        parameter.data = integers(*parameter.shape)
    return made


nn = torch.nn
plain = layer(nn.ConvTranspose2d, 4, 6, (4, 3), (2, 1), 1)
grouped = layer(nn.ConvTranspose1d, 4, 6, 3, 3, 1, 2, groups=2, bias=False)
sized = layer(nn.ConvTranspose3d, 2, 3, 3, 2, dilation=(1, 2, 1))
inputs = [integers(2, 4, 5, 6), integers(1, 4, 5), integers(2, 2, 2, 3, 4), integers(3, 4, 5), integers(1, 2, 3)]
weights = [plain.weight, grouped.weight, sized.weight, integers(3, 2, 2, 3), integers(2, 2, 2)]
biases = [plain.bias, None, sized.bias, None, None]
with capture("found.yaml") as found:
    outputs = [
        plain(inputs[0]),
        grouped(inputs[1]),
        sized(inputs[2], output_size=(6, 10, 10)),
        imported_before(inputs[3], weights[3], dilation=2),
    ]
    plain(inputs[0])  # nothing new
    thread = threading.Thread(
        target=lambda: outputs.append(torch.conv_transpose1d(inputs[4], weights[4], stride=[3], output_padding=2))
    )
    thread.start()
    thread.join()
    try:
        imported_before(inputs[3], weights[3], padding=50)
    except RuntimeError:
        pass
    else:
        raise SystemExit("PyTorch answered what has no answer")
    torch.nn.functional.conv2d(inputs[0], integers(2, 4, 3, 3))
imported_before(inputs[3], weights[3])  # after the block: not recorded
assert len(found.notes) == 1, found.notes
assert "padding" in found.notes[0] or "output length" in found.notes[0], found.notes

inputs[3], outputs[3] = inputs[3][None], outputs[3][None]
arrays = {}
for number, (x, w, b, y) in enumerate(zip(inputs, weights, biases, outputs, strict=True)):
    named = {"x": x, "w": w, "b": b, "y": y}
    arrays.update({f"{name}{number}": t.detach().numpy() for name, t in named.items() if t is not None})
np.savez("calls.npz", **arrays)
