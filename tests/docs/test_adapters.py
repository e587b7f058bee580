"""docs/adapters.md: the exchange is a real one, tables are complete, and snippets run, as that of docs/start/ does."""

from __future__ import annotations

import inspect
import io
import json
import re
import shutil
import stat

import msgspec
import numpy as np
import pytest
from commands import CLEAN, LIARS, process
from documents import ROOT, blocks

from conformance import adapter
from conformance.case import Case
from conformance.run import run_file, spoken

NAME = "docs/adapters.md"
START = "docs/start/backend.md"
TEXT = (ROOT / NAME).read_text(encoding="utf-8")

ONE = """\
why: the example of docs/adapters.md
base: {batch: 1, in_channels: 1, out_channels: 1, input: [3], kernel: [3], stride: 2, padding: 1, output_padding: 1}
cases:
  - id: one
    why: x = [1, 2, 3] and w = [1, 10, 100]
    operands: {x: [[[1, 2, 3]]], w: [[[1, 10, 100]]]}
"""

MYLIB = '''\
"""A framework that nobody has: NHWC, HWOI, crops that may be negative, and errors for what makes no sense."""
import itertools
import numpy

__version__ = "0.3"


class tensor:
    def __init__(self, array):
        self.array = array

    def numpy(self):
        return self.array


def deconv2d(x, w, b, strides, dilations, crops):
    x, w = x.numpy(), w.numpy()
    if x.shape[3] != w.shape[3] or 0 in w.shape or min(strides) < 1 or min(dilations) < 1:
        raise ValueError("deconv2d: operands or numbers do not fit")
    if b is not None and b.numpy().shape != w.shape[2:3]:
        raise ValueError("deconv2d: one bias for each output channel")
    full = [(i - 1) * s + (k - 1) * e + 1 for i, s, k, e in zip(x.shape[1:3], strides, w.shape, dilations)]
    y = numpy.zeros((len(x), *full, w.shape[2]), x.dtype)
    for k, l in itertools.product(*map(range, w.shape[:2])):
        rows, columns = k * dilations[0], l * dilations[1]
        y[:, rows : rows + (x.shape[1] - 1) * strides[0] + 1 : strides[0],
          columns : columns + (x.shape[2] - 1) * strides[1] + 1 : strides[1]] += x @ w[k, l].T
    if any(length < begin + end for length, (begin, end) in zip(full, crops)):
        raise ValueError("deconv2d: nothing is left")
    y = numpy.pad(y, [(0, 0), *((max(-begin, 0), max(-end, 0)) for begin, end in crops), (0, 0)])
    (top, bottom), (left, right) = ((max(begin, 0), max(end, 0)) for begin, end in crops)
    y = y[:, top : y.shape[1] - bottom, left : y.shape[2] - right]
    return tensor(y if b is None else y + b.numpy())
'''


