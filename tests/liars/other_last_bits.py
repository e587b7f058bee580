"""Right within rounding, but every second answer to a question has other last bits."""

import collections
import os
import runpy

import numpy as np

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))
asked = collections.Counter()  # by the kernel's shape: questions may be asked in any order


def conv_transpose(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    asked[w.shape] += 1
    return np.nextafter(y, y + 1) if asked[w.shape] % 2 == 0 else y


truth["lie"](conv_transpose=conv_transpose)
