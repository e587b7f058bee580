"""The lean: honest rounding has none that lasts, one-sided rounding does. Shares of the bound in words."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.corpus.load import load_family
from conformance.oracle.compare import Expected, compare
from conformance.oracle.operands import encode
from conformance.report import accuracy
from conformance.run.row import Row

TEXT = """\
why: many elements
base: {input: [9, 8], kernel: [3, 2], in_channels: 3, out_channels: 4, stride: 2}
cases:
  - axes: {batch: [1, 2, 3, 4, 5, 6]}
"""


def rows(tmp_path, rounding):
    (tmp_path / "few.yaml").write_text(TEXT)
    found = []
    for case in load_family(tmp_path / "few.yaml"):
        expected = Expected(case, "forward", "float32", "real")
        detail = compare(expected, rounding(expected.answer), "float32")
        found.append(
            Row(case=case.id, route="a/b", device="cpu", dtype="float32", check="forward", fill="real", detail=detail)
        )
    return accuracy.measured(found)


def test_rounding_to_nearest_does_not_lean(tmp_path):
    honest = rows(tmp_path, lambda y: encode(y, "float32"))
    assert len(honest) == 6
    assert abs(accuracy.lean(honest)) < 4


@pytest.mark.parametrize(("towards", "sign"), [(-np.inf, -1), (np.inf, 1)])
def test_rounding_to_one_side_does(tmp_path, towards, sign):
    def directed(y):
        near = y.astype(np.float32)
        wrong_way = (near - y) * sign < 0
        return np.where(wrong_way, np.nextafter(near, np.float32(towards)), near).astype(np.float32)

    leaning = rows(tmp_path, directed)
    assert sign * accuracy.lean(leaning) > 10
    assert all("mismatch" not in row.detail for row in leaning)


def test_what_was_not_measured_is_left_out():
    row = Row(case="a/b", route="a/b", device="cpu", dtype="float32", check="forward", fill="exact")
    assert accuracy.measured([row]) == []
    assert accuracy.lean([]) == 0


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "less than 0.01 % of the bound"),
        (0.0004, "0.04 % of the bound"),
        (0.351, "35 % of the bound"),
        (1.0, "100 % of the bound"),
        (1.001, "a little over 100 % of the bound"),
        (3.444, "3.44 times the bound"),
        (1240.0, "1,240 times the bound"),
        (1.24e7, "12 million times the bound"),
        (8.7e10, "87 billion times the bound"),
        (1e20, "more than 10^15 times the bound"),
        ("inf", "infinitely many times the bound"),
    ],
)
def test_a_share_of_the_bound_is_said_in_words(share, said):
    assert accuracy.of_the_bound(share) == said
