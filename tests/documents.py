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


FENCED = re.compile(r"^```(?P<language>\w*)[ \w-]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    .*$", re.MULTILINE)
#: A command in a block: from `convt` to a gap of two spaces, which separates it from its explanation, or to a comment.
IN_BLOCK = re.compile(r"(?:^|&& |\$ |run: |- |sh ')\s*(convt [a-z].*?)(?:\s{2,}|\s*#|\s*\|\||$)", re.MULTILINE)
IN_TEXT = re.compile(r"`(convt\s[^`]+)`")


def commands(text: str) -> list[str]:
    """The commands in a document: in fenced and indented blocks, and in spans of code."""
    rest = FENCED.sub("", text)
    blocks = [match["text"] for match in FENCED.finditer(text) if match["language"] in ("", "sh", "yaml")]
    found = [match[1] for block in [*blocks, *INDENTED.findall(rest)] for match in IN_BLOCK.finditer(block)]
    return found + [" ".join(match[1].split()) for match in IN_TEXT.finditer(rest)]


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


#: Programs of others that documents tell to type.
PROGRAMS = r"(?:python|old/bin/python|pytest|tox|ruff|mypy|git|pip|uv|node)"
OTHER = re.compile(rf"(?:^|&& |\$ |run: |- )\s*({PROGRAMS} .*?)(?=\s{{2,}}|\s*#|\s+&& |$)", re.MULTILINE)


def others(text: str) -> list[str]:
    """The commands of other programs in a document."""
    rest = FENCED.sub("", text)
    blocks = [match["text"] for match in FENCED.finditer(text) if match["language"] in ("", "sh", "yaml", "console")]
    found = [match[1] for block in [*blocks, *INDENTED.findall(rest)] for match in OTHER.finditer(block)]
    spans = re.findall(rf"`({PROGRAMS} [^`]+)`", rest)
    return found + [" ".join(part.split()) for span in spans for part in span.split(" && ")]


#: (document, command) of all commands of other programs.
OTHERS = [(path, command) for path in DOCUMENTS for command in others(path.read_text(encoding="utf-8"))]
#: (document, command) of all commands of ours that the documents tell to type.
COMMANDS = [(path, command) for path in DOCUMENTS for command in commands(path.read_text(encoding="utf-8"))]
