"""A run from its beginning to its end: adapters greeted, questions selected, rows judged, the ledger settled.

The command line and pytest both stand on this; what is said about a run as a whole is known here and nowhere else.
"""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from conformance import __version__, adapter, folder
from conformance.case import Case
from conformance.corpus import load
from conformance.corpus.choose import tiers
from conformance.oracle.operands import decode
from conformance.run import diagnose, metamorphic, narrow, place, probe, spoken, variants
from conformance.run.diagnose import Diagnosis
from conformance.run.engine import Engine
from conformance.run.infer import Asked
from conformance.run.judge import Answer
from conformance.run.ledger import Ledger
from conformance.run.programs import ProgramError
from conformance.run.questions import Narrow, Question, Selection, select
from conformance.run.row import Key, Row
from conformance.run.variants import worker_of
from conformance.run.worker import Dead, Program, Worker


@dataclass
class Session:
    """Greeted workers. `hellos` by worker: a framework, or one of its variants; `absent` are adapters whose framework
    is not installed, `dead` those that did not answer at all, each with the reason."""

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
        under: Sequence[str] = (),
    ) -> Session:
        """Start and greet all adapters at once, then their variants that a glob of `under` names. Raises ProgramError
        where a glob names no variant. Of two that call themselves the same, the second is dead."""
        jobs = jobs or os.cpu_count() or 1
        known = Ledger.load(ledger or folder("cases") / "known", {}, seed)
        session = cls(Engine({}, seed=seed, deadline=deadline, jobs=jobs, repeat=repeat), known)
        session.engine.settle = session.settle
        session._greet_all([Worker(program) for program in programs], deadline)
        if under:
            session._greet_variants(under, deadline)
        return session

    def _greet_variants(self, under: Sequence[str], deadline: float) -> None:
        found: dict[str, Program] = {}
        for name, hello in self.hellos.items():
            found |= variants.programs(self.engine.workers[name].program, hello, under)
        if unmet := variants.unmet(under, found):
            self.close()
            offered = sorted({name for hello in self.hellos.values() for name in hello["variants"]} | {"threads=N"})
            raise ProgramError(f"--variant {unmet[0]}: no framework here has it; there are {', '.join(offered)}")
        self._greet_all([Worker(program) for program in found.values()], deadline)

    def _greet_all(self, workers: list[Worker], deadline: float) -> None:
        with ThreadPoolExecutor(max(len(workers), 1)) as pool:
            greeted = pool.map(lambda worker: _greet(worker, deadline), workers)
            try:
                for worker, hello in zip(workers, greeted, strict=True):
                    self._welcome(worker, hello)
            except BaseException:  # Ctrl-C: the pool would wait for the slowest of them
                for worker in workers:
                    worker.abandon()
                raise

    def _welcome(self, worker: Worker, hello: dict[str, Any] | Dead) -> None:
        program = worker.program
        if isinstance(hello, Dead):
            self.dead[program.name] = str(hello)
            return
        if hello.get("absent"):
            self.absent[program.name] = f"{hello['absent']} ({program.interpreter})"
            worker.stop()
            return
        variant = variants.variant_of(program.name)
        name = f"{hello['name']}+{variant}" if variant else hello["name"]
        if name in self.hellos:
            self.dead[program.name] = f"it calls itself {hello['name']}, as {self.hellos[name]['file']} does"
            worker.stop()
            return
        self.hellos[name] = hello | {
            "file": str(program.file),
            "interpreter": program.interpreter,
            "settings": place.settings(os.environ | program.environment),
        }
        self.engine.workers[name] = worker
        self.ledger.places[name] = place.of_worker(program.environment, hello, variant)

    def settle(self, row: Row, case: Case) -> Row:
        """The row of a case set against the ledger."""
        return self.ledger.judge(row, case, self.hellos[worker_of(row.route)]["version"])

    def rows(
        self, selection: Selection, done: Iterable = (), accuse: Callable[[Row], None] | None = None
    ) -> Iterator[Row]:
        """All rows of a selection but those whose keys are `done`; what needs no asking comes first.

        `accuse` is told at once of a divergence that waits to be asked again; its row comes later, as all others.
        """
        done = set(done)
        for key, reason in selection.unsupported.items():
            if key not in done:
                yield Row(**key._asdict(), outcome="unsupported", verdict="unsupported", detail={"reason": reason})
        asked = [question for question in selection.questions if question.key not in done]
        related = [question for question in asked if question.key.fill == "related"]
        yield from metamorphic.rows(self.engine, related, self.settle)
        asked = [question for question in asked if question.key.fill != "related"]
        unexplained = []
        self.engine.accuse = accuse
        for row in self.engine.run(asked):
            if len(unexplained) < probe.MOST and probe.wanted(row):
                unexplained.append(row)
            else:
                yield row
        self.engine.accuse = None  # what is asked from here on is no row of the run
        if unexplained:
            by_key = {question.key: question for question in asked}
            for row in unexplained:
                stamp = self._stamp(by_key[row.key])
                yield msgspec.structs.replace(row, detail=row.detail | {"stamp": stamp}) if stamp else row

    def _stamp(self, question: Question) -> dict[str, Any] | None:
        """What a route makes of an impulse, where that is not what it should make; see probe.py."""
        found: list[dict[str, Any] | None] = []

        @np.errstate(all="ignore")  # as in judge.py
        def watch(probed: Question, answer: Answer) -> None:
            dtype, array = answer.tensors.get("forward", (None, None))
            if array is not None:
                found.append(probe.stamp(probed.case, decode(array, dtype)))

        self.engine.watch, self.engine.twice = watch, False
        for probed in probe.questions(question):
            list(self.engine.run([probed]))
            if found and found[-1]:
                break
        self.engine.watch, self.engine.twice = None, True
        return found[-1] if found else None

    def diagnoses(self, rows: Sequence[Row], cases: Mapping[str, Case], seconds: float) -> list[Diagnosis]:
        """What goes wrong and when, over the rows that are new or changed; see diagnose.py.

        `seconds`: how long a route may be asked again about what was found there; 0: not at all.
        """
        found = diagnose.diagnose(rows, cases, seed=self.engine.answers.seed)
        of_route = Counter(each.routes[0] for each in found)
        if seconds > 0:
            for index, each in enumerate(found):
                route = each.routes[0]
                if each.framework not in self.hellos:  # a run of others is diagnosed; here it is not asked
                    continue
                share = seconds / of_route[route]
                found[index] = narrow.narrow(each, self._route(route), share, self.engine.answers.seed)
        return found

    def _route(self, place: str) -> narrow.Route:
        """A route with its device, to be asked questions of no run."""
        route, _, device = place.partition("@")
        worker, _, name = route.partition("/")
        offered = next(each for each in self.hellos[worker]["routes"] if each["name"] == name)

        def ask(asked: Sequence[Asked]) -> list[Row]:
            questions = [
                Question.of(one.case, Key(one.case.id, route, device, one.dtype, one.check, one.fill), offered)
                for one in asked
            ]
            self.engine.twice = False
            try:
                return list(self.engine.run(questions))
            finally:
                self.engine.twice = True

        return narrow.Route(ask, tuple(offered["dtypes"]), tuple(offered["checks"]))

    def problems(self, cases: load.Cases) -> list[str]:
        """What is wrong with the ledger, judged by the whole default run: rules that none of its rows could meet.

        `cases`: the whole corpus, as far as it was read.
        """
        narrowed, by_id = Narrow(tiers=tiers(cases)), {case.id: case for case in cases}
        whole = list(select(cases, self.hellos, narrowed).keys)
        if any(rule.is_of_relations() for rule in self.ledger.rules):
            whole += metamorphic.select(cases, self.hellos, narrowed).keys
        versions = {name: hello["version"] for name, hello in self.hellos.items()}
        return self.ledger.orphans(((key, by_id[key.case]) for key in whole), versions, cases.unread)

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
            "places": {
                name: {word: sorted(found) for word, found in each.items()} for name, each in self.ledger.places.items()
            },
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "argv": ["convt", *sys.argv[1:]],
            "seed": self.engine.answers.seed,
            "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "selection": asked,
            "notes": [*self._lacking(), *selection.notes],
        }

    def _lacking(self) -> list[str]:
        """Routes that adapters have and versions have not, in words."""
        return [
            f"{name}/{route} is not offered: {why}"
            for name, hello in self.hellos.items()
            for route, why in hello["lacking"].items()
        ]

    def close(self) -> None:
        """Stop all workers."""
        self.engine.close()


def _greet(worker: Worker, deadline: float) -> dict[str, Any] | Dead:
    try:
        said = worker.hello(deadline)
        if said.get("protocol") != adapter.PROTOCOL:
            raise ValueError(f"it speaks protocol {said.get('protocol')!r:.40}, this is {adapter.PROTOCOL}")
        hello = spoken.hello(said)
    except Dead as error:
        return error
    except ValueError as error:
        worker.kill()
        return Dead(f"its hello is not one: {spoken.plainly(error)}")
    worker.said = hello
    return hello


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
