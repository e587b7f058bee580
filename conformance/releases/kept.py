"""An environment with a release of a framework, made when somebody asks for it and kept: `convt env`."""

from __future__ import annotations

import shutil
import sys
import venv
from pathlib import Path

from conformance.releases.catalogue import Release
from conformance.releases.installing import NotMade, do

#: Seconds that an install may take: some releases are gigabytes.
LONGEST = 3600
#: pip says the reason last.
TOLD = slice(-300, None)


def make(release: Release, folder: Path) -> Path:
    """The interpreter of a new environment with this release, by uv where it is on the PATH, else by venv and pip.

    Raises NotMade, and leaves nothing behind, where it cannot be made.
    """
    made = folder.with_name(folder.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    try:
        for words in commands(release, made):
            do(release, words, LONGEST, TOLD)
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
