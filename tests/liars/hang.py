"""Falls silent on one question."""

import os
import runpy
import time

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    while truth["chosen"](case):
        time.sleep(1)
    return truth["lower"](case, checks)


truth["lie"](lower=lower)
