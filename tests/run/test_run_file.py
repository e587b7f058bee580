"""Run files survive being cut short, can be gone on with, and are refused where they are something else."""

from __future__ import annotations

import json

import msgspec
import pytest
from runs import HEADER

from conformance.case import Case
from conformance.run.row import Row
from conformance.run.run_file import RunFileError, Writer, diff, footer, read

CASE = Case(
    id="file/one",
    input=(4,),
    kernel=(3,),
    in_channels=2,
    out_channels=3,
    batch=2,
    groups=1,
    stride=(2,),
    dilation=(1,),
    padding=((1, 0),),
    output_padding=(0,),
    bias=True,
    source="somebody",
)
START = json.dumps({"kind": "header"} | HEADER).encode() + b"\n"


def row(name: str = "one", verdict: str = "pass", **more) -> Row:
    key = {"route": "numpy/scatter", "device": "cpu", "dtype": "float32", "check": "forward", "fill": "exact"}
    return Row(case=f"file/{name}", verdict=verdict, **(key | more))


def write(path, rows, with_footer=True, resume=None):
    writer = Writer(path, resume)
    if resume is None:
        writer.header(HEADER)
    for each in rows:
        writer.row(each, msgspec.structs.replace(CASE, id=each.case))
    if with_footer:
        writer.footer(footer(rows))
    writer.close()


def test_a_row_with_fields_of_another_name_is_refused_and_not_misread(tmp_path):
    path = tmp_path / "run.jsonl"
    write(path, [row(verdict="differ", state="known")])
    path.write_text(path.read_text(encoding="utf-8").replace('"state":', '"standing":'), encoding="utf-8")
    with pytest.raises(RunFileError, match=r"run\.jsonl:3: not a line of a run file: .*`standing`"):
        read(path)


def test_what_is_written_is_read_again(tmp_path):
    rows = [row(detail={"mismatch": "dtype", "log": "\x1b"}), row("two", "differ", cause="as if <b>flipped</b>\n")]
    write(tmp_path / "run.jsonl", rows)
    run = read(tmp_path / "run.jsonl")
    assert run.rows == rows
    assert run.cases["file/one"] == CASE
    assert run.footer["verdicts"] == {"pass": 1, "differ": 1}


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_a_file_that_is_cut_short_keeps_its_whole_rows_and_is_completed(tmp_path, cut):
    path, rows = tmp_path / "run.jsonl", [row(str(number)) for number in range(5)]
    write(path, rows, with_footer=False)
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    run = read(path)
    assert run.footer is None
    assert run.rows == rows[: (content[:-cut].count(b"\n") - 1) // 2]  # the header's line, and two for each row
    left = [each for each in rows if each.key not in {done.key for done in run.rows}]
    write(path, left, resume=run)
    whole = read(path)
    assert whole.rows == rows
    assert whole.footer


def test_an_existing_file_is_not_written_over(tmp_path):
    (tmp_path / "run.jsonl").write_text("mine")
    with pytest.raises(RunFileError, match="exists"):
        Writer(tmp_path / "run.jsonl")
    assert (tmp_path / "run.jsonl").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ":1: no header"),
        (b"{}\n", ":1: not a line"),
        (b'{"kind":"row"}\n', ":1:"),
        (b'{"kind":"header"}\n', ":1: not a line"),
        (START + b'{"kind":"row","case":3}\n', ":2: not a line"),
        (START + b"\xff\xfe\n", ":2: not a line"),
        (START + START, ":2: a run file starts with one header"),
    ],
)
def test_what_is_not_a_run_file_is_refused_with_its_line(tmp_path, content, said):
    (tmp_path / "run.jsonl").write_bytes(content)
    with pytest.raises(RunFileError, match=said):
        read(tmp_path / "run.jsonl")


def test_diff_says_added_removed_changed_same(tmp_path):
    write(tmp_path / "a.jsonl", [row("same"), row("gone"), row("changed")])
    write(tmp_path / "b.jsonl", [row("same"), row("changed", "differ"), row("added")])
    found = diff(read(tmp_path / "a.jsonl"), read(tmp_path / "b.jsonl"))
    assert [each.case for each in found.added] == ["file/added"]
    assert [each.case for each in found.removed] == ["file/gone"]
    assert [(a.verdict, b.verdict) for a, b in found.changed] == [("pass", "differ")]
    assert [key.case for key in found.same] == ["file/same"]


def test_diff_of_two_devices_compares_what_both_were_asked(tmp_path):
    write(tmp_path / "cpu.jsonl", [row("one"), row("two")])
    write(tmp_path / "cuda.jsonl", [row("one", device="cuda"), row("two", "differ", device="cuda")])
    cpu, cuda = read(tmp_path / "cpu.jsonl"), read(tmp_path / "cuda.jsonl")
    found = diff(cpu, cuda)
    assert not found.added + found.removed
    assert [(a.device, b.device, b.verdict) for a, b in found.changed] == [("cpu", "cuda", "differ")]
    assert [(key.case, key.device) for key in found.same] == [("file/one", "cuda")]


def test_diff_keeps_devices_apart_where_a_run_has_several(tmp_path):
    both = [row("one"), row("one", "differ", device="cuda")]
    write(tmp_path / "both.jsonl", both)
    write(tmp_path / "cpu.jsonl", both[:1])
    found = diff(read(tmp_path / "both.jsonl"), read(tmp_path / "cpu.jsonl"))
    assert [each.device for each in found.removed] == ["cuda"]
    assert [key.device for key in found.same] == ["cpu"]
