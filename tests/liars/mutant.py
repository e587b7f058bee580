"""Every planted fault as a route of its own, `lies/<mutant>`: whoever asks knows what the cause must be."""

import os
import sys

sys.modules["conformance"].__path__ = [os.environ["CONVT_LIAR_CONFORMANCE"]]  # this liar needs the whole package

# ruff: noqa: E402
from conformance.adapter import Framework, Plan, Route, serve
from conformance.case import Case
from conformance.mutants import MUTANTS

FIELDS = set(Case.__struct_fields__) - {"id"}
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
CHECKS = {"forward": "y", "grad_input": "dx", "grad_weight": "dw", "grad_bias": "db"}


class lies:
    @staticmethod
    def answer(name, numbers, check, **operands):
        case = Case(id="lies/case", **{key: value for key, value in numbers.items() if key in FIELDS})
        arrays = {key: array.astype("float64") for key, array in operands.items() if array is not None}
        wrong = BY_NAME[name].answer(case, check, arrays)
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
        [Route(name, lowered(name), dtypes=("float64", "float32"), checks=tuple(CHECKS)) for name in BY_NAME],
        lambda: Framework("1.0", {"lies": lies}),
        put=lambda array, dtype, device: array,
        get=lambda array: (str(array.dtype), array),
    )
