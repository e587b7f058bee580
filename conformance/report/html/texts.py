"""Addresses within the page, and texts of a bearable length."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from conformance.run.row import Row, place

LONGEST = 4000  # characters of one text


def fragment(row: Row) -> str:
    """Where a row's case view is, behind the # of the page's address."""
    words = {"case": row.case, "route": place(row), "dtype": row.dtype, "check": row.check, "fill": row.fill}
    return urlencode(words, errors="replace")


def cut(text: Any, longest: int = LONGEST) -> str:
    """A text of bearable length, with a word on what is missing."""
    text = str(text)
    return text if len(text) <= longest else f"{text[:longest]} … {len(text) - longest} characters more"
