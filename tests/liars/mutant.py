"""Every planted fault as a route of its own, `lies/<mutant>`: whoever asks knows what the cause must be.

CONVT_LIAR_PAIRS names routes with two faults at once, `lies/<one>+<two>`: where both happen, the second befalls what
the first made of the question.
"""

import os
import sys

sys.modules["conformance"].__path__ = [os.environ["CONVT_LIAR_CONFORMANCE"]]  # this liar needs the whole package

# ruff: noqa: E402
from conformance import oracle
from conformance.adapter import Framework, Plan, Route, serve
from conformance.case import Case
from conformance.mutants import MUTANTS, Rewrite

FIELDS = set(Case.__struct_fields__) - {"id"}
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
CHECKS = {"forward": "y", "grad_input": "dx", "grad_weight": "dw", "grad_bias": "db"}


PAIRS = os.environ.get("CONVT_LIAR_PAIRS", "").split()


def both(names, case, check, arrays):
    """The answer with one fault or two; the right one where none of them happens."""
    applying = [BY_NAME[name] for name in names if BY_NAME[name].applies(case, check)]
    if len(applying) == 2 and all(isinstance(mutant, Rewrite) for mutant in applying):
        wrong = applying[0].then(applying[1]).answer(case, check, arrays)
        if wrong is not None:
            return wrong
    return applying[0].answer(case, check, arrays) if applying else oracle.answer(case, check, arrays)


class lies:
    @staticmethod
    def answer(name, numbers, check, **operands):
        case = Case(id="lies/case", **{key: value for key, value in numbers.items() if key in FIELDS})
        arrays = {key: array.astype("float64") for key, array in operands.items() if array is not None}
        wrong = both(name.split("+"), case, check, arrays)
        return wrong.astype(operands["x"].dtype)


def lowered(name):
    def lower(case, checks):
        [check] = checks
        given = "x=x, w=w, b=b" + ("" if check == "forward" else ", g=g")
        call = "%s = lies.answer(%r, arguments['numbers'], %r, %s)" % (CHECKS[check], name, check, given)
        return Plan("lies.answer", {"numbers": vars(case)}, call)

    return lower


if __name__ == "__main__":
    serve(
        "lies",
        [
            Route(name, lowered(name), dtypes=("float64", "float32"), checks=tuple(CHECKS))
            for name in (*BY_NAME, *PAIRS)
        ],
        lambda: Framework("1.0", {"lies": lies}),
        put=lambda array, dtype, device: array,
        get=lambda array: (str(array.dtype), array),
    )
