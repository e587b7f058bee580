"""An environment with a release of a framework, made when somebody asks for it and kept: `convt env`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from conformance.releases.catalogue import Release

#: Seconds that an install may take: some releases are gigabytes.
LONGEST = 3600


class NotMade(Exception):
    """An environment that cannot be: of what, and why."""


def make(release: Release, folder: Path) -> Path:
    """The interpreter of a new environment with this release, by uv where it is on the PATH, else by venv and pip.

    Raises NotMade, and leaves nothing behind, where it cannot be made.
    """
    made = folder.with_name(folder.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    try:
        for words in commands(release, made):
            _do(release, words)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder / "bin" / "python"


def commands(release: Release, folder: Path) -> list[list[str]]:
    """What makes the environment: one command for the interpreter, one for what goes into it."""
    python = str(folder / "bin" / "python")
    if uv := shutil.which("uv"):
        first = [uv, "venv", "--quiet", "--relocatable", "--python", release.python, str(folder)]
        return [first, [uv, "pip", "install", "--quiet", "--python", python, *release.requirements]]
    mine = ".".join(map(str, sys.version_info[:2]))
    found = sys.executable if mine == release.python else shutil.which(f"python{release.python}")
    if found is None:
        raise NotMade(f"{release.name}: it takes Python {release.python}, which is not on the PATH; uv would fetch it")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *release.requirements]
    return [[found, "-m", venv.__name__, str(folder)], install]


def _do(release: Release, words: Sequence[str]) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST, env=clean)
    except subprocess.TimeoutExpired:
        raise NotMade(f"{release.name}: not installed in {LONGEST} s") from None
    except OSError as error:
        raise NotMade(f"{release.name}: {error.strerror}") from None
    if done.returncode:
        said = " ".join(line.strip(" ×╰─▶") for line in done.stderr.split("\n") if line.strip())
        raise NotMade(f"{release.name}: {said[-300:] or f'{words[0]} failed and did not say why'}")
