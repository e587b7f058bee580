"""Which adapters there are: those that ship with us, those that packages offer, and files that the user names."""

from __future__ import annotations

import difflib
import importlib.machinery
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from conformance import folder
from conformance.corpus.globs import matches
from conformance.run import engines
from conformance.run.variants import framework_of
from conformance.run.worker import INTERPRETED, Program, environment

SUFFIX = "_adapter"
#: How an adapter in C++ says in its first lines what compiles it.
COMPILE = re.compile(r"^//\s+(g\+\+ .+)$", re.MULTILINE)
GROUP = "conformance.adapters"


class ProgramError(Exception):
    """An adapter or interpreter that is not there: which, and what to do."""


def known() -> dict[str, Path]:
    """Adapter name → file: ours, and the modules that installed packages name under the entry point group.

    An entry point names a module to run in a worker; nothing of it is imported here.
    """
    found = {path.stem.removesuffix(SUFFIX): path for path in sorted(folder("adapters").glob(f"*{SUFFIX}.py"))}
    for point in entry_points(group=GROUP):
        if origin := _origin(point.value.partition(":")[0]):
            found[point.name] = origin
    return found


def is_ours(hello: Mapping[str, Any]) -> bool:
    """Whether a framework was greeted through an adapter that ships with us."""
    return Path(hello["file"]).parent == folder("adapters")


def _origin(module: str) -> Path | None:
    """The file of a module, without importing the packages that it is in: they may be whole frameworks."""
    places = None
    for name in module.split("."):
        spec = importlib.machinery.PathFinder.find_spec(name, places)
        if spec is None:
            return None
        places = spec.submodule_search_locations
    return Path(spec.origin) if spec.origin else None


def pairs(values: Iterable[str]) -> dict[str, str]:
    """NAME=PATH, as given to --python, as a mapping. Raises ProgramError for anything else."""
    found = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not equals or not name or not path:
            raise ProgramError(f"--python {value}: expected NAME=PATH, as in --python torch=venv/bin/python")
        found[name] = path
    return found


def settings(values: Iterable[str]) -> dict[str, dict[str, str]]:
    """NAME:KEY=VALUE, as given to --env, as adapter → variables of its environment. Raises ProgramError for anything
    else."""
    found: dict[str, dict[str, str]] = {}
    for value in values:
        name, _, variable = value.partition(":")
        key, equals, text = variable.partition("=")
        if not name or not key or not equals or "\0" in value:
            raise ProgramError(f"--env {value}: expected NAME:KEY=VALUE, as in --env mylib:LD_LIBRARY_PATH=/opt/mylib")
        found.setdefault(name, {})[key] = text
    return found


def choose(
    named: tuple[str, ...],
    routes: tuple[str, ...],
    pythons: Mapping[str, str],
    threads: int,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Program]:
    """The adapters of a run: those `named` (names, or files that end in .py or .js or can be executed), else those
    whose routes were asked for by name, else those that are plain (adapters/engines.yaml). `environments`: adapter →
    variables.

    Raises ProgramError for a name, a file or an interpreter that is not there.
    """
    environments = environments or {}
    ours = known()
    if named:
        chosen = dict(_one(name, ours) for name in named)
    else:
        firsts = {framework_of(route) for route in routes}
        plain = {name: path for name, path in ours.items() if is_plain(name) or name in firsts}
        chosen = {name: path for name, path in plain.items() if not firsts or _matches_any(name, firsts)}
        if firsts and not chosen:
            raise ProgramError(f"no adapter has a route {', '.join(routes)}: there are {', '.join(ours)}")
    for option, given in (("--python {}=…", pythons), ("--env {}:…", environments)):
        for name in given:
            if name not in chosen:
                taking = ", ".join(chosen)
                raise ProgramError(f"{option.format(name)}: no adapter of that name takes part, only {taking}")
    return [
        Program(
            name, path, _interpreter(path, name, pythons.get(name)), environment(threads) | environments.get(name, {})
        )
        for name, path in chosen.items()
    ]


def is_plain(name: str) -> bool:
    """Whether a run asks an adapter that it does not name: some of ours, and all that installed packages offer."""
    engine = engines.engines().get(name)
    return engine is None or engine.plain


def name_of(named: str) -> str:
    """The adapter's name behind a name or a file's path."""
    return Path(named).stem.removesuffix(SUFFIX)


def _matches_any(name: str, globs: set[str]) -> bool:
    return any(matches(name, glob) for glob in globs)


def _one(name: str, ours: dict[str, Path]) -> tuple[str, Path]:
    if name in ours:
        return name, ours[name]
    path = Path(name)
    if not path.is_file():
        near = difflib.get_close_matches(name, ours, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(ours)}; or give the path of a file"
        raise ProgramError(f"--adapter {name}: no such adapter and no such file: {hint}")
    if path.suffix == ".cpp":
        command = COMPILE.search(path.read_text(encoding="utf-8", errors="replace"))
        how = command[1] if command else f"g++ -O2 -std=c++17 {name} -o {path.stem}"
        raise ProgramError(f"--adapter {name}: compile it, and name the program that comes out: {how}")
    if path.suffix not in INTERPRETED and not shutil.which(str(path.resolve())):
        raise ProgramError(f"--adapter {name}: neither *.py, *.js nor executable: chmod +x it, or name it so")
    return name_of(name), path.resolve()


def _interpreter(file: Path, name: str, given: str | None) -> str:
    if given is None and file.suffix == ".js":
        if not (node := shutil.which("node")):
            raise ProgramError(f"--adapter {file.name}: there is no node on the PATH, which runs it: install Node.js")
        return node
    if given is None:
        return engines.interpreter(name) or sys.executable
    found = shutil.which(given)
    if not found:
        raise ProgramError(f"--python {name}={given}: no such interpreter: give the path of a Python executable")
    return found
