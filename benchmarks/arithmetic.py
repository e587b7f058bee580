"""In which arithmetic today's routes really work: the tightest declaration under which every answer holds.

    python benchmarks/arithmetic.py [--route 'torch/*'] [--cases 150]

Random cases in half precision, sorted by rank and by what they use (stride, dilation, groups); for each kind of case
the largest share of the bound that an accumulator of float32 would allow, the same for the narrow type itself, and the
verdict: which of the two explains all answers. From this the adapters' declarations are made; ask again when a
framework's version changes.

PyTorch 2.13.0, TensorFlow 2.21.0 and JAX 0.10.2 on a CPU with AVX-512 and without half-precision instructions:
torch: float16 goes beyond float32 accumulation in every rank (137 times in depthwise 2-D with stride), bfloat16 in 2-D
with dilation only (32 times). tensorflow/nn, function and gradient: float16 everywhere (74 times), bfloat16 in 2-D
without dilation (423 times). tensorflow/xla and jax: nowhere.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import msgspec
import numpy as np

from conformance.case import Case
from conformance.corpus.globs import matches
from conformance.corpus.random_cases import drawn
from conformance.oracle import bounds
from conformance.oracle.compare import Expected
from conformance.oracle.operands import decode
from conformance.run.programs import choose
from conformance.run.questions import Narrow, select
from conformance.run.session import Session

HALVES = ("float16", "bfloat16")


def kind(case: Case) -> str:
    """What a kernel may choose its path by."""
    depthwise = 1 < case.groups == case.in_channels
    used = [
        ("stride", max(case.stride) > 1),
        ("dilation", max(case.dilation) > 1),
        ("depthwise", depthwise),
        ("groups", case.groups > 1 and not depthwise),
    ]
    return " + ".join(word for word, is_used in used if is_used) or "plain"


def long_sums(case: Case) -> Case:
    """The case with so many channels that the accumulator shows, and no bias, whose own rounding would hide it."""
    per_group = max(case.in_channels // case.groups, 1)
    more = 1 if 1 < case.groups == case.in_channels else -(-48 // per_group)
    return msgspec.structs.replace(case, in_channels=case.in_channels * more, bias=False)


def share(expected: Expected, returned: np.ndarray, accumulator: str) -> float:
    """Largest error as a share of the bound that this accumulator gives."""
    declared = {expected.dtype: {"accumulator": accumulator}}
    allowed = bounds.bound(expected.answer, expected.magnitude, expected.terms, expected.dtype, declared)
    error = np.abs(returned - expected.answer)
    return float(np.divide(error, allowed, out=np.zeros_like(error), where=error > 0).max(initial=0.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--route", default="torch/functional")
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    cases = [long_sums(case) for case in drawn(asked.seed, asked.cases)]
    found: dict[tuple, list[tuple[float, float]]] = defaultdict(list)
    session = Session.open(choose((asked.route.partition("/")[0],), (), {}, 1), seed=asked.seed)

    def watch(question, answer) -> None:
        dtype, array = answer.tensors.get("forward", (None, None))
        if answer.outcome != "returned" or array.shape != question.case.y_shape or dtype != question.key.dtype:
            return
        expected = session.engine.answers.of(question)
        returned = decode(array, dtype)
        shares = (share(expected, returned, "float32"), share(expected, returned, dtype))
        found[question.key.route, dtype, question.case.rank, kind(question.case)].append(shares)

    session.engine.watch = watch
    try:
        selection = select(cases, session.hellos, Narrow(dtypes=HALVES, checks=("forward",), fills=("real",)))
        selection.questions = [one for one in selection.questions if matches(one.key.route, asked.route)]
        for _ in session.rows(selection):
            pass
    finally:
        session.close()
    print(f"{'route':24} {'dtype':9} rank {'cases of this kind':28} {'n':>3} {'float32':>8} {'itself':>7} sums in")
    for (route, dtype, rank, used), shares in sorted(found.items()):
        wide, narrow = (max(column) for column in zip(*shares, strict=True))
        verdict = "float32" if wide <= 1 else dtype if narrow <= 1 else "something else"
        print(f"{route:24} {dtype:9} {rank:4} {used:28} {len(shares):3} {wide:8.2f} {narrow:7.2f} {verdict}")


if __name__ == "__main__":
    main()
