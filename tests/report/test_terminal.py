"""The terminal: 80 columns, lines to paste in one piece, nothing but text where there is no terminal."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios

import pytest
from commands import LIARS, ROOT, process
from runs import HOSTILE, LEDGER, case, new, report, row, run

from conformance.report import terminal
from conformance.run.run_file import Run, Writer, footer

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SUMMARY = (
    "import sys; from conformance.report import findings, terminal; from conformance.run import run_file; "
    "terminal.summary(findings.report(run_file.read(sys.argv[1])))"
)
HISTORY = "import sys; from conformance.cli.main import main; main(['diff', *sys.argv[1:]])"


def on_a_terminal(*words: str, columns: int = 80, **environment: str) -> str:
    """What a Python program writes to a terminal of so many columns."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    environment = kept | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | environment
    done = subprocess.Popen([sys.executable, "-c", *words], stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    said = b""
    while chunk := _read(leader):
        said += chunk
    os.close(leader)
    assert done.wait(timeout=60) in (0, 1)
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def written(found: Run, path: str) -> str:
    writer = Writer(path)
    writer.header(found.header)
    for each in found.rows:
        writer.row(each, case(each.case, fills=("exact", "real", "special")))
    writer.footer(footer(found.rows, problems=found.footer["problems"], seconds=3.0))
    writer.close()
    return path


@pytest.fixture
def broad(tmp_path) -> str:
    """A run file in which every text is long."""
    long = "/".join(["stride", "long-" * 20])
    routes = ("tensorflow/gradient_tape_in_a_function", "jax/vjp_of_conv_general_dilated", "lies/short")
    rows = [row(f"stride/{n}", route=route, seconds=1e-5) for route in routes for n in range(999)]
    rows += [new(long, f"the kernel {'and the input ' * 20}were flipped", route=route) for route in routes]
    rows += [
        row(long, "unrun", route=routes[0], fill="real"),
        row(long, "unsupported", route=routes[0], fill="special"),
    ]
    rows += [
        row(
            long,
            state="stale",
            route=routes[1],
            fill="real",
            detail={"ledger": LEDGER | {"where": "x/" * 60 + "y:3"}},
        )
    ]
    versions = {name: {"version": f"2.21.0rc1+{'cpu' * 9}", "devices": ["cpu"]} for name in ("tensorflow", "jax")}
    broad = run(rows, adapters=versions, dead={"onnx": "no " * 50}, notes=["n" * 200], problems=["orphan " * 30])
    return written(broad, str(tmp_path / "broad.jsonl"))


@pytest.mark.parametrize("columns", [80, 120])
def test_a_summary_fits_the_terminal_but_for_lines_to_paste(broad, columns):
    lines = ESCAPE.sub("", on_a_terminal(SUMMARY, broad, columns=columns)).splitlines()
    pasted = [line for line in lines if line.startswith("  convt show ")]
    assert len(pasted) == 5
    assert all(re.search(r" --route [\w/]+$", line) for line in pasted)
    assert max(len(line.rstrip()) for line in lines if line not in pasted) <= columns
    shown = "\n".join(lines)
    assert "…" not in shown
    assert re.findall(r"\b999\b", shown), "no number is cut"


@pytest.mark.parametrize(
    ("width", "left_out"), [(88, set()), (80, {"rows/s"}), (76, {"rows/s", "lean"}), (70, {"rows/s", "lean", "bound"})]
)
def test_what_can_be_missed_is_left_out_rather_than_a_name_is_cut(width, left_out, monkeypatch, capsys):
    real = {"share": 0.4, "sum": 1.0, "squares": 4.0}
    route = "numpy/zero_insertion"
    rows = [
        row("a/1", route=route, seconds=1e-3, fill="real", detail=real),
        row("a/2", "refuse", "changed", route=route),
        row("a/3", "unsupported", route=route),
    ]
    monkeypatch.setenv("COLUMNS", str(width))
    terminal.summary(report(rows))
    _, head, line, means, *_ = capsys.readouterr().out.splitlines()
    assert {"rows/s", "lean", "bound"} - set(head.split()) == left_out
    assert line.startswith(f"{route} ")
    assert {"lean", "bound"} - {each.partition(":")[0] for each in means.split("; ")} == left_out - {"rows/s"}
    assert means.startswith("changed: ")


def test_reasons_for_what_is_unsupported_are_told_the_most_frequent_first(capsys):
    reasons = ["no groups"] * 3 + ["no dilation"] * 2 + ["no bias"] + ["no padding"] * 4
    terminal.summary(report([row(f"a/{n}", "unsupported", detail={"reason": why}) for n, why in enumerate(reasons)]))
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("unsupported")]
    assert said == [
        "unsupported: 4 rows of lies: no padding",
        "unsupported: 3 rows of lies: no groups",
        "unsupported: 2 rows of lies: no dilation",
    ]


def test_a_history_fits_the_terminal(broad, tmp_path):
    paths = [broad, *(written(run([row("a/b")]), str(tmp_path / f"{'long' * 30}{n}.jsonl")) for n in range(9))]
    lines = ESCAPE.sub("", on_a_terminal(HISTORY, *paths)).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_without_a_terminal_there_is_text_alone(broad):
    done = subprocess.run([sys.executable, "-c", SUMMARY, broad], capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    table = done.stdout.partition("\n\n")[0]
    assert "tensorflow/" in table
    assert "…" not in table


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_only_where_they_are_wanted(broad, environment, coloured):
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", on_a_terminal(SUMMARY, broad, **environment))) is coloured


def test_what_a_framework_says_does_not_move_the_cursor(tmp_path):
    said = HOSTILE.replace("\ud800", "")  # a run file cannot hold it
    bad = run([new("stride/" + said, said)], dead={said: said}, notes=[said], problems=[said])
    shown = on_a_terminal(SUMMARY, written(bad, str(tmp_path / "bad.jsonl")), NO_COLOR="1")
    assert "\x1b[2J" not in shown
    assert "\x00" not in shown


def test_the_line_to_paste_repeats_the_cause(room):
    """As a person does it: from the run's own words to the same sentence, in a shell."""
    liar = str(LIARS / "flipped.py")
    said, _ = process("run", "--cases", "few.yaml", "--adapter", liar, "--seed", "5", "--fill", "exact").communicate()
    (line,) = (line.strip() for line in said.splitlines() if line.startswith("  convt show "))
    convt = f'convt() {{ "{sys.executable}" -c "from conformance.cli.main import main; main()" "$@"; }}; '
    done = subprocess.run(
        ["bash", "-c", convt + line],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1, done.stderr  # the answer is wrong
    assert "as if the kernel were flipped" in done.stdout
    assert "--seed 5" in line
