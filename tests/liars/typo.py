"""Calls a function that its library does not have."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    plan = truth["lower"](case, checks)
    plan.call = "truth.conv_transpos"
    return plan


truth["lie"](lower=lower)
