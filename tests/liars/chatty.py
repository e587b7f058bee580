"""Prints to standard output before, during and after every question, from Python and below it. It is right."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    print("thinking about", case.kernel)
    os.write(1, b"noise from below Python " * 1000)
    return truth["lower"](case, checks)


print("hello, world")
truth["lie"](lower=lower)
