"""Bad input is exit 2 and one sentence on standard error; nothing is written over."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from commands import CLEAN, COMMAND, FAMILY, FINDINGS, INCOMPLETE, LIARS, ROOT, USAGE, Said, honest, process

from conformance.run import run_file


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "nonsense/*"], "no case is called 'nonsense/*'"),
        (["run", "few/frist"], "did you mean 'few/first'"),
        (["run", "--route", "lies/zzz"], "--route lies/zzz: no such route; there are lies/route"),
        (["run", "--route", "lies/route@tpu"], "device tpu"),
        (["run", "--device", "tpu"], "--device tpu: no framework reports it, only cpu"),
        (["run", "--dtype", "float8"], "--dtype float8: there are float64"),
        (["run", "--check", "backward"], "--check backward: there are forward"),
        (["run", "--fill", "random"], "--fill random: there are exact"),
        (["run", "--tier", "tiny"], "'tiny' is not one of"),
        (["run", "--tier", "smoke"], "--tier smoke: these cases have the tiers core, full"),
        (["run", "--adapter", "missing.py"], "missing.py: no such adapter and no such file"),
        (["run", "--adapter", "few.yaml"], "neither *.py, *.js nor executable"),
        (["run", "--python", "honest"], "--python honest: expected NAME=PATH"),
        (["run", "--python", "honest="], "expected NAME=PATH"),
        (["run", "--python", "tourch=python"], "no adapter of that name takes part, only honest"),
        (["run", "--python", "honest=no-such-python"], "no such interpreter"),
        (["run", "--env", "honest"], "--env honest: expected NAME:KEY=VALUE"),
        (["run", "--env", "honest:=1"], "expected NAME:KEY=VALUE"),
        (["run", "--env", "tourch:KEY=1"], "--env tourch:…: no adapter of that name takes part, only honest"),
        (["run", "--known", "no-such-folder"], "--known no-such-folder"),
        (["run", "--cases", "missing.yaml"], "missing.yaml: no such file"),
        (["run", "--dtype", "float64", "--check", "grad_bias"], "nothing to run"),
        (["run", "--report", "page.jsonl"], "the name of a page ends in .html"),
        (["run", "--jobs", "many"], "--jobs"),
        (["run", "--deadline", "0"], "--deadline"),
        (["run", "--bogus"], "--bogus"),
        (["run", "--resume", "few.yaml"], "few.yaml:1: not a line of a run file"),
        (["run", "--resume", "missing.jsonl"], "missing.jsonl: No such file"),
        (["report", "few.yaml", "-o", "page.html"], "few.yaml:1: not a line of a run file"),
        (["report", "missing.jsonl", "-o", "page.html"], "missing.jsonl: No such file"),
        (["diff", "few.yaml", "few.yaml"], "few.yaml:1: not a line of a run file"),
        (["known", "--draft", "few.yaml"], "few.yaml:1: not a line of a run file"),
        (["show"], "CASE"),
        (["show", "few/frist", "--cases", "few.yaml"], "did you mean 'few/first'"),
        (["show", "few/first", "--cases", "few.yaml", "--run", "few.yaml"], "not a line of a run file"),
        (["show", "few/first", "--cases", "few.yaml", "--adapter", "honest.py", "--route", "x/y"], "x/y"),
        (["show", "few/first", "--cases", "few.yaml", "--adapter", str(LIARS / "dies_at_hello.py")], "libeverything"),
        (["cases", "nonsense"], "no case is called 'nonsense'"),
        (["cases", "show", "nonsense"], "no case is called 'nonsense'"),
        (["adapters", "--adapter", "missing.py"], "missing.py"),
        (["adapters", "--python", "x"], "expected NAME=PATH"),
        (["bogus"], "bogus"),
    ],
    ids=lambda value: " ".join(Path(word).name for word in value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_sentence(words, says, room):
    before = {path.name: path.read_bytes() for path in room.iterdir()}
    if words[0] == "run" and "--resume" not in words:
        defaults = {"--cases": "few.yaml", "--adapter": "honest.py", "--output": "run.jsonl"}
        words = words + [part for name, value in defaults.items() if name not in words for part in (name, value)]
    said = Said(*words)
    assert said.status == USAGE
    assert says in said.err
    assert said.err.startswith("convt: ")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert {path.name: path.read_bytes() for path in room.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("stride: [2, 1]", "stride: [2]"), 2, "stride"),
        (("padding:", "pading:"), 8, "did you mean 'padding'"),
        (("kernel: [2, 3]", "kernel: [2, 3"), 2, "not YAML"),
        (("id: second", "id: first"), 6, "already given on line 4"),
        (("cases:", "cases: []\nmore:"), 4, "more"),
    ],
)
def test_an_error_in_a_case_file_has_its_line(change, line, says, room):
    (room / "few.yaml").write_text(FAMILY.replace(*change), encoding="utf-8")
    said = honest()
    assert said.status == USAGE
    assert re.match(rf"convt: few.yaml:{line}: ", said.err), said.err
    assert says in said.err
    assert said.err.count("\n") == 1
    assert not (room / "run.jsonl").exists()


@pytest.mark.parametrize(
    "output", ["there.jsonl", "/dev/full", "few.yaml/run.jsonl", "/proc/none/run.jsonl", "run.html", ".", "-"]
)
def test_an_output_that_cannot_be_is_one_sentence(output, room):
    (room / "there.jsonl").write_text("mine")
    said = honest(output=output)
    assert said.status == USAGE
    assert Path(output).name in said.err or str(Path(output).parent) in said.err
    assert said.err.count("\n") == 1
    assert (room / "there.jsonl").read_text() == "mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(room, monkeypatch):
    honest()
    content = (room / "run.jsonl").read_bytes().splitlines(keepends=True)
    (room / "half.jsonl").write_bytes(b"".join(content[:-3]))
    monkeypatch.setattr(run_file.Writer, "_write", full(run_file.Writer._write))
    said = Said("run", "--resume", "half.jsonl", "--adapter", "honest.py")
    assert said.status == USAGE
    assert "No space left on device; the rows before it are kept" in said.err
    monkeypatch.undo()
    monkeypatch.chdir(room)
    assert Said("run", "--resume", "half.jsonl", "--adapter", "honest.py").status == CLEAN


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [["cases"], ["cases", "--json"], ["known"], ["cases", "show", "bias/plain"]])
def test_standard_output_that_takes_nothing_is_one_sentence(words):
    with open("/dev/full", "w") as disk:
        done = process(*words, stdout=disk)
        _, err = done.communicate()
    assert done.returncode != CLEAN
    assert err.startswith("convt: standard output: No space left on device\n")
    assert "Traceback" not in err


def full(write):
    """`write` on a disk that is full after one more line."""
    lines = []

    def writes(self, value):
        lines.append(value)
        if len(lines) > 1:
            self._file.close()
            self._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        write(self, value)

    return writes


def test_a_report_does_not_overwrite_a_run_file(room):
    honest()
    before = (room / "run.jsonl").read_bytes()
    assert Said("report", "run.jsonl", "-o", "run.jsonl").status == USAGE
    assert (room / "run.jsonl").read_bytes() == before


def faulty(*words: object, **more: object) -> None:
    raise KeyError("something that nobody thought of")


@pytest.mark.parametrize("place", ["conformance.report.terminal.summary", "conformance.run.session.Session.diagnoses"])
def test_a_fault_of_ours_is_one_sentence_and_costs_neither_rows_nor_page(place, room, monkeypatch):
    monkeypatch.setattr(place, faulty)
    said = honest()
    assert said.status == INCOMPLETE
    assert "this is a fault of convt, at " in said.err
    assert "something that nobody thought of" in said.err
    assert said.err.count("\n") == 1
    assert len(run_file.read("run.jsonl").rows) == 6
    assert "</html>" in (room / "run.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_does_not_cost_the_summaries(room):
    (room / "page.html").mkdir()
    said = honest("--report", "page.html", "--json", "run.json")
    assert said.status == USAGE
    assert "page.html: Is a directory" in said.err
    assert (room / "run.json").exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_nothing(closed, room):
    words = "run --cases few.yaml --adapter honest.py --output run.jsonl"
    command = f"{shlex.join(COMMAND)} {words} {closed}"
    done = subprocess.run(["sh", "-c", command], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == CLEAN
    assert run_file.read("run.jsonl").footer["rows"] == 6
    assert "</html>" in (room / "run.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONWARNINGS": "error"},
    ],
)
def test_an_environment_that_few_have_changes_nothing(environment, room):
    done = process("run", "--cases", "few.yaml", "--adapter", "honest.py", "--output", "run.jsonl", env=environment)
    out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (CLEAN, "")
    assert "6 pass" in out


def test_the_largest_of_wrong_answers_prints_no_warning(room):
    (room / "large.py").write_text(
        "import runpy\nimport numpy as np\n"
        f"truth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "def wrong(x, w, b, **more):\n"
        "    y = truth['conv_transpose'](x, w, b, **more)\n"
        "    y.flat[::2] = np.finfo(y.dtype).max\n"
        "    y.flat[1::2] = np.frombuffer(b'\\x01\\x00\\xa0\\x7f', 'f4')[0]\n"
        "    return y\n"
        "truth['lie'](conv_transpose=wrong)\n",
        encoding="utf-8",
    )
    words = ("run", "--cases", "few.yaml", "--adapter", "large.py", "--output", "run.jsonl", "--dtype", "float64")
    for more in ((), ("--dtype", "float32")):
        done = process(*words, *more, "--no-narrow", env={"PYTHONWARNINGS": "error"})
        _, err = done.communicate(timeout=60)
        assert (done.returncode, err) == (FINDINGS, "")
        Path("run.jsonl").unlink()


def test_what_is_no_file_is_not_read(room):
    os.mkfifo("pipe.yaml")
    os.symlink("loop.yaml", "loop.yaml")
    os.symlink("nowhere", "dangling.yaml")
    Path("rules").mkdir()
    os.mkfifo("rules/pipe.yaml")
    for words, said in (
        (("cases", "--cases", "pipe.yaml"), "pipe.yaml: cannot be read (not a regular file)"),
        (("cases", "--cases", "loop.yaml"), "loop.yaml: cannot be read"),
        (("cases", "--cases", "dangling.yaml"), "dangling.yaml: no such file"),
        (("cases", "--cases", "/dev/zero"), "/dev/zero: cannot be read (not a regular file)"),
        (("import", "/dev/zero", "-o", "x.yaml"), "/dev/zero: not a regular file"),
        (("known", "--known", "rules"), "cannot be read (not a regular file)"),
    ):
        done = Said(*words)
        assert done.status == USAGE
        assert said in done.err
        assert done.err.count("\n") == 1


def test_an_id_that_is_no_text_is_said_with_its_line(room):
    Path("list.yaml").write_text(
        "why: x\ncases:\n  - id: [1]\n    input: [4]\n    kernel: 3\n    axes: {stride: [1, 2], groups: [1, 2]}\n"
        "    covering: 2\n    in_channels: 2\n    out_channels: 2\n",
        encoding="utf-8",
    )
    said = Said("cases", "--cases", "list.yaml")
    assert said.err.startswith("convt: list.yaml:3: id: expected a text")
