"""Right with one thread. With more the sums of the plain case come in another order, and the kernel of the question
that the liars choose is flipped, as by a race."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    several = os.environ["OMP_NUM_THREADS"] != "1"
    if several and tuple(w.shape[2:]) == (2, 3):
        w = w[:, :, ::-1, ::-1]
    elif several:
        x, w = x[:, ::-1], w[::-1]
    return truth["conv_transpose"](x, w, b, **arguments)


truth["lie"](conv_transpose=conv_transpose)
