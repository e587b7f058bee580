"""Who may know whom: the direction of knowledge, read from the imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent
FRAMEWORKS = {"torch", "tensorflow", "jax", "keras", "onnx", "onnxruntime"}

#: Module → the modules of ours that it may import. What is not named may import nothing of ours.
MAY_KNOW = {
    "conventions": {"case"},
    "data": {"case", "oracle"},
    "oracle": {"case"},
    "bounds": {"case"},
    "mutants": {"case", "oracle", "data"},
    "claims": {"case"},
    "disputes": {"case", "compare", "row"},
    "draw": {"case"},
    "compare": {"case", "oracle", "data", "bounds", "mutants", "errormap"},
    "globs": {"case", "yamlfile"},
    "adapter": {"memory"},
    "written": {"case", "conventions", "yamlfile"},
    "where": {"case"},
    "entry": {"case", "covering", "where", "written", "yamlfile"},
    "schema": {"entry", "where", "written"},
    "coverage": {"case", "covering"},
    "linting": {"arrays", "case", "covering", "load", "mutants", "yamlfile"},
    "arrays": {"covering", "entry", "yamlfile"},
    "load": {"arrays", "case", "entry", "globs", "written", "yamlfile"},
    "ledger": {"row", "case", "globs", "yamlfile"},
    "runfile": {"row", "case"},
    "explain": {"row", "case", "data", "memory"},
    "questions": {"row", "case", "globs"},
    "worker": {"adapter"},
    "programs": {"worker", "globs"},
    "judge": {"case", "row", "questions", "worker", "compare", "data", "claims", "disputes", "mutants"},
    "answers": {"compare", "questions"},
    "lane": {"compare", "judge", "questions", "worker"},
    "engine": {"adapter", "answers", "judge", "lane", "questions", "row", "worker"},
    "corpus": {"case", "globs", "load", "yamlfile"},
    "relations": {"case", "data"},
    "metamorphic": {"case", "data", "engine", "judge", "questions", "relations", "row"},
    "probe": {"case", "data", "oracle", "questions", "row"},
    "session": {
        "adapter", "case", "corpus", "data", "engine", "judge", "ledger", "load", "metamorphic", "probe",
        "programs", "questions", "row", "worker",
    },
    "accuracy": {"row"},
    "threads": {"questions", "row", "session"},
    "html": {"accuracy", "disputes", "findings", "history", "runfile", "explain", "row", "case", "compare"},
    "findings": {"case", "explain", "row", "runfile", "yamlfile"},
    "history": {"findings", "row", "runfile"},
    "summaries": {"findings", "row", "runfile", "yamlfile"},
    "terminal": {"accuracy", "disputes", "findings", "history", "row", "runfile"},
    "writing": {"case", "conventions", "written", "yamlfile"},
    "from_benchdnn": {"writing", "yamlfile"},
    "from_onnx": {"writing", "yamlfile"},
    "to_onnx": {"case", "from_onnx"},
    "calls": {"case", "writing"},
    "capture": {"calls", "writing"},
    "export": {"adapter", "bounds", "case", "compare", "data", "to_onnx", "yamlfile"},
}
FRONTS = {"casebook", "cli", "interop_cli", "report_cli", "running", "scoring", "pytest_plugin"}
#: Who reads a framework's files imports it inside a function: the command line answers without it (see the last test).
FILE_FORMATS = {"from_onnx": {"onnx"}}
#: Module → its files; a package is one module.
FILES = {path.stem: [path] for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
FILES |= {path.parent.name: sorted(path.parent.glob("*.py")) for path in PACKAGE.glob("*/__init__.py")}
MODULES = sorted(FILES)


def imported(path: Path) -> set[str]:
    """Dotted names of all modules that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("conformance.")} & set(MODULES)


@pytest.mark.parametrize("module", [name for name in MODULES if name not in FRONTS])
def test_a_module_knows_only_what_it_may(module):
    known = set().union(*(ours(imported(path)) for path in FILES[module]))
    assert known - {module} <= MAY_KNOW.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_nobody_knows_the_fronts_and_nobody_of_ours_imports_a_framework(module):
    names = set().union(*(imported(path) for path in FILES[module]))
    assert {name.split(".")[0] for name in names} & FRAMEWORKS <= FILE_FORMATS.get(module, set())
    if module not in FRONTS:
        assert not ours(names) & FRONTS


@pytest.mark.parametrize("path", sorted(conformance.folder("adapters").glob("*.py")), ids=lambda path: path.stem)
def test_an_adapter_knows_the_workers_half_and_its_framework(path):
    assert {name.split(".")[0] for name in imported(path) if name.startswith("conformance")} <= {"conformance"}
    assert ours(imported(path)) <= {"adapter"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_command_line_imports_no_framework_and_little_else():
    heavy = {"torch", "tensorflow", "jax", "onnx", "numpy", "rich", "yaml"}
    code = f"import sys, conformance.cli, conformance.interop_cli; print(*(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_wheel_takes_every_part_of_the_page():
    """They are listed one by one in pyproject.toml, and an installed page needs all of them."""
    root = PACKAGE.parent
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    parts = [path.name for kind in ("j2", "css", "js") for path in (root / "reports").glob(f"*.{kind}")]
    assert len(parts) >= 8
    assert [name for name in parts if f'"reports/{name}" = "conformance/reports/{name}"' not in text] == []
