"""Everything one position too far along the last axis."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    begin = list(arguments.pop("begin"))
    begin[-1] -= 1
    return truth["conv_transpose"](x, w, b, begin=begin, **arguments)


truth["lie"](conv_transpose=conv_transpose)
