"""Right, but what it says of an answer beforehand does not hold for one question: other strides than the answer has."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    plan = truth["lower"](case, checks)
    strides = (1, 2, 3, 4) if truth["chosen"](case) else None
    plan.body += "\nstored = {'y': (list(y.shape), [stride // y.itemsize for stride in y.strides])}"
    plan.body += "\nforetold = {'y': (list(y.shape), %r)}" % (strides and list(strides),)
    return plan


truth["lie"](lower=lower)
