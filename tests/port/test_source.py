"""A call as text is read and never run, and its arguments mean what its framework's documents say."""

from __future__ import annotations

import re
import shlex

import pytest
from commands import ROOT

from conformance.port.literal import LayerError, parse
from conformance.port.source import Shapes, read

#: call, what stands beside it → padding, output padding and output per axis, the stored kernel, whether it is flipped.
READ = [
    (
        "torch.nn.ConvTranspose2d(8, 6, (3, 5), stride=(2, 3), padding=(1, 2), output_padding=(1, 2))",
        Shapes((5, 4)),
        ([(1, 1), (2, 2)], [1, 2], [10, 12], "IOHW", False),
    ),
    ("F.conv_transpose1d(x, w, None, 2, 1)", Shapes((5,), weight=(4, 3, 3)), ([(1, 1)], [0], [9], "IOW", False)),
    # SAME of an odd total crops the larger part at the end.
    (
        "tf.nn.conv2d_transpose(x, w, [1, 10, 8, 6], 2)",
        Shapes((5, 4), weight=(3, 3, 6, 8)),
        ([(0, 1), (0, 1)], [0, 0], [10, 8], "HWOI", False),
    ),
    (
        "tf.nn.conv2d_transpose(x, w, [1, 10, 9, 6], [1, 2, 2, 1], [[0, 0], [1, 0], [0, 1], [0, 0]])",
        Shapes((5, 4), weight=(3, 3, 6, 8)),
        ([(1, 0), (0, 0)], [0, 0], [10, 9], "HWOI", False),
    ),
    # "valid" with a kernel shorter than the stride still gives input · stride.
    (
        "keras.layers.Conv1DTranspose(6, 1, strides=3)",
        Shapes((4,), channels=2),
        ([(0, 0)], [2], [12], "WOI", False),
    ),
    (
        "tf.keras.layers.Conv2DTranspose(6, 3, 2, 'same', output_padding=1)",
        Shapes((5, 4), channels=2),
        ([(0, 1), (0, 1)], [0, 0], [10, 8], "HWOI", False),
    ),
    # JAX's pairs pad the dilated input: 2 of a kernel of 3 crop nothing.
    (
        "jax.lax.conv_transpose(x, w, (2,), [(2, 1)])",
        Shapes((5,), weight=(3, 4, 6)),
        ([(0, 1)], [0], [10], "WIO", True),
    ),
    (
        "jax.lax.conv_transpose(x, w, (2,), [(0, 1)], use_consistent_padding=True)",
        Shapes((5,), weight=(3, 4, 6)),
        ([(0, 1)], [0], [10], "WIO", True),
    ),
    (
        "lax.conv_transpose(x, w, (2, 2), 'VALID', None, ('NCHW', 'OIHW', 'NCHW'), True)",
        Shapes((5, 4), weight=(8, 6, 3, 3)),
        ([(0, 0), (0, 0)], [0, 0], [11, 9], "IOHW", False),
    ),
    (
        "flax.linen.ConvTranspose(6, (3, 3), (2, 2), transpose_kernel=True)",
        Shapes((5, 4), channels=8),
        ([(0, 1), (0, 1)], [0, 0], [10, 8], "HWOI", False),
    ),
    (
        "nnx.ConvTranspose(8, 6, (3,), strides=(2,), padding='VALID', rngs=rngs)",
        Shapes((5,)),
        ([(0, 0)], [0], [11], "WIO", True),
    ),
    (
        "onnx.ConvTranspose(auto_pad='SAME_LOWER', strides=[2], group=2)",
        Shapes((5,), weight=(4, 3, 3)),
        ([(1, 0)], [0], [10], "IOW", False),
    ),
    (
        "onnx.ConvTranspose(pads=[1, 0, 0, 1], strides=[2, 2], output_padding=[0, 1])",
        Shapes((5, 4), weight=(8, 6, 3, 3)),
        ([(1, 0), (0, 1)], [0, 1], [10, 9], "IOHW", False),
    ),
    (
        "paddle.nn.Conv2DTranspose(8, 6, 3, 2, 1, 1, data_format='NHWC')",
        Shapes((5, 4)),
        ([(1, 1), (1, 1)], [1, 1], [10, 8], "IOHW", False),
    ),
    ("mlx.nn.ConvTranspose1d(8, 6, 3, 2, 1, 1, 1)", Shapes((5,)), ([(1, 1)], [1], [10], "OWI", False)),
]


def asked(command: str) -> tuple[str, Shapes]:
    """The call of a printed command, and what stands beside it."""
    words = shlex.split(command)[2:]
    said = dict(zip(words[1::2], words[2::2], strict=True))
    lengths, weight = (
        tuple(map(int, said[option].split(","))) if option in said else () for option in ("--input", "--weight")
    )
    return words[0], Shapes(lengths, channels=int(said["--channels"]) if "--channels" in said else None, weight=weight)


