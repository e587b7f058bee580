"""Conformance suite for transposed convolution: cases are data, frameworks are programs, the truth is arithmetic."""

import pkgutil
from pathlib import Path

__version__ = "0.1.0"

#: What tests of a person's own import from here, with where it is; loaded when it is asked for.
OFFERED = {
    "Wrong": "conformance.library.checking:Wrong",
    "cases": "conformance.library.cases:cases",
    "check": "conformance.library.checking:check",
    "configurations": "conformance.library.strategies:configurations",
}


def __getattr__(name: str) -> object:
    if name not in OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return pkgutil.resolve_name(OFFERED[name])


def __dir__() -> list[str]:
    return sorted([*globals(), *OFFERED])


def folder(name: str) -> Path:
    """The folder ``adapters``, ``workers``, ``cases`` or ``reports``: beside the package in a checkout, inside it in
    a wheel.

    Raises FileNotFoundError where the installation has lost it.
    """
    package = Path(__file__).resolve().parent
    for place in (package / name, package.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"this installation has no folder {name!r} beside {package}: install the package again")
