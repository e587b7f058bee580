"""Writes noise into the pipe of frames on one question."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    if truth["chosen"](case):
        os.write(truth["real_stdout"](), b"Segmentation what? " * 10)
    return truth["lower"](case, checks)


truth["lie"](lower=lower)
