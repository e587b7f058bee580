"""A wrong answer → its causes: the mutants that give it bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from conformance.case import Case, Check, Dtype, Fill
from conformance.mutants.arithmetic import ARITHMETIC, COMPLEX
from conformance.mutants.catalogue import MUTANTS, same
from conformance.mutants.mutant import FINITE_FILLS, Mutant, Operands
from conformance.mutants.sizes import Size
from conformance.oracle import answer
from conformance.oracle.operands import rounded

#: Multiply-adds that a diagnosis may spend, a second or two: for huge cases only the first mutants are tried, and it
#: says so.
WORK = 1_500_000_000

#: Two faults at once are tried up to this size, some thousandths of a second for each hundred pairs.
SMALL = 20_000

#: What is combined: faults of place, which ports of a layer make together.
SIMPLE = (
    "kernel-flipped",
    "kernel-axes-transposed",
    "channels-swapped",
    "stride-axes-swapped",
    "dilation-ignored",
    "dilation-axes-swapped",
    "padding-ends-swapped",
    "padding-axes-swapped",
    "padding-all-at-end",
    "padding-on-forward-side",
    "padding-one-more",
    "padding-one-less",
    "output-padding-at-begin",
    "groups-interleaved",
    "groups-shuffled",
    "bias-dropped",
)

_COMPLEX = (*COMPLEX, *(mutant for mutant in MUTANTS if mutant not in ARITHMETIC))
_PAIRS = tuple(one.then(two) for one, two in combinations([m for m in MUTANTS if m.name in SIMPLE], 2))


class Cause(NamedTuple):
    """What explains a wrong answer: the name of a mutant ("one+two": both of them; "" for none), and a sentence."""

    fault: str
    says: str


def causes(
    case: Case,
    check: Check,
    arrays: Operands,
    returned: np.ndarray,
    dtype: Dtype = "float64",
    fill: Fill = "exact",
) -> list[Cause]:
    """The mutants of the fill that give `returned` bit for bit, rounded to `dtype`, simplest first.

    Where none does: two at once, for small cases and finite operands; for a wrong shape, the formulas that give its
    size; for a case too large to try all, a sentence that says how many were. Else [], as for the right answer, and for
    a case without one.
    """
    if case.problem() is not None or same(answer(case, check, arrays), returned):
        return []
    asked = [mutant for mutant in (_COMPLEX if np.iscomplexobj(returned) else MUTANTS) if mutant.is_of(case, fill)]
    found = _reproduced(asked, case, check, arrays, returned, dtype)
    if not found and case.size <= SMALL and fill in FINITE_FILLS:
        found = _reproduced(_PAIRS, case, check, arrays, returned, dtype)
    if not found and check == "forward":
        found = _sizes(case, returned.shape)
    return found


def _reproduced(
    mutants: Sequence[Mutant], case: Case, check: Check, arrays: Operands, returned: np.ndarray, dtype: Dtype
) -> list[Cause]:
    found, work = [], 0
    for tried, mutant in enumerate(mutants):
        if work > WORK:
            unfinished = f"none of the {tried} simplest known faults; the case is too large to try all {len(mutants)}"
            return found or [Cause("", unfinished)]
        wrong = mutant.variants(case, check, arrays, returned.shape)
        work += case.size * len(wrong)
        if any(same(rounded(one, dtype), returned) for one in wrong):
            found.append(Cause(mutant.name, mutant.sentence(case)))
    return found


def _sizes(case: Case, shape: tuple[int, ...]) -> list[Cause]:
    """The wrong formulas that give this shape, whatever the values; none where the shape is right."""
    if shape == case.y_shape or shape[:2] != case.y_shape[:2]:
        return []
    return [
        Cause(mutant.name, f"{mutant.sentence(case)}; the values fit no known fault")
        for mutant in MUTANTS
        if isinstance(mutant, Size) and mutant.applies(case, "forward") and mutant.size(case) == shape[2:]
    ]
