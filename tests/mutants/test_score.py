"""What the corpus can catch is a promise: every planted fault, in every check in which it can happen."""

from __future__ import annotations

import importlib.util
import os
import random
from collections.abc import Iterator

import pytest
from commands import ROOT
from drawing import drawn

from conformance import oracle
from conformance.case import Case, Check, sensible
from conformance.corpus.choose import choose, corpus, tiers
from conformance.mutants import MUTANTS, Mutant, Score, score, table
from conformance.mutants.catalogue import same
from conformance.mutants.mutant import SPECIAL_FILLS
from conformance.oracle.operands import make_operands


@pytest.fixture(scope="module")
def found() -> Score:
    return score(choose(corpus(), {}), jobs=os.cpu_count() or 1)


@pytest.fixture(scope="module")
def told(found):
    return table(found)


@pytest.fixture(scope="module")
def smoke():
    spec = importlib.util.spec_from_file_location("smoke", ROOT / "benchmarks" / "smoke.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_corpus_shows_every_mutant_in_every_check(told):
    assert told["survivors"] == []
    assert told["unasked"] == []


def test_no_case_shows_nothing(told):
    assert told["idle"] == []


def test_what_some_configuration_shows_the_corpus_shows_in_the_same_check(found):
    """A check of a mutant in which no case could show it is no survivor; random configurations find such a hole."""
    shown = {(name, check) for (_, check), killed in found.kills.items() for name, dead in killed.items() if dead}
    left = [(mutant, check) for mutant in MUTANTS for check in mutant.checks if (mutant.name, check) not in shown]
    holes = {
        (mutant.name, check): case.id for case, check, mutant in random_questions(left) if shows(case, check, mutant)
    }
    assert holes == {}
    assert len(shown) > 600


def random_questions(left: list[tuple[Mutant, Check]]) -> Iterator[tuple[Case, Check, Mutant]]:
    rng = random.Random(1)
    for _ in range(1000):
        case = drawn(rng)
        yield from ((case, check, mutant) for mutant, check in left if mutant.applies(case, check))


def shows(case: Case, check: Check, mutant: Mutant) -> bool:
    """Whether a fault is seen in one of its fills."""
    for fill in {"exact", *SPECIAL_FILLS} & set(mutant.fills):
        if sensible("float64", check, fill):
            arrays = make_operands(case, check, "float64", fill).arrays
            if not same(mutant.answer(case, check, arrays), oracle.answer(case, check, arrays)):
                return True
    return False


@pytest.fixture(scope="module")
def chosen() -> list[str]:
    cases = corpus()
    return [case.id for case in choose(cases, tiers(cases), tier="smoke")]


def test_smoke_misses_no_mutant_whatever_an_operator_cannot_express(found, smoke, chosen):
    told = smoke.shown(found)
    could, does = smoke.together(told, told), smoke.together(told, chosen)
    for name in smoke.OPERATORS:
        assert sum(operator == name for operator, _ in could) > 190, name
    assert sorted(could - does) == [], f"add to smoke: {smoke.additions(found, told, chosen)}"


def test_additions_mend_what_smoke_would_miss(found, smoke):
    told = smoke.shown(found)
    few = ["stride/s[2,3]-k[3,2]"]
    missed = smoke.together(told, told) - smoke.together(told, few)
    added = smoke.additions(found, told, few)
    assert missed <= smoke.together(told, added)
    assert len(added) < 50


def test_what_is_idle_can_go(found, smoke, chosen):
    told = smoke.shown(found)
    idle = smoke.idle(told, chosen)
    assert idle
    for name in idle:
        others = [other for other in chosen if other != name]
        assert smoke.together(told, others) == smoke.together(told, chosen)
        assert {other.partition("/")[0] for other in others} == {other.partition("/")[0] for other in chosen}


@pytest.mark.parametrize(
    ("case", "lacks"),
    [
        ("padding/asymmetric-both-[[0,1],[2,3]]", "symmetric padding"),
        ("padding/negative-[[-1,2],[1,-2]]", "symmetric padding"),
        ("output_padding/at-least-stride-s2", "symmetric padding"),
        ("groups/g2-6-8", "no groups"),
        ("same/tf-same-k[3,4]-s[2,3]-o[6,11]", "symmetric padding"),
    ],
)
def test_an_operator_is_not_asked_what_it_cannot_express(case, lacks, smoke):
    [case] = (one for one in corpus() if one.id == case)
    assert smoke.OPERATORS["everything"].answers(case)
    assert not smoke.OPERATORS[lacks].answers(case)
