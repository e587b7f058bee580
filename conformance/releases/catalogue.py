"""The releases on which the matrix is run, read from adapters/releases.yaml.

That file says once for a framework what is true of all its releases, and from which release on it is true where it has
changed; a release itself is a version and a date. So a new release is one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from packaging.version import InvalidVersion, Version

from conformance import folder
from conformance.corpus.yaml_file import Document, FileError, convert, nearest, read

NEWEST = "newest"

_Value = TypeVar("_Value")


class RawFramework(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A framework as it stands in the file. `install`, `python` and `with` go by the version from which on they are
    true; `releases`: version → date of its upload, null where it has not been looked up."""

    install: dict[str, list[str]]
    routes: list[str]
    python: dict[str, str]
    with_: dict[str, list[str]] = msgspec.field(name="with", default={})
    releases: dict[str, str | None]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release of a framework.

    `python`: major and minor of an interpreter that it runs under; `requirements`: what pip or uv is told to install;
    `routes`: those that are asked in the matrix; `date`: of its upload, year-month-day, or None.
    """

    framework: str
    version: str
    python: str
    requirements: tuple[str, ...]
    routes: tuple[str, ...]
    date: str | None = None
    #: The name of its environment: `torch-1.8`, or with the whole version where two of that minor version are here.
    name: str
    #: Labels by which several are meant: the framework, and `newest` for its last one.
    labels: tuple[str, ...]


def source() -> Path:
    """The file that is read."""
    return folder("adapters") / "releases.yaml"


def releases(path: Path | None = None) -> list[Release]:
    """All releases, framework by framework, old ones first. Raises FileError with the line of any mistake."""
    document = read(path or source())
    frameworks = convert(document, dict[str, Any])
    return list(chain.from_iterable(_of(document, name, raw) for name, raw in frameworks.items()))


def of(framework: str, path: Path | None = None) -> list[Release]:
    """The releases of one framework, old ones first. Raises FileError where none is named."""
    everything = releases(path)
    found = [release for release in everything if release.framework == framework]
    if not found:
        known = sorted({release.framework for release in everything})
        raise FileError(path or source(), None, f"no releases of {framework!r}{nearest(framework, known)}")
    return found


def minor(version: str) -> str:
    """`1.8` of `1.8.1`."""
    return ".".join(map(str, Version(version).release[:2]))


def age(version: str) -> tuple[bool, Any]:
    """What versions are ordered by, so that 2.9 comes before 2.13; what is no version comes before all."""
    try:
        return True, Version(version)
    except InvalidVersion:
        return False, version


def _of(document: Document, framework: str, data: Any) -> list[Release]:
    raw = convert(document, RawFramework, data, lambda steps: (framework, *steps))
    for word, table in (
        ("install", raw.install),
        ("python", raw.python),
        ("with", raw.with_),
        ("releases", raw.releases),
    ):
        for version in table:
            _checked(document, (framework, word, version))
    ordered = sorted(raw.releases, key=Version)
    minors = [minor(version) for version in ordered]
    found = []
    for version in ordered:
        short = minor(version) if minors.count(minor(version)) == 1 else version
        install = _at(raw.install, version)
        python = _at(raw.python, version)
        if install is None or python is None:
            what = "install" if install is None else "python"
            raise document.error((framework, what), f"nothing is said of {framework} {version}: begin at {short!r}")
        pinned = [*install, *(_at(raw.with_, version) or ())]
        found.append(
            Release(
                framework=framework,
                version=version,
                python=python,
                requirements=tuple(each.format(version=version) for each in pinned),
                routes=tuple(raw.routes),
                date=raw.releases[version],
                name=f"{framework}-{short}",
                labels=(framework, *([NEWEST] if version == ordered[-1] else [])),
            )
        )
    return found


def _checked(document: Document, steps: tuple[str, ...]) -> None:
    try:
        Version(steps[-1])
    except InvalidVersion:
        raise document.error(steps, f"{steps[-1]!r} is no version: write one like '2.1.0'") from None


def _at(table: Mapping[str, _Value], version: str) -> _Value | None:
    """What is true of a version: the entry of the greatest one that is not newer."""
    before = [first for first in table if Version(first) <= Version(version)]
    return table[max(before, key=Version)] if before else None
