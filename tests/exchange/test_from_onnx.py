"""ConvTranspose nodes of ONNX models: attributes against onnxruntime's answers, shapes, names, and bad files."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from conformance import oracle
from conformance.corpus import load
from conformance.corpus.yaml_file import FileError
from conformance.exchange.from_onnx import add, file
from conformance.exchange.writing import Family

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
helper = onnx.helper


def model(*nodes, x=(1, 2, 4, 5), weights=None, output="y"):
    """A model of some nodes with the input x and float32 weights by name and shape."""
    stored = [helper.make_tensor(name, 1, shape, np.ones(shape).ravel()) for name, shape in (weights or {}).items()]
    ends = [helper.make_tensor_value_info("x", 1, x)], [helper.make_tensor_value_info(output, 1, None)]
    opset = [helper.make_opsetid("", 11), helper.make_opsetid("other", 1)]
    return helper.make_model(helper.make_graph(nodes, "g", *ends, stored), opset_imports=opset, ir_version=7)


def node(*inputs, output="y", name="up", **attributes):
    return helper.make_node("ConvTranspose", inputs, [output], name=name, **attributes)


@pytest.fixture
def family(tmp_path):
    return Family(tmp_path / "found.yaml", "found", "a test")


WORDS = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")
SPELLED = [
    {"auto_pad": word, "strides": [s], "dilations": [e], "output_padding": [op], "kernel_shape": [k]}
    | ({"pads": pads} if pads else {})
    | ({"output_shape": [max(2 * s + (k - 1) * e + 1 - less, 1)]} if less is not None else {})
    for word, k, s, e, op, pads, less in itertools.product(
        WORDS, (1, 3, 4), (1, 2, 3), (1, 2), (0, 1), (None, [1, 0], [0, 2]), (None, 0, 1, 3)
    )
    if op < s and not (pads and (word != "NOTSET" or less is not None))
]


def test_every_way_of_saying_the_padding_means_what_onnxruntime_makes_of_it(tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    runtime.set_default_logger_severity(4)
    answered = 0
    for number, said in enumerate(SPELLED):
        family = Family(tmp_path / f"spelled-{number}.yaml", "", "")
        made = model(node("x", "w", **said), x=(1, 1, 3), weights={"w": (1, 1, said["kernel_shape"][0])})
        made.graph.input.append(helper.make_tensor_value_info("w", 1, (1, 1, said["kernel_shape"][0])))
        x, w = (np.arange(1, n + 1, dtype=np.float32).reshape(1, 1, n) for n in (3, said["kernel_shape"][0]))
        try:
            theirs = runtime.InferenceSession(made.SerializeToString()).run(None, {"x": x, "w": w})[0]
        except Exception:  # an output_shape that it cannot reach
            continue
        add(made, {}, family)
        (case,) = family.cases
        ours = oracle.answer(case, "forward", {"x": x.astype(float), "w": w.astype(float)})
        np.testing.assert_array_equal(ours, theirs, err_msg=str(said))
        answered += 1
    assert answered > 0.9 * len(SPELLED) > 200


def test_the_numbers_of_a_chain_come_from_shape_inference(family):
    made = model(
        node("x", "w", "b", output="h", name="/up/0", strides=[2, 3], pads=[1, 0, 0, 2], output_padding=[1, 2]),
        helper.make_node("Relu", ["h"], ["r"]),
        node("r", "v", name="/up/1", group=3, dilations=[2, 1]),
        weights={"w": (2, 6, 3, 4), "b": (6,), "v": (6, 2, 2, 3)},
    )
    add(made, {}, family)
    first, second = family.cases
    assert (first.id, first.why) == ("found/up.0", "node /up/0")
    assert (first.stride, first.padding, first.output_padding) == ((2, 3), ((1, 0), (0, 2)), (1, 2))
    assert (first.bias, second.bias) == (True, False)
    assert first.output == second.input == (9, 16)
    assert (second.groups, second.in_channels, second.out_channels) == (3, 6, 6)
    assert (second.dilation, second.kernel, second.output) == ((2, 1), (2, 3), (11, 18))


def test_equal_layers_are_one_case_with_both_names(family):
    made = model(
        node("x", "w", output="h", name="left"),
        node("x", "w", output="k", name="right"),
        weights={"w": (2, 2, 3, 3)},
        output="h",
    )
    add(made, {}, family)
    assert [case.why for case in family.cases] == ["node left; node right"]


def test_open_dimensions_are_named_and_given(tmp_path):
    path = tmp_path / "open.onnx"
    onnx.save(model(node("x", "w"), x=("batch", 2, None, "2*width"), weights={"w": (2, 3, 3, 3)}), path)
    with pytest.raises(FileError, match=r"--dim 'batch=…' --dim 'x.2=…' --dim '2\*width=…'"):
        file(path, {}, Family(tmp_path / "found.yaml", "", ""))
    with pytest.raises(FileError, match="no open dimension of that name, did you mean 'batch'"):
        file(path, {"bach": 1}, Family(tmp_path / "found.yaml", "", ""))
    family = Family(tmp_path / "found.yaml", "", "")
    file(path, {"batch": 3, "x.2": 4, "2*width": 6}, family)
    assert [(case.batch, case.input) for case in family.cases] == [(3, (4, 6))]


def test_branches_are_looked_into(family):
    ends = [helper.make_empty_tensor_value_info("z")]
    inner = helper.make_graph([node("x", "w", output="z", name="inner")], "then", [], ends)
    other = helper.make_graph([node("x", "w", output="z", name="other", strides=[2, 2])], "else", [], ends)
    made = model(
        helper.make_node("If", ["yes"], ["y"], then_branch=inner, else_branch=other), weights={"w": (2, 3, 3, 3)}
    )
    made.graph.initializer.append(helper.make_tensor("yes", onnx.TensorProto.BOOL, (), [True]))
    add(made, {}, family)
    assert sorted(case.why for case in family.cases) == ["node inner", "node other"]


def test_other_types_and_other_operators_are_noted(family):
    made = model(
        helper.make_node("FusedConvTranspose", ["x", "w"], ["h"], name="fused", domain="other"),
        helper.make_node("Cast", ["x"], ["c"], to=onnx.TensorProto.FLOAT16),
        helper.make_node("Cast", ["w"], ["v"], to=onnx.TensorProto.FLOAT16),
        node("c", "v", name="half"),
        weights={"w": (2, 3, 3, 3)},
    )
    add(made, {}, family)
    assert [case.dtypes for case in family.cases] == [("float16",)]
    assert family.notes == ["left out: node fused: other.FusedConvTranspose is another operator"]


@pytest.mark.parametrize(
    ("said", "convention", "size"),
    [
        ({"auto_pad": "SAME_UPPER"}, "onnx_same_upper", None),
        ({"auto_pad": "SAME_LOWER"}, "onnx_same_lower", None),
        ({"auto_pad": "VALID"}, "onnx_valid", None),
        ({"auto_pad": "VALID", "output_padding": [1, 0]}, "onnx_valid", None),
        ({"output_shape": [7, 9]}, "onnx_output_shape", (7, 9)),
        ({"output_shape": [1, 3, 7, 9]}, "onnx_output_shape", (7, 9)),
        ({"output_shape": [7, 9], "auto_pad": "SAME_UPPER"}, "onnx_output_shape_upper", (7, 9)),
        ({"output_shape": [7, 9], "output_padding": [1, 1]}, None, None),
        ({"output_shape": [10, 12]}, None, None),  # longer than the full length
        ({"pads": [1, 0, 0, 1]}, None, None),
    ],
)
def test_words_stay_words(said, convention, size, tmp_path, family):
    add(model(node("x", "w", strides=[2, 2], **said), weights={"w": (2, 3, 3, 3)}), {}, family)
    family.write()
    (case,) = load.load_family(tmp_path / "found.yaml")
    assert (case.convention, case.output_size) == (convention, size)


def test_what_is_quantised_is_said(family):
    made = model(
        helper.make_node("DequantizeLinear", ["q", "s"], ["d"]),
        helper.make_node("Transpose", ["d"], ["v"], perm=[1, 0, 2, 3]),
        node("x", "v", name="up"),
        weights={"s": ()},
    )
    made.graph.initializer.append(helper.make_tensor("q", onnx.TensorProto.INT8, (3, 2, 3, 3), [1] * 54))
    add(made, {}, family)
    assert len(family.cases) == 1
    assert family.notes == ["node up: w quantised in the model, asked as floats without their scales"]


def test_the_shapes_that_the_file_gives_are_used_behind_strange_operators(family):
    made = model(
        helper.make_node("Strange", ["x"], ["h"], domain="other"),
        node("h", "w", output="k", name="first"),
        node("k", "w2", name="second"),
        x=("batch", 2, 4, 5),
        weights={"w": (2, 3, 3, 3), "w2": (3, 4, 2, 2)},
    )
    made.graph.value_info.append(helper.make_tensor_value_info("h", 1, ("batch", 2, 7, 8)))
    add(made, {"batch": 3}, family)
    assert [(case.batch, case.input) for case in family.cases] == [(3, (7, 8)), (3, (9, 10))]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (model(node("x", "w"), weights={"w": (4, 3, 3, 3)}), "x has 2 channels and w is for 4"),
        (model(node("x", "w"), weights={"w": (2, 3, 3)}), "w has shape [2, 3, 3]"),
        (model(node("x", "w", group=3), weights={"w": (2, 3, 3, 3)}), "2 channels cannot be split into 3 groups"),
        (model(node("x", "w", kernel_shape=[3, 2]), weights={"w": (2, 3, 3, 3)}), "kernel_shape is [3, 2]"),
        (model(node("x", "w", "b"), weights={"w": (2, 3, 3, 3), "b": (2,)}), "the bias has shape [2]"),
        (model(node("x", "w", strides=[2]), weights={"w": (2, 3, 3, 3)}), "strides is [2] for 2 spatial axes"),
        (model(node("x", "w", pads=[1, 1]), weights={"w": (2, 3, 3, 3)}), "pads is [1, 1]"),
        (model(node("x", "w", output_shape=[7, 8, 9]), weights={"w": (2, 3, 3, 3)}), "output_shape is [7, 8, 9]"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(made, says, family):
    with pytest.raises(FileError, match="the model contradicts itself: node up: ") as raised:
        add(made, {}, family)
    assert says in raised.value.message


def test_files_that_are_no_models(tmp_path):
    for name, content in {"empty.onnx": b"", "text.onnx": b"why: not a model", "cut.onnx": b"\x08\x07\x12\xff"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError, match=f"{name}: not an ONNX model"):
            file(tmp_path / name, {}, Family(tmp_path / "found.yaml", "", ""))


EXPORT = """
import sys, warnings, torch
from torch import nn
warnings.simplefilter("ignore")

