"""The types of what `__init__.py` offers, part of which it loads when it is asked for."""

from pathlib import Path

from conformance.library.cases import cases as cases
from conformance.library.checking import Wrong as Wrong
from conformance.library.checking import check as check
from conformance.library.strategies import configurations as configurations

__version__: str
OFFERED: dict[str, str]

def folder(name: str) -> Path: ...
