"""The engines that have an adapter here: which of them a plain run asks, and the environments made for them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import msgspec

from conformance import folder
from conformance.corpus.yaml_file import convert, read

#: The variable of the environment that says where environments are kept.
ENVIRONMENTS = "CONVT_ENVIRONMENTS"


class Engine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine as it stands in adapters/engines.yaml. `language`: that of its adapter; `plain`: whether a run asks it
    where it is not named; `needs`: what must be there beside the packages that its environment holds."""

    title: str
    language: str = "Python"
    plain: bool = False
    needs: str = ""


@cache
def engines() -> dict[str, Engine]:
    """By the adapter's name. Raises FileError with the line of any mistake."""
    return convert(read(folder("adapters") / "engines.yaml"), dict[str, Engine])


def kept() -> Path:
    """The folder of the environments that `convt env` has made."""
    said = os.environ.get(ENVIRONMENTS)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(said) if said else Path(data) / "convt" / "environments"


def installing(name: str) -> str:
    """What to do where an engine is absent, behind a semicolon; nothing for one that does not ship with us, or that is
    absent from an environment made for it."""
    if name not in engines() or interpreter(name):
        return ""
    needs = engines()[name].needs
    return f"; it is installed by: convt env {name}" + (f" (and needs {needs})" if needs else "")


def interpreter(name: str) -> str | None:
    """That of the environment that was made for an engine, or None."""
    python = kept() / name / "bin" / "python"
    return str(python) if python.exists() else None
