"""Commands that make an environment, and what is said where one fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from conformance.releases.catalogue import Release


class NotMade(Exception):
    """An environment that cannot be: of which release, and why."""


def do(release: Release, words: Sequence[str], longest: float, told: slice) -> None:
    """Run a command, for at most so many seconds, without what would make it install into the environment that runs
    this. Raises NotMade; `told`: which part of what a failed command printed is the reason."""
    clean = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=longest, env=clean)
    except subprocess.TimeoutExpired:
        raise NotMade(f"{release.name}: not installed in {longest} s") from None
    except OSError as error:
        raise NotMade(f"{release.name}: {error.strerror}") from None
    if done.returncode:
        said = " ".join(line.strip(" ×╰─▶") for line in done.stderr.split("\n") if line.strip())
        raise NotMade(f"{release.name}: {said[told] or f'{Path(words[0]).name} failed and did not say why'}")
