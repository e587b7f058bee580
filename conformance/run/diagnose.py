"""Rows that diverge → diagnoses: what goes wrong, when, in how many rows; the smallest that fails, the nearest right.

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
from conformance.corpus.conditions import ALWAYS, Condition, Property
from conformance.corpus.neighbours import FIELDS
from conformance.corpus.spelled import configuration, times
from conformance.mutants.shown import shows
from conformance.run import infer
from conformance.run.blame import UNEXPLAINED, What, blame, common, rounding, sentence
from conformance.run.infer import Asked, Table
from conformance.run.row import Diagnosed, Example, Row, place
from conformance.run.variants import framework_of

#: Negative questions that are looked at: more make a condition no truer, and time longer.
MOST = 6000
#: Families whose cases a program draws: their ids spell out the numbers, and nobody wrote why they are there.
GENERATED = ("cover", "cover-gradients", "grid", "random", "fuzz", "broken")
#: Operands with which a wrong answer names its fault.
EXACT = {"exact", "fresh", "given"}


class Evidence(NamedTuple):
    """What routes answered, as far as it speaks for or against a condition: places in a table of questions."""

    positive: np.ndarray
    negative: np.ndarray

    def and_also(self, other: Evidence) -> Evidence:
        return Evidence(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


@dataclass
class Diagnosis:
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
) -> list[Diagnosis]:
    """The diagnoses over the rows that are `wanted`, all frameworks; what most rows show comes first.

    Rows that pass are the evidence against a condition, so `rows` are all rows of the run. Relations are left out:
    their cases are no questions of their own.
    """
    frameworks: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.fill != "related" and row.case in cases:
            frameworks[framework_of(row.route)][place(row)].append(row)
    found: list[Diagnosis] = []
    for framework, routes in frameworks.items():
        if any(wanted(row) for mine in routes.values() for row in mine):
            found += _of_framework(framework, routes, cases, wanted, seed)
    found.sort(key=lambda each: (each.what.fault is None, -len(each.rows), each.framework))
    return _in_order(found)


def _of_framework(
    framework: str,
    routes: Mapping[str, list[Row]],
    cases: Mapping[str, Case],
    wanted: Callable[[Row], bool],
    seed: int,
) -> Iterator[Diagnosis]:
    table = Table()
    places = {route: table.add(asked_of(row, cases) for row in mine) for route, mine in routes.items()}
    blamed = {route: blame(filter(wanted, mine), cases) for route, mine in routes.items()}
    named: list[Diagnosis] = []
    for with_a_name in (True, False):
        by_what: dict[What, dict[str, list[Row]]] = defaultdict(dict)
        for route, mine in blamed.items():
            for what, told in mine.items():
                if (what.fault is not None) == with_a_name and (left := _left(route, what, told, named, cases, seed)):
                    by_what[what][route] = left
        for what, mine in by_what.items():
            evidence = {
                route: _weighed(what, told, routes[route], table, places[route], seed) for route, told in mine.items()
            }
            for group, weighed, conditions in together(table, evidence):
                rows = sorted((row for route in group for row in mine[route]), key=lambda row: smallness(row, cases))
                named.append(Diagnosis(framework, what, sorted(group), rows, conditions, table, weighed))
    yield from named


def _left(
    route: str, what: What, rows: list[Row], named: Sequence[Diagnosis], cases: Mapping[str, Case], seed: int
) -> list[Row]:
    """The rows that no named fault explains by its condition; the others are added to what is said of that fault.

    A rounded answer, or one that was too large to be compared with all faults, is a named fault's where that would
    show; any other wrong answer only where two faults would at once.
    """
    if what.verdict != "differ" or what.fault is not None:
        return rows
    left = []
    for row in rows:
        one = asked_of(row, cases)
        exact = one if one.fill in EXACT else one._replace(fill="exact")
        fitting = [
            each
            for each in named
            if each.what.fault is not None
            and route in each.routes
            and each.when is not None
            and each.when.holds(one.case, one)
            and shows(each.what.fault, exact.case, exact.check, exact.dtype, exact.fill, seed)
        ]
        sure = one.fill not in EXACT or "too large to try" in (row.cause or "") or len(fitting) > 1
        if fitting and sure:
            fitting[0].rows.append(row)
        else:
            left.append(row)
    return left


def _in_order(found: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Those before others whose conditions hold on their rows too: a framework stops at the first check it makes."""
    left, ordered = list(found), []
    while left:
        free = next((one for one in left if not any(_hides(other, one) for other in left if other is not one)), left[0])
        left.remove(free)
        ordered.append(free)
    return ordered


