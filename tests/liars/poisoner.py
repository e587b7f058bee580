"""Overwrites memory: one question is answered rightly, and everything that its process answers after it is wrong."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))
spoilt = []


def conv_transpose(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    if spoilt:
        y = y + 1
    if w.shape[2:] == (2, 3):
        spoilt.append(True)
    return y


truth["lie"](conv_transpose=conv_transpose)
