"""The recording of a terminal: lines come when they were written, and the end is what is seen without movement."""

from __future__ import annotations

import importlib.util
import re

from documents import ROOT

spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
pictures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pictures)

#: A progress bar that is drawn twice, goes up and is erased; then a line in red, and one with a sign of XML.
WRITTEN = [
    (0.1, "\r\x1b[2K\x1b[32m 0/2\x1b[0m"),
    (0.9, "\r\x1b[2K\x1b[32m 2/2\x1b[0m\r\n"),
    (1.0, "\x1b[1A\x1b[2Kdone\r\n"),
    (1.5, "\x1b[31mnew: 1 < 2\x1b[0m\r\n"),
]


def test_lines_come_and_go():
    assert pictures.screen(WRITTEN) == [
        pictures.Shown(0, "\x1b[32m 0/2\x1b[0m", 0.1, 0.9),
        pictures.Shown(0, "\x1b[32m 2/2\x1b[0m", 0.9, 1.0),
        pictures.Shown(0, "done", 1.0, None),
        pictures.Shown(1, "\x1b[31mnew: 1 < 2\x1b[0m", 1.5, None),
    ]


def test_the_picture_has_them_and_nothing_from_elsewhere():
    svg = pictures.recording("convt run", WRITTEN)
    seen = [
        re.sub(r"<.*?>", "", line) for line in re.findall(r"<text id=.*?</text>", svg) if 'class="gone"' not in line
    ]
    assert seen == ["$ convt run", "done", "new: 1 &lt; 2"]
    assert 'style="fill:#ff7b72"' in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


def test_a_command_is_run_in_a_terminal(tmp_path):
    written = "".join(text for _, text in pictures.run(["cases", "stride/pointwise"], tmp_path))
    assert "stride/pointwise" in written


def test_the_pictures_of_the_readme_are_there():
    for name in ("terminal.svg", "page.png", "badge.svg"):
        assert (pictures.FOLDER / name).stat().st_size > 500
        assert f"docs/pictures/{name}" in (ROOT / "README.md").read_text(encoding="utf-8")
