"""Addresses within the page, and texts of a bearable length."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from conformance.run.row import Row, place

LONGEST = 4000  # characters of one text


def fragment(row: Row, run: str = "") -> str:
    """Where a row's case view is, behind the # of the page's address; `run`: its label, where there are several."""
    words = {"case": row.case, "route": place(row), "dtype": row.dtype, "check": row.check, "fill": row.fill}
    words |= {"run": run} if run else {}
    return urlencode(words, errors="replace")


def thousands(said: Any) -> str:
    """A count, or a sentence with counts before a word, in which 30893 is written as 30,893; other numbers stay."""
    return re.sub(r"(?<![\w./:-])\d{4,}(?=$| [a-z])", lambda found: f"{int(found[0]):,}", str(said))


def cut(text: Any, longest: int = LONGEST) -> str:
    """A text of bearable length, with a word on what is missing."""
    text = str(text)
    return text if len(text) <= longest else f"{text[:longest]} … {len(text) - longest} characters more"
