"""pytest -p conformance.pytest_plugin cases: every case on every route as an item.

`cases/stride.yaml::s[2,1]-k[2,3][torch/functional]` asks all rows of that case on that route (dtypes, checks, fills).
A known divergence is xfail with its link, an unsupported case is skipped with the adapter's reason, a stale ledger
entry fails. Frameworks run in worker processes that live as long as the pytest process; under xdist each pytest worker
has its own.

Of the corpus that ships with us the folder means its smoke tier, a file that is named means its core tier;
`--convt-tier` (or `convt_tier` in the configuration) names another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import folder
from conformance.case import Case
from conformance.corpus import load
from conformance.corpus.choose import corpus, tiers
from conformance.corpus.yaml_file import FileError
from conformance.plain import harmless, regular
from conformance.report import explain
from conformance.report.findings import TO_TELL
from conformance.report.states import state
from conformance.run import programs
from conformance.run.questions import Narrow, Selection, select
from conformance.run.row import Key, Row
from conformance.run.session import Session

_SESSION = pytest.StashKey[Session]()
_GREETED = pytest.StashKey[dict[str, str]]()
_TIERS = pytest.StashKey[dict[str, frozenset[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("convt", "conformance of transposed convolution")
    group.addoption("--convt-route", action="append", default=[], help="only these routes, as in torch/*")
    group.addoption("--convt-adapter", action="append", default=[], help="only these adapters: names, or files")
    group.addoption("--convt-python", action="append", default=[], metavar="NAME=PATH", help="an adapter's interpreter")
    group.addoption("--convt-tier", help="how much of our corpus: smoke, core, full, traced, compiled")
    group.addoption("--convt-known", metavar="FOLDER", help="the folder of known divergences instead of ours")
    group.addoption("--convt-seed", type=int, default=0, help="seed of the operands")
    group.addoption("--convt-deadline", type=float, default=120.0, help="seconds that one answer may take")
    parser.addini("convt_tier", "the tier of our corpus that its folder means (smoke)", default="smoke")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix in (".yaml", ".yml") and file_path.name != "tiers.yaml" and file_path.parent.name != "known":
        try:
            regular(file_path)
            text = file_path.read_text(encoding="utf-8", errors="replace")
        except OSError:  # reading it as a family says what is wrong
            text = "cases:"
        if any(line.startswith("cases:") for line in text.splitlines()):
            return Family.from_parent(parent, path=file_path)
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # a process of xdist: what it knows goes to the one that reports
        session.config.workeroutput["convt"] = _greeted(session.config)


@pytest.hookimpl(optionalhook=True)  # xdist's
def pytest_testnodedown(node: Any) -> None:
    if said := getattr(node, "workeroutput", {}).get("convt"):
        node.config.stash[_GREETED] = said


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Which frameworks answered, and which could not."""
    for name, said in (_greeted(config) or config.stash.get(_GREETED, {})).items():
        terminalreporter.write_line(f"convt: {name} {said}")


def _greeted(config: pytest.Config) -> dict[str, str]:
    """Framework → its version, or why it is absent; empty where no case file was collected."""
    if not (session := config.stash.get(_SESSION, None)):
        return {}
    absent = {name: f"absent: {reason}" for name, reason in session.absent.items()}
    return {name: hello["version"] for name, hello in session.hellos.items()} | absent


def pytest_unconfigure(config: pytest.Config) -> None:
    if session := config.stash.get(_SESSION, None):
        session.close()


def _session(config: pytest.Config) -> Session:
    """The workers of this pytest process, greeted at the first need."""
    if _SESSION not in config.stash:
        known = config.getoption("--convt-known")
        pythons = programs.pairs(config.getoption("--convt-python"))
        routes = tuple(config.getoption("--convt-route"))
        chosen = programs.choose(tuple(config.getoption("--convt-adapter")), routes, pythons, threads=1)
        config.stash[_SESSION] = Session.open(
            chosen,
            ledger=known and Path(known),
            seed=config.getoption("--convt-seed"),
            deadline=config.getoption("--convt-deadline"),
            jobs=1,
        )
    return config.stash[_SESSION]


class Family(pytest.File):
    """The cases of one YAML file."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            ours, tier = self.path.parent == folder("cases"), self._tier()
            cases = load.load_family(self.path, lambda family: tier == "full" or not ours)
            session = _session(self.config)
            named = _tiers(self.config) if ours else {}
        except (FileError, programs.ProgramError) as error:
            raise self.CollectError(str(error)) from None
        if tier != "full" and named:
            parts = named | {"core": {case.id for case in cases if case.tier == "core"}}
            if tier not in parts:
                raise self.CollectError(f"--convt-tier {tier}: there are {', '.join(parts)}, full")
            cases = [case for case in cases if case.id in parts[tier]]
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

    def _tier(self) -> str:
        """What was asked for; else the core tier of a file that was named, and of a folder what is configured."""
        here = self.config.invocation_params.dir
        files = {(here / arg.partition("::")[0]).resolve() for arg in self.config.args}
        return self.config.getoption("--convt-tier") or (
            "core" if self.path.resolve() in files else self.config.getini("convt_tier")
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
