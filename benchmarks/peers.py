"""What the tests of other projects can catch: planted faults, put before their configurations and before ours.

    python benchmarks/peers.py          the 23 classical faults
    python benchmarks/peers.py --all    and how many of all faults each column shows
    python benchmarks/peers.py --json   the same as data, with a case that shows each fault

benchmarks/peers/ holds the configurations of other projects' tests of transposed convolution, with their kind of data
(ones where they use ones, otherwise exact integers, which hide nothing that random numbers show) and only the checks
that they compare. How well they compare is not measured: they are given a right expectation and no tolerance.

    K    some case's forward answer shows the fault
    g    only a gradient does
    -    what it needs is tested, and no case shows it
    n/a  it cannot happen: none of the cases has a bias, groups, an asymmetric padding … (what `Mutant.needs` names)
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from conformance import oracle
from conformance.case import Case
from conformance.corpus.choose import corpus, tiers
from conformance.corpus.load import load_family
from conformance.mutants import MUTANTS, Mutant, features
from conformance.mutants.catalogue import same
from conformance.mutants.score import LARGE
from conformance.oracle.operands import make_operands

PEERS = Path(__file__).resolve().parent / "peers"

#: Title → mutant. tests/test_mutants.py has the same table, and a test compares them.
CLASSICAL = {
    "kernel flipped": "kernel-flipped",
    "kernel H/W transposed": "kernel-axes-transposed",
    "C/M swapped when equal": "channels-swapped",
    "input channels reversed": "input-channels-reversed",
    "batch 0 reused": "batch-0-reused",
    "stride of axis 0 for all": "stride-of-axis-0",
    "dilation of axis 0 for all": "dilation-of-axis-0",
    "pad from undilated kernel": "padding-from-undilated-kernel",
    "pad begin/end swapped": "padding-ends-swapped",
    "pad end := begin": "padding-end-is-begin",
    "pad axes swapped": "padding-axes-swapped",
    "pad clamped to d(k-1)": "padding-clamped",
    "output_padding at begin": "output-padding-at-begin",
    "output_padding zero-filled": "output-padding-zero-filled",
    "output_padding axes swapped": "output-padding-axes-swapped",
    "no bias in output_padding area": "output-padding-without-bias",
    "bias dropped": "bias-dropped",
    "group 0 weights reused": "group-0-kernel",
    "group 0 bias reused": "group-0-bias",
    "groups interleaved (in)": "groups-interleaved",
    "groups shuffled (out)": "groups-shuffled",
    "uncovered gap not zero": "gap-not-zero",
    "no bias in gap": "gap-without-bias",
}
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


class Seen(NamedTuple):
    """One column's word on a mutant, and the smallest case that shows it."""

    mark: str
    case: str | None = None


def faults(everything: bool = False) -> dict[str, Mutant]:
    """The classical faults by their titles, and all others by their names if asked for.

    Channels are exchanged only where a kernel's shape cannot tell, C = M: that is what the title says.
    """
    equal = "C/M swapped when equal"
    found = {title: BY_NAME[name] for title, name in CLASSICAL.items()}
    found[equal] = found[equal].only(
        "channels-swapped", "channels swapped where they are equal", lambda case: case.in_channels == case.out_channels
    )
    return found | BY_NAME if everything else found


def column(cases: Iterable[Case], everything: bool = False) -> dict[str, Seen]:
    """What these cases say of each fault. Smallest first, and what is shown forward is not asked again."""
    mutants = faults(everything)
    asked = [case for case in cases if case.expect == "answer" and case.size <= LARGE]
    asked = [case for case in asked if {"exact", "given"} & set(case.fills)]
    tested = frozenset().union(*map(features, asked))
    seen = {title: Seen("-" if mutant.needs <= tested else "n/a") for title, mutant in mutants.items()}
    for case in sorted(asked, key=lambda case: (case.size, case.id)):
        for check in sorted(case.checks, key=lambda check: check != "forward"):
            settled = "K" if check == "forward" else "Kg"
            wanted = [t for t, m in mutants.items() if seen[t].mark not in settled and m.applies(case, check)]
            for title in _shown(case, check, {title: mutants[title] for title in wanted}):
                seen[title] = Seen("K" if check == "forward" else "g", case.id)
    return seen


def _shown(case: Case, check: str, mutants: dict[str, Mutant]) -> set[str]:
    """The mutants whose answer to this question is another one, in float64 too where the case asks for it."""
    if not mutants:
        return set()
    fill = "exact" if "exact" in case.fills else "given"
    found = set()
    for dtype in {"float32", "float64"} & set(case.dtypes) or {case.dtypes[0]}:
        arrays = make_operands(case, check, dtype, fill).arrays
        right = oracle.answer(case, check, arrays)
        answers = ((title, mutant.answer(case, check, arrays)) for title, mutant in mutants.items())
        found |= {title for title, answer in answers if answer is not None and not same(answer, right)}
    return found


def sources() -> dict[str, list[Case]]:
    """Column → cases: the peers in alphabetical order, then our smoke tier and our corpus."""
    peers = {file.stem: load_family(file) for file in sorted(PEERS.glob("*.yaml"))}
    ours = corpus()
    smoke = tiers(ours)["smoke"]
    return peers | {"smoke": [case for case in ours if case.id in smoke], "corpus": ours}


def table(columns: dict[str, dict[str, Seen]]) -> list[list[str]]:
    """Rows of words: a heading, a row for each classical fault, the totals."""
    rows = [["fault", *columns]]
    rows += [[title, *(seen[title].mark for seen in columns.values())] for title in CLASSICAL]
    for words, marks in (("shown forward", "K"), ("shown", "Kg"), ("can happen", "Kg-")):
        rows.append([words, *(f"{count(seen, marks, CLASSICAL)}" for seen in columns.values())])
    return rows


def count(seen: dict[str, Seen], marks: str, titles: Iterable[str]) -> int:
    return sum(seen[title].mark in marks for title in titles)


def _lines(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def measure(cases: dict[str, list[Case]], everything: bool = False) -> dict[str, dict[str, Seen]]:
    """Column → fault → what is seen."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(column, cases.values(), [everything] * len(cases))
        return dict(zip(cases, found, strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog="K shown forward, g shown by a gradient only, - not shown."
    )
    parser.add_argument("--all", action="store_true", help="count all faults too")
    parser.add_argument("--json", action="store_true", help="as data")
    asked = parser.parse_args(arguments)
    cases = sources()
    columns = measure(cases, asked.all)
    if asked.json:
        print(json.dumps({name: {t: one._asdict() for t, one in seen.items()} for name, seen in columns.items()}))
        return
    rows = table(columns)
    if asked.all:
        for words, marks in (("all faults: shown forward", "K"), ("all: shown", "Kg"), ("all: can happen", "Kg-")):
            rows.append([words, *(f"{count(seen, marks, BY_NAME)}" for seen in columns.values())])
    rows.append(["cases", *(f"{len(listed)}" for listed in cases.values())])
    rows.append(["with kernels of ones", *(f"{sum(map(_of_ones, listed))}" for listed in cases.values())])
    print("\n".join(_lines(rows)))


def _of_ones(case: Case) -> bool:
    return case.operands.get("w") == "ones"


if __name__ == "__main__":
    main()
