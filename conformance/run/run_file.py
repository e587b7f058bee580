"""A run on disk: JSON lines. A header, the cases and rows as they come, and a footer without which it is incomplete.

Every line is written as soon as it is known, so a killed run leaves each finished row readable; `read` drops a last
line that was cut short. Rows are identified by their key, and a later row with the same key replaces an earlier one.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from conformance.case import Case
from conformance.corpus.raw_case import again
from conformance.corpus.yaml_file import FileError
from conformance.plain import regular
from conformance.run import detail
from conformance.run.row import Diagnosed, Key, Row
from conformance.run.spoken import plainly, shallow


class RunFileError(Exception):
    """A run file that cannot be read or written: which file, which line, what to do."""


@dataclass
class Run:
    """A run file in memory. `footer` is None where the run is incomplete."""

    path: str
    header: dict[str, Any]
    cases: dict[str, Case] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    diagnoses: list[Diagnosed] = field(default_factory=list)
    footer: dict[str, Any] | None = None
    #: Bytes of the file that hold whole lines, the footer not counted: where a resumed run goes on.
    whole: int = 0


class Writer:
    """Writes a run file line by line; `resume` continues one that has no footer (or drops the one it has)."""

    def __init__(self, path: str | os.PathLike, resume: Run | None = None):
        self.path = Path(path)
        try:
            if resume:
                self._file = self.path.open("r+b", buffering=0)
                self._file.truncate(resume.whole)
                self._file.seek(resume.whole)
            else:
                self._file = self.path.open("xb", buffering=0)
        except FileExistsError:
            raise RunFileError(f"{path} exists: name another --output, or go on with it by --resume {path}") from None
        except OSError as error:
            raise RunFileError(f"{path}: {error.strerror}: name another --output") from None
        self._cases = set(resume.cases) if resume else set()
        self._encoder = msgspec.json.Encoder()

    def header(self, header: dict[str, Any]) -> None:
        self._write({"kind": "header"} | header)

    def row(self, row: Row, case: Case) -> None:
        """Write a row, and before the first row of a case the case itself, so that the file can be read alone."""
        if case.id not in self._cases:
            self._cases.add(case.id)
            self._write({"kind": "case"} | msgspec.to_builtins(case))
        self._write(row)

    def diagnosis(self, diagnosed: Diagnosed) -> None:
        self._write(diagnosed)

    def footer(self, footer: dict[str, Any]) -> None:
        self._write({"kind": "footer"} | footer)

    def close(self) -> None:
        self._file.close()

    def _write(self, value: Any) -> None:
        try:
            self._file.write(self._encoder.encode(value) + b"\n")
        except OSError as error:
            raise RunFileError(f"{self.path}: {error.strerror}; the rows before it are kept") from None


class _Kind(msgspec.Struct):
    kind: Literal["header", "case", "row", "diagnosis", "footer"]


def read(path: str | os.PathLike) -> Run:
    """The run at `path`. Raises RunFileError with file:line for everything in it that is not of a run file."""
    collecting = gc.isenabled()
    gc.disable()  # nothing that is read here is let go of: a collector would look through it again and again
    try:
        return _read(path)
    finally:
        if collecting:
            gc.enable()


def _read(path: str | os.PathLike) -> Run:
    run, rows, offset = None, {}, 0
    decoder = {kind: msgspec.json.Decoder(of) for kind, of in (("row", Row), ("case", Case), ("diagnosis", Diagnosed))}
    kind_of, anything = msgspec.json.Decoder(_Kind), msgspec.json.Decoder()
    lines = _content(path).split(b"\n")
    for number, line in enumerate(lines, start=1):
        if number == len(lines):
            break  # what follows the last line break: nothing, or a line that was cut short
        try:
            kind = kind_of.decode(line).kind
            value = decoder.get(kind, anything).decode(line)
            _check(kind, value, run, rows)
        except (ValueError, FileError, RecursionError) as error:
            said = "nested too deeply" if isinstance(error, RecursionError) else plainly(error)
            raise RunFileError(f"{path}:{number}: not a line of a run file: {said}") from None
        if (run is None) != (kind == "header"):
            raise RunFileError(f"{path}:{number}: a run file starts with one header; this is not one that convt wrote")
        offset += len(line) + 1
        if kind == "header":
            run = Run(str(path), value)
        elif kind == "case":
            run.cases[value.id] = value
        elif kind == "row":
            rows[value.key] = value
        elif kind == "diagnosis":  # said anew when a run goes on, like the footer
            run.diagnoses.append(value)
            continue
        else:
            run.footer = value
            continue
        run.footer, run.diagnoses, run.whole = None, [], offset
    if run is None:
        raise RunFileError(f"{path}:1: no header: not a run file, or one that was cut short before it began")
    run.rows = list(rows.values())
    return run


def _content(path: str | os.PathLike) -> bytes:
    try:
        regular(path)
        return Path(path).read_bytes()
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: expected a file that `convt run --output` wrote") from None


def _check(kind: str, value: Any, run: Run | None, rows: Mapping[Key, Row]) -> None:
    """Raises ValueError or FileError where a line does not hold together, or not with those before it."""
    if kind in ("header", "case") and not shallow(value if kind == "header" else value.options):
        raise ValueError("nested too deeply")
    if kind == "header":
        detail.header(value)
    elif kind == "footer":
        detail.footer(value)
    elif kind == "case":
        again(value, lambda steps, message: FileError(None, None, message))
    elif kind == "row" and run is not None:
        detail.check(value, run.cases.get(value.case))
    elif kind == "diagnosis":
        if not (value.rows and value.routes and shallow(value.condition)):
            raise ValueError("a diagnosis has rows, routes and a condition")
        if any(key not in rows for key in value.rows):
            raise ValueError("a diagnosis of rows that no line before it tells")


def footer(rows: Iterable[Row], **more: Any) -> dict[str, Any]:
    """Counts over all rows, for the last line."""
    rows = list(rows)
    return {
        "rows": len(rows),
        "verdicts": dict(Counter(row.verdict for row in rows)),
        "states": dict(Counter(row.state for row in rows if row.state)),
        **more,
    }


@dataclass
class Difference:
    """Two runs row by row: keys by what happened to them; `changed` with both rows."""

    added: list[Row]
    removed: list[Row]
    changed: list[tuple[Row, Row]]
    same: list[Key]


def identity(runs: Iterable[Run]) -> Callable[[Row], Key]:
    """What makes rows of several runs the same row: the key; without the device where each run is of one device and
    not all are of the same one, as of a processor and of its accelerator."""
    devices = [{row.device for row in run.rows} for run in runs]
    if all(len(each) == 1 for each in devices) and len(set().union(*devices)) > 1:
        return lambda row: row.key._replace(device="")
    return lambda row: row.key


def diff(before: Run, after: Run, bits: bool = False) -> Difference:
    """Rows of two runs by identity. A row has changed when its verdict, state or cause has; or its `bits`, if
    asked."""

    def meaning(row: Row) -> tuple:
        return row.verdict, row.state, row.cause, row.detail.get("bits") if bits else None

    of = identity([before, after])
    old, new = ({of(row): row for row in run.rows} for run in (before, after))
    shared = [key for key in new if key in old]
    changed = [key for key in shared if meaning(old[key]) != meaning(new[key])]
    return Difference(
        added=[row for key, row in new.items() if key not in old],
        removed=[row for key, row in old.items() if key not in new],
        changed=[(old[key], new[key]) for key in changed],
        same=[new[key].key for key in shared if meaning(old[key]) == meaning(new[key])],
    )
