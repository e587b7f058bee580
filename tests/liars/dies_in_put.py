"""A lazy framework: its error comes up when an operand is handed over, or when the answer is fetched."""

import os
import runpy
import sys

from conformance.adapter import Framework, Route, serve

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def put(array, dtype, device):
    if array.shape[2:] == (2, 3):
        raise RuntimeError("the kernel is not supported")
    return array


def get(array):
    if array.shape[-1] == 9:
        raise RuntimeError("the computation failed")
    return str(array.dtype), array


names = {"truth": type(sys)("truth")}
names["truth"].conv_transpose = truth["conv_transpose"]
serve("lies", [Route("route", truth["lower"])], load=lambda: Framework("1.0", names), put=put, get=get)
