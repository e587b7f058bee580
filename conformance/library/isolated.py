"""A function in a process of its own, which may die or fall silent: the question that it had is blamed, and a new
process goes on with the next.

The process is a copy of this one (a fork), so that any function can be asked, also one that cannot be imported. What
does not survive a copy does not work here: a GPU that this process has used, threads that it has started. POSIX only.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

from conformance.run.infer import Asked
from conformance.run.judge import Answer
from conformance.run.worker import LOG_TAIL

Ask = Callable[[Asked], Answer]


def answers(ask: Ask, asked: Sequence[Asked], deadline: float) -> Iterator[Answer]:
    """The answers to questions, in their order. One that ends the process is `crashed`, one that takes longer than
    `deadline` seconds `hung`."""
    done = 0
    while done < len(asked):
        child = _Child(ask, asked[done:])
        try:
            while done < len(asked):
                answer = child.next(deadline)
                done += 1
                yield answer
                if answer.outcome in ("crashed", "hung"):
                    break
        finally:
            child.end()


class _Child:
    """A copy of this process that answers questions one after the other."""

    def __init__(self, ask: Ask, asked: Sequence[Asked]):
        self._reader, writer = os.pipe()
        self._log, name = tempfile.mkstemp()
        os.unlink(name)
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if not self._pid:
            os.close(self._reader)
            os.dup2(self._log, 2)
            faulthandler.enable(self._log)
            _serve(ask, asked, writer)
        os.close(writer)
        os.set_blocking(self._reader, False)
        self._received = bytearray()

    def next(self, deadline: float) -> Answer:
        """The next answer, or what became of the process."""
        end = time.monotonic() + deadline
        while True:
            if len(self._received) >= 8:
                size = int.from_bytes(self._received[:8], "little")
                if len(self._received) >= 8 + size:
                    answer = pickle.loads(self._received[8 : 8 + size])
                    del self._received[: 8 + size]
                    return answer
            ready, _, _ = select.select([self._reader], [], [], max(end - time.monotonic(), 0.0))
            if not ready:
                return Answer("hung", f"no answer within {deadline:g} s", log=self._said())
            chunk = os.read(self._reader, 2**20)
            if not chunk:
                return Answer("crashed", self._how_it_ended(), log=self._said())
            self._received += chunk

    def _said(self) -> str:
        """The tail of what the copy wrote to its standard error."""
        size = os.lseek(self._log, 0, os.SEEK_END)
        return os.pread(self._log, LOG_TAIL, max(size - LOG_TAIL, 0)).decode("utf-8", "replace")

    def _how_it_ended(self) -> str:
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if os.WIFSIGNALED(status):
            return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
        return f"ended with exit status {os.WEXITSTATUS(status)}"

    def end(self) -> None:
        """Leave nothing behind."""
        os.close(self._reader)
        os.close(self._log)
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _serve(ask: Ask, asked: Sequence[Asked], writer: int) -> None:
    """Answer in the copy, and end it without what this process would do at its end."""
    try:
        for one in asked:
            packed = pickle.dumps(ask(one))
            message = memoryview(len(packed).to_bytes(8, "little") + packed)
            while message:
                message = message[os.write(writer, message) :]
        os._exit(0)
    except BaseException:
        os._exit(1)
