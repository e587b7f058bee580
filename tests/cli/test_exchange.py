"""`convt import` and `convt export` from the command line."""

from __future__ import annotations

import json
import sys

import pytest
from commands import CLEAN, USAGE, Said

PROBLEM = "mb1ic2ih3oc2kh3sh2_nup"


def test_a_descriptor_becomes_a_family_that_runs(room):
    said = Said("import", PROBLEM, "-o", "up.yaml")
    assert said.status == CLEAN
    assert said.out.startswith("wrote up.yaml: 1 case; run with: convt run --cases up.yaml\n")
    ran = Said("run", "--cases", "up.yaml", "--adapter", "honest.py", "--output", "up.jsonl")
    assert ran.status == CLEAN
    assert "2 pass" in ran.out


def test_a_file_of_problems_and_its_notes(room):
    (room / "shapes").write_text(f"# two\n--stag=any\n{PROBLEM}\nic2ih2oc2kh2\n")
    said = Said("import", "shapes", "-o", "some/where/shapes.yaml")
    assert said.status == CLEAN
    assert "2 cases" in said.out
    assert said.err == "skipped, since a case cannot say them: --stag\n"


@pytest.mark.parametrize("form", ["npz", "safetensors"])
def test_export(form, room):
    said = Said("export", "--cases", "few.yaml", "--format", form, "-o", "out", "--fill", "exact")
    assert said.status == CLEAN
    assert said.out == "wrote 3 questions and index.json to out\n"
    index = json.loads((room / "out" / "index.json").read_text())
    assert [entry["file"] for entry in index["questions"]] == [
        f"few/{name}.float32.forward.exact.{form}" for name in ("first", "second", "third")
    ]
    assert all((room / "out" / entry["file"]).is_file() for entry in index["questions"])


def test_export_says_what_onnx_cannot_say(room):
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    said = Said("export", "--cases", "few.yaml", "--format", "onnx", "-o", "out")
    assert said.status == CLEAN
    assert said.err == "left out 3: a backend test has no bound for each element: exact fills only\n"
    assert (room / "out/few/second.float32.forward.exact/test_data_set_0/output_0.pb").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["import", PROBLEM], "'--output'"),
        (["import", PROBLEM, "-o", "up.yml"], "ends in .yaml"),
        (["import", PROBLEM, "-o", "few.yaml"], "few.yaml: exists: name another"),
        (["import", PROBLEM, "-o", "up.yaml", "--dim", "batch"], "--dim batch: expected NAME=N"),
        (["import", PROBLEM, "-o", "up.yaml", "--dim", "batch=0"], "--dim batch=0"),
        (["import", PROBLEM, "-o", "up.yaml", "--dim", "batch=1"], "--dim is for the open dimensions of an ONNX model"),
        (["import", "missing.onnx", "-o", "up.yaml"], "missing.onnx: no such file"),
        (["import", "nonsense", "-o", "up.yaml"], "no problem descriptor: nonsense"),
        (["import", "few.yaml", "-o", "up.yaml"], "few.yaml:1:"),
        (["import", "ic1ih1oc1kh1ph9", "-o", "up.yaml"], "nothing to write: left out"),
        (["export", "few/frist", "--cases", "few.yaml", "-o", "out"], "did you mean 'few/first'"),
        (["export", "--cases", "few.yaml", "-o", "."], "is not an empty folder"),
        (["export", "--cases", "few.yaml", "-o", "few.yaml"], "few.yaml: is not an empty folder"),
        (["export", "--cases", "few.yaml", "-o", "out", "--dtype", "int7"], "--dtype int7: there are"),
        (["export", "--cases", "few.yaml", "-o", "out", "--format", "csv"], "--format"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence(words, says, room):
    before = {path.name for path in room.iterdir()}
    said = Said(*words)
    assert said.status == USAGE
    assert said.out == ""
    assert said.err.startswith("convt: ")
    assert says in said.err
    assert said.err.count("\n") == 1
    assert {path.name for path in room.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "is a zip archive, as .keras, .pt and .pt2 files are: export it to ONNX"),
        (b"\x1c\0\0\0TFL3rest", "is a TensorFlow Lite model: export it"),
        (b"\x89HDF\r\n\x1a\nrest", "is an HDF5 file"),
        (b"\x80\x02\x8arest", "is a pickle"),
    ],
)
def test_another_format_is_called_by_its_name(content, says, room):
    (room / "model").write_bytes(content)
    said = Said("import", "model", "-o", "up.yaml")
    assert (said.status, said.out) == (USAGE, "")
    assert said.err.startswith(f"convt: model: {says}")


def test_a_folder_is_no_model(room):
    (room / "models.onnx").mkdir()
    assert "models.onnx: this is a folder" in Said("import", "models.onnx", "-o", "up.yaml").err


def test_what_was_imported_is_not_written_over(room):
    assert Said("import", PROBLEM, "-o", "up.yaml").status == CLEAN
    before = (room / "up.yaml").read_bytes()
    said = Said("import", "ic3ih2oc4kh2", "-o", "up.yaml")
    assert (said.status, said.out) == (USAGE, "")
    assert said.err == "convt: up.yaml: exists: name another file, or delete this one first\n"
    assert (room / "up.yaml").read_bytes() == before


def test_without_onnx_one_sentence_says_how_to_install_it(room, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)  # what Python keeps of a module that cannot be imported
    (room / "model.onnx").write_bytes(b"")
    for words in (["import", "model.onnx", "-o", "up.yaml"], ["export", "--format", "onnx", "-o", "out"]):
        said = Said(*words)
        assert (said.status, said.out) == (USAGE, "")
        assert said.err.startswith("convt: ONNX models need the package onnx: python -m pip install")
        assert said.err.count("\n") == 1
