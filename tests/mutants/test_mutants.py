"""Every mutant is a wrong answer: some question shows it, needs what it says it needs, and leads back to its name."""

from __future__ import annotations

import itertools
import random
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pytest
from drawing import drawn
from msgspec.structs import replace
from planted import PLANTED

from conformance import mutants, oracle
from conformance.case import CHECKS, Case, Check, Fill, sensible
from conformance.mutants import MUTANTS
from conformance.oracle.operands import make_operands

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}

RICH = Case(
    id="rich/case",
    input=(4, 5),
    kernel=(3, 2),
    in_channels=4,
    out_channels=6,
    batch=2,
    groups=2,
    stride=(2, 3),
    dilation=(2, 1),
    padding=((1, 2), (0, 1)),
    output_padding=(1, 2),
    bias=True,
)


class Seen(NamedTuple):
    """What random questions showed about a mutant: the first that shows it, and what all that do have in common."""

    case: Case
    check: Check
    fill: Fill
    common: frozenset[str]


@lru_cache(1)
def seen() -> dict[str, Seen]:
    """Mutant → what it was seen by. A mutant is no longer asked when what is common is what it needs."""
    rng, found, open_ = random.Random(0), {}, list(MUTANTS)
    for _ in range(1000):
        case = drawn(rng)
        for check, fill in itertools.product(CHECKS, ("exact", "special", "special_second")):
            asked = [mutant for mutant in open_ if fill in mutant.fills and mutant.applies(case, check)]
            if not asked or not sensible("float64", check, fill):
                continue
            arrays = make_operands(case, check, "float64", fill).arrays
            right = oracle.answer(case, check, arrays)
            for mutant in asked:
                wrong = mutant.answer(case, check, arrays)
                if wrong.shape == right.shape and np.array_equal(wrong, right, equal_nan=True):
                    continue
                before = found.get(mutant.name, Seen(case, check, fill, mutants.features(case)))
                found[mutant.name] = before._replace(common=before.common & mutants.features(case))
        open_ = [m for m in open_ if m.name not in found or found[m.name].common != m.needs]
    return found


def test_names_are_unique_slugs():
    assert len(BY_NAME) == len(MUTANTS) >= 80
    assert not [name for name in BY_NAME if not all(part.isalnum() for part in name.split("-"))]
    for rank in (1, 2, 3):
        case = Case(
            id="a/b",
            input=(2,) * rank,
            kernel=(2,) * rank,
            in_channels=1,
            out_channels=1,
            batch=1,
            groups=1,
            stride=(1,) * rank,
            dilation=(1,) * rank,
            padding=((0, 0),) * rank,
            output_padding=(0,) * rank,
            bias=False,
        )
        assert len({mutant.sentence(case) for mutant in MUTANTS}) == len(MUTANTS)


def test_the_planted_faults_are_here():
    assert set(PLANTED.values()) <= set(BY_NAME)
    assert len(set(PLANTED.values())) == 23


def sentences(*asked) -> list[str]:
    """What the mutants say of an answer, simplest first."""
    return [cause.says for cause in mutants.causes(*asked)]


@pytest.mark.parametrize("name", BY_NAME)
def test_no_mutant_is_equivalent_and_each_needs_what_it_says(name):
    assert name in seen(), "no random case tells it from the right answer"
    assert seen()[name].common == BY_NAME[name].needs


@pytest.mark.parametrize("name", BY_NAME)
def test_its_answer_leads_back_to_its_name(name):
    case, check, fill, _ = seen()[name]
    arrays = make_operands(case, check, "float64", fill).arrays
    returned = BY_NAME[name].answer(case, check, arrays)
    assert BY_NAME[name].sentence(case) in sentences(case, check, arrays, returned, "float64", fill)


def test_the_right_answer_has_no_cause():
    for check in CHECKS:
        arrays = make_operands(RICH, check, "float32", "exact").arrays
        assert sentences(RICH, check, arrays, oracle.answer(RICH, check, arrays)) == []


def test_a_rich_case_shows_all_planted_faults_but_those_it_lacks():
    killed = mutants.kills(RICH, "forward")
    lacking = {"padding-clamped", "channels-swapped", "kernel-axes-transposed"} - {n for n in killed if killed[n]}
    assert lacking <= {"padding-clamped"}  # no padding is beyond the kernel
    assert all(killed[name] for name in set(PLANTED.values()) - {"padding-clamped"})


def test_two_faults_at_once_are_named_together():
    arrays = make_operands(RICH, "forward", "float32", "exact").arrays
    flipped = arrays | {"w": np.flip(arrays["w"], (2, 3))}
    returned = oracle.answer(RICH, "forward", {name: flipped[name] for name in "xw"} | {"b": 0 * arrays["b"]})
    assert sentences(RICH, "forward", arrays, returned) == [
        "as if the kernel were flipped, and as if there were no bias"
    ]


