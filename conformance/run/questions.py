"""Which questions a run asks: cases × what the adapters offer, narrowed by what the user named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conformance.case import Case, sensible
from conformance.run.row import Key
from conformance.run.variants import is_meant, worker_of


class Question(NamedTuple):
    """One row to be: the case, its key, and what the route declared: its arithmetic, its cost in seconds, and the
    seconds that an answer may take where they are not those of the run."""

    case: Case
    key: Key
    numbers: dict[str, Any]
    arithmetic: dict[str, Any]
    cost: float
    deadline: float | None = None

    @classmethod
    def of(cls, case: Case, key: Key, offered: Mapping[str, Any], numbers: dict[str, Any] | None = None) -> Question:
        """A question to a route as its adapter's hello offers it; `numbers`: the case's, where they are at hand."""
        arithmetic, deadline = offered.get("arithmetic") or {}, offered.get("deadline")
        return cls(case, key, case.question() if numbers is None else numbers, arithmetic, offered["cost"], deadline)

    @property
    def worker(self) -> str:
        return worker_of(self.key.route)

    @property
    def route(self) -> str:
        return self.key.route.partition("/")[2]

    @property
    def weight(self) -> int:
        """A rough guess of the time this takes, in milliseconds."""
        return 1 + int(1000 * self.cost) + self.case.size // 10**6


@dataclass
class Selection:
    """What a run asks (`questions`), what it need not ask to know (`unsupported`: key → reason), and what it leaves
    out (`notes`, in words)."""

    questions: list[Question] = field(default_factory=list)
    unsupported: dict[Key, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def keys(self) -> Iterator[Key]:
        """Every row of the run."""
        yield from (question.key for question in self.questions)
        yield from self.unsupported


@dataclass(frozen=True)
class Narrow:
    """What the user named; an empty tuple is everything. `tiers`: tiers of the corpus as case ids, on which costly
    routes run; a route whose tier is not among them runs on all cases."""

    routes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    tiers: Mapping[str, frozenset[str]] = field(default_factory=dict)


def select(cases: Iterable[Case], hellos: dict[str, dict[str, Any]], narrow: Narrow) -> Selection:
    """The questions for `cases` on every route that the adapters' `hellos` offer, in the order of the cases."""
    cases, selection = list(cases), Selection()
    routes = [
        (f"{name}/{route['name']}", device, route)
        for name, hello in hellos.items()
        if "version" in hello
        for route in hello["routes"]
        for device in (route["devices"] or hello["devices"])
        if _wanted(f"{name}/{route['name']}", device, narrow)
    ]
    for route, _, offered in routes:
        named = narrow.tiers.get(offered["tier"])
        if named is not None and (asked := sum(case.id in named for case in cases)) < len(cases):
            note = (
                f"{route} compiles for {offered['cost']:g} s a case: it runs on {asked} of {len(cases)} cases, "
                f"the tier `{offered['tier']}` (on all of them with --everywhere)"
            )
            selection.notes += [] if note in selection.notes else [note]
    for case in cases:
        numbers = case.question()
        for route, device, offered in routes:
            if case.id not in narrow.tiers.get(offered["tier"], (case.id,)):
                continue
            for key in _keys(case, route, device, narrow):
                if key.dtype not in offered["dtypes"]:
                    selection.unsupported[key] = f"{route} does not offer {key.dtype}"
                elif key.check not in offered["checks"]:
                    selection.unsupported[key] = f"{route} does not offer {key.check}"
                elif case.expect == "refuse" and (why := offered.get("unasked", {}).get(case.invalid)):
                    selection.unsupported[key] = f"{route} cannot be asked about {case.invalid}: {why}"
                elif (largest := offered.get("largest")) is not None and case.size > largest:
                    selection.unsupported[key] = f"{route} takes no case of more than {largest} multiply-adds"
                else:
                    selection.questions.append(Question.of(case, key, offered, numbers))
    return selection


def _keys(case: Case, route: str, device: str, narrow: Narrow) -> Iterator[Key]:
    # A question that must be refused needs no second fill.
    fills = case.fills[:1] if case.expect == "refuse" else case.fills
    for dtype in narrow.dtypes or case.dtypes:
        for check in narrow.checks or case.checks:
            if check == "grad_bias" and not case.bias:
                continue
            for fill in fills:
                if (not narrow.fills or fill in narrow.fills) and sensible(dtype, check, fill):
                    yield Key(case.id, route, device, dtype, check, fill)


def _wanted(route: str, device: str, narrow: Narrow) -> bool:
    if narrow.devices and device not in narrow.devices:
        return False
    return not narrow.routes or any(
        is_meant(f"{route}@{device}" if "@" in pattern else route, pattern) for pattern in narrow.routes
    )
