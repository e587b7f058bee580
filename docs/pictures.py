"""The pictures of README and documents, made from a real run: `python docs/pictures.py`, in a checkout, with Chromium.

docs/pictures/terminal.svg    the recording of a run that finds one mistake, played once
docs/pictures/page.png        the page of a run of four frameworks beside that implementation
docs/pictures/badge.svg       the badge of the reference engines that are installed, on the tier smoke
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
CONVT = "from conformance.cli.main import main; main()"
#: What is recorded, and the width of the terminal.
COMMAND = "convt run 'layout/*' --adapter tests/liars/forgets_permutation.py"
COLUMNS, LINE, CHARACTER = 112, 18, 7.81
#: What is photographed: four frameworks, and an implementation that is wrong.
BESIDE = (
    "run --tier smoke --adapter jax --adapter numpy --adapter tensorflow --adapter torch "
    "--adapter tests/liars/forgets_permutation.py"
)
#: The least time that a state of the progress bar is shown, in seconds.
FRAME = 0.3
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "90": "#6e7681", "91": "#ff7b72"}


SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{command}">
<title>{command}</title>
<style>
text {{font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre}}
text {{fill: #e6edf3}}
.gone {{visibility: hidden}}
@keyframes show {{from {{visibility: hidden}}}}
@keyframes pass {{from {{visibility: visible}} to {{visibility: visible}}}}
@media (prefers-reduced-motion: no-preference) {{{rules}}}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>
<g fill="#484f58"><circle cx="20" cy="18" r="5"/><circle cx="38" cy="18" r="5"/><circle cx="56" cy="18" r="5"/></g>
{lines}</svg>
"""


class Shown(NamedTuple):
    """A line of the terminal between two moments, in seconds; `end` None: for good."""

    row: int
    text: str
    begin: float
    end: float | None


def run(words: list[str], folder: Path) -> list[tuple[float, str]]:
    """What a command writes to a terminal: (seconds since its start, text)."""
    parent, child = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    begin, written = time.monotonic(), []
    process = subprocess.Popen(
        [sys.executable, "-c", CONVT, *words], cwd=folder, env=environment, stdout=child, stderr=child, stdin=child
    )
    os.close(child)
    while True:
        try:
            data = os.read(parent, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            break
        if not data:
            break
        written.append((time.monotonic() - begin, data.decode(errors="replace")))
    process.wait()
    os.close(parent)
    return written


def screen(written: list[tuple[float, str]]) -> list[Shown]:
    """The lines of the terminal over time. It knows what a progress bar writes: back, up, and erase."""
    lines: dict[int, tuple[str, float]] = {}
    row, over, shown = 0, False, []

    def change(at: float, text: str) -> None:
        before, since = lines.get(row, ("", at))
        if before and since < at and before != text:
            shown.append(Shown(row, before, since, at))
        if before != text:
            lines[row] = (text, at)

    for at, text in written:
        for part in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if part == "\n":
                row, over = row + 1, False
            elif part == "\r":
                over = True
            elif part.endswith("A") and part.startswith("\x1b"):
                row -= int(part[2:-1] or 1)
            elif part.endswith("K") and part.startswith("\x1b"):
                change(at, "")
            elif not part.startswith("\x1b") or part.endswith("m"):
                change(at, ("" if over else lines.get(row, ("", 0))[0]) + part)
                over = False
    passing: list[Shown] = []
    for line in sorted(shown):
        if passing and passing[-1].row == line.row and passing[-1].end - passing[-1].begin < FRAME:
            passing[-1] = passing[-1]._replace(end=line.end)
        else:
            passing.append(line)
    return sorted(passing + [Shown(row, text, at, None) for row, (text, at) in lines.items() if text])


def recording(command: str, written: list[tuple[float, str]]) -> str:
    """The SVG: each line appears when it was written. Readers who do not want movement see the end at once."""
    typed = 0.04 * len(command)
    lines = [Shown(0, f"$ {command}", 0, None)]
    lines += [Shown(row + 1, text, at + typed, end and end + typed) for row, text, at, end in screen(written)]
    height = (max(line.row for line in lines) + 1) * LINE + 52
    width = round(COLUMNS * CHARACTER + 32)
    moved = [_line(number, *line) for number, line in enumerate(lines)]
    return SVG.format(
        width=width,
        height=height,
        command=escape(command),
        rules="".join(rule for rule, _ in moved),
        lines="".join(text for _, text in moved),
    )


def _line(number: int, row: int, text: str, begin: float, end: float | None) -> tuple[str, str]:
    """The rule that lets a line come (and go), and the line."""
    name, passing = f"l{number}", end is not None
    if passing:
        rule = f"#{name}{{animation:pass {end - begin:.2f}s {begin:.2f}s}}"
    else:
        rule = f"#{name}{{animation:show {begin:.2f}s step-end backwards}}" if begin else ""
    hidden = ' class="gone"' if passing else ""
    return rule, f'<text id="{name}"{hidden} x="16" y="{52 + row * LINE}">{_coloured(text)}</text>\n'


def _coloured(text: str) -> str:
    """A line with colours of a terminal as SVG."""
    spans, style = [], ""
    for part in re.split(r"(\x1b\[[\d;]*m)", text.rstrip()):
        if part.startswith("\x1b["):
            codes = part[2:-1].split(";")
            style = "" if codes in (["0"], [""]) else style
            style += ' font-weight="bold"' if "1" in codes and "bold" not in style else ""
            style += "".join(f' style="fill:{COLOURS[code]}"' for code in codes if code in COLOURS)
        elif part:
            spans.append(f"<tspan{style}>{escape(part)}</tspan>" if style else escape(part))
    return "".join(spans)


def photograph(page: Path, picture: Path, height: int = 860) -> None:
    """The top of the page, as a browser of 1280 pixels shows it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import Browser

    with Browser() as browser:
        browser.look(1280, height)
        browser.open(page)
        browser.screenshot(picture)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        here = Path(room)
        (here / "tests").symlink_to(ROOT / "tests")
        written = run(shlex.split(COMMAND)[1:], here)
        (FOLDER / "terminal.svg").write_text(recording(COMMAND, written), encoding="utf-8")
        run(["run", "--tier", "smoke", "--output", "smoke.jsonl", "--badge", str(FOLDER / "badge.svg")], here)
        run([*shlex.split(BESIDE), "--output", "beside.jsonl"], here)
        photograph(here / "beside.html", FOLDER / "page.png")


if __name__ == "__main__":
    main()
