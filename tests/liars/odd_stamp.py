"""A fault that nobody has named: the first tap also gets twice the last one."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    w = w.copy()
    rank = w.ndim - 2
    w[(Ellipsis, *[0] * rank)] += 2 * w[(Ellipsis, *[-1] * rank)]
    return truth["conv_transpose"](x, w, b, **arguments)


truth["lie"](conv_transpose=conv_transpose)
