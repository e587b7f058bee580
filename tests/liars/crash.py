"""Dies by a segmentation fault on one question."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    if truth["chosen"](case):
        os.kill(os.getpid(), 11)
    return truth["lower"](case, checks)


truth["lie"](lower=lower)
