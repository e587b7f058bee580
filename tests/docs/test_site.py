"""The site: its links lead somewhere, it asks the network for nothing, and it can be searched from disk."""

from __future__ import annotations

import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import CHROMIUM, Browser
from documents import DOCUMENTS, ROOT

spec = importlib.util.spec_from_file_location("site_of_documents", ROOT / "docs" / "site.py")
site = importlib.util.module_from_spec(spec)
spec.loader.exec_module(site)

needs_generator = pytest.mark.skipif(
    importlib.util.find_spec("zensical") is None, reason='needs the generator: pip install -e ".[docs]"'
)


class Page(HTMLParser):
    """What a page links to, what it loads, and the names in it."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        words = dict(attributes)
        self.names |= {words["id"]} if words.get("id") else set()
        if tag == "a" and words.get("href"):
            self.links.append(words["href"])
        elif tag in ("script", "img", "iframe", "source") and words.get("src"):
            self.loads.append(words["src"])
        elif tag == "link" and words.get("rel") != "canonical" and words.get("href"):
            self.loads.append(words["href"])


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    assert site.build(folder) == 0
    return folder


@needs_generator
def test_no_link_is_broken_and_nothing_comes_from_elsewhere(built):
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in built.rglob("*.html")}
    assert len(pages) > len(list((ROOT / "docs").glob("*.md")))
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":  # its addresses begin at the root of a server
            continue
        for target in [*page.links, *page.loads]:
            place, _, name = unquote(target).partition("#")
            if re.match(r"[a-z]+:", place) and target in page.links:
                continue
            there = (path.parent / place).resolve() if place else path
            if not there.is_file() or (name and name not in pages[there].names and not name.startswith("__")):
                broken.append(f"{path.relative_to(built)}: {target}")
    assert broken == []


@needs_generator
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_it_is_searched_from_disk_without_a_network(built):
    with Browser() as browser:
        browser.show(built / "start" / "backend.html")
        browser.js("document.querySelector('.md-search__button').click()")
        browser.wait("document.activeElement.shadowRoot")
        browser.write("permutation")
        found = "[...document.activeElement.shadowRoot.querySelectorAll('a')]"
        browser.wait(f"{found}.some((link) => link.href.includes('specification.html'))")
        assert browser.errors == []
        assert [address for address in browser.requests if not address.startswith(("file:", "data:", "about:"))] == []


def test_every_document_is_a_page(tmp_path):
    """Also those that `mkdocs.yml` does not name."""
    site.lay_out(tmp_path / "docs")
    text = site.configuration(tmp_path / "docs")
    named = re.findall(r"^ +- (?:[^:\n]+: )?([\w/-]+\.md)$", text, re.MULTILINE)
    ours = [path for path in DOCUMENTS if path.is_relative_to(ROOT / "docs")]
    assert {path.relative_to(ROOT / "docs").as_posix() for path in ours} <= set(named)
    assert len(named) == len(set(named))
    assert all((tmp_path / "docs" / name).is_file() for name in named)


@pytest.mark.parametrize(
    ("written", "laid"),
    [
        ("[a](../../CONTRIBUTING.md#set-up)", "[a](../contributing.md#set-up)"),
        ("[a](../../conformance/case.py)", "[a](../files/conformance/case.py.txt)"),
        ("[a](../glossary.md#case) [b](#here)", "[a](../glossary.md#case) [b](#here)"),
        ("[a](https://example.org/x)", "[a](https://example.org/x)"),
        ("`[a](../../CONTRIBUTING.md)`", "`[a](../../CONTRIBUTING.md)`"),
        ("```json to-worker\n{}\n```", "```json\n{}\n```"),
    ],
)
def test_links_lead_to_pages_of_the_site(written, laid, tmp_path):
    source = ROOT / "docs" / "start" / "backend.md"
    assert site.rewritten(written, source, "start/backend.md", tmp_path) == laid
