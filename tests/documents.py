"""Fenced blocks of a Markdown document, with what a comment above them says they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
#: The documents of the project, none of what somebody else keeps in a checkout.
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(
    path for name in ("adapters", "benchmarks", "cases", "docs", "tests") for path in (ROOT / name).rglob("*.md")
)
_BLOCK = re.compile(
    r"(?:<!-- needs: (?P<needs>.+?) -->\n\n)?^```(?P<language>\w*)[ \w-]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    language: str
    text: str
    needs: str
    line: int


def blocks(name: str, language: str, needs: str | None = "") -> list[Block]:
    """The blocks of `language` in a document of this checkout; `needs` None: whatever they need."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [
        Block(block["language"], block["text"], block["needs"] or "", text.count("\n", 0, block.start("text")))
        for block in _BLOCK.finditer(text)
    ]
    assert found, f"{name} has no blocks"
    return [block for block in found if block.language == language and needs in (None, block.needs)]
