"""Whether one question shows one fault."""

from __future__ import annotations

import functools

import numpy as np

from conformance import oracle
from conformance.case import Case, Check, Dtype, Fill
from conformance.mutants.catalogue import MUTANTS, same
from conformance.oracle.operands import make_operands, picked

FAULTS = {mutant.name: mutant for mutant in MUTANTS}


def shows(fault: str, case: Case, check: Check, dtype: Dtype, fill: Fill, seed: int = 0) -> bool:
    """Whether the mutant of this name gives another answer than the right one, so that an implementation with the fault
    cannot pass. False for a case without an answer, and for one whose answer is too large to be computed. Raises
    KeyError for a name that is none."""
    if case.problem() is not None or picked(case, check) is not None or not FAULTS[fault].is_of(case, fill):
        return False
    with np.errstate(invalid="ignore"):  # the special fill has infinities
        arrays, rights = _asked(case, check, dtype, fill, seed)
        wrong = FAULTS[fault].answer(case, check, arrays)
    return wrong is not None and not any(same(wrong, right) for right in rights)


class _Same:
    """A case as a key of the cache: cases hold lists and are compared by identity."""

    def __init__(self, case: Case):
        self.case = case

    def __hash__(self) -> int:
        return id(self.case)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.case is self.case


def _asked(case: Case, check: Check, dtype: Dtype, fill: Fill, seed: int) -> tuple:
    return (_kept if case.size <= 2**16 else _kept.__wrapped__)(_Same(case), check, dtype, fill, seed)


@functools.lru_cache(4096)
def _kept(key: _Same, check: Check, dtype: Dtype, fill: Fill, seed: int) -> tuple:
    """Operands and right answers, which every fault of a question is held against."""
    arrays = make_operands(key.case, check, dtype, fill, seed).arrays
    return arrays, [oracle.answer(one, check, arrays) for one in key.case.answers]
