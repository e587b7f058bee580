"""A case as it is written in YAML → Case, or the sentence that says why not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from conformance.case import (
    AXIS_LETTERS,
    NONFINITE,
    Case,
    Check,
    Claim,
    Dispute,
    Dtype,
    Fill,
    Memory,
    OperandDtype,
    Reading,
)
from conformance.corpus import conventions, first_tries
from conformance.corpus.yaml_file import FileError, Steps

#: The most elements of an operand or an answer, by tier: who asks for the full one has the memory.
MOST_ELEMENTS = {"core": 2**28, "full": 2**33}
RANKS = (1, 2, 3)
ID = re.compile(r"[A-Za-z0-9._\-=,\[\]+]+")
#: The ids of cases that a program spells out have colons as well, see spelled.py.
WRITTEN = re.compile(r"[A-Za-z0-9._\-=,\[\]+:]+")

#: error(steps inside the case, message) → the FileError to raise.
Error = Callable[[Steps, str], FileError]
PerAxis = int | list[int]
Padding = int | list[int | tuple[int, int]]


class RawReading(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A reading as it is written: what it says replaces what the case says."""

    name: str
    source: str
    padding: Padding | None = None
    output_padding: PerAxis | None = None
    convention: str | None = None
    output_size: PerAxis | None = None
    refuse: bool = False


