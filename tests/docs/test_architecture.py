"""docs/architecture.md shows the rooms that there are, and no document points to a place that is not there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from documents import DOCUMENTS, ROOT

spec = importlib.util.spec_from_file_location("rooms", ROOT / "docs" / "rooms.py")
rooms = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rooms)

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_picture_and_table_are_what_the_imports_say():
    assert rooms.main(["--check"]) == 0, "run: python docs/rooms.py"


@pytest.mark.parametrize(
    ("there", "instead"),
    [("  room_corpus --> room_mutants\n", ""), ("| 3 | `mutants/` |", "| 4 | `mutants/` |")],
)
def test_a_stale_document_is_found_and_written_anew(there, instead, tmp_path, monkeypatch):
    text = rooms.DOCUMENT.read_text(encoding="utf-8")
    stale = tmp_path / "architecture.md"
    stale.write_text(text.replace(there, instead), encoding="utf-8")
    monkeypatch.setattr(rooms, "DOCUMENT", stale)
    assert rooms.main(["--check"]) == 1
    assert rooms.main([]) == 0
    assert stale.read_text(encoding="utf-8") == text


def test_a_document_without_its_marks_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "DOCUMENT", tmp_path / "architecture.md")
    rooms.DOCUMENT.write_text("<!-- picture: written by docs/rooms.py -->\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="end of picture"):
        rooms.main([])


def test_the_text_speaks_of_every_room():
    """The picture and the table do so anyway."""
    text = re.sub(r"<!-- (\w+): written by .*?<!-- end of \1 -->", "", rooms.text(), flags=re.DOTALL)
    for room in rooms.floors():
        if room != "__init__":
            assert re.search(rf"\[`{room}(/|\.py)`\]", text), room


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives the headings of a document."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", FENCED.sub("", path.read_text(encoding="utf-8")), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        before = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", other) is not None for other in found)
        found.append(f"{name}-{before}" if before else name)
    return set(found)


def broken(path: Path, text: str) -> list[str]:
    """The links of a document at `path` that lead to no file or no heading; those to the web are not followed."""
    found = []
    for match in LINK.finditer(FENCED.sub("", text)):
        place, _, anchor = unquote(match["target"]).partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        target = path.parent / place if place else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(match["target"])
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path):
    assert broken(path, path.read_text(encoding="utf-8")) == []


def test_a_broken_link_is_found():
    text = (
        "[a](glossary.md#tier) [b](glossary.md#nothing) [c](nothing.md) [d](#the-one-rule) [e](https://example.org/x)"
    )
    assert broken(rooms.DOCUMENT, text) == ["glossary.md#nothing", "nothing.md", "#the-one-rule"]


def test_the_documents_are_found():
    names = {path.relative_to(ROOT).as_posix() for path in DOCUMENTS}
    assert names >= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/glossary.md"}
