"""Words of others as text that can be printed, and files that are files.

Frameworks, adapters, case files and run files bring words from anywhere. A control character in them could clear a
terminal or write to its clipboard; a bidirectional one shows code in another order than it runs.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

#: What a line of text cannot hold: control characters, those that turn the direction of writing, and halves of pairs
#: that no encoding has.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def harmless(said: str) -> str:
    """Words of others as one line that can be printed anywhere."""
    return CONTROL.sub("\ufffd", said)


def text(said: str) -> str:
    """Words of others with their line breaks and tabs, and nothing else that cannot be printed."""
    return CONTROL.sub(lambda found: found[0] if found[0] in "\n\t" else "\ufffd", said.replace("\r\n", "\n"))


def lines(said: str) -> list[str]:
    """Words of others as lines that can be printed anywhere; tabs become spaces."""
    return [harmless(line) for line in said.expandtabs(4).split("\n")]


def regular(path: str | os.PathLike) -> None:
    """Raises OSError where a path is no file that can be read to its end: a pipe or a device may never end."""
    mode = Path(path).stat().st_mode
    if not stat.S_ISREG(mode):
        what = "this is a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise OSError(0, what, os.fspath(path))
