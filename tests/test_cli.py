"""The command line: what it says, where it says it, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import runfile
from conformance.cli import main

ROOT = Path(__file__).parent.parent
LIARS = ROOT / "tests" / "liars"
CLEAN, NEWS, USAGE, INCOMPLETE = 0, 1, 2, 3
COMMAND = [sys.executable, "-c", "from conformance.cli import main; main()"]

FAMILY = """\
why: two cases for the command line
base: {batch: 1, in_channels: 2, out_channels: 2, input: [3, 4], kernel: [2, 3], stride: [2, 1]}
cases:
  - id: first
    why: plain
  - id: second
    why: padded
    padding: [[1, 0], [0, 1]]
  - id: third
    why: dilated
    dilation: [2, 1]
"""


@pytest.fixture
def room(tmp_path, monkeypatch) -> Path:
    """A working directory with a case file and an honest adapter, which waits as long as CONVT_WAIT says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "honest.py").write_text(
        "import os, runpy, time\n"
        f"truth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "def lower(case, checks):\n"
        "    time.sleep(float(os.environ.get('CONVT_WAIT', 0)))\n"
        "    return truth['lower'](case, checks)\n"
        "truth['lie'](lower=lower)\n",
        encoding="utf-8",
    )
    return tmp_path


class Said:
    """What a command did, in this process."""

    def __init__(self, *words: str):
        result = CliRunner().invoke(main, words)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.status, self.out, self.err = result.exit_code, result.stdout, result.stderr


def honest(*more: str, output: str = "run.jsonl") -> Said:
    return Said("run", "--cases", "few.yaml", "--adapter", "honest.py", "--output", output, *more)


def process(*words: str, wait: float = 0.0, **more) -> subprocess.Popen:
    """A command in a process of its own, its output as text."""
    environment = os.environ | {"CONVT_WAIT": str(wait), "PYTHONPATH": str(ROOT)} | more.pop("env", {})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    return subprocess.Popen([*COMMAND, *words], env=environment, **pipes)


# Exit status


def test_a_run_of_an_honest_adapter_is_clean_and_leaves_a_run_file_and_a_page(room):
    said = honest()
    assert said.status == CLEAN, said.err
    assert said.err == ""
    assert "6 rows" in said.out
    assert "6 pass, 0 known, 0 new" in said.out
    run = runfile.read("run.jsonl")
    assert run.footer["verdicts"] == {"pass": 6}
    assert run.header["adapters"]["lies"]["version"] == "1.0"
    assert "page: run.html" in said.out


def test_news_is_exit_1_with_a_sentence_and_a_line_to_paste(room):
    said = Said("run", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact", "-o", "r.jsonl")
    assert said.status == NEWS
    assert "new: lies: few/first differs: as if the kernel were flipped" in said.out
    assert "convt show 'few/first' --route lies/route" in said.out
    assert "0 pass, 0 known, 3 new" in said.out


def test_a_worker_that_dies_at_hello_is_exit_3_with_its_last_words(room):
    said = Said("run", "--cases", "few.yaml", "--adapter", str(LIARS / "dies_at_hello.py"), "-o", "r.jsonl")
    assert said.status == INCOMPLETE
    assert "libeverything.so.7" in said.out
    assert "incomplete" in said.out.splitlines()[-3]


def test_a_worker_that_keeps_dying_leaves_the_run_incomplete(room):
    (room / "mortal.py").write_text(
        f"import os, runpy\ntruth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "truth['lie'](lower=lambda case, checks: os._exit(9))\n",
        encoding="utf-8",
    )
    said = Said("run", "--cases", "few.yaml", "--adapter", "mortal.py", "-o", "r.jsonl")
    assert said.status == INCOMPLETE
    assert "incomplete" in said.out
    rows = runfile.read("r.jsonl").rows
    assert len(rows) == 6
    assert {row.verdict for row in rows} <= {"crash", "unrun"}
    assert "unrun" in {row.verdict for row in rows}


# Bad input: exit 2, one sentence on standard error, nothing written


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
        (["run", "--subset", "tiny"], "--subset tiny"),
        (["run", "--adapter", "missing.py"], "missing.py: no such adapter and no such file"),
        (["run", "--adapter", "few.yaml"], "neither a Python file nor executable"),
        (["run", "--python", "honest"], "--python honest: expected NAME=PATH"),
        (["run", "--python", "honest="], "expected NAME=PATH"),
        (["run", "--python", "tourch=python"], "no adapter of that name takes part, only honest"),
        (["run", "--python", "honest=no-such-python"], "no such interpreter"),
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


@pytest.mark.parametrize("output", ["there.jsonl", "/dev/full", "few.yaml/run.jsonl", "/proc/none/run.jsonl", "run.html"])
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
    monkeypatch.setattr(runfile.Writer, "_write", full(runfile.Writer._write))
    said = Said("run", "--resume", "half.jsonl")
    assert said.status == USAGE
    assert "No space left on device; the rows before it are kept" in said.err
    monkeypatch.undo()
    monkeypatch.chdir(room)
    assert Said("run", "--resume", "half.jsonl").status == CLEAN


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [["cases"], ["cases", "--json"], ["--help"], ["known"], ["cases", "show", "bias/plain"]])
def test_standard_output_that_takes_nothing_is_one_sentence(words):
    with open("/dev/full", "w") as disk:
        done = process(*words, stdout=disk)
        _, err = done.communicate()
    assert done.returncode != CLEAN
    assert err.startswith("convt: No space left on device\n")
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


