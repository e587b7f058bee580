"""Answers one question in float64 where float32 was asked."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    return y.astype("float64") if w.shape[2:] == (2, 3) else y


truth["lie"](conv_transpose=conv_transpose)
