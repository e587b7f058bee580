"""PyTorch: conv_transposeNd(x [N, C, …], w [C, M/g, …]); padding crops both ends, output_padding extends the end."""

import os
import re
import tempfile

import numpy as np

from conformance.adapter import MEMORY, Framework, Plan, Route, Script, Unsupported, Variant, serve
from conformance.lowering import GRADIENTS, TORCH, differentiate, symmetric

FLOATS, CHECKS = ("float64", "float32", "float16", "bfloat16"), ("forward", "grad_input", "grad_weight", "grad_bias")
#: The CPU's kernels sum half precision in itself for some shapes (benchmarks/arithmetic.py).
ARITHMETIC = {dtype: {"accumulator": dtype} for dtype in FLOATS[2:]}
SIZED = "torch_output_size"
WORDS = ("padding", "output_size", "padding_mode", "defaults", SIZED, "foretell")
CHANNELS_LAST = {2: "torch.channels_last", 3: "torch.channels_last_3d"}
FAKE = "torch._subclasses.FakeTensorMode"
DEFAULTS = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True}


def numbers(case):
    """The arguments that every spelling shares."""
    padding, output_padding = symmetric(case)
    return {
        "stride": case.stride,
        "padding": padding,
        "output_padding": output_padding,
        "groups": case.groups,
        "dilation": case.dilation,
    }


def plan(case, checks, call, value, arguments, before="", prepare="", needs=()):
    """A plan whose value is differentiated where gradients are asked."""
    body = "\n".join(filter(None, [before, differentiate(checks, value, TORCH)]))
    memory = {name: stored for name, stored in (("x", case.input_layout), ("w", case.kernel_layout)) if stored}
    if case.options.get("foretell"):
        results = ["y"] + [GRADIENTS[check][0] for check in checks if check != "forward"]
        body, needs = foretell(body, results), [*needs, FAKE]
    forward = "torch.nn.functional.conv%dd(y.detach(), w.detach(), None, %r, %r, %r, %r)" % (
        (case.rank, case.stride, tuple(max(lo, 0) for lo, _ in case.padding), case.dilation, case.groups)
    )
    return Plan(call, arguments, body, prepare, memory=memory, needs=needs, yardstick=forward)


def foretell(body, results):
    """The statements as a function, called with the operands and with fakes of them, which have a shape and strides and
    nothing else: so torch.export and torch.compile learn where the answer will lie."""
    operands = "x, w, b" + ", g" * (len(results) > 1)
    lines = [
        "def answer(%s):" % operands,
        "    " + body.replace("\n", "\n    "),
        "    return %s," % ", ".join(results),
        "with %s(allow_non_fake_inputs=True) as fake:" % FAKE,
        "    copies = [each if each is None else fake.from_tensor(each) for each in (%s)]" % operands,
        "    said = answer(*copies)",
        "%s, = found = answer(%s)" % (", ".join(results), operands),
        "foretold, stored = [",
        "    dict(zip(%r, [(list(each.shape), list(each.stride())) for each in told]))" % results,
        "    for told in (said, found)",
        "]",
    ]
    return "\n".join(lines)


def functional(case, checks):
    call = "torch.nn.functional.conv_transpose%dd" % case.rank
    return plan(case, checks, call, "%s(x, w, b, **arguments)" % call, numbers(case))


def channels_last(case, checks):
    if case.rank == 1:
        raise Unsupported("there is no channels_last memory format in one dimension")
    call = "torch.nn.functional.conv_transpose%dd" % case.rank
    memory = CHANNELS_LAST[case.rank]
    stored = "contiguous(memory_format=%s)" % memory
    value = "%s(x.%s, w.%s, b, **arguments)" % (call, stored, stored)
    return plan(case, checks, call, value, numbers(case), needs=[memory])


def frozen(case, checks):
    """A compiled module whose kernel is a constant: it may be packed, or folded into something else."""
    if checks != ("forward",):
        raise Unsupported("a constant kernel has no gradient, nor is any computed beside it")
    plan = module(case, checks)
    body = plan.body.replace(
        "y = layer(x", "frozen = torch.compile(layer.eval(), dynamic=False, fullgraph=True)\ny = frozen(x"
    )
    plan.body = (
        "torch._dynamo.reset()\n"
        "with torch.no_grad(), torch._inductor.config.patch(freezing=True):\n    %s" % body.replace("\n", "\n    ")
    )
    return plan


def compiled(case, checks):
    if case.options.get("constant"):
        return frozen(case, checks)
    call = "torch.nn.functional.conv_transpose%dd" % case.rank
    prepare = (
        "torch._dynamo.reset()\n"  # or the limit on recompilations turns later cases into eager ones, in silence
        "def function(x, w, b):\n"
        "    return %s(x, w, b, **arguments)\n"
        "compiled = torch.compile(function, dynamic=False, fullgraph=True)" % call
    )
    return plan(case, checks, "torch.compile", "compiled(x, w, b)", numbers(case), prepare=prepare)


def module(case, checks):
    call = "torch.nn.ConvTranspose%dd" % case.rank
    size = case.options.get("output_size", case.convention == SIZED and case.output_size)
    arguments = dict(numbers(case), bias=case.bias)
    if size:
        arguments.update(padding=tuple(lo for lo, _ in case.padding), output_padding=0)
    if case.options.get("defaults"):
        per_axis = {name: (value,) * case.rank for name, value in DEFAULTS.items()}
        arguments = {k: v for k, v in arguments.items() if v != DEFAULTS[k] and v != per_axis[k]}
    if "padding_mode" in case.options:
        arguments["padding_mode"] = case.options["padding_mode"]
    arguments.update(in_channels=case.in_channels, out_channels=case.out_channels, kernel_size=case.kernel)
    made = "layer = %s(**arguments)\nw = layer.weight = torch.nn.Parameter(w)" % call
    made += "\nb = layer.bias = torch.nn.Parameter(b)" if case.bias else ""
    value = "layer(x%s)" % (", output_size=%r" % (list(size),) if size else "")
    return plan(case, checks, call, value, arguments, made)


