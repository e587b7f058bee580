"""A run from its beginning to its end: adapters greeted, questions selected, rows judged, the ledger settled.

The command line and pytest both stand on this; what is said about a run as a whole is known here and nowhere else.
"""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from conformance import __version__, adapter, folder
from conformance.case import Case
from conformance.corpus import load
from conformance.corpus.choose import tiers
from conformance.oracle.operands import decode
from conformance.run import metamorphic, probe
from conformance.run.engine import Engine
from conformance.run.judge import Answer
from conformance.run.ledger import Ledger
from conformance.run.programs import ProgramError
from conformance.run.questions import Narrow, Question, Selection, select
from conformance.run.row import Row
from conformance.run.worker import Dead, Program, Worker


@dataclass
class Session:
    """Greeted workers. `hellos` by framework; `absent` are adapters whose framework is not installed, `dead` those
    that did not answer at all, each with the reason."""

    engine: Engine
    ledger: Ledger
    hellos: dict[str, dict[str, Any]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        programs: list[Program],
        *,
        ledger: Path | None = None,
        seed: int = 0,
        deadline: float = 120.0,
        jobs: int = 0,
        repeat: int = 1,
    ) -> Session:
        """Start and greet all adapters at once. Raises ProgramError where two call themselves the same."""
        jobs = jobs or os.cpu_count() or 1
        known = Ledger.load(ledger or folder("cases") / "known")
        session = cls(Engine({}, seed=seed, deadline=deadline, jobs=jobs, repeat=repeat), known)
        session.engine.standing = session.standing
        workers = [Worker(program) for program in programs]
        with ThreadPoolExecutor(max(len(workers), 1)) as pool:
            greeted = pool.map(lambda worker: _greet(worker, deadline), workers)
            try:
                for worker, hello in zip(workers, greeted, strict=True):
                    session._welcome(worker, hello)
            except BaseException:  # Ctrl-C: the pool would wait for the slowest of them
                for worker in workers:
                    worker.abandon()
                raise
        return session

    def _welcome(self, worker: Worker, hello: dict[str, Any] | Dead) -> None:
        program = worker.program
        if isinstance(hello, Dead):
            self.dead[program.name] = str(hello)
            return
        if hello.get("absent"):
            self.absent[program.name] = f"{hello['absent']} ({program.interpreter})"
            worker.stop()
            return
        if hello["name"] in self.hellos:
            self.close()
            raise ProgramError(f"two adapters call themselves {hello['name']!r}: {program.file} is one of them")
        self.hellos[hello["name"]] = hello | {"file": str(program.file), "interpreter": program.interpreter}
        self.engine.workers[hello["name"]] = worker

    def standing(self, row: Row) -> Row:
        """The row set against the ledger."""
        return self.ledger.judge(row, self.hellos[row.route.partition("/")[0]]["version"])

    def rows(self, selection: Selection, done: Iterable = ()) -> Iterator[Row]:
        """All rows of a selection but those whose keys are `done`; what needs no asking comes first."""
        done = set(done)
        for key, reason in selection.unsupported.items():
            if key not in done:
                yield Row(**key._asdict(), outcome="unsupported", verdict="unsupported", detail={"reason": reason})
        asked = [question for question in selection.questions if question.key not in done]
        related = [question for question in asked if question.key.fill == "related"]
        yield from metamorphic.rows(self.engine, related, self.standing)
        asked = [question for question in asked if question.key.fill != "related"]
        unexplained = []
        for row in self.engine.run(asked):
            if len(unexplained) < probe.MOST and probe.wanted(row):
                unexplained.append(row)
            else:
                yield row
        if unexplained:
            by_key = {question.key: question for question in asked}
            for row in unexplained:
                stamp = self._stamp(by_key[row.key])
                yield msgspec.structs.replace(row, detail=row.detail | {"stamp": stamp}) if stamp else row

    def _stamp(self, question: Question) -> dict[str, Any] | None:
        """What a route makes of an impulse, where that is not what it should make; see probe.py."""
        found: list[dict[str, Any] | None] = []

        def watch(probed: Question, answer: Answer) -> None:
            dtype, array = answer.tensors.get("forward", (None, None))
            if array is not None:
                found.append(probe.stamp(probed.case, decode(array, dtype)))

        self.engine.watch = watch
        for probed in probe.questions(question):
            list(self.engine.run([probed]))
            if found and found[-1]:
                break
        self.engine.watch = None
        return found[-1] if found else None

    def problems(self, selection: Selection, rows: list[Row], cases: load.Cases) -> list[str]:
        """What is wrong with the run as a whole: ledger entries whose count is another, or that matched nothing.

        `cases`: the whole corpus, as far as it was read.
        """
        narrow = Narrow(tiers=tiers(cases))
        whole = list(select(cases, self.hellos, narrow).keys)
        if any("related" in each.entry.fills for each in self.ledger.entries):
            whole += metamorphic.select(cases, self.hellos, narrow).keys
        versions = {name: hello["version"] for name, hello in self.hellos.items()}
        return self.ledger.settle(rows, whole, set(selection.keys), versions, cases.unread)

    def header(self, cases: list[Case], selection: Selection, asked: dict[str, Any]) -> dict[str, Any]:
        """What ran where, for the first line of a run file."""
        return {
            "suite": __version__,
            "protocol": adapter.PROTOCOL,
            "corpus": load.digest(cases),
            "adapters": self.hellos,
            "absent": self.absent,
            "dead": self.dead,
            "platform": platform.platform(),
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "argv": ["convt", *sys.argv[1:]],
            "seed": self.engine.answers.seed,
            "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "selection": asked,
            "notes": selection.notes,
        }

    def close(self) -> None:
        """Stop all workers."""
        self.engine.close()


class _Offer(msgspec.Struct):
    """A route in a hello."""

    name: str
    dtypes: list[str]
    checks: tuple[str, ...] = ("forward",)
    arithmetic: dict[str, dict[str, str]] = {}
    cost: float = 0.0
    tier: str | None = None
    devices: list[str] | None = None


class _Hello(msgspec.Struct):
    """What an adapter must say of itself; more is kept, less is refused."""

    protocol: int
    name: str
    routes: list[_Offer]
    version: str | None = None
    devices: tuple[str, ...] = ("cpu",)
    absent: str | None = None


def _greet(worker: Worker, deadline: float) -> dict[str, Any] | Dead:
    try:
        said = worker.hello(deadline)
        hello = msgspec.convert(said, _Hello)
    except Dead as error:
        return error
    except msgspec.ValidationError as error:
        worker.kill()
        return Dead(f"its hello is not one: {error}")
    if hello.protocol != adapter.PROTOCOL:
        worker.kill()
        return Dead(f"it speaks protocol {hello.protocol}, this is {adapter.PROTOCOL}")
    if hello.version is None and hello.absent is None:
        worker.kill()
        return Dead("its hello has neither a version nor a word on why the framework is absent")
    return {key: value for key, value in said.items() if key not in ("id", "outcome")} | msgspec.to_builtins(hello)


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
