"""JAX: convolution of the dilated input. Nothing is flipped unless asked, padding is that of the dilated input, and the
letters of a kernel's layout are I and O of this operator, so the canonical [C, M/g, …] is spelled OI…"""

import importlib
import os

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, Variant, serve
from conformance.lowering import SPACE, VJP, bias_term, differentiate, dilated

FLOATS = ("float64", "float32", "float16", "bfloat16")
CHECKS = ("forward", "grad_input", "grad_weight", "grad_bias")
#: The bias is an operation of its own here: the sum has been rounded before it is added.
ARITHMETIC = {
    **{dtype: {"bias": "separate"} for dtype in FLOATS[:2]},
    **{dtype: {"accumulator": "float32", "bias": "separate"} for dtype in FLOATS[2:]},
}
STRINGS = {"jax_same": "SAME", "jax_valid": "VALID"}


def layouts_of(case):
    """(x, w) as our letters: what the case asks for, else batch and channels first."""
    space = SPACE[case.rank]
    return case.input_layout or "NC" + space, case.kernel_layout or "IO" + space


def exchanged(layout):
    """Our letters as JAX reads them with transpose_kernel: I and O change places."""
    return layout.translate({ord("I"): "O", ord("O"): "I"})


def forward(case, x, w):
    """The arguments of the convolution from the output to the input."""
    return {
        "window_strides": case.stride,
        "padding": case.crop,
        "rhs_dilation": case.dilation,
        "dimension_numbers": (x, exchanged(w), x),
        "feature_group_count": case.groups,
        "precision": "highest",
    }


def plan(case, checks, call, expression, arguments, before=""):
    """A plan for `y = f(x, w, b)`, compiled as a whole, differentiated by jax.vjp where gradients are asked."""
    x, w = layouts_of(case)
    lines = ["@jax.jit", "def f(x, w, b):", "%s    return %s%s" % (before, expression, bias_term(case, x))]
    result, value = "y", "f(x, w, b)"
    if checks != ("forward",):
        # compiled as a whole: the gradient of a compiled function, alone, would be compiled anew for each call
        result, _, value = differentiate(checks, "f(x, w, b)", VJP).partition(" = ")
    operands = "x, w, b" if checks == ("forward",) else "x, w, b, g"
    yardstick = "jax.lax.conv_general_dilated(%s, w, **%r)" % (operands[-1].replace("b", "y"), forward(case, x, w))
    body = "%s = %s" % (result, value)
    if case.options.get("constant"):
        if "grad_weight" in checks:
            raise Unsupported("a constant kernel has no gradient")
        operands = operands.replace(" w,", "")
        body = "constant = jax.jit(lambda %s: %s)\n%s = constant(%s)" % (operands, value, result, operands)
    elif result != "y":
        lines += ["@jax.jit", "def gradient(%s):" % operands, "    %s = %s" % (result, value), "    return " + result]
        body = "%s = gradient(%s)" % (result, operands)
    return Plan(call, arguments, body, "\n".join(lines), x=x, w=w, yardstick=yardstick)


def conv_transpose(case, checks):
    if case.groups != 1:
        raise Unsupported("jax.lax.conv_transpose has no groups")
    x, w = layouts_of(case)
    arguments = {
        "strides": case.stride,
        "padding": case.options.get("padding") or STRINGS.get(case.convention) or dilated(case),
        "rhs_dilation": case.dilation,
        "dimension_numbers": (x, exchanged(w), x),
        "transpose_kernel": True,
        "precision": "highest",
    }
    if case.convention == "jax_consistent":
        arguments.update(padding=case.padding, use_consistent_padding=True)
    return plan(case, checks, "jax.lax.conv_transpose", "jax.lax.conv_transpose(x, w, **arguments)", arguments)


