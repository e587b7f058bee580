"""What bisections learned, kept in the history: which question, what each release answered, and where that changed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from conformance.report.versions.store import decoded, rewrite
from conformance.run.run_file import RunFileError

FILE = "bisections.json"


class Answer(msgspec.Struct, frozen=True):
    """What a release answered: in a word or two, by which answers are compared, and in full."""

    same: str
    says: str


class Bisected(msgspec.Struct, kw_only=True):
    """One question put to releases. `answers`: version → answer; `failed`: version → why it could not be asked."""

    framework: str
    question: str
    answers: dict[str, Answer] = {}
    failed: dict[str, str] = {}
    before: str | None = None
    first: str | None = None


def read(folder: str | Path) -> dict[str, Bisected]:
    """All of a history's, by question; none where there is no such file yet."""
    path = Path(folder) / FILE
    return decoded(path, dict[str, Bisected]) if path.exists() else {}


def keep(folder: str | Path, found: Bisected) -> None:
    """Write one among the others. Raises RunFileError where it cannot be written."""
    everything = read(folder) | {f"{found.framework}: {found.question}": found}
    path = Path(folder) / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rewrite(path, msgspec.to_builtins(dict(sorted(everything.items()))))
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}: the history is as it was") from None
