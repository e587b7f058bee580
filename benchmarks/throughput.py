"""What the engine costs beside the function that it asks: small 2-D cases on NumPy and PyTorch, beside a bare loop.

    python benchmarks/throughput.py [COUNT] [--route GLOB]

The bare loop is one process that makes the same calls on the same operands, taken from the plans that ran: no oracle,
no pipe, no comparison, no run file; it has as many threads as a worker. All of it is done three times in turn, and the
medians are printed. The first route that is asked a case computes the right answer, further routes find it computed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conformance.case import Case
from conformance.corpus.globs import matches
from conformance.oracle.compare import Expected
from conformance.run import programs
from conformance.run.questions import Narrow, select
from conformance.run.run_file import Writer
from conformance.run.session import Session

ROUTES = ("numpy/scatter", "torch/functional")
#: Routes that compile each new shape, and how many cases they are asked: there the time is the compiler's.
COMPILERS = {"jax/conv_transpose": 60, "tensorflow/xla": 40, "torch/compile": 8}

BARE = """
import pickle, sys, time
import numpy as np
framework, define, calls = pickle.load(sys.stdin.buffer)
names = {"np": np, "b": None}
exec(define, names)
if framework == "torch":
    import torch
    torch.set_num_threads(1)
    names["torch"] = torch
    calls = [(source, torch.from_numpy(x), torch.from_numpy(w)) for source, x, w in calls]
functions = [eval("lambda x, w: " + source.replace("y = ", "", 1), names) for source, x, w in calls]
for function, (_, x, w) in list(zip(functions, calls))[:50]:
    function(x, w)
begin = time.perf_counter()
for function, (_, x, w) in zip(functions, calls):
    function(x, w)
print(time.perf_counter() - begin)
"""


def small_cases(count: int) -> list[Case]:
    """Distinct small 2-D cases: inputs, kernels, strides, paddings, dilations and channels in turn."""
    axes = itertools.product(
        itertools.product((3, 4, 5), (4, 5, 6)),
        itertools.product((1, 2, 3), (2, 3)),
        itertools.product((1, 2), (1, 2, 3)),
        itertools.product((1, 2), (1, 2)),
        ((0, 0), (1, 0), (0, 1)),
        ((2, 3), (3, 2), (4, 6)),
    )
    cases = []
    for number, (size, kernel, stride, dilation, padding, (channels, filters)) in enumerate(axes):
        case = Case(
            id=f"small/{number}",
            input=size,
            kernel=kernel,
            in_channels=channels,
            out_channels=filters,
            batch=2,
            groups=1,
            stride=stride,
            dilation=dilation,
            padding=tuple((p, p) for p in padding),
            output_padding=(0, 0),
            bias=False,
            fills=("exact",),
        )
        if case.problem() is None and min(case.output) > 0:
            cases.append(case)
    return cases[:count]


def through_the_engine(session: Session, cases: list[Case], route: str) -> tuple[float, float, list]:
    """Seconds for all rows, the calls' own share of them, and the rows."""
    selection = select(cases, session.hellos, Narrow(routes=(route,), devices=("cpu",)))
    rows = []
    with tempfile.TemporaryDirectory() as room:
        writer = Writer(Path(room) / "run.jsonl")
        begin = time.perf_counter()
        for question, row in zip(selection.questions, session.rows(selection), strict=True):
            assert row.verdict == "pass", row
            writer.row(row, question.case)
            rows.append(row)
        return time.perf_counter() - begin, sum(row.seconds for row in rows), rows


def bare_loop(route: str, calls: list[tuple], define: str) -> float:
    """Seconds for the calls alone, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", BARE],
        input=pickle.dumps((route.partition("/")[0], define, calls)),
        capture_output=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return float(done.stdout)


def measure(route: str, cases: list[Case]) -> dict[str, float]:
    """Medians of three, in seconds."""
    session = Session.open(programs.choose((), (route,), {}, threads=1), jobs=1)
    try:
        _, _, rows = through_the_engine(session, cases[:50], route)
        took: dict[str, list[float]] = {"bare loop": [], "in the worker": [], "first route": [], "further route": []}
        for _ in range(3):
            session.engine.answers.__init__(0)  # nothing may be remembered from the time before
            seconds, inside, rows = through_the_engine(session, cases, route)
            took["first route"].append(seconds)
            took["in the worker"].append(inside)
            took["further route"].append(through_the_engine(session, cases, route)[0])
            by_id = {case.id: case for case in cases}
            calls = []
            for row in rows:
                tensors = Expected(by_id[row.case], "forward", "float32", "exact").tensors
                calls.append((row.detail["plan"]["source"], tensors["x"][1], tensors["w"][1]))
            took["bare loop"].append(bare_loop(route, calls, rows[0].detail["plan"]["define"]))
    finally:
        session.close()
    return {what: statistics.median(seconds) for what, seconds in took.items()}


def compilers(cases: list[Case], routes: dict[str, int]) -> None:
    """How much of a compiling route's time is ours: what is not spent inside the framework's call."""
    print(f"{'':36}{'seconds':>9}{'rows/s':>9}{'ours':>17}")
    for route, count in routes.items():
        session = Session.open(programs.choose((), (route,), {}, threads=1), jobs=1)
        try:
            through_the_engine(session, cases[:1], route)
            seconds, inside, rows = through_the_engine(session, cases[-count:], route)
        finally:
            session.close()
        print(f"{route:36}{seconds:9.3f}{len(rows) / seconds:9.1f}{1 - inside / seconds:17.1%}")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("cases", type=int, nargs="?", default=2000)
    words.add_argument("--route", default="*", metavar="GLOB", help="only these routes")
    asked = words.parse_args()
    cases = small_cases(asked.cases)
    print(f"{len(cases)} distinct small cases, medians of 3, {os.cpu_count()} cores")
    print(f"{'':36}{'seconds':>9}{'rows/s':>9}{'x the bare loop':>17}")
    for route in (route for route in ROUTES if matches(route, asked.route)):
        took = measure(route, cases)
        for what, seconds in took.items():
            times = seconds / took["bare loop"]
            print(f"{route:18}{what:18}{seconds:9.3f}{len(cases) / seconds:9.0f}{times:17.2f}")
    compilers(cases, {route: count for route, count in COMPILERS.items() if matches(route, asked.route)})


if __name__ == "__main__":
    main()
