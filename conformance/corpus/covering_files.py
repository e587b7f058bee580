"""The covering arrays of a family: found by a command, kept in a file beside the family, read whenever the cases are.

`cases/cover.lock.json` belongs to `cases/cover.yaml`. It has, for each entry with `covering`, the rows of its array as
indices into its axes, and a digest of what they depend on; an entry that has changed since is an error. That the rows
are possible is checked whenever they are read, that they cover everything by `convt cases lint`.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from conformance.corpus.covering import CoveringError, Row, cover
from conformance.corpus.entry import Entry
from conformance.corpus.yaml_file import FileError, shown
from conformance.plain import regular


class Array(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The rows of one entry by tier; `full` has what it needs beyond `core`."""

    digest: str
    core: list[Row]
    full: list[Row] = []


def beside(path: Path) -> Path:
    """Where the arrays of a family file are kept."""
    return path.with_name(f"{path.stem}.lock.json")


def read(path: Path) -> dict[str, Array]:
    """The arrays that are kept for a family file, by the name of their entry. Raises FileError."""
    lock = beside(path)
    try:
        regular(lock)
        return msgspec.json.decode(lock.read_bytes(), type=dict[str, Array])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(lock, None, f"cannot be read ({error.strerror}): name a readable file") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(lock, None, f"is no file of covering arrays ({error}): {_anew(path)}") from None


def of(entry: Entry, arrays: dict[str, Array]) -> Array:
    """The array of an entry, which must be the one that it asks for. Raises FileError."""
    path, array = entry.document.path, arrays.get(entry.name)
    if array is None or array.digest != entry.digest():
        why = "is not written yet" if array is None else "is of other axes"
        raise entry.error(("covering",), f"the covering array {why}: {_anew(path)}")
    lengths = [len(values) for values in entry.axes.values()]
    for row in (*array.core, *array.full):
        if len(row) != len(lengths) or any(index not in range(n) for index, n in zip(row, lengths, strict=True)):
            raise FileError(beside(path), None, f"{list(row)} is no row of {entry.name}: {_anew(path)}")
    return array


def find(entry: Entry) -> Array:
    """The array of an entry, found anew. Raises FileError."""
    space = entry.space()
    full = entry.covering.full
    try:
        core = cover(space, entry.covering.core)
        more = cover(space, full, core) if isinstance(full, int) else []
    except CoveringError as error:
        raise entry.error(("covering",), str(error)) from None
    return Array(digest=entry.digest(), core=core, full=more)


def text(arrays: dict[str, Array]) -> str:
    """The file of these arrays: JSON with one row on a line, so that a change can be read."""
    entries = []
    for name, array in arrays.items():
        tiers = [f'  "{tier}": [\n{_lines(getattr(array, tier))}\n  ]' for tier in ("core", "full")]
        entries.append(f' {json.dumps(name)}: {{\n  "digest": "{array.digest}",\n' + ",\n".join(tiers) + "\n }")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _lines(rows: list[Row]) -> str:
    return ",\n".join(f"   [{', '.join(map(str, row))}]" for row in rows)


def _anew(path: Path) -> str:
    return f"write it with `convt cases cover {shown(path)}`"