def _hides(one: Diagnosis, other: Diagnosis) -> bool:
    """Whether rows of `one` meet the condition of `other`, which they do not show: `one` happens first."""
    if one.table is not other.table or other.when is None or not set(one.routes) & set(other.routes):
        return False
    stops = {one.what.verdict, other.what.verdict} <= {"refuse", "crash", "hang"}
    return stops and bool(one.table.meets(other.when)[one.evidence.positive].any())


def smallness(row: Row, cases: Mapping[str, Case]) -> tuple:
    """What rows are sorted by, the one to look at first in front.

    Cases that a person named come before generated ones, even before smaller ones: who reads only one should read one
    with a name and a reason. Then the small before the large; of one case, an answer that names its fault first.
    """
    size = cases[row.case].size if row.case in cases else 0
    return row.case.partition("/")[0] in GENERATED, size, not row.detail.get("causes"), row.key


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
    for row, index in zip(rows, places, strict=True):
        if row.fill not in fills:
            continue
        if row.key in keys:
            positive.append(index)
        elif row.verdict == "pass" and len(negative) < MOST and against(what, table.asked[index], seed):
            negative.append(index)
    return Evidence(np.array(positive, dtype=int), np.array(negative, dtype=int))


def against(what: What, one: Asked, seed: int) -> bool:
    """Whether a question that passed says something about when the fault happens. Whether rounding shows depends on the
    numbers, so of it only the other dtypes say something."""
    if rounded := rounding(what):
        return one.dtype != rounded[1]
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


def words(diagnosis: Diagnosis, cases: Mapping[str, Case]) -> str:
    """What goes wrong, in a sentence without its condition."""
    what, first = diagnosis.what, diagnosis.rows[0]
    if what.fault is not None:
        return sentence(what.fault, cases[first.case])
    if what.verdict == "accept":
        return f"{what.text} is not checked"
    if rounded := rounding(what):
        return f"right under {rounded[0]}, which is not declared: declare it, or mend it"
    messages = [row.cause or "" for row in diagnosis.rows]
    if len(set(messages)) == 1:
        return messages[0]
    return UNEXPLAINED.get(what.text) or common(messages) or what.text


def stored(diagnosis: Diagnosis, cases: Mapping[str, Case]) -> Diagnosed:
    """The diagnosis as a line of the run file."""
    smallest, nearest, when = diagnosis.smallest, diagnosis.nearest, whole(diagnosis)
    return Diagnosed(
        framework=diagnosis.framework,
        verdict=diagnosis.what.verdict,
        fault=diagnosis.what.fault,
        says=words(diagnosis, cases),
        when=None if when is None else str(when),
        condition=None if when is None else when.data(),
        routes=diagnosis.routes,
        rows=[row.key for row in diagnosis.rows],
        confirmed=diagnosis.confirmed,
        smallest=None if smallest is None else _example(smallest),
        nearest=None if nearest is None else _example(nearest),
        change=None if smallest is None or nearest is None else change(smallest.case, nearest.case),
        finished=diagnosis.finished,
    )


def whole(diagnosis: Diagnosis) -> Condition | None:
    """The condition with what it takes for granted: what is invalid, or that there is an answer. None: none fits."""
    if diagnosis.when is None:
        return None
    if diagnosis.what.verdict == "accept":
        invalid = Property("invalid", (diagnosis.what.text,))
        return Condition(tuple((invalid, *atoms) for atoms in diagnosis.when.alternatives))
    return Condition(((Property("expect", ("answer",)),),)) if diagnosis.when == ALWAYS else diagnosis.when


def _example(one: Asked) -> Example:
    return Example(one.case.id, configuration(one.case), one.check, one.dtype, one.fill)


def change(wrong: Case, right: Case) -> str:
    """What is other in a case that is right, in words: `with stride 2 instead of 3`."""
    said = []
    for name in ("batch", "in_channels", "out_channels", "groups", *FIELDS):
        mine, theirs = getattr(right, name), getattr(wrong, name)
        if mine != theirs and (name not in ("in_channels", "out_channels") or right.groups == wrong.groups):
            said.append(f"with {name.replace('_', ' ')} {times(mine)} instead of {times(theirs)}")
    if right.bias != wrong.bias:
        said.append("with bias" if right.bias else "without bias")
    return ", ".join(said)
