"""Case files and their items: what of the suite pytest needs once cases are collected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance import folder
from conformance.case import Case
from conformance.corpus import load
from conformance.corpus.choose import choose, corpus, tiers
from conformance.corpus.yaml_file import FileError
from conformance.plain import harmless
from conformance.pytest_plugin import PROPERTY, SESSION
from conformance.report import explain
from conformance.report.findings import TO_TELL
from conformance.report.states import state
from conformance.run import programs
from conformance.run.questions import Narrow, Selection, select
from conformance.run.row import UNANSWERED, Key, Row
from conformance.run.session import Session

_TIERS = pytest.StashKey[dict[str, frozenset[str]]]()


def from_corpus(parent: pytest.Collector, patterns: Sequence[str]) -> Iterator[Family]:
    """The families of our corpus that have cases which the patterns mean, each with those. Raises FileError."""
    tier = parent.config.getoption("--convt-tier")
    everything = corpus((), patterns, tier)
    families: dict[str, list[Case]] = defaultdict(list)
    for case in choose(everything, _tiers(parent.config), patterns, tier):
        families[case.family].append(case)
    for family, cases in families.items():
        path = folder("cases") / f"{family}.yaml"
        # A name of its own: the installed file is in no folder of the project under test.
        yield Family.from_parent(parent, path=path, nodeid=f"convt/{path.name}", cases=cases)


def _session(config: pytest.Config) -> Session:
    """The workers of this pytest process, greeted at the first need."""
    if SESSION not in config.stash:
        known = config.getoption("--convt-known")
        pythons = programs.pairs(config.getoption("--convt-python"))
        routes = tuple(config.getoption("--convt-route"))
        chosen = programs.choose(tuple(config.getoption("--convt-adapter")), routes, pythons, threads=1)
        config.stash[SESSION] = Session.open(
            chosen,
            ledger=known and Path(known),
            seed=config.getoption("--convt-seed"),
            deadline=config.getoption("--convt-deadline"),
            jobs=1,
        )
    return config.stash[SESSION]


class Family(pytest.File):
    """The cases of one YAML file; of a file of ours perhaps some, chosen by pattern (`cases`)."""

    def __init__(self, *, cases: Sequence[Case] | None = None, **more: Any):
        super().__init__(**more)
        self.cases = cases

    def collect(self) -> Iterator[pytest.Item]:
        try:
            session = _session(self.config)
            cases, named = (self.cases, _tiers(self.config)) if self.cases is not None else self._read()
        except (FileError, programs.ProgramError) as error:
            raise self.CollectError(str(error)) from None
        for name, why in session.dead.items():
            yield Dead.from_parent(self, name=f"adapter {name}", why=why)
        narrow = Narrow(routes=tuple(self.config.getoption("--convt-route")), tiers=named)
        for case in cases:
            for route, selection in _by_route(select([case], session.hellos, narrow)).items():
                name = f"{case.id.partition('/')[2]}[{route}]"
                # The id is given as text: pytest takes the brackets of a name for parameters when it reads ids again
                # (--lf, from 9.2 on), and both must be equal.
                nodeid = f"{self.nodeid}::{name}"
                yield Answered.from_parent(self, name=name, nodeid=nodeid, case=case, selection=selection)

    def _read(self) -> tuple[list[Case], dict[str, frozenset[str]]]:
        """The cases that are meant, and the tiers of our corpus by name where it is ours."""
        ours, tier = self.path.parent == folder("cases"), self._tier()
        cases = load.load_family(self.path, lambda family: tier == "full" or not ours)
        named = _tiers(self.config) if ours else {}
        if tier != "full" and named:
            parts = named | {"core": {case.id for case in cases if case.tier == "core"}}
            if tier not in parts:
                raise self.CollectError(f"--convt-tier {tier}: there are {', '.join(parts)}, full")
            cases = [case for case in cases if case.id in parts[tier]]
        return cases, named

    def _tier(self) -> str:
        """What was asked for; else the core tier of a file that was named, and of a folder what is configured."""
        here = self.config.invocation_params.dir
        files = {(here / arg.partition("::")[0]).resolve() for arg in self.config.args}
        return self.config.getoption("--convt-tier") or (
            "core" if self.path.resolve() in files else self.config.getini("convt_tier") or "smoke"
        )


def _tiers(config: pytest.Config) -> dict[str, frozenset[str]]:
    if _TIERS not in config.stash:
        config.stash[_TIERS] = tiers(corpus())
    return config.stash[_TIERS]


def _by_route(selection: Selection) -> dict[str, Selection]:
    """One selection for each route, with its device where that is not the CPU."""
    routes: dict[str, Selection] = defaultdict(Selection)
    for question in selection.questions:
        routes[_spelled(question.key)].questions.append(question)
    for key, reason in selection.unsupported.items():
        routes[_spelled(key)].unsupported[key] = reason
    return routes


def _spelled(key: Key) -> str:
    return key.route if key.device == "cpu" else f"{key.route}@{key.device}"


class Answered(pytest.Item):
    """One case on one route."""

    def __init__(self, *, case: Case, selection: Selection, **more: Any):
        super().__init__(**more)
        self.case, self.selection = case, selection

    def runtest(self) -> None:
        rows = list(_session(self.config).rows(self.selection))
        answered = any(row.verdict not in UNANSWERED for row in rows)
        self.user_properties.append((PROPERTY, [_spelled(rows[0].key), answered]))
        bad = [row for row in rows if state(row) in TO_TELL]
        if bad:
            raise Diverged(bad)
        if known := [row for row in rows if state(row) == "known"]:
            link = known[0].detail.get("ledger", {}).get("link", "")
            pytest.xfail(harmless(f"{explain.sentence(known[0])} {link}".strip()))
        if not any(row.verdict == "pass" for row in rows):
            pytest.skip(harmless("; ".join(sorted({row.detail.get("reason", "unsupported") for row in rows}))))

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: Any = None) -> Any:
        if isinstance(excinfo.value, FileError):
            return str(excinfo.value)
        if isinstance(excinfo.value, Diverged):
            return "\n\n".join(explain.paragraph(row, self.case) for row in excinfo.value.rows)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        line = self.case.where.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdigit() else 0, self.name


class Dead(pytest.Item):
    """An adapter that did not answer: it fails, and the others are asked all the same."""

    def __init__(self, *, why: str, **more: Any):
        super().__init__(**more)
        self.why = why

    def runtest(self) -> None:
        pytest.fail(f"{self.name} is dead: {self.why}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class Diverged(Exception):
    """Rows that are new, changed or stale, or that were not answered."""

    def __init__(self, rows: list[Row]):
        super().__init__(harmless(", ".join(f"{state(row)}: {row.cause}" for row in rows)))
        self.rows = rows
