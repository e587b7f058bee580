"""All mutants, simplest first, and the two questions that a case answers about them."""

from __future__ import annotations

import numpy as np

from conformance import oracle
from conformance.case import Case, Check, Dtype, Fill
from conformance.mutants.arithmetic import ARITHMETIC
from conformance.mutants.channels import BATCH, BIAS, CHANNELS, GROUPS
from conformance.mutants.edges import EDGES, OUTPUT_PADDING
from conformance.mutants.gradients import GRADIENTS
from conformance.mutants.kernel import DILATION, KERNEL, STRIDE
from conformance.mutants.layouts import LAYOUTS
from conformance.mutants.mutant import Mutant
from conformance.mutants.padding import PADDING
from conformance.mutants.sizes import SHAPES, SIZES
from conformance.mutants.special import SPECIAL
from conformance.mutants.triggers import EQUAL_AXES, REMAINDERS, TRIGGERS
from conformance.oracle.operands import make_operands

#: What several explain is named by the first of them: whole words of an interface before their values' accidents.
MUTANTS: tuple[Mutant, ...] = (
    *KERNEL,
    *STRIDE,
    *DILATION,
    *PADDING,
    *OUTPUT_PADDING,
    *CHANNELS,
    *BATCH,
    *GROUPS,
    *BIAS,
    *GRADIENTS,
    *EDGES,
    *LAYOUTS,
    *SIZES,
    *SHAPES,
    *ARITHMETIC,
    *SPECIAL,
    *REMAINDERS,
    *TRIGGERS,
    *EQUAL_AXES,
)


def applicable(case: Case, check: Check) -> list[Mutant]:
    """The mutants whose fault does something to this question. None for a case without an answer."""
    if case.problem() is not None:
        return []
    return [mutant for mutant in MUTANTS if mutant.applies(case, check)]


def kills(case: Case, check: Check, dtype: Dtype = "float32", fill: Fill = "exact", seed: int = 0) -> dict[str, bool]:
    """Mutant → whether this question shows it by shape or by any element. Only the mutants that apply, in this fill.

    For fills that are compared exactly. Raises ValueError for a case without an answer.
    """
    arrays = make_operands(case, check, dtype, fill, seed).arrays
    rights = [oracle.answer(one, check, arrays) for one in case.answers]
    asked = [mutant for mutant in MUTANTS if mutant.is_of(case, fill)]
    answers = ((mutant.name, mutant.answer(case, check, arrays)) for mutant in asked)
    with np.errstate(invalid="ignore"):  # there may be infinities among what is written out
        return {
            name: not any(same(answer, right) for right in rights) for name, answer in answers if answer is not None
        }


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal in shape and in every element; NaN is NaN."""
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)
