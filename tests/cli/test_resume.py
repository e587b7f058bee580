"""A run that was killed, interrupted or changed, and how it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import CLEAN, FAMILY, FINDINGS, INCOMPLETE, LIARS, ROOT, USAGE, Said, honest, interruptible, process

from conformance.report import states
from conformance.run import run_file

RESUME = ("run", "--resume", "run.jsonl", "--adapter", "honest.py")


def rows_of(path: str) -> list[tuple]:
    return sorted((*row.key, row.verdict) for row in run_file.read(path).rows)


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
    half = run_file.read("run.jsonl")
    assert half.footer is None
    assert 2 <= len(half.rows) < 6
    said = Said(*RESUME)
    assert said.status == CLEAN, said.err
    written = [
        tuple(line.get(word) for word in ("case", "route", "device", "dtype", "check", "fill"))
        for line in lines_of(room / "run.jsonl")
        if line["kind"] == "row"
    ]
    assert len(written) == len(set(written)) == 6
    assert rows_of("run.jsonl") == rows_of("whole.jsonl")
    assert [line["kind"] for line in lines_of(room / "run.jsonl")].count("footer") == 1
    assert Said("diff", "whole.jsonl", "run.jsonl").status == CLEAN


def test_a_killed_run_keeps_the_divergences_that_it_found(room):
    """They wait to be asked again until all else is answered; what the first answer said is in the file meanwhile."""
    (room / "flipped.py").write_text(
        "import os, runpy, time\n"
        f"truth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "def lower(case, checks):\n"
        "    time.sleep(float(os.environ.get('CONVT_WAIT', 0)))\n"
        "    return truth['lower'](case, checks)\n"
        "def flipped(x, w, b, **arguments):\n"
        "    return truth['conv_transpose'](x, w[:, :, ::-1, ::-1], b, **arguments)\n"
        "truth['lie'](lower=lower, conv_transpose=flipped)\n",
        encoding="utf-8",
    )
    words = ("run", "--cases", "few.yaml", "--adapter", "flipped.py", "--output", "run.jsonl", "--no-narrow")
    running = process(*words, wait=0.3)
    until_rows(room / "run.jsonl", 2, running)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    half = run_file.read("run.jsonl")
    assert half.rows
    assert {(row.verdict, row.state) for row in half.rows} == {("differ", "new")}
    assert all(row.detail["unconfirmed"] for row in half.rows)
    assert f"{len(half.rows)} divergences not confirmed" in states.verdict(half)
    assert f"{len(half.rows)} new" in states.verdict(half)
    assert Said("run", "--resume", "run.jsonl", "--adapter", "flipped.py", "--no-narrow").status == FINDINGS
    whole = run_file.read("run.jsonl")
    assert len(whole.rows) == 6
    assert not any("unconfirmed" in row.detail for row in whole.rows)


def test_ctrl_c_leaves_a_readable_file_and_says_how_to_go_on(room):
    running = process("run", "--cases", "few.yaml", "--adapter", "honest.py", "--output", "run.jsonl", wait=0.3)
    until_rows(room / "run.jsonl", 2, running)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == INCOMPLETE
    assert out == ""
    assert "go on with: convt run --resume run.jsonl --adapter honest.py" in err
    assert "Traceback" not in err
    half = run_file.read("run.jsonl")
    assert f"{len(half.rows)} of 6 rows" in err
    assert half.footer is None
    assert Said(*RESUME).status == CLEAN
    assert len(run_file.read("run.jsonl").rows) == 6


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


def test_ctrl_c_while_the_command_is_loaded_ends_it_without_a_word(room):
    (room / "click.py").write_text(
        "import pathlib, time\npathlib.Path('here').touch()\ntime.sleep(30)\n", encoding="utf-8"
    )
    command = [sys.executable, "-c", "from conformance.cli.door import main; main()", "--version"]
    path = os.pathsep.join([str(room), str(ROOT)])
    running = interruptible(command, env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not (room / "here").exists() and time.monotonic() < end:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (-signal.SIGINT, "")


def test_a_finished_run_that_is_resumed_stays_as_it_is(room):
    honest()
    before = rows_of("run.jsonl")
    assert Said(*RESUME).status == CLEAN
    assert rows_of("run.jsonl") == before


def altered(path: str, **header) -> None:
    first, *rest = Path(path).read_bytes().splitlines(keepends=True)
    Path(path).write_bytes(json.dumps(json.loads(first) | header).encode() + b"\n" + b"".join(rest[:-2]))


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"suite": "0.0.0"}, "this program has changed"),
        ({"corpus": "0" * 64}, "the case files have changed"),
        ({"adapters": {"lies": {"version": "0.9", "devices": ["cpu"]}}}, "0.9"),
        ({"adapters": None}, ":1: not a line of a run file"),
        ({"selection": {}}, "cannot go on"),
        ({"selection": None}, ":1: not a line of a run file"),
    ],
)
def test_a_run_of_another_program_or_corpus_is_not_gone_on_with(header, says, room):
    honest()
    altered("run.jsonl", **header)
    before = (room / "run.jsonl").read_bytes()
    said = Said(*RESUME)
    assert said.status == USAGE
    assert says in said.err
    assert said.err.count("\n") == 1
    assert (room / "run.jsonl").read_bytes() == before


def test_a_changed_case_file_is_noticed(room):
    honest()
    (room / "few.yaml").write_text(FAMILY.replace("[2, 1]", "[3, 1]"), encoding="utf-8")
    assert "the case files have changed" in Said(*RESUME).err


def test_what_is_asked_beside_resume_is_refused_and_not_forgotten(room):
    honest()
    said = Said(*RESUME, "--dtype", "float64")
    assert said.status == USAGE
    assert "leave out" in said.err


@pytest.mark.parametrize(
    ("key", "option", "value", "another"),
    [
        ("adapters", "--adapter", "./evil", "numpy"),
        ("pythons", "--python", "numpy=./evil", "numpy=python"),
        ("environments", "--env", "numpy:LD_PRELOAD=./evil", "numpy:LD_PRELOAD="),
    ],
)
def test_a_program_that_only_the_file_names_is_not_started(key, option, value, another, room):
    Said("run", "--cases", "few.yaml", "--adapter", "numpy", "--output", "run.jsonl", "--no-narrow")
    (room / "evil").write_text("#!/bin/sh\ntouch STARTED\n", encoding="utf-8")
    (room / "evil").chmod(0o755)
    first, *rest = (room / "run.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    header = json.loads(first)
    header["selection"][key] = [value]
    (room / "run.jsonl").write_text(json.dumps(header) + "\n" + "".join(rest[:-1]), encoding="utf-8")
    said = Said("run", "--resume", "run.jsonl")
    assert said.status == USAGE
    assert f"would start {value}: if you trust it, name it as well, by {option} {value}" in said.err
    other = Said("run", "--resume", "run.jsonl", option, another)
    assert "was started without it" in other.err
    assert not (room / "STARTED").exists()


def test_nothing_is_started_before_the_cases_are_compared(room):
    (room / "marks.py").write_text(
        "import pathlib\npathlib.Path('STARTED').touch()\n" + (room / "honest.py").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    assert Said("run", "--cases", "few.yaml", "--adapter", "marks.py", "--output", "run.jsonl").status == CLEAN
    (room / "STARTED").unlink()
    (room / "few.yaml").write_text(FAMILY.replace("[2, 1]", "[3, 1]"), encoding="utf-8")
    assert "the case files have changed" in Said("run", "--resume", "run.jsonl", "--adapter", "marks.py").err
    assert not (room / "STARTED").exists()
