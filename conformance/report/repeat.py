"""How a row is looked at again: the line to paste, and where its case is written."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.plain import harmless
from conformance.report.findings import Finding
from conformance.run.row import Row
from conformance.run.run_file import Run
from conformance.run.variants import framework_of, worker_of


def of_finding(finding: Finding, header: Mapping[str, Any]) -> str:
    """The line to paste for a finding: the smallest question that fails, where asking again has found one."""
    smallest = finding.diagnosed and finding.diagnosed.smallest
    return command(finding.first, header, case=smallest.case if smallest else None)


def command(row: Row, header: Mapping[str, Any], exactly: bool = False, case: str | None = None) -> str:
    """The line to paste that explains a row: with the adapter, interpreter and case files that the run was given.

    `exactly`: only this row, not all that the case asks of the route; `case`: the id of another case to be asked so.
    """
    words = given(row.route, row.device, header)
    verb = "show"
    if row.fill == "related":  # a relation between answers is no question that can be shown
        verb = "run --metamorphic"
        words += ["--dtype", row.dtype, "--check", row.check]
    elif exactly:
        words += ["--dtype", row.dtype, "--check", row.check, "--fill", row.fill]
    case = shlex.quote(case or row.case)
    quoted = case if case.startswith("'") else f"'{case}'"
    return harmless(f"convt {verb} {quoted} {shlex.join(words)}")


def given(route: str, device: str, header: Mapping[str, Any]) -> list[str]:
    """The options that name a route, and whatever the run was given that changes what it answers."""
    framework, asked = framework_of(route), header.get("selection", {})
    file = header.get("adapters", {}).get(worker_of(route), {}).get("file", "")
    words = ["--route", route if device == "cpu" else f"{route}@{device}"]
    words += _options("--cases", asked.get("files"))
    words += _options("--adapter", (name for name in asked.get("adapters") or () if Path(name).name == Path(file).name))
    words += _options("--python", (pair for pair in asked.get("pythons") or () if pair.startswith(f"{framework}=")))
    words += _options("--env", (each for each in asked.get("environments") or () if each.startswith(f"{framework}:")))
    return words + _options("--seed", [header["seed"]] if header.get("seed") else [])


def _options(option: str, values: Iterable[Any] | None) -> list[str]:
    return [word for value in values or () for word in (option, str(value))]


def where(run: Run, case: str) -> tuple[str, int] | None:
    """File and line of a case, the file as the run was given it; None where neither is known."""
    path, _, line = (run.cases[case].where if case in run.cases else "").rpartition(":")
    if not path or not line.isdigit():
        return None
    for asked in map(Path, run.header.get("selection", {}).get("files") or ()):
        if asked.name == Path(path).name:
            return asked.as_posix(), int(line)
        if asked.name == Path(path).parent.name:
            return (asked / Path(path).name).as_posix(), int(line)
    return path, int(line)
