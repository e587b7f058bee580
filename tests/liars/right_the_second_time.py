"""Answers one question wrongly the first time that it is asked, and rightly the second time: flaky."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))

mark = os.path.join(os.environ["CONVT_LIAR_ROOM"], "asked")


def conv_transpose(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    if w.shape[2:] == (2, 3) and not os.path.exists(mark):
        open(mark, "w").close()
        y = y + 1
    return y


truth["lie"](conv_transpose=conv_transpose)