# Frameworks that are not there


@pytest.fixture
def bare(room, monkeypatch) -> Path:
    """As if neither torch nor tensorflow nor jax were installed."""
    for name in ("torch", "tensorflow", "jax"):
        (room / "bare" / name).mkdir(parents=True)
        said = f"raise ModuleNotFoundError('No module named {name}', name='{name}')\n"
        (room / "bare" / name / "__init__.py").write_text(said, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(room / "bare"))
    return room


def test_a_framework_that_is_not_installed_is_absent_and_said(bare):
    said = Said("run", "--cases", "few.yaml", "-o", "run.jsonl")
    assert said.status == CLEAN, said.err
    for name in ("torch", "tensorflow", "jax"):
        assert f"absent: {name}: " in said.out
    assert {row.route.partition("/")[0] for row in runfile.read("run.jsonl").rows} == {"numpy"}


@pytest.mark.parametrize("words", [["--adapter", "torch"], ["--route", "torch/functional"], ["--route", "torch/*"]])
def test_a_framework_that_is_named_must_be_there(words, bare):
    said = Said("run", "--cases", "few.yaml", "-o", "run.jsonl", *words)
    assert said.status == USAGE
    assert "torch was asked for and is not installed" in said.err
    assert said.err.count("\n") == 1


# Going on


def rows_of(path: str) -> list[tuple]:
    return sorted((*row.key, row.verdict) for row in runfile.read(path).rows)


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def until_rows(path: Path, number: int, running: subprocess.Popen) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and running.poll() is None:
        if path.exists() and path.read_bytes().count(b'"kind":"row"') >= number:
            return
        time.sleep(0.02)
    raise AssertionError(f"no {number} rows came: {running.communicate()}")


def test_a_killed_run_is_completed_with_each_row_once(room):
    honest(output="whole.jsonl")
    words = ("run", "--cases", "few.yaml", "--adapter", "honest.py", "--output", "run.jsonl")
    running = process(*words, wait=0.2)
    until_rows(room / "run.jsonl", 2, running)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    half = runfile.read("run.jsonl")
    assert half.footer is None
    assert 2 <= len(half.rows) < 6
    said = Said("run", "--resume", "run.jsonl")
    assert said.status == CLEAN, said.err
    written = [tuple(line.get(word) for word in ("case", "route", "device", "dtype", "check", "fill"))
               for line in lines_of(room / "run.jsonl") if line["kind"] == "row"]  # fmt: skip
    assert len(written) == len(set(written)) == 6
    assert rows_of("run.jsonl") == rows_of("whole.jsonl")
    assert [line["kind"] for line in lines_of(room / "run.jsonl")].count("footer") == 1
    assert Said("diff", "whole.jsonl", "run.jsonl").status == CLEAN


def test_ctrl_c_leaves_a_readable_file_and_says_how_to_go_on(room):
    running = process("run", "--cases", "few.yaml", "--adapter", "honest.py", "--output", "run.jsonl", wait=0.3)
    until_rows(room / "run.jsonl", 2, running)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == INCOMPLETE
    assert out == ""
    assert "convt run --resume run.jsonl" in err
    assert "Traceback" not in err
    half = runfile.read("run.jsonl")
    assert f"{len(half.rows)} of 6 rows" in err
    assert half.footer is None
    assert Said("run", "--resume", "run.jsonl").status == CLEAN
    assert len(runfile.read("run.jsonl").rows) == 6


