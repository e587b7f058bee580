"""docs/rules.md: every name that a condition or a rule may use is there, and its examples can be read."""

from __future__ import annotations

import pytest
from documents import ROOT, blocks

from conformance.corpus.quantities import OF_CASE, OF_ROW, QUANTITIES
from conformance.corpus.when import parse
from conformance.corpus.yaml_file import read
from conformance.run import rules
from conformance.run.place import NAMES

TEXT = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*QUANTITIES, *OF_CASE, *OF_ROW, *NAMES, *rules.RawRule.__struct_fields__])
def test_every_name_is_explained(name):
    assert f"`{name}`" in TEXT


def test_the_examples_can_be_read(tmp_path):
    condition, rule = blocks("docs/rules.md", "yaml")
    path = tmp_path / "example.yaml"
    path.write_text(condition.text, encoding="utf-8")
    document = read(path)
    assert "stride = 3 on every axis" in str(parse(document, document.data, tuple))
    path.write_text(rule.text, encoding="utf-8")
    (read_again,) = rules.load(path)
    assert read_again.verdicts == {"refuse"}
