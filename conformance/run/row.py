"""The words: Outcome, Verdict, State, and Row, one answer with what it means. Frozen data, no more."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from conformance.case import Dtype, Fill
from conformance.run.spoken import Device, Route, Seconds

#: What the worker did.
Outcome = Literal["returned", "unsupported", "raised", "crashed", "hung", "garbled", "unasked"]

#: What it means. `unrun` is what a row is until something better is known.
Verdict = Literal["pass", "differ", "refuse", "accept", "crash", "hang", "flaky", "broken", "unsupported", "unrun"]
VERDICTS: tuple[Verdict, ...] = (
    "pass",
    "differ",
    "refuse",
    "accept",
    "crash",
    "hang",
    "flaky",
    "broken",
    "unsupported",
    "unrun",
)

#: Verdicts that say something against a framework or its adapter, and so need a state.
DIVERGENT: frozenset[Verdict] = frozenset({"differ", "refuse", "accept", "crash", "hang", "flaky", "broken"})

#: What may be said of an answer that passes, and a rule of the ledger may know; see report/remarks.py.
Remark = Literal["rough"]
REMARKS: frozenset[Remark] = frozenset({"rough"})
#: Verdicts without an answer of the framework: it was not asked, it cannot be, or its adapter failed before it was.
UNANSWERED: frozenset[Verdict] = frozenset({"unsupported", "broken", "unrun"})

#: A row against the ledger; None for rows that no entry speaks of and that do not diverge.
State = Literal["new", "known", "changed", "stale"]


class Key(NamedTuple):
    """What identifies a row."""

    case: str
    route: str
    device: str
    dtype: str
    check: str
    fill: str

    def __str__(self) -> str:
        """`stride/s2 torch/functional@cpu float32 forward exact`: the spelling used in messages."""
        return f"{self.case} {self.route}@{self.device} {self.dtype} {self.check} {self.fill}"


class Row(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="row", forbid_unknown_fields=True):
    """One (case, route, device, dtype, check, fill) with its verdict.

    A file with fields of another name is refused: what its rows lack would else be taken for the default.

    `cause` says in words why it is not a pass. `seconds` is the framework's own time, without our share.
    `detail` holds what the verdict rests on: shapes, first wrong index with both values, wrong count, error in units
    of u·Σ|x||w| and as a share of the bound, the plan, the message of an error, the tail of the worker's log.
    """

    case: str
    route: Route
    device: Device
    dtype: Dtype
    check: str
    fill: Fill
    outcome: Outcome = "unasked"
    verdict: Verdict = "unrun"
    state: State | None = None
    cause: str | None = None
    seconds: Seconds | None = None
    detail: dict[str, Any] = {}

    @property
    def key(self) -> Key:
        return Key(self.case, self.route, self.device, self.dtype, self.check, self.fill)


def place(row: Row) -> str:
    """The route with its device: `torch/functional@cpu`."""
    return f"{row.route}@{row.device}"


class Example(msgspec.Struct, frozen=True):
    """A question that was found by asking: the id that spells its case, its numbers in words, what was asked."""

    case: str
    says: str
    check: str
    dtype: str
    fill: str


class Diagnosed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="diagnosis"):
    """What goes wrong and when, in one framework; see diagnose.py.

    `says`: what, in words; `fault`: the mutant that it is, if one is; `when`, `condition`: in words and as it is
    written in a ledger, None where no condition fits; `rows`: all that it explains, the smallest case first;
    `confirmed`: questions beyond them that agreed; `change`: how the nearest right one differs from the smallest that
    fails; `finished`: whether there was time to ask all that was wanted.
    """

    framework: str
    verdict: Verdict
    says: str
    routes: list[str]
    rows: list[Key]
    fault: str | None = None
    when: str | None = None
    condition: Any = None
    confirmed: int = 0
    smallest: Example | None = None
    nearest: Example | None = None
    change: str | None = None
    finished: bool = True
