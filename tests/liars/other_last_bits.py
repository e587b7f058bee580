"""Right within rounding, but every third call gives other last bits."""

import itertools
import os
import runpy

import numpy as np

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))
calls = itertools.count()


def conv_transpose(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    return np.nextafter(y, y + 1) if next(calls) % 3 == 0 else y


truth["lie"](conv_transpose=conv_transpose)
