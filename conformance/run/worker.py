"""The parent's half of a worker: start, send, receive, ask where it is, kill, restart. It knows frames, not verdicts.

A worker is a process group of its own. Its standard output carries frames only; its standard error is a log, kept for
the reader and never taken as a sign of anything. All pipes are non-blocking; the engine waits on them together.
POSIX only: it waits on pipes and kills process groups.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance import adapter as protocol
from conformance.run import message
from conformance.run.clock import HEARTBEAT, Clock
from conformance.run.message import Garbled, Tensors

LOG_TAIL = 16 * 2**10
#: Bytes of standard output that are taken in at once, before anybody looks at what they are.
GULP = 8 * 2**20
#: Bytes of tensors that a message may carry where nobody knows what is expected.
ROOM = 64 * 2**20
#: In the environment of a worker and of all that it starts, so that children which it leaves behind are found.
MARK = "CONVT_WORKER"


#: How files end that an interpreter runs; all others run by themselves.
INTERPRETED = (".py", ".js")


class Dead(Exception):
    """The worker did not answer its hello: why, with the last line of its output."""


@dataclass(frozen=True)
class Program:
    """How an adapter is started: `file` is run by `interpreter`, Python's or node, or by itself."""

    name: str
    file: Path
    interpreter: str = sys.executable
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        if self.file.suffix == ".py":
            return [self.interpreter, "-u", protocol.__file__, str(self.file)]
        return [self.interpreter, str(self.file)] if self.file.suffix in INTERPRETED else [str(self.file)]


def environment(threads: int) -> dict[str, str]:
    """What every worker is told: how many threads, no TF32 behind our back, no keeping of a GPU's memory, no warning
    that ends it."""
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
        "XLA_PYTHON_CLIENT_ALLOCATOR": "platform",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONWARNINGS": "",
    }


class Worker:
    """One adapter process at a time. `start` may be called again after `kill`: the log is kept."""

    def __init__(self, program: Program):
        self.program = program
        self.process: subprocess.Popen | None = None
        self.starts = 0
        #: Messages that this process has sent, its hello counted; and whatever the engine asked it last.
        self.answered, self.last = 0, None
        #: What it said of itself when it was greeted first; it must say the same after each restart.
        self.said: dict[str, Any] | None = None
        self._mark = ""
        self._log: deque[bytes] = deque()
        self._logged = 0

    def start(self) -> None:
        """Start the process. Raises OSError where the interpreter or the file cannot be run."""
        self._mark = secrets.token_hex(8)
        self.process = subprocess.Popen(
            self.program.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | self.program.environment | {MARK: self._mark},
            start_new_session=True,
        )
        self.starts += 1
        self.answered, self.last = 0, None
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

    def write(self) -> bool:
        """Send what the pipe takes now; whether it took anything. A broken pipe is left for `read` to notice as the end
        of output."""
        taken = False
        try:
            while self._out:
                sent = os.write(self.process.stdin.fileno(), self._out[0][: 2**20])
                taken = True
                if sent == len(self._out[0]):
                    self._out.popleft()
                else:
                    self._out[0] = self._out[0][sent:]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._out.clear()
        return taken

    def read(self) -> bool:
        """Take in what has arrived on standard output; False at its end. A process that has ended is at its end when
        the pipe is empty, even if a child of it holds the pipe open."""
        ended = not self.alive  # asked before, so that its last words are read
        taken = 0
        try:
            while taken < GULP:
                chunk = os.read(self.process.stdout.fileno(), 2**20)
                if not chunk:
                    return False
                self._in += chunk
                taken += len(chunk)
        except BlockingIOError:
            return not ended
        return True

    def message(self, room: int = ROOM, wanted: Collection[str] | None = None) -> tuple[dict[str, Any], Tensors] | None:
        """The next whole message that has arrived, or None. Raises Garbled on anything that is not one.

        `room`: bytes of tensors that it may carry; `wanted`: their names, None where any may come.
        """
        found = message.take(self._in, room, wanted)
        if found is None:
            return None
        said, tensors, length = found
        del self._in[:length]
        self.answered += 1
        return said, tensors

    def hello(self, deadline: float) -> dict[str, Any]:
        """Start the worker and wait for what it says of itself. Raises Dead where nothing usable comes within
        `deadline` seconds."""
        try:
            self.start()
        except (OSError, ValueError) as error:  # ValueError: an environment that no process can have
            why = getattr(error, "strerror", None) or error
            raise Dead(f"{self.program.command[0]} cannot be started: {why}") from None
        self.greet()
        clock, why = Clock(), None
        while why is None:
            select.select(self.pipes[1:], [], [], min(max(clock.left(deadline), 0.0), HEARTBEAT))
            clock.look(self.process.pid)
            self.read_log()
            going = self.read()
            try:
                if (received := self.message(0, ())) is not None:
                    return received[0]
            except Garbled as error:
                why = str(error)
            if why is None and not going:
                why = "it ended before it said hello"
            elif why is None and clock.left(deadline) <= 0:
                why = f"it did not say hello within {deadline:g} s"
        self.kill(grace=0.0 if going else 1.0)
        last = self.log.strip().splitlines()[-1:]
        raise Dead(f"{why}; its last output: {last[0][:300]}" if last else why)

    def greet(self) -> None:
        """Ask what it says of itself."""
        self.send(protocol.pack({"do": "hello", "id": 0}))
        self.write()

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
        """End the whole process group and what it has left behind; the exit status, negative for a signal, or None
        where it had not ended by itself. `grace`: seconds in which it may end."""
        if self.process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=grace)
        status = self.process.poll()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._end_children()
        self.read_log()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process = None
        return status

    def _end_children(self) -> None:
        """End processes of sessions of their own, which no signal to the group reaches. Linux tells which they are."""
        mark = f"{MARK}={self._mark}".encode()
        for told in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in told.read_bytes().split(b"\0"):
                    os.kill(int(told.parent.name), signal.SIGKILL)

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
