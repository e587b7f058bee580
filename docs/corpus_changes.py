"""Which cases and rules came and went since a commit: `python docs/corpus_changes.py COMMIT`, as text for CHANGELOG.md.

Both are read by today's reader from the files of that commit; a file that it cannot read any more is named.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Set
from pathlib import Path

from conformance.corpus import load
from conformance.corpus.yaml_file import FileError
from conformance.run import rules

ROOT = Path(__file__).resolve().parent.parent


def then(commit: str, folder: Path) -> Path:
    """The folder `cases` of a commit, unpacked."""
    packed = subprocess.run(["git", "archive", commit, "cases"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "cases"


def texts(paths: list[Path], read: Callable[[Path], Iterable[str]]) -> tuple[set[str], list[str]]:
    """What today's reader finds in files, as texts, and the files that it cannot read."""
    found: set[str] = set()
    unread = []
    for path in paths:
        try:
            found |= set(read(path))
        except FileError:
            unread.append(path.name)
    return found, unread


def cases(folder: Path) -> tuple[set[str], list[str]]:
    families = [path for path in sorted(folder.glob("*.yaml")) if path.stem not in ("tiers", "subsets")]
    return texts(families, lambda path: (case.id for case in load.load_family(path)))


def known(folder: Path) -> tuple[set[str], list[str]]:
    files = sorted((folder / "known").glob("*.yaml"))
    return texts(files, lambda path: (f"{path.stem}: {rule}" for rule in rules.load(path)))


def told(what: str, before: Set[str], after: Set[str]) -> list[str]:
    """Lines of a section: counts by family or file, and names where they are few."""
    lines = [f"{what}: {len(before):,} then, {len(after):,} now"]
    for word, names in (("added", after - before), ("removed", before - after)):
        groups = Counter(name.partition("/")[0].partition(":")[0] for name in names)
        for group, count in sorted(groups.items()):
            mine = sorted(name for name in names if name.partition("/")[0].partition(":")[0] == group)
            shown = f": {', '.join(mine)}" if count <= 3 else ""
            lines.append(f"- {word} {count} of {group}{shown}")
    return lines


def main(commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = then(commit, Path(folder))
        for what, read in (("cases", cases), ("rules", known)):
            (old, unread), (new, _) = read(before), read(ROOT / "cases")
            print("\n".join(told(what, old, new)))
            print("".join(f"- not readable any more, and not counted: {name}\n" for name in unread), end="")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/corpus_changes.py COMMIT")
    main(sys.argv[1])