def autograd(case, checks):
    call = "torch.nn.functional.conv%dd" % case.rank
    arguments = numbers(case)
    if any(op >= s for op, s in zip(arguments.pop("output_padding"), case.stride)):
        raise Unsupported("no forward convolution makes this input of this output: output_padding reaches the stride")
    shape = (case.batch, case.out_channels, *case.output)
    zero = "zero = torch.zeros(%r, dtype=x.dtype, device=x.device, requires_grad=True)" % (shape,)
    value = "torch.autograd.grad(%s(zero, w, None, **arguments), zero, x)[0]" % call
    if case.bias:
        value += " + b.reshape(%s)" % ", ".join(["1, %d" % case.out_channels] + ["1"] * case.rank)
    return plan(case, checks, call, value, arguments, zero)


def load():
    import torch

    for backend in (torch.backends.cuda, torch.backends.cudnn):
        for owner in (backend, getattr(backend, "matmul", None)):
            if hasattr(owner, "allow_tf32"):
                owner.allow_tf32 = False
    devices = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
    lacks = [name for name in CHANNELS_LAST.values() if not hasattr(torch, name.partition(".")[2])]
    lacks += [] if hasattr(getattr(torch, "_subclasses", None), "FakeTensorMode") else [FAKE]
    return Framework(torch.__version__, {"torch": torch}, devices, lacks, builds(torch), variants(torch))


def builds(torch):
    """oneDNN's version and, where there is one, the GPU with what computes on it."""
    told = re.search(r"v\d[\d.]*(?= \(Git Hash)", torch.__config__.show() if hasattr(torch, "__config__") else "")
    found = {"onednn": told.group()} if told else {}
    if torch.cuda.is_available():
        found.update(gpu=torch.cuda.get_device_name(0), cuda=str(torch.version.cuda))
        found.update(cudnn=str(torch.backends.cudnn.version()))
    return found


def aten(capability):
    """ATen's own kernels for a lesser CPU. torch.compile takes what it has in its cache, whatever capability that was
    made for (and it fails or answers otherwise, seen with 2.13.0), so each has a cache of its own."""
    cache = os.path.join(tempfile.gettempdir(), "torchinductor-aten-" + capability)
    return Variant({"ATEN_CPU_CAPABILITY": capability, "TORCHINDUCTOR_CACHE_DIR": cache})


def variants(torch):
    """Settings under which other kernels answer."""
    found = {
        "onednn=avx2": Variant({"ONEDNN_MAX_CPU_ISA": "AVX2"}),
        "onednn=avx512": Variant({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}),
        "onednn=bf16": Variant({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}),
        "aten=default": aten("default"),
        "aten=avx2": aten("avx2"),
        "mkldnn=off": Variant(setup="torch._C._set_mkldnn_enabled(False)"),
    }
    if torch.cuda.is_available():
        tf32 = "torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True"
        reduced = "torch.backends.cuda.matmul.allow_%s_reduced_precision_reduction = %s"
        found.update(
            {
                "tf32=on": Variant({"NVIDIA_TF32_OVERRIDE": "1"}, tf32),
                "cudnn=deterministic": Variant(setup="torch.backends.cudnn.deterministic = True"),
                "cudnn=benchmark": Variant(setup="torch.backends.cudnn.benchmark = True"),
                "cudnn=off": Variant(setup="torch.backends.cudnn.enabled = False"),
                "reduced=off": Variant(setup="\n".join(reduced % (dtype, False) for dtype in ("fp16", "bf16"))),
            }
        )
    return found


def put(array, dtype, device):
    import torch

    if dtype == "bfloat16":
        return torch.from_numpy((array.astype("uint32") << 16).view("float32")).to(device, torch.bfloat16)
    return torch.from_numpy(array).to(device)


def get(tensor):
    name = str(tensor.dtype).replace("torch.", "")
    tensor = tensor.detach().cpu()
    if name == "bfloat16":
        return name, (tensor.float().numpy().view("uint32") >> 16).astype(np.uint16)
    return name, tensor.numpy()


SCRIPT = Script(
    "import torch",
    "torch.from_numpy({array})",
    "torch.from_numpy({array}).to(torch.bfloat16)",
    "{y}.detach().to(torch.{wide}).numpy()",
)
READ = {"out_channels": "the number of output channels is read off w"}


def release(device):
    import torch

    torch.cuda.empty_cache()


if __name__ == "__main__":
    # Half precisions accumulate in themselves on the CPU, at least between taps; complex gradients conjugate.
    offers, more = {"dtypes": FLOATS, "arithmetic": ARITHMETIC}, (*FLOATS, "int64", "complex64")
    called = {"dtypes": more, "checks": CHECKS, "arithmetic": ARITHMETIC, "unasked": READ}
    serve(
        "torch",
        [
            Route("functional", functional, options=("padding", "foretell"), **called),
            Route("module", module, (*FLOATS, "complex64"), CHECKS, arithmetic=ARITHMETIC, options=WORDS),
            Route("autograd", autograd, **offers),
            Route("channels_last", channels_last, options=("foretell",), **called),
            Route(
                "compile",
                compiled,
                checks=CHECKS,
                cost=2.0,
                tier="compiled",
                options=("constant",),
                needs=["torch.compile"],
                unasked=READ,
                **offers,
            ),
        ],
        load,
        put,
        get,
        memory=[word for word in MEMORY if word != "reversed"],
        script=SCRIPT,
        release=release,
    )
