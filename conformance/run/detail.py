"""What stands beside the rows of a run file, as types: the detail of a row, the header, the footer.

A run file is handed from person to person. What is not here is kept and never looked at.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from conformance.case import CHECKS, Case, sensible
from conformance.oracle.error_map import LARGEST, LISTED
from conformance.oracle.relations import RELATIONS
from conformance.run import spoken
from conformance.run.row import Row
from conformance.run.spoken import Device, Seconds, Who

#: A number that JSON holds, or NaN, an infinity or a complex number by name.
Number = float | str
Positive = Annotated[float, Meta(ge=0.0)] | str
Index = list[int]
Count = Annotated[int, Meta(ge=0)]
Seed = Annotated[int, Meta(ge=0, le=2**21 - 1)]


class FirstWrong(msgspec.Struct):
    index: Index
    expected: Number
    returned: Number


class ErrorMap(msgspec.Struct):
    shape: list[Count]
    levels: str


class Stamp(msgspec.Struct):
    input: Index
    channel: int
    at: Index
    expected: list[Any]
    returned: list[Any]


class Unequal(msgspec.Struct):
    index: Index
    left: str
    right: str
    wrong: Count
    of: Count


class Claimed(msgspec.Struct):
    number: int
    verdict: Literal["confirmed", "refuted"]
    came_out: str


class Entry(msgspec.Struct):
    """A rule of the ledger, as a row tells it."""

    where: str
    link: str
    kind: str
    why: str
    when: str | None = None
    fault: str | None = None


class Again(msgspec.Struct):
    first: str
    second: str


class Detail(msgspec.Struct):
    """What the verdict of a row rests on; what does not apply is not there."""

    reason: str | None = None
    error_type: str | None = None
    error_text: str | None = None
    trace: str | None = None
    log: str | None = None
    mismatch: Literal["shape", "dtype", "specials", "values", "layout"] | None = None
    expected_shape: list[int] | None = None
    returned_shape: list[int] | None = None
    expected_dtype: str | None = None
    returned_dtype: str | None = None
    first_wrong: FirstWrong | None = None
    wrong: Count | None = None
    of: Count | None = None
    region: str | None = None
    error: Positive | None = None
    share: Positive | None = None
    sum: Number | None = None
    squares: Positive | None = None
    specials_extra: Count | None = None
    specials_missing: Count | None = None
    wrong_elements: Annotated[list[tuple[Index, Number, Number]], Meta(max_length=LISTED)] | None = None
    error_map: ErrorMap | None = None
    stamp: Stamp | None = None
    unequal: Unequal | None = None
    faults: list[str] | None = None
    causes: list[str] | None = None
    follows: list[str] | None = None
    bits: str | None = None
    again: Again | None = None
    claim: Claimed | None = None
    ledger: Entry | None = None
    plan: Any = None
    no_plan: str | None = None
    poisons: str | None = None
    says_nothing: Number | None = None
    rough: bool | None = None
    forward_seconds: Seconds | None = None
    unconfirmed: bool | None = None
    threads: dict[str, str | None] | None = None
    question: str | None = None


#: What a row of a relation may have as its check.
OF_RELATIONS = frozenset({relation.name for relation in RELATIONS}) | set(CHECKS)

#: What a word of a detail cannot be told without.
NEEDS = {
    "first_wrong": ("wrong",),
    "wrong": ("of", "error"),
    "specials_extra": ("specials_missing",),
    "expected_shape": ("returned_shape",),
    "wrong_elements": ("wrong",),
}


def check(row: Row, case: Case | None) -> None:
    """Complete the detail of a row that was read, or raise ValueError: what does not fit, in words.

    `case`: the row's, as the same file tells it.
    """
    if case is None:
        raise ValueError(f"no line before it tells the case {row.case}")
    _belongs(row, case)
    for word in [word for word, value in row.detail.items() if value is None]:
        del row.detail[word]  # null says what a missing word says
    detail = msgspec.convert(row.detail, Detail)
    for word, needed in NEEDS.items():
        for other in needed:
            if getattr(detail, word) is not None and getattr(detail, other) is None:
                raise ValueError(f"its detail has {word!r} and no {other!r}")
    if detail.mismatch == "shape" and detail.expected_shape is None:
        raise ValueError("its detail does not tell the shape that was returned")
    if detail.claim and case.claim is None:
        raise ValueError(f"it judges a claim, and {case.id} has none")
    if detail.error_map:
        _check_map(detail.error_map)
    if detail.stamp:
        _check_stamp(detail.stamp)
    if detail.plan is not None:
        row.detail["plan"] = spoken.plan(detail.plan, case.rank)


def _belongs(row: Row, case: Case) -> None:
    """Whether the case can be asked so."""
    if row.fill == "related":
        known = row.check in OF_RELATIONS
    else:
        known = row.check in CHECKS and sensible(row.dtype, row.check, row.fill)
        known &= case.bias or row.check != "grad_bias"
        if row.fill not in case.fills:
            raise ValueError(f"{case.id} has no fill {row.fill}")
    if not known:
        raise ValueError(f"there is no check {row.check!r} of {case.id} in {row.dtype}, fill {row.fill}")


def _check_map(found: ErrorMap) -> None:
    try:
        levels = base64.b64decode(found.levels, validate=True)
    except binascii.Error:
        raise ValueError("its error map is not base64") from None
    if not 1 <= len(found.shape) <= 5 or len(levels) != math.prod(found.shape) or len(levels) > LARGEST:
        raise ValueError(f"its error map has {len(levels)} levels for shape {found.shape[:8]}")


def _check_stamp(stamp: Stamp) -> None:
    try:
        shapes = {np.array(getattr(stamp, side), dtype=np.float64).shape for side in ("expected", "returned")}
    except (ValueError, TypeError, OverflowError):
        raise ValueError("its stamp is not made of numbers") from None
    if len(shapes) != 1 or not 1 <= len(next(iter(shapes))) <= 3:
        raise ValueError("its stamp is not one array beside another")


class Greeted(msgspec.Struct):
    """An adapter as a header tells it."""

    version: str
    devices: list[Device]
    routes: list[spoken.Offer] = []
    file: str = ""
    interpreter: str = ""
    python: str = ""
    numpy: str = ""
    builds: dict[str, str] = {}
    settings: dict[str, str] = {}
    variants: dict[spoken.Variant, spoken.Setting] = {}
    script: spoken.Script | None = None


class Selected(msgspec.Struct):
    """What the command of a run asked."""

    globs: list[str] = []
    routes: list[str] = []
    variants: list[str] = []
    devices: list[str] = []
    dtypes: list[str] = []
    checks: list[str] = []
    fills: list[str] = []
    metamorphic: bool = False
    tier: Literal["smoke", "core", "full", "traced", "compiled"] | None = None
    everywhere: bool = False
    adapters: list[str] = []
    pythons: list[str] = []
    environments: list[str] = []
    files: list[str] = []
    random: Annotated[int, Meta(ge=1)] | None = None
    known: str | None = None
    threads: str = "1"
    repeat: Annotated[int, Meta(ge=1)] = 1
    deadline: Annotated[float, Meta(gt=0)] = 120.0
    slow_factor: Annotated[float, Meta(ge=1)] = 20.0
    seed: Seed = 0
    claims: bool = False


class Header(msgspec.Struct):
    """What is said of a run as a whole."""

    suite: str
    corpus: str
    seed: Seed
    started: str
    platform: str
    cpu: str
    cores: int | None
    python: str
    argv: list[str]
    adapters: dict[Who, Greeted]
    absent: dict[str, str]
    dead: dict[str, str]
    notes: list[str]
    selection: Selected
    places: dict[str, dict[str, list[str]]] = {}


def header(said: dict[str, Any]) -> None:
    """Raises ValueError where a header is not one, in words."""
    found = msgspec.convert(said, Header)
    for name, greeted in found.adapters.items():
        spoken.offers(name, greeted.routes)


class Footer(msgspec.Struct):
    rows: Count = 0
    verdicts: dict[str, Count] = {}
    states: dict[str, Count] = {}
    seconds: Seconds = 0.0
    problems: list[str] = []


def footer(said: dict[str, Any]) -> None:
    """Raises ValueError where a footer is not one, in words."""
    msgspec.convert(said, Footer)
