"""TensorFlow: conv_transpose(x [N, …, C], filters [k…, M, C]); output_shape is given, padding is the forward's."""

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, Variant, serve
from conformance.lowering import SPACE, TAPE, differentiate, same_or_valid

FLOATS = ("float64", "float32", "float16", "bfloat16")
CHECKS = ("forward", "grad_input", "grad_weight", "grad_bias")
#: The bias is an operation of its own here: the sum has been rounded before it is added. Eigen's kernels sum in the
#: dtype itself, XLA's in float32 (benchmarks/arithmetic.py).
EIGEN = {dtype: {"bias": "separate", "accumulator": dtype} for dtype in FLOATS}
XLA = dict(EIGEN, **{dtype: {"bias": "separate", "accumulator": "float32"} for dtype in FLOATS[2:]})
EXPLICIT, JIT = "explicit padding in tf.nn.conv2d_transpose", "tf.function(jit_compile=True)"
GROUPS = "groups in tf.nn.convolution"
NUMBERS = ("padding", "output_size", "output_shape", "batch_stride", "channel_stride")
WORDS = ("tensorflow_same", "tensorflow_valid", "tensorflow_explicit")
GRAPH = (*NUMBERS, *WORDS, "constant")


def padding_of(case, layout):
    """SAME or VALID where the numbers are those of the forward convolution from output to input, else the pairs."""
    said = same_or_valid(case) or case.options.get("padding")
    if said:
        return said
    if case.rank == 2:
        return spread(case, layout, [list(pair) for pair in case.padding], [0, 0], [0, 0])
    raise Unsupported("in %d-D only SAME and VALID can be expressed, and these numbers are neither" % case.rank)


def spread(case, layout, space, batch=1, channel=1):
    """One entry for each letter of the layout."""
    per_axis = dict(zip(SPACE[case.rank], space), N=batch, C=channel)
    return [per_axis[letter] for letter in layout]


def transposed(case):
    """(call, arguments, layout) of tf.nn.convNd_transpose."""
    if case.groups != 1:
        raise Unsupported("tf.nn.conv%dd_transpose has no groups" % case.rank)
    if ("padding" in case.options) != ("output_size" in case.options):
        raise Unsupported("tf.nn.conv%dd_transpose must be told padding and output_shape" % case.rank)
    layout = case.input_layout or "N%sC" % SPACE[case.rank]
    steps = (case.options.get("batch_stride", 1), case.options.get("channel_stride", 1))
    size = case.options.get("output_size", case.output)
    arguments = {
        "output_shape": case.options.get("output_shape") or spread(case, layout, size, case.batch, case.out_channels),
        "strides": spread(case, layout, case.stride, *steps),
        "padding": padding_of(case, layout),
        "data_format": layout,
        "dilations": spread(case, layout, case.dilation),
    }
    return "tf.nn.conv%dd_transpose" % case.rank, arguments, layout


def plan(case, checks, call, value, arguments, layout, before="", prepare=""):
    """A plan with the bias added, under a tape where gradients are asked."""
    if case.bias:
        value = "tf.nn.bias_add(%s, b, data_format=%r)" % (value, "N..C" if layout.endswith("C") else "NC..")
    body = "\n".join(filter(None, [before, differentiate(checks, value, TAPE)]))
    memory = case.kernel_layout and {"w": case.kernel_layout}
    needs = [JIT] * ("jit_compile" in prepare) + [GROUPS] * (case.groups > 1)
    needs += [EXPLICIT] * (call == "tf.nn.conv2d_transpose" and not isinstance(arguments["padding"], str))
    forward = "tf.nn.convolution(y, w, %r, 'VALID', %r, %r)" % (case.stride, layout, case.dilation)
    kernel = "%sOI" % SPACE[case.rank]
    return Plan(call, arguments, body, prepare, x=layout, w=kernel, memory=memory, needs=needs, yardstick=forward)


def nn(case, checks):
    call, arguments, layout = transposed(case)
    return plan(case, checks, call, "%s(x, w, **arguments)" % call, arguments, layout)


def function(case, checks, jit=""):
    call, arguments, layout = transposed(case)
    if case.options.get("constant"):
        if "grad_weight" in checks:
            raise Unsupported("a constant kernel has no gradient")
        # Merely closed over, the kernel would be an argument all the same.
        before = (
            "numbers = w.numpy()\n"
            "graph = tf.function(lambda x: %s(x, tf.constant(numbers), **arguments), autograph=False%s)" % (call, jit)
        )
        made = plan(case, checks, call, "graph(x)", arguments, layout, before)
        made.needs += (JIT,) * bool(jit)
        return made
    prepare = "graph = tf.function(lambda x, w: %s(x, w, **arguments), autograph=False%s)" % (call, jit)
    return plan(case, checks, call, "graph(x, w)", arguments, layout, prepare=prepare)


