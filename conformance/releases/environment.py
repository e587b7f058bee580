"""An environment with one release of a framework, made by uv where it is needed and removed after use."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conformance.releases.catalogue import Release

#: Seconds that an install may take: some releases are gigabytes.
LONGEST = 1800


class NotMade(Exception):
    """An environment that cannot be: of which release, and why."""


@contextmanager
def environment(release: Release) -> Iterator[Path]:
    """The interpreter of a new environment with this release. It is removed afterwards, and also where it could not be
    made: then NotMade says why."""
    uv = shutil.which("uv")
    if uv is None:
        raise NotMade(f"{release.name}: uv is not on the PATH: python -m pip install uv")
    folder = tempfile.mkdtemp(prefix=f"convt-{release.name}-")
    python = Path(folder) / "bin" / "python"
    try:
        _do(release, [uv, "venv", "--quiet", "--python", release.python, folder])
        _do(release, [uv, "pip", "install", "--quiet", "--python", str(python), *release.requirements])
        yield python
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _do(release: Release, words: Sequence[str]) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST, env=_without_ours())
    except subprocess.TimeoutExpired:
        raise NotMade(f"{release.name}: not installed in {LONGEST} s") from None
    except OSError as error:
        raise NotMade(f"{release.name}: {error.strerror}") from None
    if done.returncode:
        said = " ".join(line.strip(" ×╰─▶") for line in done.stderr.split("\n") if line.strip())
        raise NotMade(f"{release.name}: {said[:300] or 'uv failed and did not say why'}")


def _without_ours() -> dict[str, str]:
    """The environment without what would make uv install into the one that runs this."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
