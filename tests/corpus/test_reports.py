"""The families of public reports: each names its report, and asks what the report asked or refuses it."""

from __future__ import annotations

import re

from conformance import folder
from conformance.corpus import load

CASES = [case for file in sorted(folder("cases").glob("reports*.yaml")) for case in load.load_family(file)]


def test_every_case_names_a_report():
    assert len(CASES) >= 100
    for case in CASES:
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+", case.source), case.id
        assert case.why, case.id


def test_many_projects_are_there():
    assert len({case.source.split("/issues/")[0] for case in CASES}) >= 35


def test_cases_are_small_and_able_to_fail():
    for case in CASES:
        assert case.size < 100_000, case.id
        if case.expect == "answer":
            assert len(set(case.input)) == case.rank, case.id


def test_every_kind_of_fault_has_a_question():
    """Each of the words of a case is at work in a few of them, in more than one axis and in every rank."""
    assert {case.rank for case in CASES} == {1, 2, 3}
    for word, plain in (("output_padding", 0), ("dilation", 1), ("stride", 1)):
        asked = [case for case in CASES if any(value != plain for value in getattr(case, word))]
        assert len(asked) >= 10, word
        assert any(len(set(getattr(case, word))) > 1 for case in asked), word
    assert sum(case.groups > 1 for case in CASES) >= 10
    assert sum(case.bias for case in CASES) >= 8
    assert sum(case.convention is not None for case in CASES) >= 10
    assert sum(case.checks != ("forward",) for case in CASES) >= 8
    assert sum(case.expect == "refuse" for case in CASES) >= 4
