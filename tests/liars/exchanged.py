"""Reads the kernel as if output channels came before input channels."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    return truth["conv_transpose"](x, w.reshape(w.shape[1], w.shape[0], *w.shape[2:]).swapaxes(0, 1), b, **arguments)


truth["lie"](conv_transpose=conv_transpose)
