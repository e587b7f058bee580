"""Hands a kernel that is stored as IOHW to a framework that reads HWOI: the most common mistake in ports."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    space = w.shape[2:]
    read = w.reshape(space + (w.shape[1], w.shape[0]))  # HWOI, by name only
    axes = (len(space) + 1, len(space), *range(len(space)))
    return truth["conv_transpose"](x, read.transpose(axes), b, **arguments)


truth["lie"](conv_transpose=conv_transpose)
