"""A layer in other frameworks: its native call or a composition, proved by asking both for the same answers.

An answer is equal where it is that of the definition, bit for bit, on integers whose sums are exact. The source's own
call is asked in the same way, so that what was read from its arguments is proved as well.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance.case import AXIS_LETTERS, Case, Check
from conformance.port import compose, scratch
from conformance.port.layer import Layer
from conformance.port.scratch import Statements
from conformance.port.speech import SPEECH
from conformance.run import programs
from conformance.run.answers import Answers
from conformance.run.questions import Question
from conformance.run.row import Key, Row
from conformance.run.session import Session
from conformance.run.worker import Program

#: Seeds under which each check is asked: other operands each time.
SEEDS = 10
#: Routes that a compiler makes of another one: who ports writes the call itself.
COMPILED = 1.0
#: What stands in the statements of a gradient.
BACKWARDS = ("autograd.grad(", "GradientTape(", "jax.vjp(")
#: Layouts of input and kernel, with the letters of space put in.
USUAL = {"jax": ("N{}C", "{}OI"), "flax": ("N{}C", "{}OI")}


@dataclasses.dataclass
class Ported:
    """A layer in a framework. `plan`: the native call as data, with the statements around it for a composition, whose
    `steps` are then named; None where nothing was found. `equal`: questions that were answered alike, of `asked`.
    `reasons`: why not otherwise, route by route; `caveats`: what is true of other dtypes."""

    layer: Layer
    framework: str
    plan: dict[str, Any] | None = None
    route: str = ""
    steps: tuple[str, ...] = ()
    equal: int = 0
    asked: int = 0
    reasons: list[str] = dataclasses.field(default_factory=list)
    caveats: list[str] = dataclasses.field(default_factory=list)

    @property
    def way(self) -> str:
        """`native`, `composition` or `impossible`."""
        return "impossible" if self.plan is None else "composition" if self.steps else "native"


@dataclasses.dataclass
class Source:
    """How the source's own call answered: `equal` of `asked`; `why` it could not be asked, "" where it was."""

    equal: int = 0
    asked: int = 0
    why: str = ""
    wrong: str = ""


