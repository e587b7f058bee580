"""The house: which room may import from which. One rule, read from the imports: a room imports only from below.

The order of the rooms is written once, in `docs/rooms.py`, from which the picture in `docs/architecture.md` is made.
"""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from commands import ROOT

import conformance

spec = importlib.util.spec_from_file_location("rooms", ROOT / "docs" / "rooms.py")
rooms = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rooms)

FRAMEWORKS = {"torch", "tensorflow", "jax", "keras", "onnx", "onnxruntime"}
#: Who reads a framework's files imports it inside a function: the command line answers without it (see below).
FILE_FORMATS = {"exchange/from_onnx.py": {"onnx"}}


def imported(path: Path) -> set[str]:
    """Dotted names of all that a file imports, wherever in the file."""
    return {name for name, _ in rooms.imports(ast.parse(path.read_text(encoding="utf-8")))}


def test_imports_go_down_only(capsys):
    """A room's arrows end on floors below its own. The list of arrows is what this test prints."""
    found = rooms.arrows()
    with capsys.disabled():
        print()
        for room, targets in found.items():
            print(f"  {room:16} → {', '.join(targets) or '·'}")
    floor = rooms.floors()
    upwards = [(room, target) for room, targets in found.items() for target in targets if floor[target] >= floor[room]]
    assert upwards == []


def test_every_file_of_the_package_is_in_a_room_that_has_a_floor():
    assert set(rooms.files()) == set(rooms.floors())


def test_a_circle_or_an_arrow_upwards_would_be_seen(tmp_path):
    """The rule is tried on a house that breaks it."""
    (tmp_path / "oracle").mkdir()
    (tmp_path / "case.py").write_text("")
    (tmp_path / "oracle" / "__init__.py").write_text("def f():\n    from conformance.cli import main\n")
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").write_text("import conformance.oracle.bounds\nfrom conformance import case\n")
    assert rooms.arrows(tmp_path) == {"cli": ["case", "oracle"], "oracle": ["cli"], "case": []}


def test_no_module_imports_another_in_a_circle():
    """Inside a room too: Python would load one of them half made."""
    graph = rooms.modules()
    seen: dict[str, int] = {}  # 1 while on the path, 2 when done

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert seen.get(name) != 1, " → ".join((*path, name))
        if name not in seen:
            seen[name] = 1
            for target in sorted(graph[name]):
                visit(target, (*path, name))
            seen[name] = 2

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("room", sorted(rooms.floors()))
def test_nobody_of_ours_imports_a_framework(room):
    for path in rooms.files()[room]:
        allowed = FILE_FORMATS.get(path.relative_to(rooms.PACKAGE).as_posix(), set())
        assert {name.split(".")[0] for name in imported(path)} & FRAMEWORKS <= allowed, path


@pytest.mark.parametrize("path", sorted(conformance.folder("adapters").glob("*.py")), ids=lambda path: path.stem)
def test_an_adapter_knows_the_workers_half_and_its_framework(path):
    ours = {name for name in imported(path) if name.split(".")[0] == "conformance"}
    assert all(name.startswith(("conformance.adapter", "conformance.lowering")) for name in ours)


def test_the_command_line_imports_no_framework_and_little_else():
    heavy = {"torch", "tensorflow", "jax", "onnx", "numpy", "rich", "yaml"}
    code = f"import sys, conformance.cli.main, conformance.cli.exchange; print(*(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_wheel_takes_every_part_of_the_page():
    """They are listed one by one in pyproject.toml, and an installed page needs all of them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    parts = [path.name for kind in ("j2", "css", "js") for path in (ROOT / "reports").glob(f"*.{kind}")]
    assert len(parts) >= 8
    assert [name for name in parts if f'"reports/{name}" = "conformance/reports/{name}"' not in text] == []