def test_ctrl_c_before_the_first_row_is_incomplete_too(room):
    (room / "slow.py").write_text(
        "import pathlib, time\npathlib.Path('here').touch()\ntime.sleep(30)\n", encoding="utf-8"
    )
    running = process("run", "--cases", "few.yaml", "--adapter", "slow.py", "--output", "run.jsonl")
    end = time.monotonic() + 20
    while not (room / "here").exists() and time.monotonic() < end:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert running.returncode == INCOMPLETE
    assert "Traceback" not in err
    assert err.count("\n") == 1


def test_a_finished_run_that_is_resumed_stays_as_it_is(room):
    honest()
    before = rows_of("run.jsonl")
    assert Said("run", "--resume", "run.jsonl").status == CLEAN
    assert rows_of("run.jsonl") == before


def altered(path: str, **header) -> None:
    first, *rest = Path(path).read_bytes().splitlines(keepends=True)
    Path(path).write_bytes(json.dumps(json.loads(first) | header).encode() + b"\n" + b"".join(rest[:-2]))


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"suite": "0.0.0"}, "this program has changed"),
        ({"corpus": "0" * 64}, "the case files have changed"),
        ({"adapters": {"lies": {"version": "0.9"}}}, "0.9"),
        ({"adapters": None}, "cannot go on"),
        ({"selection": {}}, "cannot go on"),
        ({"selection": None}, "cannot go on"),
    ],
)
def test_a_run_of_another_program_or_corpus_is_not_gone_on_with(header, says, room):
    honest()
    altered("run.jsonl", **header)
    before = (room / "run.jsonl").read_bytes()
    said = Said("run", "--resume", "run.jsonl")
    assert said.status == USAGE
    assert says in said.err
    assert said.err.count("\n") == 1
    assert (room / "run.jsonl").read_bytes() == before


def test_a_changed_case_file_is_noticed(room):
    honest()
    (room / "few.yaml").write_text(FAMILY.replace("[2, 1]", "[3, 1]"), encoding="utf-8")
    assert "the case files have changed" in Said("run", "--resume", "run.jsonl").err


def test_what_is_asked_beside_resume_is_refused_and_not_forgotten(room):
    honest()
    said = Said("run", "--resume", "run.jsonl", "--dtype", "float64")
    assert said.status == USAGE
    assert "leave out" in said.err


# The other verbs


def test_diff_in_four_words(room):
    honest(output="a.jsonl")
    Said("run", "few/second", "few/third", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"),
         "--fill", "exact", "-o", "b.jsonl")  # fmt: skip
    said = Said("diff", "a.jsonl", "b.jsonl")
    assert said.status == NEWS
    assert said.out.splitlines()[-1] == "0 added, 4 removed, 2 changed, 0 same"
    changed = [line for line in said.out.splitlines() if line.startswith("changed ")]
    assert len(changed) == 2
    assert "few/second lies/route@cpu float32 forward exact: pass -> differ (new)" in changed[0]
    backwards = Said("diff", "b.jsonl", "a.jsonl")
    assert backwards.out.splitlines()[-1] == "4 added, 0 removed, 2 changed, 0 same"
    same = Said("diff", "a.jsonl", "a.jsonl")
    assert (same.status, same.out) == (CLEAN, "0 added, 0 removed, 0 changed, 6 same\n")


