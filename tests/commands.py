"""The command line under test: run in this process or in one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from conformance.cli.main import main

ROOT = Path(__file__).parent.parent
LIARS = ROOT / "tests" / "liars"
CLEAN, FINDINGS, USAGE, INCOMPLETE = 0, 1, 2, 3
COMMAND = [sys.executable, "-c", "from conformance.cli.main import main; main()"]

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


class Said:
    """What a command did, in this process."""

    def __init__(self, *words: str):
        result = CliRunner().invoke(main, words)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.status, self.out, self.err = result.exit_code, result.stdout, result.stderr
        self.both = self.out + self.err


def honest(*more: str, output: str = "run.jsonl") -> Said:
    return Said("run", "--cases", "few.yaml", "--adapter", "honest.py", "--output", output, *more)


def process(*words: str, wait: float = 0.0, **more) -> subprocess.Popen:
    """A command in a process of its own, its output as text."""
    environment = os.environ | {"CONVT_WAIT": str(wait), "PYTHONPATH": str(ROOT)} | more.pop("env", {})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    return interruptible([*COMMAND, *words], env=environment, **pipes)


def interruptible(command: list[str], **more) -> subprocess.Popen:
    """A process that Ctrl-C ends, even where the tests were started by a shell in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is handled here is the default in a child
    try:
        return subprocess.Popen(command, **more)
    finally:
        signal.signal(signal.SIGINT, before)
