"""Write the dates of releases into adapters/releases.yaml: `python docs/releases.py`. It needs uv on the PATH.

The date of a release is that of its first upload, as the package index tells it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from conformance.releases.catalogue import Release, releases, source


def uploaded(release: Release) -> str | None:
    """Year-month-day, or None where the index does not tell it; what uv said goes to standard error."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, locked = Path(folder) / "wanted.txt", Path(folder) / "pylock.toml"
        wanted.write_text(re.sub(r"\[.*?\]", "", release.requirements[0]) + "\n")
        words = ["uv", "pip", "compile", "-q", "--no-deps", "--format", "pylock.toml", "-o", str(locked)]
        done = subprocess.run([*words, "--python-version", release.python, str(wanted)], capture_output=True, text=True)
        print(done.stderr, end="", file=sys.stderr)
        dates = re.findall(r"upload-time = (\d{4}-\d\d-\d\d)", locked.read_text()) if locked.exists() else []
    return min(dates, default=None)


def main() -> None:
    text = source().read_text(encoding="utf-8")
    for release in releases():
        if release.date is None and (date := uploaded(release)):
            # Under its framework: versions of two frameworks may be spelled alike.
            head, found, rest = text.partition(f"\n{release.framework}:\n")
            line = re.compile(rf'^    "?{re.escape(release.version)}"?: null$', re.MULTILINE)
            text = head + found + line.sub(f'    {release.version}: "{date}"', rest, count=1)
    source().write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
