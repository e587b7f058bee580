"""How long a worker has had for an answer: not the seconds in which it was stopped, or waited for a processor.

On a loaded machine a right answer may come late, and that is not the framework's fault. Linux tells how long each
thread was ready and did not run; elsewhere the clock on the wall has to do.
"""

from __future__ import annotations

import time
from pathlib import Path

#: Seconds after which a silent worker is looked at again.
HEARTBEAT = 0.25
#: A worker that is stopped for good has an end too: after so many times what it may take.
STOPPED = 3


class Clock:
    """Runs from `restart` on; `look` has to be called while the worker is silent, or all time counts as its own."""

    def __init__(self):
        self.restart()

    def restart(self) -> None:
        """Start anew, for the next answer."""
        self._since = self._looked = time.monotonic()
        self._stopped = self._waited = 0.0
        self._before: dict[Path, float] | None = None

    def look(self, pid: int) -> None:
        """See what a worker could not use since it was looked at last, a heartbeat ago or more."""
        now = time.monotonic()
        between = now - self._looked
        if between < HEARTBEAT:
            return
        self._looked = now
        waited = _waited(pid)
        self._before = waited if self._before is None else self._before
        self._waited = max((seconds - self._before.get(thread, 0.0) for thread, seconds in waited.items()), default=0.0)
        self._stopped += between * _is_stopped(pid)

    def left(self, allowed: float) -> float:
        """Seconds of `allowed` that are left to it, as far as anybody has looked."""
        lost = min(self._stopped, STOPPED * allowed) + self._waited
        return allowed + lost - (time.monotonic() - self._since)

    def silence(self, allowed: float) -> str:
        """That no answer came, in words."""
        lost = self._stopped + self._waited
        more = f", and {lost:.0f} s more in which it was stopped or waited for a processor" if lost >= 1 else ""
        return f"no answer within {allowed:g} s{more}"


def _waited(pid: int) -> dict[Path, float]:
    """Thread of a process → seconds for which it has been ready and did not run."""
    found = {}
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        told = _told(thread / "schedstat").split()
        found[thread] = int(told[1]) / 1e9 if len(told) == 3 else 0.0
    return found


def _is_stopped(pid: int) -> bool:
    """Whether a process is stopped by a signal or a debugger."""
    return _told(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[:1] in (["T"], ["t"])


def _told(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the thread has ended, or this is another system
        return ""
