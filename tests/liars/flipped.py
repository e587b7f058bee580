"""Flips the kernel: the convolution of textbooks."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    return truth["conv_transpose"](x, w[:, :, ::-1, ::-1], b, **arguments)


truth["lie"](conv_transpose=conv_transpose)
