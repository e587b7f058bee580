"""docs/adapters.md, §3: the worked examples in JavaScript and C++ say what the document says that they say."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from commands import CLEAN, ROOT, Said
from documents import blocks

NAME = "docs/adapters.md"
TEXT = (ROOT / NAME).read_text(encoding="utf-8")
TAIL = "\n--script prints a program that repeats it without the suite\n"


def example(language: str, needs: str, worker: str, tmp_path) -> None:
    """The example of a language, in a file of the printed name, beside the worker's half."""
    if shutil.which(needs) is None:
        pytest.skip(f"needs {needs}")
    (source,) = blocks(NAME, language)
    (tmp_path / f"half_adapter.{language}").write_text(source.text, encoding="utf-8")
    shutil.copy(ROOT / "workers" / worker, tmp_path)


def said() -> str:
    (text,) = blocks(NAME, "text")
    return text.text


def test_the_example_in_javascript(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example("js", "node", "convt_worker.js", tmp_path)
    assert "    convt show as/i5k3s2 --adapter half_adapter.js\n" in TEXT
    shown = Said("show", "as/i5k3s2", "--adapter", "half_adapter.js")
    assert shown.status == CLEAN
    assert shown.out == said() + TAIL


def test_the_example_in_cpp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example("cpp", "g++", "convt_worker.hpp", tmp_path)
    command = "g++ -O2 -std=c++17 half_adapter.cpp -o half_adapter"
    assert f"`{command}`" in TEXT
    subprocess.run(shlex.split(command), check=True, timeout=120)
    assert "    convt show as/i5k3s2 --adapter ./half_adapter\n" in TEXT
    shown = Said("show", "as/i5k3s2", "--adapter", "./half_adapter")
    assert shown.status == CLEAN
    call = "y = half::up(x, w, stride = 2);"
    assert f"`{call}`" in TEXT
    assert shown.out == said().replace('y = half.up(x, w, {"stride":2})', call) + TAIL