def test_show_tells_a_row_and_prints_a_script(room):
    words = ("show", "few/first", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact")
    said = Said(*words)
    assert said.status == CLEAN
    assert said.out.startswith("few/first lies/route@cpu float32 forward exact: differ (new)\n")
    assert "as if the kernel were flipped" in said.out
    script = Said(*words, "--script").out
    assert script.startswith('"""few/first')
    assert script.strip() in said.out
    compile(script, "script", "exec")


def test_show_from_a_run_file_asks_nobody(room):
    honest()
    (room / "honest.py").unlink()
    said = Said("show", "few/second", "--run", "run.jsonl", "--fill", "real")
    assert said.status == CLEAN, said.err
    assert said.out.startswith("few/second lies/route@cpu float32 forward real: pass\n")
    assert "first" not in said.out
    assert Said("show", "few/fourth", "--run", "run.jsonl").status == USAGE


def test_cases_lists_ids_and_sizes_and_json(room):
    said = Said("cases", "few/s*", "--cases", "few.yaml")
    assert [line.split("  ")[0] for line in said.out.splitlines()] == ["few/second"]
    assert "[3, 4] -> [5, 5]" in said.out  # (3 − 1)·2 + 2 − 1 and 4 − 1 + 3 − 1
    assert said.err == "1 case\n"
    (line,) = Said("cases", "few/second", "--cases", "few.yaml", "--json").out.splitlines()
    assert json.loads(line)["padding"] == [[1, 0], [0, 1]]
    assert len(Said("cases", "--cases", "few.yaml").out.splitlines()) == 3
    assert len(Said("cases", "stride/*").out.splitlines()) > 20


def test_cases_show_prints_the_arithmetic(room):
    said = Said("cases", "show", "few/third", "--cases", "few.yaml")
    assert said.out.startswith("few/third\n  dilated\n")
    assert "axis 0: K_e = (2 − 1)·2 + 1 = 3; F = (3 − 1)·2 + 3 = 7; O = 7 − 0 − 0 + 0 = 7" in said.out
    assert f"few.yaml:{FAMILY[: FAMILY.index('- id: third')].count(chr(10)) + 1}" in said.out


def test_adapters_says_what_is_here(bare):
    told = Said("adapters")
    assert told.status == CLEAN
    assert re.search(r"^numpy \d+\.\d+", told.out, re.M)
    assert "  numpy/scatter: float64, float32, float16; forward, grad_input, grad_weight, grad_bias" in told.out
    assert re.search(r"^torch absent: ", told.out, re.M)
    said = json.loads(Said("adapters", "--json").out)
    assert list(said["adapters"]) == ["numpy"]
    assert set(said["absent"]) == {"torch", "tensorflow", "jax"}
    assert "scatter" in [route["name"] for route in said["adapters"]["numpy"]["routes"]]


def test_known_lists_each_entry_with_its_place_reason_and_link():
    said = Said("known")
    assert said.status == CLEAN
    blocks = [block.splitlines() for block in said.out.strip().split("\n\n")]
    written = sum(
        path.read_text(encoding="utf-8").count("\n- cases:") for path in (ROOT / "cases" / "known").glob("*.yaml")
    )
    assert len(blocks) == written
    for place, what, why, link in blocks:
        assert re.match(r"\S+\.yaml:\d+  \w+, \d+ rows, [\w-]+: \S", place)
        assert " on " in what
        assert len(why) > 20
        assert "://" in link


def test_known_drafts_entries_for_the_new_rows_of_a_run(room):
    Said("run", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact", "-o", "r.jsonl")
    draft = Said("known", "--draft", "r.jsonl").out
    (room / "known").mkdir()
    (room / "known" / "lies.yaml").write_text(draft, encoding="utf-8")
    words = ("run", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact", "--known", "known")
    said = Said(*words, "-o", "again.jsonl")
    assert said.status == USAGE
    assert "lies.yaml:" in said.err
    assert "a person" in said.err
    (room / "known" / "lies.yaml").write_text(draft.replace("FINISH ME", "https://example.org"), encoding="utf-8")
    said = Said(*words, "-o", "again.jsonl")
    assert said.status == CLEAN, said.out + said.err
    assert "0 pass, 3 known, 0 new" in said.out


# The terminal


@pytest.mark.parametrize("words", [["cases"], ["known"], ["cases", "--json"]])
def test_a_reader_that_has_seen_enough_ends_it_quietly(words):
    running = process(*words)
    assert running.stdout.readline()
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=20) in (0, 1)
    assert "Traceback" not in err
    assert "Broken" not in err
    assert "Exception" not in err


@pytest.mark.parametrize(("colours", "env"), [(False, {"NO_COLOR": "1"}), (True, {}), (False, None)])
def test_colours_are_for_terminals_only(colours, env, room):
    """On a pseudo-terminal, with NO_COLOR and without; and on a pipe (env None)."""
    words = ["run", "--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact", "-o", "run.jsonl"]
    if env is None:
        done = process(*words)
        text = "".join(done.communicate())
    else:
        leader, follower = os.openpty()
        for name in ("NO_COLOR", "FORCE_COLOR"):
            os.environ.pop(name, None)
        done = process(*words, stdout=follower, stderr=follower, env={"TERM": "xterm-256color"} | env)
        os.close(follower)
        text = b""
        while chunk := read(leader):
            text += chunk
        os.close(leader)
        done.wait()
        text = text.decode()
    assert done.returncode == NEWS
    assert "as if the kernel were flipped" in text
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", text)) is colours


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize(
    "verb", [[], ["run"], ["show"], ["report"], ["diff"], ["cases"], ["adapters"], ["mutants"], ["known"]]
)
def test_every_verb_has_help(verb):
    said = Said(*verb, "--help")
    assert said.status == CLEAN
    assert "convt" in said.out
    assert "Options:" in said.out
