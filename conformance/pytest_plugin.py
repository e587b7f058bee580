"""pytest -p conformance.pytest_plugin cases: every case on every route as an item.

`cases/stride.yaml::s[2,1]-k[2,3][torch/functional]` asks all rows of that case on that route (dtypes, checks, fills).
A known divergence is xfail with its link, an unsupported case is skipped with the adapter's reason, a stale ledger
entry fails. Frameworks run in worker processes that live as long as the pytest process; under xdist each pytest worker
has its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import explain, folder, load, programs
from conformance.case import Case
from conformance.questions import Narrow, Selection, select
from conformance.row import Key, Row
from conformance.session import Session, corpus, subsets
from conformance.yamlfile import FileError

_SESSION = pytest.StashKey[Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("convt", "conformance of transposed convolution")
    group.addoption("--convt-route", action="append", default=[], help="only these routes, as in torch/*")
    group.addoption("--convt-adapter", action="append", default=[], help="only these adapters: names, or files")
    group.addoption("--convt-python", action="append", default=[], metavar="NAME=PATH", help="an adapter's interpreter")
    group.addoption("--convt-subset", help="only the cases of a subset of the corpus: smoke, traced, compiled")
    group.addoption("--convt-seed", type=int, default=0, help="seed of the operands")
    group.addoption("--convt-deadline", type=float, default=120.0, help="seconds that one answer may take")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix in (".yaml", ".yml") and file_path.name != "subsets.yaml" and file_path.parent.name != "known":
        with file_path.open(encoding="utf-8", errors="replace") as lines:
            if any(line.startswith("cases:") for line in lines):
                return Family.from_parent(parent, path=file_path)
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    if session := config.stash.get(_SESSION, None):
        session.close()


def _session(config: pytest.Config) -> Session:
    """The workers of this pytest process, greeted at the first need."""
    if _SESSION not in config.stash:
        pythons = dict(pair.partition("=")[::2] for pair in config.getoption("--convt-python"))
        routes = tuple(config.getoption("--convt-route"))
        try:
            chosen = programs.choose(tuple(config.getoption("--convt-adapter")), routes, pythons, threads=1)
        except programs.ProgramError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[_SESSION] = Session.open(
            chosen, seed=config.getoption("--convt-seed"), deadline=config.getoption("--convt-deadline"), jobs=1
        )
        if dead := config.stash[_SESSION].dead:
            raise pytest.UsageError("; ".join(f"adapter {name} is dead: {why}" for name, why in dead.items()))
    return config.stash[_SESSION]


class Family(pytest.File):
    """The cases of one YAML file."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            cases = load.load_family(self.path)
        except FileError as error:
            raise self.CollectError(str(error)) from None
        session = _session(self.config)
        named = {}
        if self.path.parent == folder("cases"):
            named = subsets(corpus())
            if name := self.config.getoption("--convt-subset"):
                if name not in named:
                    raise pytest.UsageError(f"--convt-subset {name}: there are {', '.join(named)}")
                cases = [case for case in cases if case.id in named[name]]
        narrow = Narrow(routes=tuple(self.config.getoption("--convt-route")), subsets=named)
        for case in cases:
            for route, selection in _by_route(select([case], session.hellos, narrow)).items():
                name = f"{case.id.partition('/')[2]}[{route}]"
                yield Answered.from_parent(self, name=name, case=case, selection=selection)


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
        bad = [row for row in rows if row.verdict == "unrun" or row.standing in ("new", "changed", "stale")]
        if bad:
            raise Diverged(bad)
        if known := [row for row in rows if row.standing == "known"]:
            link = known[0].detail.get("ledger", {}).get("link", "")
            pytest.xfail(f"{explain.sentence(known[0])} {link}".strip())
        if not any(row.verdict == "pass" for row in rows):
            pytest.skip("; ".join(sorted({row.detail.get("reason", "unsupported") for row in rows})))

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: Any = None) -> Any:
        if isinstance(excinfo.value, Diverged):
            return "\n\n".join(explain.paragraph(row, self.case) for row in excinfo.value.rows)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        line = self.case.where.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdigit() else 0, self.name


class Diverged(Exception):
    """Rows that are new, changed or stale, or that were not answered."""

    def __init__(self, rows: list[Row]):
        super().__init__(", ".join(f"{row.standing or row.verdict}: {row.cause}" for row in rows))
        self.rows = rows


