"""What adapters say, as types: the plan of a call, and what an adapter offers. Messages and run files are read alike.

What does not fit is refused here, once, so that whoever reads a plan or an offer later need not ask what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from conformance.adapter import CANONICAL
from conformance.oracle.bounds import ROUNDOFF, UNDERFLOW
from conformance.plain import harmless

#: Names of frameworks, routes, dtypes: they stand in ids, fragments of addresses and lines to paste.
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
#: Who answers: a framework, or one of its variants, `torch+onednn=avx2`.
WORKER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(\+[A-Za-z0-9][A-Za-z0-9_.=,-]{0,99})?"
Who = Annotated[str, Meta(pattern=f"^{WORKER}$")]
#: A route behind who answers it.
Route = Annotated[str, Meta(pattern=f"^{WORKER}/[A-Za-z0-9][A-Za-z0-9_.-]{{0,99}}$")]
Variant = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.=,-]{0,99}$")]
#: Devices may have a number behind a colon.
Device = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$")]
#: Seconds, of which no sensible number is larger than this.
Seconds = Annotated[float, Meta(ge=0.0, le=1e9)]

#: What an adapter may offer.
MOST_ROUTES, MOST_DEVICES, LARGEST_COST = 1000, 100, 1e6
#: What msgspec calls by a pattern.
NAMED = "expected letters, digits and . _ - + (in devices also :), at most 100"
#: Characters that a text of a plan may have: it stands in every row.
LONGEST = 50_000
Text = Annotated[str, Meta(max_length=LONGEST)]
#: What may hold other values; as a tuple, since a union would be made anew for each value that is asked about.
NESTED = (dict, list, tuple)
#: How deep the arguments of a call, or what else is only handed on, may be nested.
DEEPEST = 16

#: What a route may declare of its arithmetic, and the words for it.
ARITHMETIC = {"accumulator": frozenset(UNDERFLOW), "multiplicand": frozenset(ROUNDOFF), "bias": frozenset({"separate"})}


class Layouts(msgspec.Struct, omit_defaults=True):
    """The layouts that a call reads and answers in; one that is missing is the canonical one."""

    x: str | None = None
    w: str | None = None
    y: str | None = None


class Plan(msgspec.Struct):
    """The native call of a row; see adapter.Plan, which says it in full."""

    call: Annotated[str, Meta(max_length=300)]
    source: Text
    arguments: dict[str, Any] = {}
    layouts: Layouts = msgspec.field(default_factory=Layouts)
    memory: dict[str, str] = {}
    emulates: Text | None = None
    define: Text = ""


def plan(said: Any, rank: int) -> dict[str, Any]:
    """A plan as it was told, with what it left out. Raises ValueError where it does not fit: what, in words."""
    told = msgspec.convert(said, Plan)
    if not shallow(told.arguments):
        raise ValueError(f"its arguments are nested deeper than {DEEPEST} levels")
    if len(msgspec.json.encode(told.arguments)) > LONGEST:
        raise ValueError(f"its arguments have more than {LONGEST} characters")
    canonical = {"x": CANONICAL["x"][rank], "w": CANONICAL["w"][rank], "y": CANONICAL["x"][rank]}
    layouts = {name: getattr(told.layouts, name) or letters for name, letters in canonical.items()}
    for what, found in (("layouts", layouts), ("memory", told.memory)):
        for name, letters in found.items():
            grouped = "G" * (name == "w" and "G" in letters)
            if name not in canonical or sorted(letters) != sorted(canonical[name] + grouped):
                raise ValueError(f"its {what} give {name!r} as {letters[:20]!r}")
    return msgspec.to_builtins(told) | {"layouts": layouts}


def plainly(error: Exception) -> str:
    """What does not fit, in words for somebody who writes an adapter or looks at a run file."""
    said = re.sub(r"Expected `str` matching regex '\^\[A-Za-z0-9\]\S*'", NAMED, str(error))
    return harmless(said)[:300]


def shallow(value: Any, levels: int = DEEPEST) -> bool:
    """Whether nothing in `value` is nested deeper than so many levels."""
    inside = [value]
    for _ in range(levels + 1):
        nested = [each for each in inside if isinstance(each, NESTED)]
        if not nested:
            return True
        inside = [each for one in nested for each in (one.values() if isinstance(one, dict) else one)]
    return False


class Offer(msgspec.Struct):
    """A route in a hello. `largest`: multiply-adds of the largest case that it takes; `deadline`: seconds that one
    answer may take, where that is another time than that of the run; `unasked`: parts of a question, which must be
    refused, about which the route cannot be asked, with the reason."""

    name: Name
    dtypes: tuple[Name, ...] = ("float32",)
    checks: tuple[Name, ...] = ("forward",)
    arithmetic: dict[str, dict[str, str]] | None = None
    cost: Annotated[float, Meta(ge=0.0, le=LARGEST_COST)] = 0.0
    tier: str | None = None
    devices: tuple[Device, ...] | None = None
    largest: Annotated[int, Meta(ge=0)] | None = None
    deadline: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    unasked: dict[str, str] = {}


class Script(msgspec.Struct):
    """How a script is written in a framework's words, see conformance/adapter.py."""

    imports: Text = ""
    put: Text = "{array}"
    bfloat16: Text = "{array}"
    get: Text = "np.asarray({y}, dtype=np.{wide})"


