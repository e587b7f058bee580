"""What the library's types say to a person's own checker."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT

import conformance

mypy_is_here = pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="needs mypy")


def mypy(folder: Path, *words: str) -> str:
    # A cache of its own: two that write into one at the same time end each other.
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout + done.stderr


@mypy_is_here
def test_the_library_is_typed(tmp_path):
    assert mypy(tmp_path).startswith("Success")


@mypy_is_here
def test_a_person_s_mistakes_are_found(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from conformance import Wrong, cases, check, configurations\n"
        "def op(x: object, w: object, b: object) -> object: ...\n"
        "done = check(op, 'groups/*', dtypes=('float32',))\n"
        "number: int = done.right\n"
        "name: str = cases('groups/*')[0].id\n"
        "strategy = configurations(ranks=2)\n"
        "check(op, dtypes=('float23',))\n"
        "check(op, seed='1')\n"
        "cases('groups/*')[0].chekc(op)\n",
        encoding="utf-8",
    )
    said = mypy(tmp_path, str(path))
    assert re.findall(r"mine\.py:(\d+): error", said) == ["7", "8", "9"], said


def test_every_name_that_the_package_offers_has_a_type():
    text = (ROOT / "conformance" / "__init__.pyi").read_text(encoding="utf-8")
    assert set(re.findall(r" import (\w+) as \1$", text, re.MULTILINE)) == set(conformance.OFFERED)
    assert (ROOT / "conformance" / "py.typed").exists()
