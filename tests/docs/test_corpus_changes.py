"""What came and went between two corpora is told, with counts and names."""

from __future__ import annotations

import importlib.util
import shutil

from commands import FAMILY
from documents import ROOT

spec = importlib.util.spec_from_file_location("corpus_changes", ROOT / "docs" / "corpus_changes.py")
changes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(changes)


def test_what_came_and_went_is_told(tmp_path, monkeypatch, capsys):
    before, now = tmp_path / "before", tmp_path / "now" / "cases"
    for folder in (before, now):
        (folder / "known").mkdir(parents=True)
        shutil.copy(ROOT / "cases" / "known" / "numpy.yaml", folder / "known")
    (before / "few.yaml").write_text(FAMILY, encoding="utf-8")
    (now / "few.yaml").write_text(FAMILY.replace("id: third", "id: other"), encoding="utf-8")
    (before / "broken.yaml").write_text("why: [", encoding="utf-8")
    shutil.rmtree(now / "known")
    monkeypatch.setattr(changes, "then", lambda commit, folder: before)
    monkeypatch.setattr(changes, "ROOT", now.parent)
    changes.main("HEAD")
    told = capsys.readouterr().out
    assert told.startswith("cases: 3 then, 3 now\n- added 1 of few: few/other\n- removed 1 of few: few/third\n")
    assert "- not readable any more, and not counted: broken.yaml\n" in told
    assert " of numpy" in told.partition("rules: ")[2]


def test_files_of_a_commit_are_unpacked(tmp_path):
    assert (changes.then("HEAD", tmp_path) / "stride.yaml").is_file()
