"""The parent's half of a worker: start, send, receive, ask where it is, kill, restart. It knows frames, not verdicts.

A worker is a process group of its own. Its standard output carries frames only; its standard error is a log, kept for
the reader and never taken as a sign of anything. All pipes are non-blocking; the engine waits on them together.
POSIX only: it waits on pipes and kills process groups.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from conformance import adapter as protocol

#: A header longer than this is noise, not a message.
LONGEST_HEADER = 16 * 2**20
LOG_TAIL = 16 * 2**10

Tensors = dict[str, tuple[str, np.ndarray]]


class Garbled(Exception):
    """The worker sent something that is not a message."""


class Dead(Exception):
    """The worker did not answer its hello: why, with the last line of its output."""


@dataclass(frozen=True)
class Program:
    """How an adapter is started: `file` is run by `interpreter`, or by itself where it is no Python file."""

    name: str
    file: Path
    interpreter: str = sys.executable
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        if self.file.suffix == ".py":
            return [self.interpreter, "-u", protocol.__file__, str(self.file)]
        return [str(self.file)]


def environment(threads: int) -> dict[str, str]:
    """What every worker is told: how many threads, no TF32 behind our back, no grabbing of a whole GPU's memory."""
    count = str(threads)
    return {
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
        "NVIDIA_TF32_OVERRIDE": "0",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "PYTHONFAULTHANDLER": "1",
    }


class Worker:
    """One adapter process at a time. `start` may be called again after `kill`: the log is kept."""

    def __init__(self, program: Program):
        self.program = program
        self.process: subprocess.Popen | None = None
        self.starts = 0
        self._log: deque[bytes] = deque()
        self._logged = 0

    def start(self) -> None:
        """Start the process. Raises OSError where the interpreter or the file cannot be run."""
        self.process = subprocess.Popen(
            self.program.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | self.program.environment,
            start_new_session=True,
        )
        self.starts += 1
        self._out: deque[memoryview] = deque()
        self._in = bytearray()
        self._log.clear()
        self._logged = 0
        for pipe in self.pipes:
            os.set_blocking(pipe, False)

    @property
    def pipes(self) -> tuple[int, int, int]:
        """File descriptors of standard input, output and error."""
        return self.process.stdin.fileno(), self.process.stdout.fileno(), self.process.stderr.fileno()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def wants_to_write(self) -> bool:
        return bool(self._out)

    def send(self, message: bytes) -> None:
        """Queue a message; `write` sends what the pipe takes."""
        self._out.append(memoryview(message))

    def write(self) -> None:
        """Send what the pipe takes now. A broken pipe is left for `read` to notice as the end of output."""
        try:
            while self._out:
                sent = os.write(self.process.stdin.fileno(), self._out[0][: 2**20])
                if sent == len(self._out[0]):
                    self._out.popleft()
                else:
                    self._out[0] = self._out[0][sent:]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._out.clear()

    def read(self) -> bool:
        """Take in what has arrived on standard output; False at its end."""
        try:
            while chunk := os.read(self.process.stdout.fileno(), 2**20):
                self._in += chunk
        except BlockingIOError:
            return True
        return False

    def message(self) -> tuple[dict[str, Any], Tensors] | None:
        """The next whole message that has arrived, or None. Raises Garbled on anything that is not one."""
        if len(self._in) < 8:
            return None
        (length,) = struct.unpack_from("<Q", self._in)
        if length > LONGEST_HEADER:
            raise Garbled(f"standard output holds {bytes(self._in[:40])!r} where a message should start")
        if len(self._in) < 8 + length:
            return None
        try:
            header = msgspec.json.decode(memoryview(self._in)[8 : 8 + length])
            message = msgspec.json.decode(header.pop("__metadata__")["message"])
            size = max([entry["data_offsets"][1] for entry in header.values()], default=0)
            if len(self._in) < 8 + length + size:
                return None
            tensors = protocol.unpack(header, bytes(memoryview(self._in)[8 + length : 8 + length + size]))
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Garbled(f"not a message: {type(error).__name__}: {error}") from None
        if not isinstance(message, dict):
            raise Garbled(f"the message is {type(message).__name__}, not an object")
        del self._in[: 8 + length + size]
        return message, tensors

    def hello(self, deadline: float) -> dict[str, Any]:
        """Start the worker and wait for what it says of itself. Raises Dead where nothing usable comes within
        `deadline` seconds."""
        try:
            self.start()
        except OSError as error:
            raise Dead(f"{self.program.command[0]} cannot be started: {error.strerror}") from None
        self.send(protocol.pack({"do": "hello", "id": 0}))
        self.write()
        end, why = time.monotonic() + deadline, None
        while why is None:
            ready, _, _ = select.select(self.pipes[1:], [], [], max(end - time.monotonic(), 0.0))
            self.read_log()
            going = self.read()
            try:
                if (received := self.message()) is not None:
                    return received[0]
            except Garbled as error:
                why = str(error)
            if not going:
                why = "it ended before it said hello"
            elif not ready:
                why = f"it did not say hello within {deadline:g} s"
        self.kill(grace=0.0 if going else 1.0)
        last = self.log.strip().splitlines()[-1:]
        raise Dead(f"{why}; its last output: {last[0][:300]}" if last else why)

    def read_log(self) -> bool:
        """Take in what has arrived on standard error, of which the tail is kept; False at its end."""
        try:
            while chunk := os.read(self.process.stderr.fileno(), 2**16):
                self._log.append(chunk)
                self._logged += len(chunk)
                while self._logged - len(self._log[0]) > LOG_TAIL:
                    self._logged -= len(self._log.popleft())
        except BlockingIOError:
            return True
        return False

    @property
    def log(self) -> str:
        """The tail of standard error."""
        return b"".join(self._log)[-LOG_TAIL:].decode("utf-8", "replace")

    def ask_where(self, seconds: float = 1.0) -> None:
        """Have a silent Python worker write its stack to the log, and wait for it."""
        if not self.alive or self.program.file.suffix != ".py":
            return
        before = self._logged
        os.kill(self.process.pid, signal.SIGUSR1)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.alive:
            self.read_log()
            if self._logged > before and "most recent call first" in self.log:
                break
            time.sleep(0.02)

    def kill(self, grace: float = 0.0) -> int | None:
        """End the whole process group; the exit status, negative for a signal. `grace`: seconds in which it may end."""
        if self.process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        status = self.process.wait()
        self.read_log()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process = None
        return status

    def abandon(self) -> None:
        """End the process from another thread than the one that waits for it, which then sees the end of output."""
        if (process := self.process) is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End of input means stop; a worker that does not is killed."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            self.kill(grace=2.0)
