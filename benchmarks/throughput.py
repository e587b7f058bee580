"""What the engine costs beside the framework: small 2-D cases on torch/functional, beside a bare loop.

    python benchmarks/throughput.py [COUNT]

Both in the same run, three times in turn; the medians are printed. The bare loop makes the same calls on arrays that
were prepared beforehand, with as many threads as the worker: nothing is converted, compared or written.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conformance import programs
from conformance.case import Case
from conformance.questions import Narrow, select
from conformance.runfile import Writer
from conformance.session import Session

BARE = """
import sys, time, torch, torch.nn.functional as F
torch.set_num_threads(1)
cases = eval(sys.stdin.read())
calls = [((torch.ones(x), torch.ones(w)), dict(stride=s, padding=p, dilation=d)) for x, w, s, p, d in cases]
for arrays, arguments in calls[:50]:
    F.conv_transpose2d(*arrays, **arguments)
begin = time.perf_counter()
for arrays, arguments in calls:
    F.conv_transpose2d(*arrays, **arguments)
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
            id=f"small/{number}", input=size, kernel=kernel, in_channels=channels, out_channels=filters, batch=2,
            groups=1, stride=stride, dilation=dilation, padding=tuple((p, p) for p in padding), output_padding=(0, 0),
            bias=False, fills=("exact",),
        )  # fmt: skip
        if case.problem() is None and min(case.output) > 0:
            cases.append(case)
    return (cases * (count // len(cases) + 1))[:count]


def through_the_engine(session: Session, cases: list[Case]) -> tuple[float, float]:
    """Seconds for all rows, and the framework's own share of them."""
    selection = select(cases, session.hellos, Narrow(routes=("torch/functional",), devices=("cpu",)))
    with tempfile.TemporaryDirectory() as room:
        writer = Writer(Path(room) / "run.jsonl")
        begin, inside = time.perf_counter(), 0.0
        for question, row in zip(selection.questions, session.rows(selection), strict=True):
            assert row.verdict == "pass", row
            writer.row(row, question.case)
            inside += row.seconds
        return time.perf_counter() - begin, inside


def bare_loop(cases: list[Case]) -> float:
    """Seconds for the calls alone, in a process of their own."""
    told = [(case.x_shape, case.w_shape, case.stride, [lo for lo, _ in case.padding], case.dilation) for case in cases]
    done = subprocess.run(
        [sys.executable, "-c", BARE], input=repr(told), capture_output=True, text=True, check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return float(done.stdout)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    cases = small_cases(count)
    session = Session.open(programs.choose(("torch",), (), {}, threads=1))
    through_the_engine(session, cases[:50])
    engine, inside, bare = [], [], []
    for _ in range(3):
        session.engine.answers.__init__(0)  # nothing may be remembered from the time before
        seconds, own = through_the_engine(session, cases)
        engine.append(seconds)
        inside.append(own)
        bare.append(bare_loop(cases))
    session.close()
    whole, loop = statistics.median(engine), statistics.median(bare)
    print(f"{count} cases ({len(set(cases))} distinct) on torch/functional, medians of 3, {os.cpu_count()} cores")
    print(f"  bare loop          {loop:7.3f} s   {count / loop:7.0f} calls/s")
    print(f"  inside the worker  {statistics.median(inside):7.3f} s   the same calls, with reading the answer")
    print(f"  whole engine       {whole:7.3f} s   {count / whole:7.0f} rows/s   {whole / loop:.2f} x the bare loop")


if __name__ == "__main__":
    main()
