"""One question raises an error, and so does every question that its process is asked after it, as a GPU does after an
illegal access."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))
spoilt = []


def conv_transpose(x, w, b, **arguments):
    if w.shape[2:] == (2, 3):
        spoilt.append(True)
    if spoilt:
        raise RuntimeError("an illegal memory access was encountered")
    return truth["conv_transpose"](x, w, b, **arguments)


truth["lie"](conv_transpose=conv_transpose)
