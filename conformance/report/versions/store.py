"""The history on disk: a folder with a file for each environment, and rules.json, which tells the rules that they name.

A file of an entry has one line for each of its words, so that what changes from one week to the next can be read in a
diff.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from conformance.plain import regular
from conformance.releases.catalogue import age
from conformance.report.versions.entry import Entry, Told
from conformance.run.run_file import RunFileError

#: Files of the folder that are of no environment.
RULES, OTHERS = "rules.json", ("rules.json", "bisections.json")


@dataclass
class History:
    """Entries, framework by framework and old versions first; `names`: of their files; `rules`: by identity."""

    entries: list[Entry] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rules: dict[str, Told] = field(default_factory=dict)

    def frameworks(self) -> Iterator[tuple[str, list[Entry]]]:
        """Each framework with its entries."""
        for framework, entries in groupby(self.entries, key=lambda entry: entry.framework):
            yield framework, list(entries)


def read(folder: str | Path) -> History:
    """The history in a folder. Raises RunFileError for a file that is not of one."""
    folder = Path(folder)
    if not folder.is_dir():
        raise RunFileError(f"{folder}: no such folder: `convt history add RUN.jsonl` makes it")
    paths = [path for path in sorted(folder.glob("*.json")) if path.name not in OTHERS]
    found = ordered({path.stem: decoded(path, Entry) for path in paths})
    if (folder / RULES).exists():
        found.rules = decoded(folder / RULES, dict[str, Told])
    return found


def ordered(named: Mapping[str, Entry]) -> History:
    """Entries by name as a history without rules."""
    items = sorted(named.items(), key=lambda item: (item[1].framework, age(item[1].version), item[0]))
    return History([entry for _, entry in items], [name for name, _ in items])


def add(folder: str | Path, name: str, entry: Entry, rules: Mapping[str, Told]) -> Path:
    """Write an entry, in place of one of the same name, and the rules that it names. Raises RunFileError where it
    cannot be written; what was there before then stays."""
    folder = Path(folder)
    path = folder / f"{name}.json"
    known = folder / RULES
    told = decoded(known, dict[str, Told]) if known.exists() else {}
    told |= {identity: rules[identity] for identity in entry.rules if identity in rules}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rewrite(known, dict(sorted(told.items())))
        rewrite(path, msgspec.to_builtins(entry))
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: the history is as it was") from None
    return path


def rewrite(path: Path, words: Mapping[str, Any]) -> None:
    """Write a file whole or not at all: a full disk must not leave half of it."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    lines = ",\n".join(f"{encode(word).decode()}:{encode(said).decode()}" for word, said in words.items())
    new = path.with_suffix(".new")
    try:
        new.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8", errors="replace")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def decoded(path: Path, kind: Any) -> Any:
    """The content of a file as `kind`. Raises RunFileError where it is none."""
    try:
        regular(path)
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: expected a file that `convt history add` wrote") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RunFileError(
            f"{path}: not of a history: {error}: expected a file that `convt history add` wrote"
        ) from None