def test_the_starting_adapter_works_when_its_library_does(tmp_path, monkeypatch):
    """As printed, in a file of the printed name, by the printed command."""
    monkeypatch.chdir(tmp_path)
    snippet = next(block.text for block in blocks(START, "python", None) if "def lower" in block.text)
    (tmp_path / "mylib_adapter.py").write_text(snippet, encoding="utf-8")
    (tmp_path / "mylib.py").write_text(MYLIB, encoding="utf-8")
    assert "convt run --adapter mylib_adapter.py --tier smoke" in (ROOT / START).read_text(encoding="utf-8")
    words = ["run", "--adapter", "mylib_adapter.py", "--tier", "smoke", "-o", "run.jsonl"]
    done = process(*words, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"})
    said, errors = done.communicate(timeout=120)
    rows = run_file.read("run.jsonl").rows
    verdicts = [row.verdict for row in rows]
    assert set(verdicts) == {"pass", "unsupported"}, [(row.case, row.cause) for row in rows if row.verdict == "broken"]
    assert verdicts.count("pass") >= 30
    assert done.returncode == CLEAN, said + errors


def test_the_starting_adapter_says_where_its_library_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippet = next(block.text for block in blocks(START, "python", None) if "def lower" in block.text)
    (tmp_path / "mylib_adapter.py").write_text(snippet, encoding="utf-8")
    done = process("run", "--adapter", "mylib_adapter.py", "--tier", "smoke", "-o", "run.jsonl")
    said, errors = done.communicate(timeout=60)
    assert "No module named 'mylib'" in said + errors


def test_the_plan_of_the_document_gives_the_gradients():
    """§1.3's lower, with the function that it calls written here."""

    def correlation(w, length, s, e, lo, o):
        a = np.zeros((w.shape[0], length, w.shape[1], o))
        for i, k in np.ndindex(length, w.shape[2]):
            if 0 <= i * s + k * e - lo < o:
                a[:, i, :, i * s + k * e - lo] = w[:, :, k]
        return a

    names = {**vars(adapter), "inspect": inspect, "correlation": correlation}
    exec(next(block.text for block in blocks(NAME, "python") if "def lower" in block.text), names)
    case = Case(
        id="document/one",
        input=(3,),
        kernel=(3,),
        in_channels=2,
        out_channels=4,
        batch=2,
        groups=1,
        stride=(2,),
        dilation=(1,),
        padding=((1, 0),),
        output_padding=(0,),
        bias=True,
    )
    from conformance import oracle
    from conformance.oracle.operands import make_operands

    for check in ("forward", "grad_input", "grad_bias"):
        arrays = make_operands(case, check, "float64", "exact").arrays
        plan = names["lower"](adapter.Case(case.question()), (check,))
        found = {"numpy": np, "arguments": plan.arguments, "correlation": correlation, **arrays}
        exec(plan.body, found)
        assert np.array_equal(found[adapter.RESULTS[check]], oracle.answer(case, check, arrays))


def of(section: str, head: str) -> set[str]:
    """Names in backticks in the first column of a section's table whose head begins so."""
    part = TEXT[TEXT.index(f"## {section} ") :]
    rows = part[part.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_the_tables_name_every_field():
    case = Case(
        id="document/one",
        input=(3,),
        kernel=(3,),
        in_channels=1,
        out_channels=1,
        batch=1,
        groups=1,
        stride=(2,),
        dilation=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        bias=False,
    )
    assert of("1.2", "field") == set(case.question())
    assert of("1.3", "argument") == set(inspect.signature(adapter.Plan).parameters)
    assert of("1.4", "argument") == set(inspect.signature(adapter.Route).parameters)
    assert of("2.2", "field") == {field.name for field in msgspec.structs.fields(spoken.Hello)}


def frames(data: bytes) -> list[tuple[dict, dict, bytes]]:
    """(message, header of the tensors, their bytes) of each frame."""
    found, stream = [], io.BytesIO(data)
    while head := stream.read(8):
        header = json.loads(stream.read(int.from_bytes(head, "little")))
        message = json.loads(header.pop("__metadata__")["message"])
        size = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        found.append((message, header, stream.read(size)))
    return found


def printed(kind: str) -> list:
    return [json.loads(text) for text in re.findall(rf"^```json {kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]


def dumped() -> list[bytes]:
    """The bytes of each dump, whose right column has to say the same."""
    found = []
    for block in blocks(NAME, "hexdump"):
        found.append(b"")
        for line in block.text.splitlines():
            data = bytes.fromhex(line[:47])
            assert line[49:] == "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
            found[-1] += data
    return found


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, for a worker in JavaScript")
def test_the_exchange_is_a_real_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(ONE, encoding="utf-8")
    wire = tmp_path / "wire"
    wire.write_text(f"#!/bin/sh\ntee sent | node '{LIARS / 'worker.js'}' | tee received\n", encoding="utf-8")
    wire.chmod(wire.stat().st_mode | stat.S_IXUSR)
    done = process("run", "--cases", "one.yaml", "--adapter", "./wire", "-o", "run.jsonl")
    said, errors = done.communicate(timeout=60)
    assert done.returncode == CLEAN, said + errors
    sent, received = ((tmp_path / name).read_bytes() for name in ("sent", "received"))
    hello, operands, answer = dumped()
    assert sent.startswith(hello)
    assert [message for message, _, _ in frames(sent)] == printed("to-worker")
    assert [header for _, header, _ in frames(sent)] == [{}, *printed("tensors-to-worker")]
    assert [data for _, _, data in frames(sent)] == [b"", operands]
    theirs = [message for message, _, _ in frames(received)]
    shown = printed("from-worker")
    for message, example, changes in zip(theirs, shown, ("version", "seconds"), strict=True):
        assert message | {changes: example[changes]} == example
    assert [header for _, header, _ in frames(received)] == [{}, *printed("tensors-from-worker")]
    assert [data for _, _, data in frames(received)] == [b"", answer]
    assert ", ".join(f"{value:g}" for value in np.frombuffer(answer, "<f4")) in TEXT


def test_the_dumps_are_what_the_suite_reads_and_writes():
    """Without node: the first message byte for byte, and the tensors' numbers."""
    hello, operands, answer = dumped()
    assert hello == adapter.pack({"do": "hello", "id": 0})
    assert adapter.unpack(printed("tensors-to-worker")[0], operands)["w"][1].tolist() == [[[1, 10, 100]]]
    assert adapter.unpack(printed("tensors-from-worker")[0], answer)["forward"][1].shape == (1, 1, 6)
