"""Reports → texts for machines: JUnit XML, JSON, Markdown, a badge, GitHub's annotations. Pure functions, one module
each.

All take reports in the order given and tell the findings that the terminal tells, in the same order (findings.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TextIO

from conformance.report.findings import Report
from conformance.report.summaries import badge, facts, github, junit, markdown
from conformance.run.run_file import RunFileError

#: What people write by hand, or only `convt run` writes: no summary is written over it by a slip of the hand.
OTHERS = {".jsonl": "run files", ".yaml": "case files", ".yml": "case files", ".py": "programs"}

#: The name of a file that means standard output.
STANDARD = "-"

#: Option → what it writes.
WRITERS: dict[str, Callable[[Sequence[Report]], str]] = {
    "junitxml": junit.text,
    "json": facts.text,
    "markdown": markdown.text,
    "badge": badge.text,
}


def check(asked: Mapping[str, str | None], taken: Mapping[str, str | Path]) -> None:
    """Raises RunFileError where a summary cannot be written to the path asked for; makes the folders that it needs.

    `asked`: option → path or None; `taken`: what else this command reads or writes, path by what it is.
    """
    seen = {Path(path).resolve(): what for what, path in taken.items()}
    if len(piped := [option for option, name in asked.items() if name == STANDARD]) > 1:
        words = " and ".join(f"--{option}" for option in piped)
        raise RunFileError(f"{words}: only one summary can be written to standard output")
    for option, name in asked.items():
        if name is None or name == STANDARD:
            continue
        path = Path(name)
        if whose := OTHERS.get(path.suffix.lower()):
            raise RunFileError(f"--{option} {name}: {path.suffix} is for {whose}; choose another name")
        if what := seen.get(path.resolve()):
            raise RunFileError(f"--{option} {name}: this is also {what}; choose another name")
        seen[path.resolve()] = f"the file of --{option}"
        if path.is_dir():
            raise RunFileError(f"--{option} {name}: this is a folder; name a file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFileError(f"--{option} {name}: {error.strerror}: name a file in another folder") from None


@contextmanager
def standard_output(asked: Mapping[str, str | None]) -> Iterator[TextIO]:
    """Standard output, for `write`. Where a summary goes there, whatever else is printed goes to standard error."""
    out = sys.stdout
    with redirect_stdout(sys.stderr) if STANDARD in asked.values() else nullcontext():
        yield out


def write(reports: Sequence[Report], asked: Mapping[str, str | None], out: TextIO) -> list[str]:
    """Write each summary that was asked for and return their paths; one may go to `out`.

    Raises RunFileError where one cannot be written, after the others are.
    """
    written, failed = [], []
    for option, name in asked.items():
        if name is None:
            continue
        if name == STANDARD:
            out.write(WRITERS[option](reports))
            out.flush()
            continue
        try:
            Path(name).write_text(WRITERS[option](reports), encoding="utf-8")
            written.append(name)
        except OSError as error:
            failed.append(f"--{option} {name}: {error.strerror}")
    if failed:
        raise RunFileError(f"{'; '.join(failed)}: name another file; the run file is kept")
    return written


def to_github(reports: Sequence[Report]) -> None:
    """Print annotations, and add the Markdown to the summary of the step where GitHub Actions names a file for it.

    Raises RunFileError where that file cannot be written.
    """
    print(github.text(reports, os.environ.get("GITHUB_WORKSPACE") or "."), end="", flush=True)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(markdown.text(reports))
        except OSError as error:
            raise RunFileError(f"GITHUB_STEP_SUMMARY {summary}: {error.strerror}; the run file is kept") from None
