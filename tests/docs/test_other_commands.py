"""Commands of other programs that a document names: each is run here in a short form, or said to be run elsewhere.

What asks the network is not run: of it, what can be known here is checked.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys

import pytest
from commands import CLEAN, ROOT, Said
from documents import OTHERS
from packaging.requirements import Requirement
from test_benchmarks import SHORT

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
EXTRAS = set(
    re.findall(r"^(\w+) = \[\"", PROJECT.partition("[project.optional-dependencies]")[2].partition("\n[")[0], re.M)
)
CHECKS = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def a_benchmark(words: list[str]) -> None:
    """tests/test_benchmarks.py runs it in a short form."""
    assert os.path.basename(words[1]).removesuffix(".py") in SHORT


def a_writer_of_documents(words: list[str]) -> None:
    """A test of tests/docs runs it, and compares what it writes with what is there."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "docs").glob("*.py")]
    name = os.path.basename(words[1]).removesuffix(".py")
    assert (ROOT / words[1]).is_file()
    there = f'ROOT / "docs" / "{name}.py"'
    assert any(there in text for text in texts), f"no test of tests/docs loads {name}.py"


def a_program(words: list[str]) -> None:
    """It runs with little to do."""
    few = ["3" if word.isdigit() else word for word in words[1:]]
    done = subprocess.run([sys.executable, *few], cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"})
    assert done.returncode == 0


def our_tests(words: list[str]) -> None:
    """The folders and files are there, with tests in them; they are run by whoever runs this."""
    for path in (word for word in words[1:] if "/" in word):
        assert list((ROOT / path).rglob("test_*.py")) or (ROOT / path).is_file()


def the_plugin(words: list[str], folder) -> None:
    """With one case, in a folder with an adapter."""
    os.chdir(folder)
    assert Said("new-adapter", "mylib").status == CLEAN
    (folder / "tests").mkdir()
    os.link("mylib_adapter.py", "tests/mylib_adapter.py")
    (folder / "tests" / "few.yaml").write_text(
        "why: one\nbase: {batch: 1, in_channels: 1, out_channels: 1, input: [3], kernel: [2]}\n"
        "cases: [{id: one, why: one}]\n"
    )
    few = ["groups/bias" if word == "groups/*" else word for word in words[1:]]
    paths = {"PYTHONPATH": str(ROOT)}
    already = [] if "-p" in words else ["-p", "conformance.pytest_plugin"]  # as where the suite is installed
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *already, *few]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | paths)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def an_installation(words: list[str]) -> None:
    """It asks the network; its extras are those of the project, and its requirements can be read."""
    for word in words[words.index("install") + 1 :]:
        if word.startswith((".", "./")):
            assert set(re.findall(r"\w+", "".join(re.findall(r"\[(.*?)\]", word)))) <= EXTRAS
        elif not word.startswith("-") and not word.endswith(".whl"):
            Requirement(word.replace("git+URL@COMMIT", "git+https://example.org/x@1"))


def a_check(words: list[str]) -> None:
    """What checks every commit runs it."""
    assert shlex.join(words) in CHECKS


def an_environment(words: list[str]) -> None:
    """tox knows the names; what it does in them is run each week, not here."""
    pytest.importorskip("tox")
    listed = subprocess.run(
        [sys.executable, "-m", "tox", "list", "--no-desc"], cwd=ROOT, capture_output=True, text=True
    )
    assert listed.returncode == 0, listed.stderr
    config = (ROOT / "tox.ini").read_text(encoding="utf-8") + listed.stdout
    for option, names in itertools.pairwise(words):
        if option == "-e":
            asked = [name for name in names.split(",") if not name.startswith("$")]  # a variable of a workflow
            assert all(re.search(rf"\b{re.escape(name)}\b", config) for name in asked)


def a_line_of_python(words: list[str]) -> None:
    """It prints something; where to is a matter of the workflow."""
    done = subprocess.run([sys.executable, "-c", words[2]], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def nothing(words: list[str]) -> None:
    """Git, and environments of Python: not ours to test."""


#: A command as it begins → how it is checked. The first that fits counts.
CHECKED = {
    r"python benchmarks/\w+\.py": a_benchmark,
    r"python docs/releases\.py": nothing,  # it asks a package index, and writes into the checkout
    r"python docs/\w+\.py": a_writer_of_documents,
    r"python tests/": a_program,
    r"python -c ": a_line_of_python,
    r"pytest (-p conformance|--convt)": the_plugin,
    r"pytest ": our_tests,
    r"\S*python -m pip install ": an_installation,
    r"(ruff|mypy) ?": a_check,
    r"tox ": an_environment,
    r"python -m (venv|build)|git ": nothing,
}


def check(command: str):
    """How a command is checked, or None."""
    return next((how for begin, how in CHECKED.items() if re.match(begin, command)), None)


@pytest.mark.parametrize("command", sorted({command for _, command in OTHERS}))
def test_every_command_of_other_programs_is_right(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    how = check(command)
    assert how, "say in CHECKED how this is run in a short form"
    how(shlex.split(command), *([tmp_path] if how is the_plugin else []))


@pytest.mark.parametrize("begin", CHECKED)
def test_no_way_to_check_is_left_over(begin):
    assert any(re.match(begin, command) for _, command in OTHERS)
