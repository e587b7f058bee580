"""PyTorch in every way that a program may run it: what ran is recorded, and each answer is that of the same call
outside the block."""

import importlib.util
import inspect
import io
import pickle
import threading
import warnings
from pathlib import Path

import torch

from conformance.capture import capture

warnings.simplefilter("ignore")
torch.manual_seed(0)
nn = torch.nn
x, w = torch.randn(2, 4, 5, 6), torch.randn(4, 3, 3, 3)
layer = nn.ConvTranspose2d(4, 3, 3)
exported = torch.export.export(layer, (x,)).module()
scripted, traced = torch.jit.script(layer), torch.jit.trace(layer, x)
compiled = torch.compile(layer, fullgraph=True, backend="eager")
compiled(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(nn.ConvTranspose2d(4, 3, 3), nn.ReLU(), nn.ConvTranspose2d(3, 2, 2, stride=2))

    def forward(self, x):
        return self.stages(x)


decoder = Decoder()


def saved():
    data = io.BytesIO()
    torch.onnx.export(layer, (x,), data, dynamo=False)
    return torch.tensor([len(data.getvalue()) > 0])


def in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(layer(x)))
    thread.start()
    thread.join()
    return found[0]


def double_backward():
    leaf = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(layer(leaf).square().sum(), leaf, create_graph=True)
    return first.detach()


def checked(said):
    return torch.tensor([bool(said)])


KINDS = {
    "scripted in the block": lambda: torch.jit.script(layer)(x),
    "scripted before": lambda: scripted(x),
    "traced in the block": lambda: torch.jit.trace(layer, x)(x),
    "traced before": lambda: traced(x),
    "exported in the block": lambda: torch.export.export(layer, (x,)).module()(x),
    "exported before": lambda: exported(x),
    "compiled in the block": lambda: torch.compile(lambda x: layer(x), fullgraph=True, backend="eager")(x),
    "compiled before": lambda: compiled(x),
    "aten": lambda: torch.ops.aten.convolution(x, w, None, [2, 2], [1, 1], [1, 1], True, [0, 0], 1),
    "torch.convolution": lambda: torch.convolution(x, w, None, [2, 2], [1, 1], [1, 1], True, [0, 0], 1),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16)(layer)(x),
    "vmap": lambda: torch.vmap(layer)(x.expand(7, *x.shape)),
    "channels last": lambda: layer(x.contiguous(memory_format=torch.channels_last)),
    "inference mode": lambda: torch.inference_mode()(layer)(x),
    "a thread": in_a_thread,
    "double backward": double_backward,
    "modules": lambda: decoder(x),
    "pickle": lambda: checked(
        pickle.loads(pickle.dumps(nn.functional.conv_transpose2d)) is nn.functional.conv_transpose2d
    ),
    "inspect": lambda: checked(inspect.isbuiltin(nn.functional.conv_transpose2d) and inspect.getsource(type(layer))),
}
if importlib.util.find_spec("onnx"):  # torch writes no model without it
    KINDS["ONNX"] = saved
expected = {name: call() for name, call in KINDS.items()}
for name, call in KINDS.items():
    with capture(f"{name.replace(' ', '-')}.yaml") as found, capture("outer.yaml") as outer:
        answer = call()
        if name in ("pickle", "inspect"):
            layer(x)
    assert torch.equal(answer, expected[name]), name
    assert answer.dtype == expected[name].dtype, name
    assert found.cases, name
    assert not found.notes, (name, found.notes)
    assert len(outer.cases) == len(found.cases), name
    Path("outer.yaml").unlink()
    case = found.cases[-1]
    assert case.dtypes == ("bfloat16",) or name != "autocast", case
    assert case.batch == 14 or name != "vmap", case
    assert case.input_layout == "NHWC" or name != "channels last", case
    assert f"{Path(__file__).name}:" in case.why, case.why
    if name == "modules":
        assert [one.id.partition("/")[2] for one in found.cases] == ["stages.0", "stages.2"]
        assert found.cases[0].why.startswith("module stages.0, torch convolution at")

quantised = nn.quantized.ConvTranspose2d(4, 3, 3)
integers = torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)
right = quantised(integers).int_repr()
with capture("found.yaml") as found:
    assert torch.equal(quantised(integers).int_repr(), right)
    layer(x)
    nn.Conv2d(4, 3, 3)(x)
    assert nn.Conv2d(4, 3, 3)(x.requires_grad_()).sum().backward() is None
assert len(found.cases) == 1, found.cases
assert found.notes == [found.notes[0]]
assert "quantized::conv_transpose2d at with_torch_kinds.py:" in found.notes[0], found.notes
