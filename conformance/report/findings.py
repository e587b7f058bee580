"""What a run found: rows that are not simply right, grouped by what is wrong with them. The only place that groups.

Every output is given a Report and tells its findings; none groups, counts or names by itself, so all of them count and
name alike.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath
from typing import Any, NamedTuple

from conformance.case import Case
from conformance.corpus.yaml_file import shown
from conformance.plain import harmless
from conformance.report.states import NEEDS_A_LOOK, STATES, number, state
from conformance.report.told import told
from conformance.run import blame
from conformance.run.diagnose import EXACT, smallness
from conformance.run.row import Diagnosed, Key, Row, place
from conformance.run.run_file import Run
from conformance.run.variants import framework_of

#: States of the rows that are findings: all but those that are right and those that cannot be asked.
FOUND = STATES[:5]
#: Those that every output tells one by one; what is known is listed where there is room.
TO_TELL = (*NEEDS_A_LOOK, "unrun")
#: Numbers in brackets, however many: shapes of cases of another rank are another number of them.
SHAPE = r"[\[(][-\d\s,]*[\])]"

#: Verdict → what the framework does, in words.
DOES = {
    "pass": "is right",
    "differ": "differs",
    "refuse": "refuses",
    "accept": "does not refuse",
    "crash": "crashes",
    "hang": "hangs",
    "flaky": "answers differently when asked again",
    "broken": "has a broken adapter",
    "unrun": "was not asked",
}


@dataclass
class Finding:
    """Rows of one framework that are in one state for one reason.

    `cause`: what is wrong: the named fault, what is not checked, or the message of the smallest row. `when`: the
    condition under which it is wrong, in words, or None where there is none that is known. `named`: whether the cause
    is a fault with a name. `reason`: the cause without what varies from case to case, by which a divergence is known
    again in another run, whatever its state there. `rows`: the smallest case first, never empty. `diagnosed`: what the
    diagnosis found out about it, see run/diagnose.py; None where it was not asked.
    """

    state: str
    framework: str
    verdict: str
    cause: str
    reason: str
    named: bool
    rows: list[Row]
    when: str | None = None
    diagnosed: Diagnosed | None = None

    @property
    def first(self) -> Row:
        """The row to look at first."""
        return self.rows[0]

    @property
    def routes(self) -> list[str]:
        return sorted(set(map(place, self.rows)))

    @property
    def cases(self) -> int:
        """How many cases the rows are of."""
        return len({row.case for row in self.rows})

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The ledger's entries that speak of these rows, each once: where it stands, its link, kind and why."""
        found = {row.detail["ledger"]["where"]: row.detail["ledger"] for row in self.rows if row.detail.get("ledger")}
        return list(found.values())

    @property
    def unseen(self) -> str | None:
        """The kind of machine, where its rows are new and the ledger has never seen one of that kind."""
        return self.first.detail.get("unseen") if self.state == "new" else None

    @property
    def what(self) -> str:
        """What, without when."""
        return f"{harmless(self.framework)} {DOES[self.verdict]}: {self.cause}"

    @property
    def sentence(self) -> str:
        """What, and when: one line for every output."""
        where = f", where {self.when}" if self.when else ""
        where += f"; not seen on this kind of machine before ({harmless(kind)})" if (kind := self.unseen) else ""
        entry = f"; {entry_name(self.entries[0])} says otherwise" if self.state == "changed" and self.entries else ""
        return f"{self.what}{where}{entry}"

    @property
    def evidence(self) -> list[str]:
        """On what it rests, in lines: rows, routes and cases; and what asking again brought."""
        cases = f"; {number(self.cases, 'case')}, the smallest of them " if self.cases > 1 else ": "
        rows = f"{number(len(self.rows), 'row')} on {', '.join(self.routes)}{cases}{self.first.case}"
        return [harmless(line) for line in (rows, *(told(self.diagnosed) if self.diagnosed else ()))]


@dataclass(frozen=True)
class Report:
    """A run and what was found in it: what every output is given."""

    run: Run
    findings: list[Finding]

    @cached_property
    def _by_row(self) -> dict[Key, Finding]:
        return {row.key: finding for finding in self.findings for row in finding.rows}

    def of(self, row: Row) -> Finding | None:
        """The finding that a row belongs to; None for a row that is right or unsupported."""
        return self._by_row.get(row.key)

    def in_states(self, states: Iterable[str]) -> list[Finding]:
        """The findings in these states, in their order."""
        return [finding for finding in self.findings if finding.state in states]


def report(run: Run) -> Report:
    """The run with its findings."""
    return Report(run, findings(run))


def findings(run: Run) -> list[Finding]:
    """All findings of a run: the worst state first, named faults before other causes, then the frequent.

    Rows that were diagnosed go by their diagnosis; those of which the ledger speaks by its entry; all others by their
    cause.
    """
    causes = _Causes(run)
    diagnosis_of = {key: index for index, each in enumerate(run.diagnoses) for key in each.rows}
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in run.rows:
        in_state = state(row)
        if in_state in ("new", "changed") and row.key in diagnosis_of:
            by = f"diagnosis {diagnosis_of[row.key]}"
        elif in_state in ("known", "stale") and row.detail.get("ledger"):
            by = row.detail["ledger"]["where"]
        else:
            by = causes.of(row).reason
        if in_state in FOUND:
            grouped[in_state, framework_of(row.route), row.verdict, by].append(row)
    found = []
    for (in_state, framework, verdict, _), rows in grouped.items():
        rows.sort(key=lambda row: smallness(row, run.cases))
        cause = causes.of(rows[0])
        finding = Finding(in_state, framework, verdict, cause.says, cause.reason, cause.named, rows)
        if in_state in ("new", "changed") and rows[0].key in diagnosis_of:
            finding = _as_diagnosed(finding, run.diagnoses[diagnosis_of[rows[0].key]])
        elif in_state == "known":
            finding = _as_known(finding, run.cases)
        found.append(finding)
    found.sort(key=lambda each: (STATES.index(each.state), not each.named, -len(each.rows)))
    return found