class Porter:
    """Greeted workers of the frameworks, and of what is written around their calls. Use it as a context."""

    def __init__(self, chosen: Sequence[Program], deadline: float = 120.0):
        self._folder = tempfile.TemporaryDirectory()
        self._session = Session.open(list(chosen), deadline=deadline, jobs=1)
        self._opened = [self._session]
        self._native: dict[tuple[str, str, str], Row] = {}

    def __enter__(self) -> Porter:
        return self

    def __exit__(self, *error: object) -> None:
        for session in self._opened:
            session.close()
        self._folder.cleanup()

    @property
    def frameworks(self) -> dict[str, str]:
        """Framework → its version."""
        return {name: hello["version"] for name, hello in self._session.hellos.items()}

    @property
    def missing(self) -> dict[str, str]:
        """Frameworks that cannot be asked, with the reason."""
        return self._session.absent | self._session.dead

    # Native calls

    def ports(self, layers: Sequence[Layer], frameworks: Sequence[str]) -> list[Ported]:
        """Each layer in each framework, layer by layer."""
        found = [self._natively(layer, framework) for layer in layers for framework in frameworks]
        self._composed([each for each in found if each.plan is None])
        return found

    def _natively(self, layer: Layer, framework: str) -> Ported:
        ported = Ported(layer, framework)
        for route in self._routes(framework):
            row = self._first(framework, route, layer.case)
            if row.verdict != "pass":
                _add(ported.reasons, _why(row))
                continue
            if _backwards(row):
                continue
            rows = list(self._rows(self._session, framework, route, [self._usual(framework, layer.case)]))
            wrong = [each for each in rows if each.verdict not in ("pass", "unsupported")]
            if wrong:
                _add(ported.reasons, f"{wrong[0].check} of {row.detail['plan']['call']}: {_why(wrong[0])}")
                continue
            ported.plan, ported.route = row.detail["plan"], route["name"]
            ported.equal = ported.asked = sum(each.verdict == "pass" for each in rows)
            ported.caveats = list(self._caveats(framework, route, layer.case))
            break
        return ported

    def _routes(self, framework: str) -> list[dict[str, Any]]:
        offered = self._session.hellos[framework]["routes"]
        return [route for route in offered if route["cost"] < COMPILED and "float32" in route["dtypes"]]

    def _usual(self, framework: str, case: Case) -> Case:
        """The case in the layouts that people of a framework use, where its calls can have any."""
        if framework not in USUAL:
            return case
        x, w = (letters.format(AXIS_LETTERS[case.rank]) for letters in USUAL[framework])
        return msgspec.structs.replace(case, input_layout=x, kernel_layout=w)

    def _first(self, framework: str, route: dict[str, Any], case: Case) -> Row:
        """The row of the first forward question, asked once for each case."""
        name = (framework, route["name"], case.id)
        if name not in self._native:
            case = self._usual(framework, case)
            rows = list(self._rows(self._session, framework, route, [case], ("forward",), 1))
            self._native[name] = rows[0]
        return self._native[name]

    def _rows(
        self,
        session: Session,
        framework: str,
        route: dict[str, Any],
        cases: Iterable[Case],
        checks: Sequence[Check] | None = None,
        seeds: int = SEEDS,
    ) -> Iterator[Row]:
        """The rows of exact questions in float32, under several seeds."""
        asked = []
        for case in cases:
            for check in checks or case.checks:
                if check in route["checks"] and case.result_shape(check) is not None:
                    key = Key(case.id, f"{framework}/{route['name']}", "cpu", "float32", check, "exact")
                    asked.append(Question.of(case, key, route))
        for seed in range(seeds):
            session.engine.answers = Answers(seed)
            yield from session.engine.run(asked)

    def _caveats(self, framework: str, route: dict[str, Any], case: Case) -> Iterator[str]:
        """What is known of the same call in half precision."""
        arithmetic = route.get("arithmetic") or {}
        for dtype in ("float16", "bfloat16"):
            if dtype not in route["dtypes"]:
                yield f"no {dtype}"
            elif arithmetic.get(dtype, {}).get("accumulator") == dtype:
                yield f"right in {dtype}, but sums {dtype} in {dtype}"
        version = self.frameworks[framework]
        for dtype in ("float16", "bfloat16"):
            for check in case.checks:
                key = Key(case.id, f"{framework}/{route['name']}", "cpu", dtype, check, "exact")
                for rule in self._session.ledger.speaking(key, case, version):
                    yield f"{dtype}, {check}: {rule.why} ({rule.link})"

    # Compositions

    def _composed(self, left: Sequence[Ported]) -> None:
        """Look for compositions of what has no call, the fewest steps first; all of a framework in one worker."""
        by_framework: dict[str, dict[str, tuple[Ported, compose.Composition, dict[str, Any], Statements]]] = {}
        for ported in left:
            if ported.framework not in SPEECH:
                _add(ported.reasons, f"no compositions for {ported.framework}")
                continue
            for number, (found, plan) in enumerate(self._inner(ported)):
                said = compose.statements(ported.layer.case, found, ported.framework, plan)
                name = f"{left.index(ported)}-{number}"
                by_framework.setdefault(ported.framework, {})[name] = (ported, found, plan, said)
        for framework, mine in by_framework.items():
            session = self._written(framework, {name: each[3] for name, each in mine.items()})
            for name, (ported, found, plan, said) in mine.items():
                if session is not None and ported.plan is None:
                    self._prove(session, name, ported, found, plan, said)

    def _inner(self, ported: Ported) -> Iterator[tuple[compose.Composition, dict[str, Any]]]:
        """Compositions whose inner call the framework has, with its plan."""
        for found in compose.compositions(ported.layer.case):
            for route in self._routes(ported.framework):
                row = self._first(ported.framework, route, found.inner)
                if row.verdict == "pass" and not _backwards(row):
                    yield found, row.detail["plan"]
                    break
        if (last := compose.inserted(ported.layer.case, ported.framework)) is not None:
            yield last

    def _written(self, framework: str, statements: Mapping[str, Statements]) -> Session | None:
        """A worker for statements of a framework; None where it has none."""
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        program = scratch.program(framework, statements, folder)
        if program is None:
            return None
        program = dataclasses.replace(program, interpreter=self._interpreter(framework))
        session = Session.open([program], jobs=1)
        self._opened.append(session)
        return session if scratch.name(framework) in session.hellos else None

    def _interpreter(self, framework: str) -> str:
        base = SPEECH[framework].adapter
        hello = self._session.hellos.get(framework) or self._session.hellos.get(base) or {}
        return hello.get("interpreter") or Program("", Path()).interpreter

    def _prove(
        self,
        session: Session,
        name: str,
        ported: Ported,
        found: compose.Composition,
        plan: dict[str, Any],
        said: Statements,
    ) -> None:
        worker = scratch.name(ported.framework)
        route = next(each for each in session.hellos[worker]["routes"] if each["name"] == name)
        rows = list(self._rows(session, worker, route, [ported.layer.case]))
        wrong = [row for row in rows if row.verdict != "pass"]
        if wrong or not rows:
            _add(ported.reasons, f"{', then '.join(found.steps)}: {_why(wrong[0]) if wrong else 'not asked'}")
            return
        layouts = {"x": said.x, "w": said.w, "y": said.x}
        ported.plan = plan | {"source": said.body, "layouts": layouts}
        ported.steps, ported.equal, ported.asked = found.steps, len(rows), len(rows)
        ported.route = plan["call"]

    # The source itself

    def source(self, layers: Sequence[Layer]) -> list[Source]:
        """What the source's own call answers, layer by layer."""
        found = [Source() for _ in layers]
        for framework in dict.fromkeys(layer.framework for layer in layers):
            mine = {
                str(number): Statements(framework, _stored(layer) + layer.body, layer.x, layer.kernel)
                for number, layer in enumerate(layers)
                if layer.framework == framework and layer.body and framework in SPEECH
            }
            session = self._written(framework, mine) if mine else None
            for number, layer in enumerate(layers):
                if layer.framework != framework:
                    continue
                if not layer.body:
                    found[number].why = "no call to run: held against the definition"
                elif session is None:
                    found[number].why = f"{framework} was not run: held against the definition"
                else:
                    self._ask_source(session, str(number), layer, found[number])
        return found

    def _ask_source(self, session: Session, name: str, layer: Layer, said: Source) -> None:
        worker = scratch.name(layer.framework)
        route = next(each for each in session.hellos[worker]["routes"] if each["name"] == name)
        case = layer.case
        rows = list(self._rows(session, worker, route, [case]))
        said.asked, said.equal = len(rows), sum(row.verdict == "pass" for row in rows)
        said.wrong = next((_why(row) for row in rows if row.verdict != "pass"), "")


def chosen(to: Sequence[str], adapters: Sequence[str], pythons: Sequence[str]) -> list[Program]:
    """The programs of the frameworks that are asked for; all that are known where none is."""
    return programs.choose(tuple(adapters) or tuple(to), (), programs.pairs(pythons), threads=1)


def _backwards(row: Row) -> bool:
    """Whether the call is the gradient of a forward convolution, which nobody writes as a layer."""
    return any(word in row.detail["plan"]["source"] for word in BACKWARDS)


def _stored(layer: Layer) -> str:
    """The statement that makes the source's kernel of the operator's: its mirror image where it is flipped."""
    return f"w = {SPEECH[layer.framework].flip.format(a='w', axes=layer.flips)}\n" if layer.flipped else ""


def _why(row: Row) -> str:
    """Why a row is no success: the ledger's words where it has some."""
    said = (row.detail.get("reason") or row.cause or row.verdict).strip().splitlines()[0][:200]
    told = row.detail.get("ledger")
    return f"{said} ({told['kind']}: {told['why']} {told['link']})" if told else said


def _add(reasons: list[str], reason: str) -> None:
    if reason not in reasons:
        reasons.append(reason)
