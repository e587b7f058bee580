"""Dies on every question of one route but answers those of another; CONVT_LIAR_ROOM counts its starts."""

import os
import runpy
import sys

from conformance.adapter import Framework, Route, serve

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def lower(case, checks):
    os._exit(3)


names = {"truth": type(sys)("truth")}
names["truth"].conv_transpose = truth["conv_transpose"]
serve(
    "lies",
    [Route("dies", lower), Route("lives", truth["lower"])],
    load=lambda: Framework(version="1.0", names=names),
    put=lambda array, dtype, device: array,
    get=lambda array: (str(array.dtype), array),
)