class RawDispute(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    question: str
    readings: list[RawReading]


class Raw(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The keys of a case: the fields of Case before anything is spread over the axes. None: has to be written."""

    id: str | None = None
    input: list[int] | None = None
    kernel: PerAxis | None = None
    in_channels: int | None = None
    out_channels: int | None = None
    batch: int = 2
    groups: int = 1
    stride: PerAxis = 1
    dilation: PerAxis = 1
    padding: Padding = 0
    padding_lo: PerAxis | None = None
    padding_hi: PerAxis | None = None
    output_padding: PerAxis = 0
    bias: bool = False
    dtypes: tuple[Dtype, ...] = ("float32",)
    checks: tuple[Check, ...] = ("forward",)
    fills: tuple[Fill, ...] | None = None
    convention: str | None = None
    output_size: PerAxis | None = None
    input_layout: str | None = None
    kernel_layout: str | None = None
    memory: dict[Literal["x", "w", "b", "g"], Memory] = {}
    shapes: dict[Literal["x", "w", "b"], list[int]] = {}
    operand_dtypes: dict[Literal["x", "w", "b"], OperandDtype] = {}
    options: dict[str, Any] = {}
    operands: dict[Literal["x", "w", "b", "g"], Any] = {}
    expect: Literal["answer", "refuse"] = "answer"
    tier: Literal["core", "full"] = "core"
    claim: Claim | None = None
    dispute: RawDispute | None = None
    why: str = ""
    source: str = ""


KEYS = [field.name for field in msgspec.structs.fields(Raw)]


def make(raw: Raw, name: str, where: str, error: Error) -> Case:
    """The Case called `name`, checked. Raises what `error` makes of the first thing that is wrong."""
    return check(*numbers(raw, name, where, error), error)


def numbers(raw: Raw, name: str, where: str, error: Error) -> tuple[Case, str | None]:
    """The Case called `name`, and why its numbers have no answer; whether that is what it expects, `check` asks.

    Both raise what `error` makes of the first thing that is wrong.
    """
    for key in ("input", "kernel", "in_channels", "out_channels"):
        if getattr(raw, key) is None:
            raise error((), f"{key} is missing: write it in the case or in base")
    if not ID.fullmatch(name.partition("/")[2]):
        raise error(("id",), f"the id {name!r} may have letters, digits and . _ - = , [ ] + only: rename the case")
    rank = len(raw.input)
    if rank not in RANKS:
        raise error(("input",), f"input has {rank} lengths, there are cases of 1, 2 or 3 axes: write as many")
    for key in ("dtypes", "checks", "fills"):
        _check_list(key, getattr(raw, key), error)

    ends = {key: getattr(raw, key) for key in ("padding_lo", "padding_hi") if getattr(raw, key) is not None}
    if ends and raw.padding != 0:
        raise error((next(iter(ends)),), "the padding is written twice: write padding, or padding_lo and padding_hi")

    def spread(key: str) -> tuple:
        value = 0 if getattr(raw, key) is None else getattr(raw, key)
        return _spread(key, value, rank, error)

    case = Case(
        id=name,
        input=tuple(raw.input),
        kernel=spread("kernel"),
        in_channels=raw.in_channels,
        out_channels=raw.out_channels,
        batch=raw.batch,
        groups=raw.groups,
        stride=spread("stride"),
        dilation=spread("dilation"),
        padding=tuple(zip(spread("padding_lo"), spread("padding_hi"), strict=True)) if ends else spread("padding"),
        output_padding=spread("output_padding"),
        bias=raw.bias,
        dtypes=raw.dtypes,
        checks=raw.checks,
        fills=raw.fills or (("given",) if raw.operands else ("exact", "real")),
        convention=raw.convention,
        output_size=None if raw.output_size is None else spread("output_size"),
        input_layout=raw.input_layout,
        kernel_layout=raw.kernel_layout,
        shapes={operand: tuple(shape) for operand, shape in raw.shapes.items()},
        operand_dtypes=raw.operand_dtypes,
        memory=raw.memory,
        options=raw.options,
        operands=raw.operands,
        expect=raw.expect,
        tier=raw.tier,
        claim=raw.claim,
        why=raw.why,
        source=raw.source,
        where=where,
    )
    if raw.dispute:
        return _settle(case, raw.dispute, error), None
    case, problem = _resolve(case, error)
    return case, problem or case.problem()


def check(case: Case, problem: str | None, error: Error) -> Case:
    """The case, if it says whether it has an answer and everything in it fits together."""
    _check_expect(case, problem or case.problem(), error)
    _check_sizes(case, error)
    _check_layouts(case, error)
    _check_memory(case, error)
    _check_operands(case, error)
    _check_claim(case, error)
    return case


def again(case: Case, error: Error) -> Case:
    """A case that was written out with all its numbers, as in a run file, checked as `make` checks one, but for what
    only concerns those who write cases by hand. Raises what `error` makes of the first thing that is wrong.
    """
    family, _, name = case.id.partition("/")
    if not ID.fullmatch(family) or family.startswith(".") or not WRITTEN.fullmatch(name):
        raise error(("id",), f"the id {case.id[:100]!r} may have letters, digits and . _ - = , [ ] + only")
    if case.rank not in RANKS:
        raise error(("input",), f"input has {_count(case.input)}, there are cases of 1, 2 or 3 axes")
    for key in ("kernel", "stride", "dilation", "padding", "output_padding", "output_size"):
        if (value := getattr(case, key)) is not None and len(value) != case.rank:
            raise error((key,), f"{key} has {_count(value)}, input has {_count(case.input)}")
    for key in ("dtypes", "checks", "fills"):
        _check_list(key, getattr(case, key), error)
    for key, operands in (("shapes", "xwb"), ("operand_dtypes", "xwb"), ("memory", "xwbg"), ("operands", "xwbg")):
        for operand in getattr(case, key):
            if operand not in tuple(operands):
                raise error((key,), f"{key} names {operand!r}, there are {', '.join(operands)}")
    for reading in case.dispute.readings if case.dispute else ():
        if not len(reading.padding) == len(reading.output_padding) == case.rank:
            raise error(("dispute",), f"the reading {reading.name!r} has not one number for each axis")
    for one in case.answers:
        if case.expect == "answer" and (problem := one.problem()):
            raise error((), f"there is no answer: {problem}")
        _check_sizes(one, error)
    for fitting in (_check_layouts, _check_memory, _check_operands, _check_claim):
        fitting(case, error)
    return case


def _spread(key: str, value: Any, rank: int, error: Error, steps: Steps = ()) -> tuple:
    """One value for each axis; a padding that is one number crops both ends."""
    if isinstance(value, list) and len(value) != rank:
        axes = "1 entry" if rank == 1 else f"{rank} entries"
        raise error((*steps, key), f"{key} has {_count(value)}, input has {axes}: write one for each axis")
    values = tuple(value) if isinstance(value, list) else (value,) * rank
    return tuple((one, one) if isinstance(one, int) else one for one in values) if key == "padding" else values


def _settle(case: Case, raw: RawDispute, error: Error) -> Case:
    """The case with its dispute, every reading as numbers; its own numbers become those of the first reading."""
    if case.checks != ("forward",) or case.claim or case.convention or case.expect == "refuse":
        raise error(("dispute",), "a dispute is about forward, without claim, convention or expect: delete these")
    readings: dict[Any, Reading] = {}
    for number, one in enumerate(raw.readings):
        here = ("dispute", "readings", number)
        said = {key: getattr(one, key) for key in ("padding", "output_padding", "output_size")}
        said = {key: _spread(key, value, case.rank, error, here) for key, value in said.items() if value is not None}
        other, problem = _resolve(msgspec.structs.replace(case, **said, convention=one.convention), error, here)
        problem = problem or other.problem()
        if problem and not one.refuse:
            raise error(here, f"this reading has no answer: {problem}; correct it or write refuse: true")
        answer = "refused" if one.refuse else (other.output, tuple(lo for lo, _ in other.padding))
        if answer in readings:
            raise error(here, f"this is the answer of {readings[answer].name!r} too: change the numbers, or join them")
        numbers = {"padding": other.padding, "output_padding": other.output_padding}
        readings[answer] = Reading(name=one.name, source=one.source, refuse=one.refuse, **numbers)
    if len(readings) < 2 or len({one.name for one in readings.values()}) < len(readings):
        raise error(("dispute", "readings"), "a dispute has two readings at least, each with its own name: add one")
    dispute = Dispute(question=raw.question, readings=tuple(readings.values()))
    if dispute.readings[0].refuse:
        raise error(("dispute", "readings", 0), "the first reading gives the numbers: let one that answers lead")
    return msgspec.structs.replace(case.read(dispute.readings[0]), dispute=dispute)


def _resolve(case: Case, error: Error, steps: Steps = ()) -> tuple[Case, str | None]:
    """The convention turned into numbers, and why it does not allow the output size that was asked for."""
    if case.convention is None:
        return case, None
    known = conventions.CONVENTIONS.get(case.convention)
    if any(case.output_padding) and known and not known.extended:
        raise error((*steps, "output_padding"), f"{known.name} gives the output padding itself: delete output_padding")
    # Formulas divide by nothing, but a range of legal sizes needs a stride.
    if case.problem() is not None and min(*case.stride, *case.kernel, *case.dilation) < 1:
        raise error((*steps, "convention"), f"a convention needs sound numbers, but {case.problem()}: delete it")
    sizes = case.output_size or (None,) * case.rank
    columns = (case.input, case.extent, case.stride, case.padding, sizes, case.output_padding)
    try:
        resolved = conventions.resolve(
            case.convention, [conventions.Axis(*axis) for axis in zip(*columns, strict=True)]
        )
    except ValueError as why:
        raise error((*steps, "convention"), str(why)) from None
    numbers = {"padding": resolved.padding, "output_padding": resolved.output_padding}
    return msgspec.structs.replace(case, **numbers), resolved.problem


def _check_expect(case: Case, problem: str | None, error: Error) -> None:
    if case.expect == "answer" and problem is not None:
        help = "correct it"
        if case.invalid == "output_size":
            help = first_tries.size(case.output_size, case.full, case.output, case.stride)
        raise error(_culprit(problem), f"there is no answer: {problem}; {help}, or write expect: refuse")
    if case.expect == "refuse" and problem is None and not case.options:
        raise error(("expect",), "the numbers have an answer: delete expect: refuse, or make them invalid")
    for key, what in (("shapes", "shape"), ("operand_dtypes", "dtype")):
        if "b" in getattr(case, key) and not case.bias:
            raise error((key, "b"), f"b has a {what} and there is no bias: write bias: true")
    if case.expect == "refuse" and case.checks != ("forward",):
        raise error(("checks",), "what must be refused has no gradients: delete checks")
    if "grad_bias" in case.checks and not case.bias:
        raise error(("checks",), "grad_bias needs a bias: write bias: true, or delete grad_bias")


def _culprit(problem: str) -> Steps:
    """The key that a problem speaks of: mostly its first word."""
    word = problem.partition(" ")[0]
    if "groups" in problem:
        return ("groups",)
    if word == "output" and "elements" in problem:
        return ()  # any of its words may be the one that is too large
    if word == "output":
        return ("output_size" if "output size" in problem else "padding",)
    if word in ("x", "w", "b"):
        return ("operand_dtypes" if "dtype" in problem else "shapes",)
    return (word,)


def _check_sizes(case: Case, error: Error) -> None:
    full = (case.batch, case.out_channels, *case.full)
    made = [("x", case.x_shape), ("w", case.w_shape)]
    if case.expect == "answer":
        made += [("y", case.y_shape), ("y before padding", full)]
    most = MOST_ELEMENTS[case.tier]
    for what, shape in made:
        elements = math.prod(max(length, 0) for length in shape)
        if elements > most or max(map(abs, shape), default=0) > most:
            full = ", or write tier: full" if case.tier == "core" and elements <= MOST_ELEMENTS["full"] else ""
            raise error((), f"{what} {list(shape)} has more than {most} elements: make the case smaller{full}")


def _check_layouts(case: Case, error: Error) -> None:
    spatial = AXIS_LETTERS[case.rank]
    for key, letters in (("input_layout", "NC" + spatial), ("kernel_layout", "IO" + spatial)):
        layout = getattr(case, key)
        if layout is not None and sorted(layout) != sorted(letters):
            raise error((key,), f"{layout!r} is not a permutation of {letters!r}: write each letter once")


def _check_memory(case: Case, error: Error) -> None:
    for operand, word in case.memory.items():
        if operand == "b" and not case.bias:
            raise error(("memory", "b"), "memory names b and there is no bias: write bias: true")
        if operand == "g" and case.checks == ("forward",):
            raise error(("memory", "g"), "memory names g and no gradient is checked: delete it, or name the checks")
        if operand == "b" and word == "channels_last":
            raise error(("memory", "b"), "b has one axis: there are no channels to be last")


def _check_operands(case: Case, error: Error) -> None:
    if ("given" in case.fills) != bool(case.operands) or (case.operands and len(case.fills) > 1):
        raise error(("fills",), "the fill given stands alone and goes with operands: write both or neither")
    right = {"x": case.x_shape, "w": case.w_shape, "b": case.b_shape, "g": case.y_shape}
    for operand, value in case.operands.items():
        here = ("operands", operand)
        if right[operand] is None:
            raise error(here, "b is given and there is no bias: write bias: true")
        if operand == "g" and case.checks == ("forward",):
            raise error(here, "g is given and no gradient is checked: delete it, or name the checks")
        if value == "ones":
            continue
        shape = _shape(value)
        if shape is None:
            raise error(here, f"{operand} is not an array of numbers: write nested lists of equal lengths, or ones")
        if shape != right[operand]:
            raise error(here, f"{operand} has shape {list(shape)}, the case needs {list(right[operand])}: correct it")


def _check_claim(case: Case, error: Error) -> None:
    claim = case.claim
    if claim is None:
        return
    here = ("claim",)
    others = [key for key in ("values", "not_values", "answers", "definition") if getattr(claim, key) is not None]
    if len(others) > 1 or not (others or claim.shape):
        raise error(here, "a claim has one of values, not_values, answers, definition, with or without shape")
    if len(case.checks) != 1:
        raise error(here, f"a claim is about one check, the case has {len(case.checks)}: name one")
    if not claim.says or not claim.source:
        raise error(here, "a claim says something and has a source: write both")
    for key in ("values", "not_values"):
        if key in others and _shape(getattr(claim, key)) is None:
            raise error((*here, key), f"{key} is not an array of numbers: write nested lists of equal lengths")


def _check_list(key: str, values: Sequence[str] | None, error: Error) -> None:
    if values is not None and (not values or len(set(values)) < len(values)):
        raise error((key,), f"{key} is empty: name at least one" if not values else f"{key} repeats itself")


def _count(values: Sequence) -> str:
    return f"{len(values)} entries" if len(values) != 1 else "1 entry"


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers; None where they are ragged or hold anything else."""
    if isinstance(value, str) and value in NONFINITE:
        return ()
    if isinstance(value, int | float):
        return None if isinstance(value, bool) else ()
    if not isinstance(value, list):
        return None
    shapes = {_shape(item) for item in value}
    if not shapes:
        return (0,)
    inner = shapes.pop()
    return None if shapes or inner is None else (len(value), *inner)
