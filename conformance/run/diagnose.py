"""Rows that diverge → findings: what goes wrong, when, in how many rows; the smallest that fails, the nearest right.

1. What: the fewest faults that explain all rows of a route (blame.py).
2. When: the simplest conditions that hold on all rows that a fault explains, and on none that passed although the fault
   would show there (infer.py). Rows on which the fault cannot show say nothing.
3. Ask again, where a route is at hand: questions on which the conditions that still fit disagree, until one is left;
   then some inside it and some just outside (narrow.py).
4. The smallest case that fails in the same way, and the nearest that does not: it differs in one number.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from conformance.case import Case
from conformance.corpus.conditions import Condition
from conformance.mutants.shown import shows
from conformance.run import infer
from conformance.run.blame import What, blame, common, sentence
from conformance.run.infer import Asked, Table
from conformance.run.row import Row

#: Negative questions that are looked at: more make a condition no truer, and time longer.
MOST = 6000
#: Operands with which a wrong answer names its fault.
EXACT = {"exact", "fresh", "given"}


class Evidence(NamedTuple):
    """What routes answered, as far as it speaks for or against a condition: places in a table of questions."""

    positive: np.ndarray
    negative: np.ndarray

    def and_also(self, other: Evidence) -> Evidence:
        return Evidence(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


@dataclass
class Finding:
    """One thing that goes wrong in one framework. `routes`: with their devices; `rows`: the smallest case first.

    `conditions`: those that fit what was asked, the plainest first; empty where none was found. `table` and
    `evidence` are what they rest on. What asking again brought: `confirmed`: questions beyond the rows that agreed;
    `smallest`, `nearest`: the smallest that fails and the nearest that does not, None where nothing was asked or found;
    `finished`: whether there was time enough.
    """

    framework: str
    what: What
    routes: list[str]
    rows: list[Row]
    conditions: list[Condition]
    table: Table = field(repr=False)
    evidence: Evidence = field(repr=False)
    confirmed: int = 0
    finished: bool = True
    smallest: Asked | None = None
    nearest: Asked | None = None

    @property
    def when(self) -> Condition | None:
        return self.conditions[0] if self.conditions else None


def diagnose(
    rows: Iterable[Row],
    cases: Mapping[str, Case],
    wanted: Callable[[Row], bool] = lambda row: row.state in ("new", "changed"),
    seed: int = 0,
) -> list[Finding]:
    """The findings over the rows that are `wanted`, all frameworks; what most rows show comes first.

    Rows that pass are the evidence against a condition, so `rows` are all rows of the run. Relations are left out:
    their cases are no questions of their own.
    """
    frameworks: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.fill != "related" and row.case in cases:
            frameworks[row.route.partition("/")[0]][f"{row.route}@{row.device}"].append(row)
    found: list[Finding] = []
    for framework, routes in frameworks.items():
        if any(wanted(row) for mine in routes.values() for row in mine):
            found += _of_framework(framework, routes, cases, wanted, seed)
    found.sort(key=lambda each: (each.what.fault is None, -len(each.rows), each.framework))
    return found


def _of_framework(
    framework: str,
    routes: Mapping[str, list[Row]],
    cases: Mapping[str, Case],
    wanted: Callable[[Row], bool],
    seed: int,
) -> Iterator[Finding]:
    table = Table()
    places = {route: table.add(asked_of(row, cases) for row in mine) for route, mine in routes.items()}
    by_what: dict[What, dict[str, list[Row]]] = defaultdict(dict)
    for route, mine in routes.items():
        for what, told in blame(filter(wanted, mine), cases).items():
            by_what[what][route] = told
    for what, mine in by_what.items():
        evidence = {}
        for route, told in mine.items():
            evidence[route] = _weighed(what, told, routes[route], table, places[route], seed)
        for group, weighed, conditions in together(table, evidence):
            rows = sorted((row for route in group for row in mine[route]), key=lambda row: smallness(row, cases))
            yield Finding(framework, what, sorted(group), rows, conditions, table, weighed)


def smallness(row: Row, cases: Mapping[str, Case]) -> tuple:
    """Named cases before generated ones, small ones before large ones."""
    case = cases[row.case]
    return case.family in ("cover", "grid", "random"), case.size, row.key


def asked_of(row: Row, cases: Mapping[str, Case]) -> Asked:
    return Asked(cases[row.case], row.check, row.dtype, row.fill, row.device)


def _weighed(
    what: What, told: Sequence[Row], rows: Sequence[Row], table: Table, places: np.ndarray, seed: int
) -> Evidence:
    """The evidence of one route: rows that a fault explains, and rows that passed although it would show."""
    keys = {row.key for row in told}
    fills = {row.fill for row in told}
    if what.fault is not None and fills & EXACT:
        fills &= EXACT
    positive, negative = [], []
    for row, place in zip(rows, places, strict=True):
        if row.fill not in fills:
            continue
        if row.key in keys:
            positive.append(place)
        elif row.verdict == "pass" and len(negative) < MOST and against(what, table.asked[place], seed):
            negative.append(place)
    return Evidence(np.array(positive, dtype=int), np.array(negative, dtype=int))


def against(what: What, one: Asked, seed: int) -> bool:
    """Whether a question that passed says something about when the fault happens."""
    if what.verdict == "accept":
        return one.case.invalid == what.text
    if one.case.expect == "refuse":
        return what.verdict in ("crash", "hang")
    return what.fault is None or shows(what.fault, one.case, one.check, one.dtype, one.fill, seed)


def together(table: Table, evidence: Mapping[str, Evidence]) -> list[tuple[list[str], Evidence, list[Condition]]]:
    """Routes for which the same conditions fit, with their evidence and these: all routes if possible, else one after
    the other."""
    names = sorted(evidence, key=lambda name: -len(evidence[name].positive))
    if len(names) > 1:
        joined = functools.reduce(Evidence.and_also, (evidence[name] for name in names))
        fitting = infer.conditions(table, *joined)
        if fitting and fitting[0].size <= infer.LONGEST:
            return [(names, joined, fitting)]
    groups: list[tuple[list[str], Evidence, list[Condition]]] = []
    for name in names:
        alone = infer.conditions(table, *evidence[name])
        for index, (members, theirs, before) in enumerate(groups):
            both = theirs.and_also(evidence[name])
            fitting = infer.conditions(table, *both) if alone and before else []
            if fitting and fitting[0].size <= max(before[0].size, alone[0].size):
                groups[index] = ([*members, name], both, fitting)
                break
        else:
            groups.append(([name], evidence[name], alone))
    return groups


def words(finding: Finding, cases: Mapping[str, Case]) -> str:
    """What goes wrong and when, in one sentence."""
    what, first = finding.what, finding.rows[0]
    if what.fault is not None:
        said = sentence(what.fault, cases[first.case])
    elif what.verdict == "accept":
        said = f"does not refuse: {what.text} is not checked"
    elif what.verdict == "refuse":
        said = f"refuses: {common([row.cause or '' for row in finding.rows]) or what.text}"
    else:
        said = f"{what.verdict}: {first.cause}"
    when = "" if finding.when is None else f" where {finding.when}"
    return said + ("" if when == " where always" else when)