def conv_general_dilated(case, checks):
    x, w = layouts_of(case)
    space = [w.index(letter) for letter in SPACE[case.rank]]
    before = "    w = jax.numpy.flip(w, %r)\n" % (tuple(space),)
    if case.groups > 1:
        # The kernel holds M/g filters for all C channels; this call wants C/g channels for all M filters.
        i, o = w.index("I"), w.index("O")
        shape = dict(zip(SPACE[case.rank], case.kernel), I=case.in_channels // case.groups, O=case.out_channels)
        axes = ["%d, -1" % case.groups if letter == "I" else "w.shape[%d]" % axis for axis, letter in enumerate(w)]
        target = o + 1 if o > i else o
        before += "    w = w.reshape(%s)\n" % ", ".join(axes)
        before += "    w = jax.numpy.moveaxis(w, %d, %d).reshape(%r)\n" % (
            i,
            target - 1 if target > i else target,
            tuple(shape[letter] for letter in w),
        )
    arguments = {
        "window_strides": (1,) * case.rank,
        "padding": dilated(case),
        "lhs_dilation": case.stride,
        "rhs_dilation": case.dilation,
        "dimension_numbers": (x, w, x),
        "feature_group_count": case.groups,
        "precision": "highest",
    }
    call = "jax.lax.conv_general_dilated"
    return plan(case, checks, call, call + "(x, w, **arguments)", arguments, before)


def vjp(case, checks):
    if min(case.output_padding) < 0:
        raise Unsupported("the output's length is given: there is no output_padding that could be negative")
    x, w = layouts_of(case)
    per_letter = dict(zip(SPACE[case.rank], case.output), N=case.batch, C=case.out_channels)
    arguments = forward(case, x, w)
    call = "jax.lax.conv_general_dilated"
    before = (
        "    zero = jax.numpy.zeros(%r, x.dtype)\n"
        "    z, pull = jax.vjp(lambda y: %s(y, w, **arguments), zero)\n" % (tuple(per_letter[a] for a in x), call)
    )
    return plan(case, checks, call, "pull(x)[0]", arguments, before)


def load():
    import jax

    jax.config.update("jax_enable_x64", True)
    gpus = [device for device in jax.devices() if device.platform == "gpu"]
    cpus = ["cpu"] + ["cpu:%d" % number for number in range(1, len(jax.devices("cpu")))]
    builds = {"jaxlib": importlib.import_module("jaxlib").__version__}
    variants = {
        "xla=avx2": xla("--xla_cpu_max_isa=AVX2"),
        "xla=avx512": xla("--xla_cpu_max_isa=AVX512"),
        "devices=2": xla("--xla_force_host_platform_device_count=2"),
    }
    if gpus:
        builds["gpu"] = gpus[0].device_kind
        variants["autotune=off"] = xla("--xla_gpu_autotune_level=0")
        variants["tf32=on"] = Variant({"NVIDIA_TF32_OVERRIDE": "1"})
    return Framework(jax.__version__, {"jax": jax}, cpus + ["cuda"] * bool(gpus), (), builds, variants)


def xla(flag):
    """A flag for XLA, added to those that are set."""
    return Variant({"XLA_FLAGS": " ".join(filter(None, [os.environ.get("XLA_FLAGS"), flag]))})


def put(array, dtype, device):
    import jax

    platform, _, number = device.partition(":")
    array = array.view(jax.numpy.bfloat16) if dtype == "bfloat16" else array
    return jax.device_put(array, jax.devices(platform)[int(number or 0)])


def get(tensor):
    import numpy as np

    array = np.asarray(tensor)
    return str(array.dtype), array.view("uint16") if array.dtype.name == "bfloat16" else array


SCRIPT = Script(
    'import jax\nimport jax.numpy as jnp\n\njax.config.update("jax_enable_x64", True)',
    "jnp.asarray({array})",
    "jnp.asarray({array}).astype(jnp.bfloat16)",
    "np.asarray({y}).astype(np.{wide})",
)
ADDED = "the bias is added by a second call"


if __name__ == "__main__":
    offers = {"arithmetic": ARITHMETIC, "checks": CHECKS, "unasked": {"shape of b": ADDED, "dtype of b": ADDED}}
    more = (*FLOATS, "int64", "int32", "int8", "complex64")
    serve(
        "jax",
        [
            Route("conv_transpose", conv_transpose, more, cost=0.1, options=("padding", "constant"), **offers),
            Route(
                "conv_general_dilated",
                conv_general_dilated,
                more,
                cost=0.1,
                tier="traced",
                options=("constant",),
                **offers,
            ),
            # Of integers JAX takes no derivative.
            Route("vjp", vjp, (*FLOATS, "complex64"), cost=0.1, tier="traced", options=("constant",), **offers),
        ],
        load,
        put,
        get,
        script=SCRIPT,
    )
