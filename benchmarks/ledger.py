"""What setting rows against the ledger costs, with few rules and with many.

    python benchmarks/ledger.py              our own rules, then 2,000 rules over 100 routes
    python benchmarks/ledger.py --rules 500

The rows are those of the core corpus on the routes that the rules speak of, most of them right, as in a real run.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterable

from packaging.specifiers import SpecifierSet

from conformance import folder
from conformance.case import Case
from conformance.corpus.choose import corpus
from conformance.corpus.conditions import Condition
from conformance.run import infer
from conformance.run.ledger import Ledger
from conformance.run.row import Row
from conformance.run.rules import Rule

ROUTES = 100


def many(count: int) -> list[Rule]:
    """So many rules over 100 routes: conjunctions of one to three comparisons that a person might write."""
    rng, plain = random.Random(1), infer.atoms()
    return [
        Rule(
            where=f"benchmark.yaml:{number}",
            order=number,
            routes=(f"engine/route{number % ROUTES}",),
            verdicts=frozenset({"refuse"}),
            when=Condition((tuple(rng.sample(plain, rng.randint(1, 3))),)),
            versions=SpecifierSet(">=1"),
            kind="bug",
            link="",
            why="",
            causes=("not supported",),
        )
        for number in range(count)
    ]


def rows(cases: Iterable[Case], routes: list[str]) -> list[tuple[Row, Case]]:
    """What a run gives: case by case, each route its dtypes, checks and fills."""
    return [
        (Row(case=case.id, route=route, device="cpu", dtype=dtype, check=check, fill=fill, verdict="pass"), case)
        for case in cases
        for route in routes
        for dtype in case.dtypes
        for check in case.checks
        for fill in case.fills
    ]


def measure(ledger: Ledger, asked: list[tuple[Row, Case]], word: str) -> float:
    """Microseconds for a row, the first look at each case included."""
    begin = time.process_time()
    for row, case in asked:
        ledger.speaking(row.key, case, "2.0")
    each = (time.process_time() - begin) / len(asked) * 1e6
    print(f"{word}: {len(ledger.rules)} rules, {len(asked)} rows: {each:.1f} µs a row")
    return each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rules", type=int, default=2000, metavar="N", help="rules made up, over 100 routes")
    parser.add_argument("--cases", type=int, default=1000, metavar="N", help="of the core corpus")
    words = parser.parse_args()
    cases = [case for case in corpus() if case.tier == "core"][: words.cases]
    ours = ["torch/functional", "torch/autograd", "tensorflow/nn", "tensorflow/gradient", "jax/conv_transpose"]
    measure(Ledger.load(folder("cases") / "known"), rows(cases, ours), "our ledger")
    made_up = [f"engine/route{number}" for number in range(0, ROUTES, 7)]
    measure(Ledger(many(words.rules)), rows(cases, made_up), "made up")


if __name__ == "__main__":
    main()
