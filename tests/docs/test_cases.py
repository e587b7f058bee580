"""docs/cases.md: what it tells to write is read as it is meant."""

from __future__ import annotations

from documents import blocks

from conformance.corpus.load import load_family


def test_the_family_is_a_family(tmp_path):
    path = tmp_path / "my_cases.yaml"
    (family,) = blocks("docs/cases.md", "yaml")
    path.write_text(family.text, encoding="utf-8")
    cases = load_family(path)
    assert [case.id.partition("/")[2] for case in cases][-1] == "too-far"
    assert len(cases) == 5
