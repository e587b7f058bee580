"""README.md: what it tells to write is read as it is meant."""

from __future__ import annotations

from documents import blocks

from conformance.corpus.load import load_family
from conformance.run import rules

FAMILY, RULE = (block.text for block in blocks("README.md", "yaml"))


def test_the_family_is_a_family(tmp_path):
    path = tmp_path / "my_cases.yaml"
    path.write_text(FAMILY, encoding="utf-8")
    cases = load_family(path)
    assert [case.id.partition("/")[2] for case in cases][-1] == "too-far"
    assert len(cases) == 5


def test_the_rule_is_a_rule(tmp_path):
    path = tmp_path / "my_rules.yaml"
    path.write_text(RULE, encoding="utf-8")
    (rule,) = rules.load(path)
    assert str(rule).startswith("torch/functional, torch/module refuses where ")
    assert "version >=1.0" in str(rule)