def stage(channels, features, stride, padding):
    up = nn.ConvTranspose2d(channels, features, 4, stride, padding, bias=False)
    return [up, nn.BatchNorm2d(features), nn.ReLU()]

# The generator of DCGAN (Radford, Metz and Chintala 2015) as in PyTorch's examples, with 100 latent numbers.
layers = stage(100, 512, 1, 0) + stage(512, 256, 2, 1) + stage(256, 128, 2, 1) + stage(128, 64, 2, 1)
generator = nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh()).eval()
torch.onnx.export(
    generator, (torch.zeros(1, 100, 1, 1),), sys.argv[1], dynamo=False, input_names=["z"],
    dynamic_axes={"z": {0: "batch"}},
)
"""


def test_a_model_that_pytorch_exported(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    path = tmp_path / "dcgan.onnx"
    done = subprocess.run([sys.executable, "-c", EXPORT, str(path)], capture_output=True, text=True)
    if not path.exists():
        pytest.skip(f"this PyTorch does not export: {done.stderr.splitlines()[-1]}")
    family = Family(tmp_path / "dcgan.yaml", "a generator", path.name)
    file(path, {"batch": 2}, family)
    family.write()
    cases = load.load_family(tmp_path / "dcgan.yaml")
    assert [(case.in_channels, case.out_channels) for case in cases] == [
        (100, 512),
        (512, 256),
        (256, 128),
        (128, 64),
        (64, 3),
    ]
    assert [case.output for case in cases] == [(4, 4), (8, 8), (16, 16), (32, 32), (64, 64)]
    assert {case.batch for case in cases} == {2}
