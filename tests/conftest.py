"""Rooms in which the fronts are tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import FAMILY, LIARS


@pytest.fixture
def room(tmp_path, monkeypatch) -> Path:
    """A working directory with a case file and an honest adapter, which waits as long as CONVT_WAIT says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.yaml").write_text(FAMILY, encoding="utf-8")
    (tmp_path / "honest.py").write_text(
        "import os, runpy, time\n"
        f"truth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "def lower(case, checks):\n"
        "    time.sleep(float(os.environ.get('CONVT_WAIT', 0)))\n"
        "    return truth['lower'](case, checks)\n"
        "truth['lie'](lower=lower)\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def bare(room, monkeypatch) -> Path:
    """As if neither torch nor tensorflow nor jax were installed."""
    for name in ("torch", "tensorflow", "jax"):
        (room / "bare" / name).mkdir(parents=True)
        said = f"raise ModuleNotFoundError('No module named {name}', name='{name}')\n"
        (room / "bare" / name / "__init__.py").write_text(said, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(room / "bare"))
    return room
