"""Every case on every route as a pytest item, once pytest is asked for them.

    pytest --convt 'groups/*' --convt-adapter mylib_adapter.py     our corpus, from any folder
    pytest -p conformance.pytest_plugin cases                      case files that pytest finds

`cases/stride.yaml::s[2,1]-k[2,3][torch/functional]` asks all rows of that case on that route (dtypes, checks, fills).
A known divergence is xfail with its link, an unsupported case is skipped with the adapter's reason, a stale ledger
entry fails, and so does a session in which a route answered nothing. Frameworks run in worker processes that live as
long as the pytest process; under xdist each pytest worker has its own.

Of the corpus that ships with us the folder means its smoke tier, a file that is named means its core tier;
`--convt-tier` (or `convt_tier` in the configuration) names another one.

pytest loads this module wherever the suite is installed, so it imports nothing else of it until something is asked: by
an option of its own, by `convt_tier`, or by `-p`. Case files are left alone until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OPTIONS = ("convt", "convt_route", "convt_adapter", "convt_python", "convt_tier", "convt_known")
#: The Session of this process, its workers greeted once the first case is collected.
SESSION = pytest.StashKey[Any]()
#: The property of an item's report that says of which route it is, and whether that answered.
PROPERTY = "convt"
_TALLY = pytest.StashKey["_Tally"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("convt", "conformance of transposed convolution")
    group.addoption("--convt", action="append", default=[], metavar="GLOB", help="ask these cases of our corpus")
    group.addoption("--convt-route", action="append", default=[], help="only these routes, as in torch/*")
    group.addoption("--convt-adapter", action="append", default=[], help="only these adapters: names, or files")
    group.addoption("--convt-python", action="append", default=[], metavar="NAME=PATH", help="an adapter's interpreter")
    group.addoption("--convt-tier", help="how much of our corpus: smoke, core, full, traced, compiled")
    group.addoption("--convt-known", metavar="FOLDER", help="the folder of known divergences instead of ours")
    group.addoption("--convt-seed", type=int, default=0, help="seed of the operands")
    group.addoption("--convt-deadline", type=float, default=120.0, help="seconds that one answer may take")
    parser.addini("convt_tier", "the tier of our corpus that its folder means (smoke)", default="")


def pytest_configure(config: pytest.Config) -> None:
    if not _asked(config):
        return
    config.stash[_TALLY] = tally = _Tally(config)
    config.pluginmanager.register(tally, "convt-tally")
    if config.getoption("--convt") and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = []  # the cases are what was named: nothing else is collected beside them


def _asked(config: pytest.Config) -> bool:
    """Whether somebody wants this plugin to do something: it is loaded wherever the suite is installed."""
    words = [config.getoption(f"--{option.replace('_', '-')}") for option in OPTIONS]
    return any(words) or bool(config.getini("convt_tier")) or __name__ in (config.getoption("plugins") or ())


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    mine = file_path.suffix in (".yaml", ".yml") and file_path.name != "tiers.yaml" and file_path.parent.name != "known"
    if mine and _TALLY in parent.config.stash:
        from conformance.plain import regular

        try:
            regular(file_path)
            text = file_path.read_text(encoding="utf-8", errors="replace")
        except OSError:  # reading it as a family says what is wrong
            text = "cases:"
        if any(line.startswith("cases:") for line in text.splitlines()):
            from conformance.pytest_plugin.items import Family

            return Family.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(tryfirst=True)  # before items are deselected
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    if patterns := config.getoption("--convt"):
        from conformance.corpus.yaml_file import FileError
        from conformance.pytest_plugin.items import from_corpus

        try:
            for family in from_corpus(session, patterns):
                items += session.genitems(family)
        except FileError as error:
            raise pytest.UsageError(f"--convt: {error}") from None


class _Tally:
    """What the items said: registered as a plugin where something is asked."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.greeted: dict[str, str] = {}
        self.asked: dict[str, int] = {}
        self.answered: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            for name, said in report.user_properties:
                if name == PROPERTY:
                    route, answered = said
                    self.asked[route] = self.asked.get(route, 0) + 1
                    self.answered |= {route} if answered else set()

    def _silent(self) -> Iterator[str]:
        for route, count in sorted(self.asked.items()):
            if route not in self.answered:
                yield f"{route} answered none of its {count} case{'s' * (count != 1)}"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):  # a process of xdist: what it knows goes to the one that reports
            session.config.workeroutput["convt"] = self._greeted()
        elif any(self._silent()) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)  # xdist's
    def pytest_testnodedown(self, node: Any) -> None:
        self.greeted |= getattr(node, "workeroutput", {}).get("convt", {})

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Which frameworks answered, which could not, and which routes have no result."""
        for name, said in (self._greeted() or self.greeted).items():
            terminalreporter.write_line(f"convt: {name} {said}")
        for why in self._silent():
            terminalreporter.write_line(f"convt: no result: {why}", red=True)

    def _greeted(self) -> dict[str, str]:
        """Framework → its version, or why it is absent; empty where no case was collected."""
        if not (session := self.config.stash.get(SESSION, None)):
            return {}
        absent = {name: f"absent: {reason}" for name, reason in session.absent.items()}
        return {name: hello["version"] for name, hello in session.hellos.items()} | absent

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        if session := config.stash.get(SESSION, None):
            session.close()
