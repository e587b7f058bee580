"""Conformance suite for transposed convolution: cases are data, frameworks are programs, the truth is arithmetic."""

from pathlib import Path

__version__ = "0.1.0"


def folder(name: str) -> Path:
    """The folder ``adapters``, ``cases`` or ``reports``: beside the package in a checkout, inside it in a wheel.

    Raises FileNotFoundError where the installation has lost it.
    """
    package = Path(__file__).resolve().parent
    for place in (package / name, package.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"this installation has no folder {name!r} beside {package}: install the package again")
