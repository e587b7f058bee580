"""A few mangled inputs of each kind in every test run; `python tests/mangled.py KIND COUNT` does as many as wanted."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import mangled
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.corpus.load import load_family
from conformance.run import rules, run_file

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("kind", ["case_files", "ledgers", "run_files", "messages"])
@FEW
@given(st.integers(0, 2**32))
def test_what_is_mangled_is_refused_in_words_or_read(kind, seed):
    with tempfile.TemporaryDirectory() as folder:
        mangled.KINDS[kind](random.Random(seed), Path(folder))


@pytest.mark.parametrize("seed", range(8))
def test_a_wrong_worker_is_blamed_for_its_own_question_alone(seed, tmp_path):
    mangled.workers(random.Random(seed), tmp_path)


def test_what_is_mangled_was_right_before(tmp_path):
    (tmp_path / "family.yaml").write_text(yaml.safe_dump(mangled.FAMILY), encoding="utf-8")
    assert len(load_family(tmp_path / "family.yaml")) == 7
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(mangled.RULES), encoding="utf-8")
    assert len(rules.load(tmp_path / "rules.yaml", 0)) == 2
    lines = (mangled.json.dumps(line) + "\n" for line in mangled.run_lines())
    (tmp_path / "run.jsonl").write_text("".join(lines), encoding="utf-8")
    assert len(run_file.read(tmp_path / "run.jsonl").rows) == 6