def _as_diagnosed(finding: Finding, diagnosed: Diagnosed) -> Finding:
    named = diagnosed.fault is not None
    says, when = first_line(diagnosed.says), _condition(diagnosed.when)
    return replace(finding, cause=says, named=named, when=when, diagnosed=diagnosed)


def _as_known(finding: Finding, cases: Mapping[str, Case]) -> Finding:
    entry, first = (finding.entries or [{}])[0], finding.first
    if (fault := entry.get("fault")) and first.case in cases:
        finding = replace(finding, cause=blame.sentence(fault, cases[first.case]), named=True)
    return replace(finding, when=_condition(entry.get("when")))


def _condition(said: str | None) -> str | None:
    """A condition that tells something."""
    return None if said in (None, "always", "has an answer") else harmless(said)


class _Cause(NamedTuple):
    """Why a row is wrong: in words, without what varies from case to case, and whether it is a fault with a name."""

    says: str
    reason: str
    named: bool = False


class _Causes:
    """The cause of each row of a run.

    Exact operands name a fault; from real ones it cannot be read off, and special values may hide it. So such a row
    takes the name of its exact sibling: the same case, route, device and check; of the same dtype where there is one.
    """

    def __init__(self, run: Run):
        self.cases = run.cases
        self.faults: dict[tuple[str, ...], str] = {}
        for row in run.rows:
            if _named(row):
                for asked in (_asked(row), (*_asked(row), row.dtype)):
                    self.faults.setdefault(asked, row.cause or "")

    def of(self, row: Row) -> _Cause:
        if row.state == "stale":
            said = f"{entry_name(row.detail.get('ledger') or {})} says that it diverges"
            return _Cause(said, said)
        said = first_line(row.cause or row.detail.get("reason") or "no reason given")
        if row.verdict == "differ":
            fault = self._fault(row)
            return _Cause(harmless(fault), fault, True) if fault else _Cause(said, _unnumbered(row, said))
        if row.verdict == "accept" and row.case in self.cases:
            said = _unchecked(self.cases[row.case])
        return _Cause(said, re.sub(rf"{SHAPE}|-?\d+", "#", said))  # what a framework says repeats the case's numbers

    def _fault(self, row: Row) -> str | None:
        if _named(row):
            return row.cause
        if row.fill in EXACT:
            return None
        return self.faults.get((*_asked(row), row.dtype)) or self.faults.get(_asked(row))


def _named(row: Row) -> bool:
    return row.verdict == "differ" and bool(row.detail.get("causes"))


def _asked(row: Row) -> tuple[str, ...]:
    return row.case, row.route, row.device, row.check


def _unnumbered(row: Row, cause: str) -> str:
    """Our own words on a wrong answer without what varies: shapes, and how many elements; dtypes stay."""
    if row.detail.get("mismatch") == "specials":
        return f"specials: {row.detail.get('specials_extra', 0) > 0}, {row.detail.get('specials_missing', 0) > 0}"
    return re.sub(rf"{SHAPE}|(?<!\w)-?\d+", "#", cause)


def _unchecked(case: Case) -> str:
    """Which check is missing where a question was answered that must be refused, whatever came of it."""
    what = case.invalid or "something else"
    if what == "something else" and (case.convention or case.options):  # the numbers are right, these words are not
        what = f"the size under {case.convention}" if case.convention else ", ".join(case.options)
    return f"{what} is not checked"


@dataclass
class Unsupported:
    """Rows that one framework cannot express for one reason."""

    framework: str
    reason: str
    routes: list[str]
    count: int


def unsupported(rows: Iterable[Row]) -> list[Unsupported]:
    """Why rows are unsupported, the most frequent reason first."""
    found: Counter[tuple[str, str]] = Counter()
    routes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.verdict == "unsupported":
            said = first_line(row.detail.get("reason") or "no reason given").removeprefix(f"{row.route} ")
            why = framework_of(row.route), re.sub(r"\d{3,}", "…", said)  # sizes of operands
            found[why] += 1
            routes[why].add(place(row))
    return [Unsupported(*why, sorted(routes[why]), count) for why, count in found.most_common()]


def entry_name(ledger: Mapping[str, Any]) -> str:
    """Where an entry of the ledger stands: as seen from here, else without the folders of the machine that ran it."""
    where = shown(ledger.get("where") or "the ledger")
    return harmless("/".join(PurePath(where).parts[-2:]) if PurePath(where).is_absolute() else where)


def first_line(text: str) -> str:
    """The first line of a message, at most 300 characters, that can be printed."""
    return harmless(text.strip().splitlines()[0][:300]) if text.strip() else ""
