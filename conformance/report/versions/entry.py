"""A run → one entry of the history: what it found, counted, with everything that says where and of what.

An entry has no rows. It holds how many rows are in each state and family, which rules of the ledger it met, and what no
rule knows. The rows are judged anew, by the ledger of today. Which rules a run meets is told whatever versions they
name: their ranges are derived from the history, see ranges.py, so the history must not depend on them.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from packaging.specifiers import SpecifierSet

from conformance.corpus.conditions import NEVER
from conformance.mutants.shown import shows
from conformance.report.findings import findings, unsupported
from conformance.report.states import NEEDS_A_LOOK, counts, missing
from conformance.run.ledger import Ledger
from conformance.run.place import Place
from conformance.run.row import UNANSWERED, VERDICTS, Row
from conformance.run.rules import Rule
from conformance.run.run_file import Run, RunFileError
from conformance.run.variants import framework_of, variant_of, worker_of

EVERY = SpecifierSet("")
#: Reasons for what is unsupported, and findings that no rule knows, that an entry keeps.
REASONS, UNKNOWN = 40, 200
#: Words of a command that say what was asked of a framework; those that say how it was run are left out.
ASKED = ("globs", "routes", "tier", "everywhere", "random", "dtypes", "checks", "fills", "metamorphic", "files")
#: Header words that say on what machine it was.
MACHINE = ("platform", "cpu", "cores")


class Met(msgspec.Struct, frozen=True, array_like=True):
    """A rule in one run: of the rows of which it speaks and that were answered, how many diverge as it says (`met`),
    and how many pass although it says that they cannot (`missed`)."""

    met: int
    missed: int
    asked: int


class Unknown(msgspec.Struct, frozen=True):
    """A finding that needs a look: its state, verdict, cause in words, smallest case and number of rows."""

    state: str
    verdict: str
    cause: str
    case: str
    routes: list[str]
    rows: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One framework at one version, as one run found it.

    `rules`: a rule's identity (see `identity`) → what the run saw of it. `families`: family → verdict → rows.
    `lacks`: why rows are unsupported → how many. `wrong`: what is wrong with the run as a whole, in words.
    """

    framework: str
    version: str
    python: str
    numpy: str
    builds: dict[str, str]
    machine: dict[str, Any]
    place: dict[str, list[str]]
    suite: str
    corpus: str
    seed: int
    started: str
    seconds: float | None
    asked: dict[str, Any]
    routes: list[str]
    rows: int
    states: dict[str, int]
    families: dict[str, dict[str, int]]
    rules: dict[str, Met]
    unknown: list[Unknown]
    lacks: dict[str, int]
    wrong: list[str]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the history keeps of a rule, so that it can be told when the ledger says it no more."""

    says: str
    verdict: list[str]
    kind: str
    link: str
    why: str
    sometimes: bool = False


def of(run: Run, known: Sequence[Rule]) -> Entry:
    """The entry of a run of one framework. Raises RunFileError where it is of none, or of several, and FileError where
    the ledger contradicts itself."""
    header = run.header
    if len(header["adapters"]) != 1:
        names = ", ".join(sorted(header["adapters"])) or "none"
        raise RunFileError(f"{run.path}: an entry is of one framework, and this run is of {names}: use --adapter")
    ((name, hello),) = header["adapters"].items()
    run = again(run, known)
    rows = [row for row in run.rows if not variant_of(row.route)]
    families: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        families[row.case.partition("/")[0]][row.verdict] += 1
    place = header.get("places", {}).get(name, {})
    return Entry(
        framework=name,
        version=hello["version"],
        python=hello.get("python", ""),
        numpy=hello.get("numpy", ""),
        builds=hello.get("builds", {}),
        machine={word: header.get(word) for word in MACHINE},
        place={word: found for word, found in place.items() if word != "variant"},
        suite=header["suite"],
        corpus=header["corpus"],
        seed=header.get("seed", 0),
        started=header["started"],
        seconds=(run.footer or {}).get("seconds"),
        asked={word: said for word in ASKED if (said := header.get("selection", {}).get(word))},
        routes=sorted({row.route for row in rows}),
        rows=len(rows),
        states=counts(rows),
        families={
            family: {verdict: families[family][verdict] for verdict in VERDICTS if families[family][verdict]}
            for family in sorted(families)
        },
        rules=_met(run, rows, known),
        unknown=_unknown(run),
        lacks={each.reason: each.count for each in unsupported(rows)[:REASONS]},
        wrong=missing(run),
    )


def again(run: Run, known: Sequence[Rule]) -> Run:
    """The run with its rows judged by these rules."""
    header = run.header
    ledger = Ledger(known, _places(run), header.get("seed", 0))
    versions = {name: hello["version"] for name, hello in header["adapters"].items()}
    rows = [ledger.judge(_unjudged(row), run.cases[row.case], versions[framework_of(row.route)]) for row in run.rows]
    return replace(run, rows=rows, diagnoses=[], footer=run.footer and {**run.footer, "problems": []})


def _unjudged(row: Row) -> Row:
    detail = {word: said for word, said in row.detail.items() if word not in ("ledger", "unseen")}
    return msgspec.structs.replace(row, state=None, detail=detail)


def _places(run: Run) -> dict[str, Place]:
    return {
        name: {word: frozenset(found) for word, found in place.items()}
        for name, place in run.header.get("places", {}).items()
    }


def identity(rule: Rule) -> str:
    """What makes a rule the same rule, whatever range of versions it names and wherever it stands."""
    said = [
        rule.routes,
        sorted(rule.verdicts),
        rule.when.data(),
        rule.causes,
        rule.fault,
        rule.cases,
        {name: [sorted(words), no] for name, (words, no) in rule.place.items()},
        rule.sometimes,
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]


def told(rule: Rule) -> Told:
    """What the history keeps of it."""
    return Told(
        says=str(msgspec.structs.replace(rule, versions=EVERY)),
        verdict=sorted(rule.verdicts),
        kind=rule.kind,
        link=rule.link,
        why=" ".join(rule.why.split()),
        sometimes=rule.sometimes,
    )


def _met(run: Run, rows: Iterable[Row], known: Iterable[Rule]) -> dict[str, Met]:
    """What the rows say of each rule, its versions aside; rules that speak of no row are left out."""
    places = _places(run)
    by_case: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.verdict not in UNANSWERED or row.verdict == "broken":
            by_case[row.case].append(row)
    found = {}
    for rule in known:
        every = msgspec.structs.replace(rule, versions=EVERY)
        count = _of_rule(run, every, by_case, places)
        if count.asked:
            found[identity(rule)] = count
    return found


def _of_rule(run: Run, rule: Rule, by_case: dict[str, list[Row]], places: dict[str, Place]) -> Met:
    met = missed = asked = 0
    frameworks = {framework_of(route) for route in rule.routes}
    is_of: dict[str, bool] = {}
    for case_id, rows in by_case.items():
        case = run.cases[case_id]
        if (rest := rule.on(case)) is NEVER:
            continue
        for row in rows:
            if framework_of(row.route) not in frameworks or not rest.holds(case, row.key):
                continue
            if (said := is_of.get(row.route)) is None:
                said = is_of[row.route] = rule.is_of(row.route, "0", places.get(worker_of(row.route), {}))
            if not said or (row.fill == "related" and not rule.is_of_relations()):
                continue
            if row.verdict == "pass" and rule.remarks:
                asked, met = asked + 1, met + bool(row.detail.keys() & rule.verdicts)
            elif rule.explains(row):
                asked, met = asked + 1, met + 1
            elif row.verdict != "pass":
                asked += 1
            elif rule.fault is None or shows(
                rule.fault, case, row.check, row.dtype, row.fill, run.header.get("seed", 0)
            ):
                asked, missed = asked + 1, missed + 1
    return Met(met, missed, asked)


def _unknown(run: Run) -> list[Unknown]:
    found = [finding for finding in findings(run) if finding.state in NEEDS_A_LOOK]
    return [
        Unknown(each.state, each.verdict, each.cause, each.first.case, each.routes, len(each.rows))
        for each in found[:UNKNOWN]
    ]