def test_the_commands_of_the_document_are_read():
    text = (ROOT / "docs" / "porting.md").read_text(encoding="utf-8")
    found = re.findall(r"(?:^\$ |`)(convt port '[^`\n]*)", text, re.MULTILINE)
    assert len(found) >= 14
    for command in found:
        call, shapes = asked(command)
        assert read(parse(call), shapes).case.problem() is None, command


@pytest.mark.parametrize(("call", "shapes", "expected"), READ, ids=[call for call, _, _ in READ])
def test_a_call_means_what_its_framework_says(call, shapes, expected):
    layer = read(parse(call), shapes)
    case = layer.case
    said = ([*case.padding], [*case.output_padding], [*case.output], layer.kernel, layer.flipped)
    assert said == expected


WRONG = [
    ("3 + 4", "expected a call such as"),
    ("torch.nn.ConvTranspose2d(8, 6, 3", "no Python call"),
    ("torch.nn.ConvTranspose2d(*sizes)", "* and ** hide the arguments"),
    ("torch.nn.ConvTranspose2d(8, 6, f(3))", "f(3) is no literal"),
    ("torch.nn.ConvTranspose2d(8, 6, k)", "kernel_size is k, expected a number"),
    ("torch.nn.ConvTranspose2d(8, 6)", "missing a required argument: 'kernel_size'"),
    ("torch.nn.ConvTranspose2d(8, 6, 3, pad=1)", "unexpected keyword argument 'pad'"),
    ("torch.nn.ConvTranspose2d(8, 6, (3, 3, 3))", "kernel_size has 3 numbers, the layer has 2 axes"),
    ("torch.nn.ConvTranspose2d(8, 6, 3, padding_mode='reflect')", "padding_mode='reflect' is not part"),
    ("torch.nn.ConvTranspose2d(8, 6, 3, output_padding=1)", "smaller than either stride or dilation"),
    ("torch.nn.ConvTranspose2d(8, 6, 3, groups=4)", "out_channels 6 is not a multiple of groups 4"),
    ("torch.nn.ConvTranspose2d(8, 6, 3, stride=0)", "stride is 0 on axis 0"),
    ("torch.nn.ConvTranspose2d(8, 6, 1, padding=4)", "output length is -3 on axis 0"),
    ("torch.nn.ConvTranspose3d(8, 6, 3)", "it has 3 spatial axes, --input gives 2"),
    ("torch.nn.ConvTransposed2d(8, 6, 3)", "did you mean torch.nn.ConvTranspose2d?"),
    ("nn.ConvTranspose2d(8, 6, 3)", "may be torch.nn.ConvTranspose2d or mlx.nn.ConvTranspose2d: write which"),
    ("os.system('true')", "no transposed convolution is called os.system"),
    ("keras.layers.Conv2DTranspose(6, 3)", "how many channels has its input? Give them as --channels"),
    ("tf.nn.conv2d_transpose(x, w, [1, 9, 9, 6], 2)", "what shape has its filters? Give it as --weight"),
    ("onnx.ConvTranspose(auto_pad='SAME')", "what shape has its W?"),
]


@pytest.mark.parametrize(("call", "said"), WRONG, ids=[call for call, _ in WRONG])
def test_what_cannot_be_read_is_said_in_a_sentence(call, said):
    with pytest.raises(LayerError) as caught:
        read(parse(call), Shapes((5, 4)))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("keras.layers.Conv2DTranspose(6, 3, padding='full')", "padding is 'full', expected 'valid' or 'same'"),
        ("keras.layers.Conv2DTranspose(6, 3, 2, dilation_rate=2)", "not supported in conjunction"),
        ("keras.layers.Conv2DTranspose(6, 3, 2, output_padding=2)", "strides must be greater than output_padding"),
        ("keras.layers.Conv2DTranspose(6, 3, activation='relu')", "activation='relu' is not part of the operator"),
        ("tf.nn.conv2d_transpose(x, w, [1, 90, 9, 3], 2)", "output size 90 on axis 0 is not"),
        ("tf.nn.conv2d_transpose(x, w, [1, 9, 9, 4], 2)", "output_shape has 4 channels, the filters 3"),
        ("tf.nn.conv2d_transpose(x, w, [9, 9], 2)", "expected 4 numbers in the order NHWC"),
        ("jax.lax.conv_transpose(x, w, (2, 2), 'FULL')", "padding is 'FULL'"),
        ("jax.lax.conv_transpose(x, w, (2, 2), [(1, 1)])", "expected a pair for each of 2 axes"),
    ],
)
def test_what_contradicts_itself_is_said_in_a_sentence(call, said):
    with pytest.raises(LayerError) as caught:
        read(parse(call), Shapes((5, 4), channels=8, weight=(3, 3, 3, 8)))
    assert said in str(caught.value)