def gradient(case, checks):
    if case.groups < 1 or (case.groups > 1 and "w" in case.shapes):
        raise Unsupported("the number of groups is read off the filter")
    layout = case.input_layout or "N%sC" % SPACE[case.rank]
    arguments = {"data_format": layout, "strides": case.stride, "dilations": case.dilation}
    arguments["padding"] = padding_of(case, layout)
    call = "tf.nn.convolution" if isinstance(arguments["padding"], str) else "tf.nn.conv2d"  # it takes pairs too
    shape = spread(case, layout, case.output, case.batch, case.out_channels)
    pulled = (
        "zero = tf.zeros(%r, x.dtype)\n"
        "def pulled(x, w):\n"
        "    with tf.GradientTape() as forward:\n"
        "        forward.watch(zero)\n"
        "        z = %s(zero, w, **arguments)\n"
        "    return forward.gradient(z, zero, x)" % (shape, call)
    )
    return plan(case, checks, call, "pulled(x, w)", arguments, layout, pulled)


def load():
    import inspect

    import tensorflow as tf

    if not tf.executing_eagerly():  # TensorFlow 1
        tf.compat.v1.enable_eager_execution()
    devices = ["cpu"] + (["cuda"] if tf.config.experimental.list_physical_devices("GPU") else [])
    lacks = [] if "jit_compile" in inspect.signature(tf.function).parameters else [JIT]
    lacks += [GROUPS] if tf.__version__.startswith("1.") else []
    try:
        tf.nn.conv2d_transpose(tf.ones([1] * 4), tf.ones([1] * 4), [1] * 4, 1, [[0, 0]] * 4)
    except TypeError:
        lacks.append(EXPLICIT)
    variants = {
        "onednn=avx2": Variant({"ONEDNN_MAX_CPU_ISA": "AVX2"}),
        "onednn=avx512": Variant({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}),
        "onednn=off": Variant({"TF_ENABLE_ONEDNN_OPTS": "0"}),
        "xla=avx2": Variant({"XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}),
    }
    if len(devices) > 1:
        variants["tf32=on"] = Variant(
            {"NVIDIA_TF32_OVERRIDE": "1"}, "tf.config.experimental.enable_tensor_float_32_execution(True)"
        )
        variants["deterministic=on"] = Variant(setup="tf.config.experimental.enable_op_determinism()")
    return Framework(tf.__version__, {"tf": tf}, devices, lacks, builds(tf), variants)


def builds(tf):
    """What TensorFlow tells of the GPU and of what it was built with."""
    told = getattr(tf.sysconfig, "get_build_info", dict)()
    found = {name: str(told[name + "_version"]) for name in ("cuda", "cudnn") if name + "_version" in told}
    gpus = tf.config.experimental.list_physical_devices("GPU")
    if gpus and hasattr(tf.config.experimental, "get_device_details"):
        found["gpu"] = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "unknown")
    return found


def put(array, dtype, device):
    import tensorflow as tf

    with tf.device({"cpu": "/CPU:0", "cuda": "/GPU:0"}[device]):
        tensor = tf.constant(array)
        return tf.bitcast(tensor, tf.bfloat16) if dtype == "bfloat16" else tensor


def get(tensor):
    import tensorflow as tf

    name = tensor.dtype.name
    return name, (tf.bitcast(tensor, tf.uint16) if name == "bfloat16" else tensor).numpy()


SCRIPT = Script(
    "import tensorflow as tf",
    "tf.constant({array})",
    "tf.cast(tf.constant({array}), tf.bfloat16)",
    "tf.cast({y}, tf.{wide}).numpy()",
)


if __name__ == "__main__":
    more, offers = (*FLOATS, "int32"), {"checks": CHECKS, "options": NUMBERS + WORDS}
    serve(
        "tensorflow",
        [
            Route("nn", nn, more, arithmetic=EIGEN, **offers),
            Route("gradient", gradient, FLOATS, arithmetic=EIGEN, options=WORDS),
            Route("function", function, more, CHECKS, EIGEN, options=GRAPH),
            Route(
                "xla",
                lambda case, checks: function(case, checks, ", jit_compile=True"),
                more,
                CHECKS,
                XLA,
                cost=0.1,
                tier="compiled",
                options=GRAPH,
            ),
        ],
        load,
        put,
        get,
        script=SCRIPT,
    )
