"""An environment with one release of a framework, made by uv where it is needed and removed after use."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.releases.catalogue import Release
from conformance.releases.installing import NotMade, do

#: Seconds that an install may take: some releases are gigabytes.
LONGEST = 1800
#: uv says the reason first, and then what it depends on.
TOLD = slice(300)


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
        do(release, [uv, "venv", "--quiet", "--python", release.python, folder], LONGEST, TOLD)
        do(release, [uv, "pip", "install", "--quiet", "--python", str(python), *release.requirements], LONGEST, TOLD)
        yield python
    finally:
        shutil.rmtree(folder, ignore_errors=True)
