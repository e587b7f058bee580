"""Which questions a run asks: cases × what the adapters offer, narrowed by what the user named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conformance.case import Case
from conformance.globs import matches
from conformance.row import Key


class Question(NamedTuple):
    """One row to be: the case, its key, and what the route declared."""

    case: Case
    key: Key
    numbers: dict[str, Any]
    arithmetic: dict[str, Any]
    compiler: bool

    @property
    def framework(self) -> str:
        return self.key.route.partition("/")[0]

    @property
    def route(self) -> str:
        return self.key.route.partition("/")[2]

    @property
    def weight(self) -> int:
        """A rough guess of the time this takes, in small calls."""
        return 500 if self.compiler else 1 + self.case.size // 10**6


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
    """What the user named; an empty tuple is everything. `compiled`: the case ids on which expensive compilers run,
    None for all."""

    routes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    compiled: frozenset[str] | None = frozenset()


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
    everywhere = {case.id for case in cases}
    for name in sorted({route for route, _, offered in routes if offered["compiler"]}):
        if narrow.compiled is not None and (asked := everywhere & narrow.compiled) != everywhere:
            selection.notes.append(
                f"{name} compiles every case for seconds: it runs on {len(asked)} of {len(everywhere)} cases, "
                f"those of the subset `compiled` (on all of them with --everywhere)"
            )
    for case in cases:
        numbers = case.question()
        for route, device, offered in routes:
            if offered["compiler"] and narrow.compiled is not None and case.id not in narrow.compiled:
                continue
            for key in _keys(case, route, device, narrow):
                if key.dtype not in offered["dtypes"]:
                    selection.unsupported[key] = f"{route} does not offer {key.dtype}"
                elif key.check not in offered["checks"]:
                    selection.unsupported[key] = f"{route} does not offer {key.check}"
                else:
                    arithmetic = offered.get("arithmetic") or {}
                    selection.questions.append(Question(case, key, numbers, arithmetic, offered["compiler"]))
    return selection


def _keys(case: Case, route: str, device: str, narrow: Narrow) -> Iterator[Key]:
    # A question that must be refused needs no second fill.
    fills = case.fills[:1] if case.expect == "refuse" else case.fills
    for dtype in narrow.dtypes or case.dtypes:
        for check in narrow.checks or case.checks:
            if check == "grad_bias" and not case.bias:
                continue
            for fill in fills:
                if not narrow.fills or fill in narrow.fills:
                    yield Key(case.id, route, device, dtype, check, fill)


def _wanted(route: str, device: str, narrow: Narrow) -> bool:
    if narrow.devices and device not in narrow.devices:
        return False
    return not narrow.routes or any(
        matches(f"{route}@{device}" if "@" in pattern else route, pattern) for pattern in narrow.routes
    )
