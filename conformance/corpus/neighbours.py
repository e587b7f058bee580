"""Cases near a case: some number changed at random, one number plainer, one number beside. Named by their numbers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import msgspec

from conformance.case import Case
from conformance.corpus.spelled import spelled

_VALUES = {
    "input": (1, 2, 3, 4, 5, 6),
    "kernel": (1, 2, 3, 4, 5),
    "stride": (1, 2, 3, 4),
    "dilation": (1, 2, 3, 4),
    "output_padding": (0, 1, 2),
    "padding": (-1, 0, 1, 2, 3),
    "batch": (1, 2, 3, 5),
    "channels": (1, 2, 3, 4, 5, 9, 17),
    "groups": (1, 2, 3, 4),
}
FIELDS = ("input", "kernel", "stride", "dilation", "padding", "output_padding")


def other(case: Case, **numbers) -> Case:
    """The case with other numbers and no more than them: named by them, without the words of a file."""
    plain = {
        "convention": None,
        "output_size": None,
        "operands": {},
        "claim": None,
        "why": "",
        "source": "",
        "where": "",
    }
    return renamed(msgspec.structs.replace(case, **plain, **numbers, dtypes=("float32",), fills=("exact",)))


def renamed(case: Case) -> Case:
    """The case under the id that spells its numbers, with how its operands are stored."""
    name = spelled(case)
    for operand, word in case.memory.items():
        name += f"-{operand}-{word}"
    for letters in (case.input_layout, case.kernel_layout):
        name += f"-{letters}" if letters else ""
    return msgspec.structs.replace(case, id=name)


def changed(case: Case, rng: random.Random) -> Case:
    """One number of the case changed."""
    what = rng.choice((*FIELDS, *FIELDS, "batch", "in", "out", "groups", "bias", "all"))
    if what == "batch":
        return other(case, batch=rng.choice(_VALUES["batch"]))
    if what == "bias":
        return other(case, bias=not case.bias)
    if what == "in":
        return other(case, in_channels=case.groups * rng.choice(_VALUES["channels"]))
    if what == "out":
        return other(case, out_channels=case.groups * rng.choice(_VALUES["channels"]))
    if what == "groups":
        return _grouped(case, rng.choice(_VALUES["groups"]))
    if what == "all":
        field = rng.choice(FIELDS)
        value = _value(field, rng)
        return other(case, **{field: (value,) * case.rank})
    axis = rng.randrange(case.rank)
    values = list(getattr(case, what))
    values[axis] = _value(what, rng) if what != "padding" else _padding(values[axis], rng)
    return other(case, **{what: tuple(values)})


def _value(field: str, rng: random.Random) -> int | tuple[int, int]:
    value = rng.choice(_VALUES[field])
    return (value, value) if field == "padding" else value


def _padding(before: tuple[int, int], rng: random.Random) -> tuple[int, int]:
    value = rng.choice(_VALUES["padding"])
    return rng.choice(((value, before[1]), (before[0], value), (value, value)))


def _grouped(case: Case, groups: int) -> Case:
    ins, outs = (max(channels // max(case.groups, 1), 1) for channels in (case.in_channels, case.out_channels))
    return other(case, groups=groups, in_channels=groups * ins, out_channels=groups * outs)


def weight(case: Case) -> tuple[int, int]:
    """The smaller, the plainer: how many numbers are not plain, and how far from plain they are."""
    numbers = [case.batch - 1, case.in_channels - 1, case.out_channels - 1, case.groups - 1, int(case.bias)]
    for lengths in (case.input, case.kernel, case.stride, case.dilation):
        numbers += [length - 1 for length in lengths]
    numbers += [*case.output_padding, *(abs(end) for pair in case.padding for end in pair)]
    return case.rank, sum(1 for number in numbers if number), sum(numbers)


def simpler(case: Case) -> Iterator[Case]:
    """Cases with one number nearer to the plainest value."""
    if case.rank > 1:
        for axis in range(case.rank):
            yield other(case, **{field: _without(getattr(case, field), axis) for field in FIELDS})
    if case.groups > 1:
        yield _grouped(case, 1)
        yield _grouped(case, case.groups - 1)
    for name in ("in_channels", "out_channels"):
        channels = getattr(case, name)
        for fewer in {case.groups, channels // 2 // case.groups * case.groups, channels - case.groups}:
            if case.groups <= fewer < channels:
                yield other(case, **{name: fewer})
    for fewer in {1, case.batch // 2, case.batch - 1}:
        if 1 <= fewer < case.batch:
            yield other(case, batch=fewer)
    if case.bias:
        yield other(case, bias=False)
    for field, axis in itertools.product(FIELDS, range(case.rank)):
        values = getattr(case, field)
        for value in _plainer(field, values[axis]):
            yield other(case, **{field: (*values[:axis], value, *values[axis + 1 :])})


def _without(values: tuple, axis: int) -> tuple:
    return (*values[:axis], *values[axis + 1 :])


def _plainer(field: str, value: int | tuple[int, int]) -> set:
    if field == "padding":
        lo, hi = value
        ends = {(0, 0), (0, hi), (lo, 0), (lo - (lo > 0) + (lo < 0), hi), (lo, hi - (hi > 0) + (hi < 0)), (lo, lo)}
        return {end for end in ends if end != value and abs(end[0]) + abs(end[1]) <= abs(lo) + abs(hi)}
    least = 0 if field == "output_padding" else 1
    return {one for one in (least, value // 2, value - 1) if least <= one < value}


def beside(case: Case) -> Iterator[Case]:
    """Cases that differ in one number, by little."""
    for field, axis in itertools.product(FIELDS, range(case.rank)):
        values = getattr(case, field)
        near = _near_padding(values[axis]) if field == "padding" else (values[axis] - 1, values[axis] + 1)
        for value in near:
            yield other(case, **{field: (*values[:axis], value, *values[axis + 1 :])})
    for name in ("in_channels", "out_channels"):
        for step in (-case.groups, case.groups):
            if getattr(case, name) + step > 0:
                yield other(case, **{name: getattr(case, name) + step})
    for groups in (case.groups - 1, case.groups + 1):
        if groups > 0:
            yield _grouped(case, groups)
    for batch in (case.batch - 1, case.batch + 1):
        if batch > 0:
            yield other(case, batch=batch)
    yield other(case, bias=not case.bias)


def _near_padding(pair: tuple[int, int]) -> list[tuple[int, int]]:
    lo, hi = pair
    return [(lo - 1, hi), (lo + 1, hi), (lo, hi - 1), (lo, hi + 1), (lo - 1, hi - 1), (lo + 1, hi + 1)]


def difference(one: Case, two: Case) -> set[str]:
    """The quantities in which two cases differ, with those that follow from them left out."""
    names = ("batch", "in_channels", "out_channels", "groups", "bias", *FIELDS)
    found = {name for name in names if getattr(one, name) != getattr(two, name)}
    return found | {f"padding_{end}" for end in ("lo", "hi") if "padding" in found}
