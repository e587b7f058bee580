"""How much relations see without an oracle: every planted fault answers their questions, directly, without a pipeline.

    python benchmarks/metamorphic.py
    python benchmarks/metamorphic.py --every 6     every sixth case only

A fault is caught by a relation where an answer has a wrong shape, or where the equation does not hold. Beside it stands
what the oracle shows on the same cases, forward and gradients, with the exact fill: what can be caught there at all.
"""

from __future__ import annotations

import argparse
import time

import msgspec
import numpy as np

from conformance import oracle
from conformance.case import CHECKS, Case
from conformance.corpus.choose import corpus
from conformance.mutants import MUTANTS, kills
from conformance.mutants.mutant import Mutant
from conformance.oracle import relations
from conformance.oracle.relations import RELATIONS, Relation

CASES = (
    "stride/s[2,3]-k[3,2]",
    "padding/asymmetric-both-[[0,1],[2,3]]",
    "padding/beyond-kernel-[4,5]",
    "output_padding/adds-and-uncovers-[2,1]",
    "dilation/e[2,3]-s[2,1]",
    "groups/g2-6-8",
    "groups/output-padding",
    "rank/r1-everything",
    "rank/r2-everything",
    "rank/r3-everything",
    "gradient/strided-and-dilated",
    "gradient/output-padding-dilated",
)


def caught(mutant: Mutant, relation: Relation, case: Case, dtype: str = "float32") -> bool:
    """Whether the relation does not hold for an implementation that has the mutant's fault."""
    related = relations.related(relation, case, dtype)
    answers = []
    for check, question in related.questions:
        answer = mutant.answer(question, check, question.operands)
        answer = oracle.answer(question, check, question.operands) if answer is None else answer
        if answer.shape != question.result_shape(check):
            return True
        answers.append(answer)
    with np.errstate(invalid="ignore"):
        return relations.unequal(*related.sides(answers)) is not None


def measure(names: tuple[str, ...] = CASES) -> tuple[dict[str, set[str]], set[str]]:
    """Relation → the mutants that it catches on any of the cases; and the mutants that the oracle shows there."""
    by_id = {case.id: case for case in corpus()}
    found: dict[str, set[str]] = {relation.name: set() for relation in RELATIONS}
    shown: set[str] = set()
    for name in names:
        case = msgspec.structs.replace(by_id[name], checks=CHECKS)
        for check in CHECKS if case.bias else CHECKS[:3]:
            shown |= {mutant for mutant, dead in kills(case, check).items() if dead}
        for relation in RELATIONS:
            if relation.applies(case) and (case.bias or "grad_bias" not in relation.checks):
                left = [mutant for mutant in MUTANTS if mutant.name not in found[relation.name]]
                found[relation.name] |= {mutant.name for mutant in left if caught(mutant, relation, case)}
    return found, shown


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--every", type=int, default=1, metavar="N", help="every Nth case only")
    names = CASES[:: words.parse_args().every]
    begin = time.monotonic()
    found, shown = measure(names)
    together = set().union(*found.values())
    for name, mine in found.items():
        others = set().union(*(theirs for other, theirs in found.items() if other != name))
        print(f"{name:16} {len(mine):4} mutants, {len(mine - others):3} of them it alone")
    print(f"together {len(together & shown)} of the {len(shown)} that the oracle shows on these {len(names)} cases")
    for name in sorted(shown - together):
        print(f"  not caught: {name}")
    print(f"{time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
