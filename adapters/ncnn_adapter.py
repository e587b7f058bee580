"""ncnn: the layers Deconvolution, Deconvolution1D, Deconvolution3D and their DepthWise kin, from a text of parameters.

The kernel is a blob of numbers [g, M/g, C/g, K…] behind a tag, so each kernel makes a net. A Mat has no batch: a net
answers one picture at a time.
"""

import inspect

from conformance.adapter import Framework, Plan, Route, Script, Unsupported, serve
from conformance.lowering import SPACE, layouts, pairs

#: The numbers of each axis' parameters: kernel, dilation, stride, padding at both ends, output padding.
NUMBERS = {"W": (1, 2, 3, 4, 15, 18), "H": (11, 12, 13, 14, 16, 19), "D": (21, 22, 23, 24, 17, 20)}


def network(text, w, b, fast):
    """A net of one layer, in float32, with or without the kernels for packed memory."""
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.opt.use_packing_layout = net.opt.use_sgemm_convolution = net.opt.use_winograd_convolution = fast
    blob = b"\0\0\0\0" + w.tobytes() + (b"" if b is None else b.tobytes())
    if net.load_param_mem(text) != 0 or net.load_model_mem(blob) == 0:
        raise RuntimeError("the net cannot be loaded")
    return net


def extract(net, x):
    """The answers of a net to each picture of a batch."""
    answers = []
    for picture in x:
        extractor = net.create_extractor()
        extractor.input("x", ncnn.Mat(picture).clone())
        code, answer = extractor.extract("y")
        if code != 0:
            raise RuntimeError("extract gives %d" % code)
        answers.append(numpy.array(answer))
    return numpy.stack(answers)


def lower(fast):
    def lowered(case, checks):
        layouts(case)
        if case.batch == 0:
            raise Unsupported("one picture at a time: an empty batch asks nothing")
        if case.groups < 1 or case.in_channels % case.groups:
            raise Unsupported("the number of groups is an axis of the kernel")
        weights = case.out_channels * case.in_channels // case.groups
        said = {0: case.out_channels, 5: int(case.bias)}
        axes = zip(SPACE[case.rank], case.kernel, case.dilation, case.stride, pairs(case), case.output_padding)
        for letter, k, e, s, (lo, hi), op in axes:
            said.update(zip(NUMBERS[letter], (k, e, s, lo, hi, op)))
            weights *= k
        said[6] = weights
        if case.groups > 1:
            said[7] = case.groups
        layer = "Deconvolution%s%s" % ("DepthWise" if case.groups > 1 else "", {1: "1D", 2: "", 3: "3D"}[case.rank])
        numbers = " ".join("%d=%d" % item for item in sorted(said.items()))
        text = "7767517\n2 2\nInput x 0 1 x\n%s y 1 1 x y %s\n" % (layer, numbers)
        return Plan(
            "ncnn.Net",
            {"text": text, "fast": fast},
            "y = extract(net, x)",
            build="net = network(w=w, b=b, **arguments)",
            w=("GOI" if case.groups > 1 else "OI") + SPACE[case.rank],
            define="\n\n".join(inspect.getsource(part) for part in (network, extract)),
        )

    return lowered


def load():
    global ncnn, numpy
    import ncnn
    import numpy

    return Framework(ncnn.__version__, {"ncnn": ncnn, "network": network, "extract": extract})


if __name__ == "__main__":
    blob = "the kernel is a blob without a shape"
    offers = {"options": ("padding",), "unasked": {"shape of w": blob, "shape of b": blob, "dtype of w": blob}}
    offers["unasked"]["dtype of b"] = blob
    serve(
        "ncnn",
        [Route("plain", lower(False), **offers), Route("packed", lower(True), **offers)],
        load,
        script=Script("import ncnn\nimport numpy"),
    )