def test_a_size_is_recognised_without_its_values():
    arrays = make_operands(RICH, "forward", "float32", "exact").arrays
    (sentence,) = sentences(RICH, "forward", arrays, np.full((2, 6, *RICH.full), 7.0))
    assert sentence.startswith("the size is the natural one, (I − 1)·s + K_e")
    assert sentences(RICH, "forward", arrays, np.zeros((2, 6, 99, 99))) == []
    assert sentences(RICH, "forward", arrays, np.zeros((1, 2, 3))) == []


def test_an_unfinished_search_says_so(monkeypatch):
    monkeypatch.setattr(mutants.diagnosis, "WORK", 3 * RICH.size)
    arrays = make_operands(RICH, "forward", "float32", "exact").arrays
    returned = oracle.answer(RICH, "forward", arrays) + 0.5
    (sentence,) = sentences(RICH, "forward", arrays, returned)
    asked = sum("exact" in mutant.fills for mutant in MUTANTS)
    assert f"too large to try all {asked}" in sentence


def test_both_layouts_are_named():
    arrays = make_operands(RICH, "forward", "float32", "exact").arrays
    read = arrays["w"].reshape(3, 2, 3, 4).transpose(3, 2, 0, 1)  # IOHW's buffer, taken for HWOI
    returned = oracle.answer(RICH, "forward", arrays | {"w": read})
    assert sentences(RICH, "forward", arrays, returned) == [
        "the kernel is stored as IOHW and was read as HWOI: permutation 2,3,1,0 missing"
    ]


def test_a_gradient_of_a_wrong_forward_is_its_adjoint():
    """⟨y'(x), g⟩ = ⟨x, dx'(g)⟩ = ⟨w, dw'(x, g)⟩, for every rewrite of a case, exactly."""
    case = RICH
    arrays = {
        name: np.sign(array) for name, array in make_operands(case, "grad_input", "float64", "exact").arrays.items()
    }
    plain = arrays | {"b": np.zeros_like(arrays["b"])}
    checked = 0
    for mutant in MUTANTS:
        bilinear = ("forward", "grad_input", "grad_weight")
        if not isinstance(mutant, mutants.Rewrite) or not all(mutant.applies(case, check) for check in bilinear):
            continue
        y = mutant.answer(case, "forward", plain)
        product = np.vdot(y, arrays["g"])
        assert product == np.vdot(arrays["x"], mutant.answer(case, "grad_input", arrays)), mutant.name
        assert product == np.vdot(arrays["w"], mutant.answer(case, "grad_weight", arrays)), mutant.name
        checked += 1
    assert checked > 80


def test_the_score_counts_and_leaves_nothing_out_unsaid():
    ones = {"x": "ones", "w": "ones"}
    blind = Case(
        id="blind/ones",
        input=(3, 3),
        kernel=(3, 3),
        in_channels=2,
        out_channels=2,
        batch=2,
        groups=1,
        stride=(1, 1),
        dilation=(1, 1),
        padding=((0, 0),) * 2,
        output_padding=(0, 0),
        bias=False,
        fills=("given",),
        operands=ones,
    )
    huge = replace(RICH, id="huge/case", input=(4000, 4000))
    refused = replace(RICH, id="refused/case", in_channels=5, expect="refuse")
    told = mutants.table(mutants.score([RICH, blind, huge, refused]))
    assert told["cases"] == 2
    assert set(told["left_out"]) == {"huge/case", "refused/case"}
    assert ["kernel-flipped", "forward"] not in told["survivors"]
    assert told["mutants"]["kernel-flipped"]["checks"]["forward"] == {"asked": 2, "killers": ["rich/case"]}
    assert "kernel-flipped" not in told["families"]["blind"]
    assert told["families"]["rich"]["kernel-flipped"] == ["rich/case"]


@pytest.mark.parametrize(
    ("bent", "cause"),
    [
        (lambda arrays: arrays | {"w": arrays["w"].conj()}, "the kernel was conjugated"),
        (lambda arrays: arrays | {"x": arrays["x"].conj()}, "the input was conjugated"),
        (lambda arrays: arrays | {"w": np.flip(arrays["w"], (-1, -2))}, BY_NAME["kernel-flipped"].says),
    ],
)
def test_faults_of_complex_numbers_have_names(bent, cause):
    arrays = make_operands(RICH, "forward", "complex64", "exact").arrays
    wrong = oracle.answer(RICH, "forward", bent(arrays))
    assert sentences(RICH, "forward", arrays, wrong, "complex64")[0] == cause
    right = oracle.answer(RICH, "forward", arrays)
    assert "imaginary part" in sentences(RICH, "forward", arrays, right.real + 0j, "complex64")[0]
    assert sentences(RICH, "forward", arrays, right, "complex64") == []
