"""The rooms of the package, read from its imports: their order, who imports from whom, and the picture of them.

    python docs/rooms.py            write the picture and the table into docs/architecture.md
    python docs/rooms.py --check    exit 1 where the document is not what the imports say

The tests read the same functions, so that picture, document and rule cannot disagree.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "conformance"
DOCUMENT = Path(__file__).with_name("architecture.md")

#: From the ground up: (rooms of this floor, what the floor is for). A room is a folder, or a file without its suffix.
FLOORS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("__init__", "case", "memory", "plain"), "the words: what a question is"),
    (("oracle", "adapter"), "the right answer and what equal means · the worker's half"),
    (("mutants", "lowering"), "named wrong answers · what lowerings share"),
    (("corpus",), "case files → cases"),
    (
        ("run", "exchange", "releases"),
        "asking frameworks and judging their answers · other people's files · releases of frameworks",
    ),
    (("report", "capture", "port"), "what is told of a run · recording a running model · a layer in other frameworks"),
    (("cli", "pytest_plugin", "library"), "doors: what a person types, what pytest loads, what tests import"),
)


def floors() -> dict[str, int]:
    """Room → its floor, the lowest is 1. Rooms of one floor may not import each other, except from `__init__`, which
    knows nothing and is below all."""
    found = {room: number for number, (rooms, _) in enumerate(FLOORS, start=1) for room in rooms}
    return found | {"__init__": 0}


def files(package: Path = PACKAGE) -> dict[str, list[Path]]:
    """Room → its Python files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        room = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        found.setdefault(room, []).append(path)
    return found


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of everything that a module imports, wherever in it: `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def _ours(path: Path) -> set[tuple[str, ...]]:
    """What a file imports of ours, as parts without `conformance`; the package itself as an empty tuple."""
    names = {name for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
    return {tuple(name.split(".")[1:]) for name in names if name.split(".")[0] == "conformance"}


def arrows(package: Path = PACKAGE) -> dict[str, list[str]]:
    """Room → the other rooms from which it imports; the highest room first."""
    rooms, floor = files(package), floors()
    found = {}
    for room in sorted(rooms, key=lambda room: (-floor.get(room, 0), room)):
        targets = {
            parts[0] if parts and parts[0] in rooms else "__init__" for path in rooms[room] for parts in _ours(path)
        }
        found[room] = sorted(targets - {room}, key=lambda target: (floor.get(target, 0), target))
    return found


def modules(package: Path = PACKAGE) -> dict[str, set[str]]:
    """Module → the modules of ours that it imports while it is being loaded: not those inside functions or for types
    only, which come later or never."""
    paths = {_dotted(path, package): path for mine in files(package).values() for path in mine}
    found: dict[str, set[str]] = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        names = {each for each, _ in imports(tree)}
        reached = {each if each in paths else each.rpartition(".")[0] for each in names}
        found[name] = (reached & paths.keys()) - {name}
    return found


def _dotted(path: Path, package: Path) -> str:
    parts = ("conformance", *path.relative_to(package).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def said(room: str) -> str:
    """What a room says of itself: the first sentence of its docstring."""
    path = PACKAGE / room / "__init__.py"
    path = path if path.exists() else PACKAGE / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(re.split(r"(?<=\.)\s", text, maxsplit=1)[0].split()).rstrip(".")


def picture() -> str:
    """The house as a Mermaid flow chart, which GitHub and documentation sites draw."""
    lines = ["```mermaid", "flowchart TD"]
    for number, (rooms, what) in reversed(list(enumerate(FLOORS, start=1))):
        lines.append(f'  subgraph floor{number}["{number} · {what}"]')
        lines += [f'    {_node(room)}["{_label(room)}"]' for room in rooms if room != "__init__"]
        lines.append("  end")
    for room, targets in arrows().items():
        lines += [f"  {_node(room)} --> {_node(target)}" for target in targets if target != "__init__"]
    return "\n".join([*lines, "```"])


def _node(room: str) -> str:
    return f"room_{room}"


def _label(room: str) -> str:
    return f"{room}/" if (PACKAGE / room).is_dir() else f"{room}.py"


def table() -> str:
    """Floor, room, what it is for, from which rooms it imports."""
    found = arrows()
    lines = ["| floor | room | what it is for | imports from |", "|---|---|---|---|"]
    for number, (rooms, _) in reversed(list(enumerate(FLOORS, start=1))):
        for room in rooms:
            if room != "__init__":
                below = ", ".join(f"`{target}`" for target in found[room] if target != "__init__") or "–"
                lines.append(f"| {number} | `{_label(room)}` | {said(room)} | {below} |")
    return "\n".join(lines)


def text() -> str:
    """The document with its generated parts as the imports say today."""
    document = DOCUMENT.read_text(encoding="utf-8")
    for name, part in (("picture", picture()), ("table", table())):
        begin, end = f"<!-- {name}: written by docs/rooms.py -->", f"<!-- end of {name} -->"
        before, found, rest = document.partition(begin)
        _, found_end, after = rest.partition(end)
        if not (found and found_end):
            raise SystemExit(f"{DOCUMENT}: expected the lines {begin!r} and {end!r}")
        document = f"{before}{begin}\n\n{part}\n\n{end}{after}"
    return document


def main(arguments: list[str]) -> int:
    new = text()
    if "--check" in arguments:
        return int(new != DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
