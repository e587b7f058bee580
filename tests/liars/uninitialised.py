"""Leaves one element of one answer as it was found in memory: wrong each time, in other bits."""

import os
import runpy
import time

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    if w.shape[2:] == (2, 3):
        y = y.copy()
        y.flat[3] = 1e6 + time.time_ns() % 1_000_000
    return y


truth["lie"](conv_transpose=conv_transpose)
