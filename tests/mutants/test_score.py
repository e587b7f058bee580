"""What the corpus can catch is a promise: every planted fault, in every check in which it can happen."""

from __future__ import annotations

import os

import pytest

from conformance.corpus.choose import choose, corpus, tiers
from conformance.mutants import MUTANTS, score, table


@pytest.fixture(scope="module")
def told():
    return table(score(choose(corpus(), {}), jobs=os.cpu_count() or 1))


def test_the_corpus_shows_every_mutant_in_every_check(told):
    assert told["survivors"] == []
    assert told["unasked"] == []


def test_no_case_shows_nothing(told):
    assert told["idle"] == []


def test_smoke_alone_shows_nearly_all():
    cases = corpus()
    smoke = choose(cases, tiers(cases), tier="smoke")
    shown = {name for killed in score(smoke).kills.values() for name, dead in killed.items() if dead}
    assert len(shown) >= 0.95 * len(MUTANTS), sorted({mutant.name for mutant in MUTANTS} - shown)
