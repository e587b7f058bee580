"""Implementations with a fault, asked in this process: what the judge makes of their answers, without a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from conformance import oracle
from conformance.case import Case
from conformance.mutants.shown import FAULTS
from conformance.oracle.compare import Expected
from conformance.oracle.operands import encode
from conformance.run.infer import Asked
from conformance.run.judge import Answer, judge
from conformance.run.questions import Question
from conformance.run.row import Key, Row

ROUTE = "lies/route"
#: (case, check, operands) → the answer, or the exception that it raises.
Wrong = Callable[[Case, str, dict], np.ndarray]


def truth(case: Case, check: str, arrays: dict) -> np.ndarray:
    return oracle.answer(case, check, arrays)


def fault(name: str, when: Callable[[Case], bool] = lambda case: True, otherwise: Wrong = truth) -> Wrong:
    """A mutant where a condition holds; elsewhere the truth, or another fault."""

    def wrong(case: Case, check: str, arrays: dict) -> np.ndarray:
        answer = FAULTS[name].answer(case, check, arrays) if when(case) else None
        return otherwise(case, check, arrays) if answer is None else answer

    return wrong


def both(*faults: tuple[str, Callable[[Case], bool]]) -> Wrong:
    """Two faults, each where its condition holds; where both do, the second befalls what the first made of it."""

    def wrong(case: Case, check: str, arrays: dict) -> np.ndarray:
        mine = [FAULTS[name] for name, when in faults if when(case) and FAULTS[name].applies(case, check)]
        if len(mine) == 2:
            mine = [mine[0].then(mine[1])]
        answer = mine[0].answer(case, check, arrays) if mine else None
        return truth(case, check, arrays) if answer is None else answer

    return wrong


def refuses(message: str, when: Callable[[Case], bool], otherwise: Wrong = truth) -> Wrong:
    def wrong(case: Case, check: str, arrays: dict) -> np.ndarray:
        if when(case):
            raise RuntimeError(message.format(case=case))
        return otherwise(case, check, arrays)

    return wrong


def rows(wrong: Wrong, asked: Sequence[Asked], route: str = ROUTE) -> list[Row]:
    """The rows of questions, as new as they are where they diverge."""
    return [_row(wrong, one, route) for one in asked]


def _row(wrong: Wrong, one: Asked, route: str) -> Row:
    key = Key(one.case.id, route, one.device, one.dtype, one.check, one.fill)
    expected = Expected(one.case, one.check, one.dtype, one.fill)
    try:
        returned = encode(wrong(one.case, one.check, expected.operands), one.dtype)
        answer = Answer("returned", tensors={one.check: (one.dtype, returned)})
    except RuntimeError as error:
        answer = Answer("raised", text=str(error), type="RuntimeError")
    row = judge(Question(one.case, key, {}, {}, 0.0), expected, answer, None, "")
    state = "new" if row.verdict not in ("pass", "unsupported") else None
    return Row(**{name: getattr(row, name) for name in Row.__struct_fields__} | {"state": state})


def questions(cases: Sequence[Case], checks: Sequence[str] = ("forward",), dtype: str = "float32") -> list[Asked]:
    return [
        Asked(case, check, dtype, "exact")
        for case in cases
        for check in checks
        if case.result_shape(check) is not None and case.problem() is None
    ]
