"""README.md is a welcome: short, with pictures that are there, and the versions that are pinned."""

from __future__ import annotations

import re

from documents import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_a_welcome():
    assert TEXT.count("\n") < 120


def test_its_versions_are_those_of_the_reference_matrix():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (pins,) = re.findall(r"^matrix = \[(.*?)\]", project, re.MULTILINE)
    for name, version in re.findall(r'"([\w-]+)==([^"]+)"', pins):
        assert f"{name} {version}" in TEXT