class Setting(msgspec.Struct):
    """A variant that an adapter offers, see conformance/adapter.py."""

    environment: dict[str, str] = {}
    setup: str = ""


class Hello(msgspec.Struct):
    """What an adapter says of itself. `absent`: why its framework is not here; `builds`: what its libraries say of how
    they were built; `lacking`: routes that this version does not have, with the reason;
    `variants`: settings under which it computes otherwise."""

    protocol: int
    name: Name
    routes: Annotated[list[Offer], Meta(max_length=MOST_ROUTES)] = []
    version: Annotated[str, Meta(max_length=200)] | None = None
    devices: Annotated[tuple[Device, ...], Meta(max_length=MOST_DEVICES)] = ("cpu",)
    absent: str | None = None
    lacking: dict[Name, str] = {}
    builds: dict[str, str] = {}
    variants: dict[Variant, Setting] = {}
    script: Script | None = None


def hello(said: dict[str, Any]) -> dict[str, Any]:
    """A hello as it was told, with what it left out. Raises ValueError where it does not fit: what, in words."""
    told = msgspec.convert(said, Hello)
    if told.absent is None:
        if told.version is None:
            raise ValueError("it has neither a version nor a word on why the framework is absent")
        for what, offered in (("route", told.routes), ("device", told.devices)):
            if not offered:
                raise ValueError(f"it offers no {what}")
    offers(told.name, told.routes)
    _once("device", told.devices)
    more = {key: value for key, value in said.items() if key not in ("id", "outcome") and shallow(value, 4)}
    return more | msgspec.to_builtins(told)


def offers(framework: str, routes: Sequence[Offer]) -> None:
    """Raises ValueError where the routes of a framework are not apart, or declare what nobody knows."""
    _once("route", [each.name for each in routes])
    for each in routes:
        _once(f"device of {framework}/{each.name}", each.devices or ())
        for declared in (each.arithmetic or {}).values():
            for word, value in declared.items():
                if value not in ARITHMETIC.get(word, ()):
                    raise ValueError(f"{framework}/{each.name} declares {word[:40]!r}: {value[:40]!r}")


#: The shape of an answer and the strides of its elements, None where the framework does not say.
Lies = tuple[list[int | None], list[int | None] | None]


class Said(msgspec.Struct):
    """What an answer says beside its tensors. `plan` is read by `plan`, since a wrong one does not spoil the answer.
    `foretold`: for each check what was said of the answer before it was computed, and what the answer has;
    `forward_seconds`: what the forward convolution of the same size took."""

    outcome: Literal["returned", "unsupported", "raised", "broken"]
    reason: str | None = None
    type: str | None = None
    text: str | None = None
    trace: str | None = None
    seconds: Seconds | None = None
    build_seconds: Seconds | None = None
    plan: Any = None
    foretold: dict[str, tuple[Lies, Lies]] = {}
    forward_seconds: Seconds | None = None


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two hellos say the same of what is asked and of whom."""
    return all(one.get(word) == other.get(word) for word in ("name", "version", "routes", "devices"))


def _once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"it names the {what} {name} twice")
        seen.add(name)
