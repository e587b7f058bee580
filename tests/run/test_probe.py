"""Impulses draw the stamp of an implementation that no known fault explains."""

from __future__ import annotations

import numpy as np
import pytest
from commands import LIARS

from conformance.corpus.load import load_family
from conformance.report import explain
from conformance.run import probe
from conformance.run.programs import choose
from conformance.run.questions import Narrow, select
from conformance.run.session import Session

TEXT = """\
why: one plain case
base: {batch: 2, in_channels: 2, out_channels: 3, input: [4, 3], kernel: [3, 2], stride: [2, 1]}
cases:
  - id: plain
    fills: [exact]
    padding: [1, 0]
"""


@pytest.fixture
def case(tmp_path):
    (tmp_path / "few.yaml").write_text(TEXT)
    return load_family(tmp_path / "few.yaml")[0]


def asked(case, liar, tmp_path):
    (tmp_path / "known").mkdir()
    session = Session.open(choose((str(LIARS / liar),), (), {}, 1), ledger=tmp_path / "known")
    try:
        return list(session.rows(select([case], session.hellos, Narrow())))
    finally:
        session.close()


def test_an_unknown_fault_is_drawn(case, tmp_path):
    (row,) = asked(case, "odd_stamp.py", tmp_path)
    # The first tap of position (i, j) falls on row 2·i − 1 and column j: rows 1, 3, 5 and columns 0 to 2 of 4.
    wrong = "all columns but the last of every second row"
    assert row.cause == f"values differ in {wrong}, as no known fault would"
    stamp = row.detail["stamp"]
    # Kernel [2, 3, 3, 2] numbered from 1: the first channels' taps are 1 … 6, and the first tap gets 2·6 more. The
    # impulse in the middle, (2, 1), stamps from row 2·2 − 1 and column 1 on.
    assert stamp["input"] == [2, 1]
    assert (stamp["channel"], stamp["at"]) == (0, [3, 1])
    assert stamp["expected"] == [[1, 2], [3, 4], [5, 6]]
    assert stamp["returned"] == [[13, 2], [3, 4], [5, 6]]
    said = explain.paragraph(row, case)
    assert "should be [[1 2]" in said
    assert "is        [[13 2]" in said


def test_a_fault_with_a_name_needs_no_probe(case, tmp_path):
    (row,) = asked(case, "flipped.py", tmp_path)
    assert row.verdict == "differ"
    assert "stamp" not in row.detail


def test_the_right_stamp_says_nothing(case, tmp_path):
    from conformance import oracle
    from conformance.run.questions import Question
    from conformance.run.row import Key

    question = Question(case, Key(case.id, "a/b", "cpu", "float32", "forward", "exact"), case.question(), {}, 0.0)
    for probed in probe.questions(question):
        right = oracle.answer(probed.case, "forward", probed.case.operands)
        assert probe.stamp(probed.case, right) is None
        assert probe.stamp(probed.case, right[:, :1]) is None
        assert probe.stamp(probed.case, np.flip(right, -1)) is not None
