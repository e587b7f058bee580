"""Exported files, read as a stranger would read them, against the definition's second formulation."""

from __future__ import annotations

import json

import numpy as np
import pytest
from terms import terms, total

from conformance import folder, oracle
from conformance.case import Case
from conformance.corpus import load
from conformance.corpus.yaml_file import FileError
from conformance.exchange import export, to_onnx
from conformance.oracle.operands import decode, rounded

GLOBS = [
    "stride/s[2,3]-k[3,2]",
    "dtype/cropped",
    "gradient/grouped",
    "special/gaps",
    "invalid/stride-[0,1]",
    "bias/plain",
    "padding/asymmetric-both-[[0,1],[2,3]]",
    "padding/negative-[[-1,2],[1,-2]]",
    "empty/batch-zero",
    "output_padding/doubling",
    "same/onnx_*-k*",
]
CASES = {case.id: case for case in load.select(load.load(folder("cases")), GLOBS)}


def written(path, form: str, **narrow):
    export.write(path, export.questions(CASES.values(), **narrow), form)
    return json.loads((path / "index.json").read_text())["questions"]


def read_npz(path):
    return dict(np.load(path))


def read_safetensors(path):
    """By the format's description, nothing of ours: length, header, tensors."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    dtypes = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            flat = np.frombuffer(raw[8 + length :][slice(*entry["data_offsets"])], dtypes[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


@pytest.mark.parametrize(("form", "read"), [("npz", read_npz), ("safetensors", read_safetensors)])
def test_what_is_expected_is_what_the_definition_gives(form, read, tmp_path):
    entries = written(tmp_path / "out", form)
    assert {entry["compare"] for entry in entries} == {"exact", "bound", "refuse"}
    assert {entry["dtype"] for entry in entries} == {"float64", "float32", "float16", "bfloat16"}
    assert {entry["check"] for entry in entries} == {"forward", "grad_input", "grad_weight", "grad_bias"}
    for entry in entries:
        case, arrays = CASES[entry["case"]], read(tmp_path / "out" / entry["file"])
        if entry["compare"] == "refuse":
            assert case.expect == "refuse"
            assert "expected" not in arrays
            continue
        operands = {name: decode(arrays[name], entry["dtype"]) for name in "xwbg" if name in arrays}
        if entry["fill"].startswith("special"):
            products = {
                place: [a * b for a, b in pairs] for place, pairs in terms(case, entry["check"], operands).items()
            }
            right = total(case, entry["check"], operands, products)
        else:
            right = oracle.answer_by_definition(case, entry["check"], operands)
        if entry["compare"] == "exact":
            np.testing.assert_array_equal(decode(arrays["expected"], entry["dtype"]), right)
        else:
            # Rounding the right answer once is the least that an implementation does.
            once = rounded(arrays["expected"], entry["dtype"])
            assert (abs(once - right) <= arrays["bound"]).all()
            assert arrays["bound"].shape == right.shape


def test_the_index_has_the_numbers_that_a_worker_gets(tmp_path):
    for entry in written(tmp_path / "out", "npz", fills=("exact",)):
        assert entry["numbers"] == json.loads(json.dumps(CASES[entry["case"]].question()))


def test_safetensors_are_read_by_its_own_library(tmp_path):
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    entries = written(tmp_path / "out", "safetensors", dtypes=("float32",))
    for entry in entries:
        path = tmp_path / "out" / entry["file"]
        theirs, ours = library.load_file(path), read_safetensors(path)
        assert theirs.keys() == ours.keys()
        for name, array in theirs.items():
            np.testing.assert_array_equal(array, ours[name])


def test_onnxruntime_passes_the_backend_tests(tmp_path):
    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    entries = written(tmp_path / "out", "onnx")
    said = {entry["case"] for entry in entries}
    assert "stride/s[2,3]-k[3,2]" in said
    assert said.isdisjoint({"invalid/stride-[0,1]", "padding/negative-[[-1,2],[1,-2]]", "empty/batch-zero"})
    ran = words = 0
    for entry in entries:
        model = onnx.load(tmp_path / "out" / entry["file"] / "model.onnx")
        files = tmp_path / "out" / entry["file"] / "test_data_set_0"
        inputs = [onnx.load_tensor(files / f"input_{number}.pb") for number in range(len(model.graph.input))]
        output = onnx.load_tensor(files / "output_0.pb")
        assert [tensor.name for tensor in inputs] == [value.name for value in model.graph.input]
        if entry["dtype"] not in ("float32", "float16"):
            continue  # it has no kernel for the others
        session = runtime.InferenceSession(model.SerializeToString())
        feed = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in inputs}
        np.testing.assert_array_equal(session.run(None, feed)[0], onnx.numpy_helper.to_array(output), str(entry))
        ran += 1
        words += "auto_pad" in entry["attributes"]
    assert ran >= 4
    assert words >= 8


def test_the_words_of_a_convention_stand_beside_its_numbers(tmp_path):
    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
    cases = load.select(load.load(folder("cases")), ["same/onnx*"])
    export.write(tmp_path / "out", export.questions(cases, fills=("exact",), dtypes=("float32",)), "onnx")
    entries = json.loads((tmp_path / "out" / "index.json").read_text())["questions"]
    said = {}
    for entry in entries:
        (node,) = onnx.load(tmp_path / "out" / entry["file"] / "model.onnx").graph.node
        theirs = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        assert theirs.keys() == entry["attributes"].keys()
        assert ("pads" in theirs) != ("auto_pad" in theirs), "auto_pad leaves the pads open"
        said.setdefault(entry["case"], set()).add((theirs.get("auto_pad", b"").decode(), entry["opset"]))
        if "auto_pad" in theirs:
            convention = next(case.convention for case in cases if case.id == entry["case"])
            assert ("output_shape" in theirs) == convention.startswith("onnx_output_shape")
    words = {case.id: case.convention for case in cases}
    for id, ways in said.items():
        word = {"onnx_valid": "VALID", "onnx_same_lower": "SAME_LOWER", "onnx_output_shape": "NOTSET"}.get(words[id])
        assert ways == {("", 11), (word or "SAME_UPPER", 11), (word or "SAME_UPPER", 22)}
    assert {words[id] for id in said} == set(to_onnx.AUTO_PAD)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"padding": ((-1, 0),)}, "pads may not be negative"),
        ({"output_padding": (3,)}, "an output padding of 3 is not below stride 2 or dilation 3"),
        ({"output_padding": (2,)}, None),
        ({"batch": 0}, "a model checker refuses empty tensors"),
        ({"options": {"padding_mode": "reflect"}}, "ConvTranspose has no padding_mode"),
        ({"expect": "refuse"}, "a backend test has no way of asking for an error"),
        ({}, None),
    ],
)
def test_what_onnx_cannot_say(more, says):
    case = Case(
        **{
            "id": "a/b",
            "input": (3,),
            "kernel": (2,),
            "in_channels": 1,
            "out_channels": 1,
            "batch": 1,
            "groups": 1,
            "stride": (2,),
            "dilation": (3,),
            "padding": ((0, 0),),
            "output_padding": (0,),
            "bias": False,
        }
        | more
    )
    assert to_onnx.lacks(case) == says


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileError, match="is not an empty folder"):
        written(tmp_path, "npz")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_nothing_is_not_written(tmp_path):
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    with pytest.raises(FileError, match="nothing to write"):
        written(tmp_path / "out", "onnx", checks=("grad_input",))
    assert not (tmp_path / "out").exists()
