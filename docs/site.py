"""The documents as a site of static pages, for a browser without a network: `python docs/site.py [FOLDER]`.

Writes `site/` anew. The generator, Zensical, comes with `pip install -e ".[docs]"`; `mkdocs.yml` is its configuration,
which MkDocs reads as well. This program lays the documents out as the generator wants them, in a folder that passes:
the documents of the project's root become pages, a file that a document names is put beside them, and pages that
`mkdocs.yml` does not name are listed under their folder. Exits 1 where the generator warns.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
#: Documents outside docs/ that are pages of the site, and where the README's readers find themselves.
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md"}
PAGES |= {"README.md": "index.md"}
#: What the pages need beside the documents.
SHOWN = (".svg", ".png", ".css", ".js")
#: The generator lets pages on disk search with a script from the network; ours is beside the pages.
SHIM = "https://unpkg.com/iframe-worker/shim"
CODE = re.compile(r"^```.*?^```$|^ {4}[^\n]*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
#: A word that tells tests what a block is for.
MARK = re.compile(r"(?<=\A```)(?P<language>\w+) [\w -]+$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)\s#]+)(#[^)\s]*)?(?=\))")


def lay_out(tree: Path) -> None:
    """Copy the documents into `tree`, with their links as they are in the site."""
    for path in sorted(DOCS.rglob("*")):
        target = tree / path.relative_to(DOCS)
        if path.suffix == ".md":
            _page(path, target, tree)
        elif path.suffix in SHOWN:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    for name, page in PAGES.items():
        if not (tree / page).exists():
            _page(ROOT / name, tree / page, tree)


def _page(source: Path, target: Path, tree: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    name = target.relative_to(tree).as_posix()
    target.write_text(rewritten(source.read_text(encoding="utf-8"), source, name, tree), encoding="utf-8")


def rewritten(text: str, source: Path, page: str, tree: Path) -> str:
    """The document at `source` as the page of that name: its links lead to pages of the site, outside of code."""
    up = "../" * page.count("/")

    def link(match: re.Match[str]) -> str:
        return up + _place((source.parent / match[1]).resolve(), tree) + (match[2] or "")

    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [LINK.sub(link, text[end : code.start()]), MARK.sub(r"\g<language>", code[0])]
        end = code.end()
    return "".join([*parts, LINK.sub(link, text[end:])])


def _place(named: Path, tree: Path) -> str:
    """Where in the site a file of the project is. A file that is no document is put there as it is."""
    if named.is_relative_to(DOCS):
        return named.relative_to(DOCS).as_posix()
    inside = named.relative_to(ROOT).as_posix()
    if inside in PAGES:
        return PAGES[inside]
    (tree / "files" / inside).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(named, tree / "files" / f"{inside}.txt")
    return f"files/{inside}.txt"


def configuration(tree: Path) -> str:
    """`mkdocs.yml` for this layout, with each page that it does not name under the name of its folder."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/-]+\.md", text))
    others = [page.relative_to(tree).as_posix() for page in sorted(tree.rglob("*.md"))]
    others = [page for page in others if page not in named and not page.startswith("files/")]
    begin = re.search(r"^  - Atlas: \[\]\n", text, re.MULTILINE)
    lines = [_section("Atlas", [page for page in others if page.startswith("atlas/")])]
    lines += [_section("More", [page for page in others if not page.startswith("atlas/")])]
    return text[: begin.start()] + "".join(lines) + text[begin.end() :]


def _section(name: str, pages: list[str]) -> str:
    pages.sort(key=lambda page: (not page.endswith("index.md"), page))
    return f"  - {name}:\n" + "".join(f"      - {page}\n" for page in pages) if pages else ""


def build(site: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "docs"
        lay_out(tree)
        (Path(folder) / "mkdocs.yml").write_text(configuration(tree), encoding="utf-8")
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
        if status := subprocess.run(command, cwd=folder, check=False).returncode:
            return status
        built = Path(folder) / "site"
        for page in built.rglob("*.html"):
            up = "../" * (len(page.relative_to(built).parts) - 1)
            text = page.read_text(encoding="utf-8").replace(SHIM, f"{up}worker.js")
            page.write_text(text.replace('href="./.."', 'href="../index.html"'), encoding="utf-8")
        shutil.rmtree(site, ignore_errors=True)
        shutil.move(built, site)
    return 0


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if sys.argv[1:] else ROOT / "site").resolve()))
