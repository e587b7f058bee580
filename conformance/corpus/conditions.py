"""Conditions on the numbers of a case: which combinations of an entry's axes are meant.

    where:
      output_padding: {below: [stride, dilation]}   # below the larger of the two
      output: {at_least: 1}
      in_channels: {multiple_of: groups}

A quantity is compared with a number, with another quantity, or with a list of them, of which one that holds is enough.
What has a number for each spatial axis is compared axis by axis, and the condition holds where it does on all of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from conformance.case import Case

Operand = int | str | list[int | str]


class Condition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one quantity must be; all that is written must hold."""

    below: Annotated[Operand | None, msgspec.Meta(description="less than")] = None
    at_most: Annotated[Operand | None, msgspec.Meta(description="less than or equal to")] = None
    above: Annotated[Operand | None, msgspec.Meta(description="more than")] = None
    at_least: Annotated[Operand | None, msgspec.Meta(description="more than or equal to")] = None
    multiple_of: Annotated[Operand | None, msgspec.Meta(description="a multiple of")] = None
    other_than: Annotated[Operand | None, msgspec.Meta(description="not equal to")] = None


WORDS: dict[str, Callable[[int, int], bool]] = {
    "below": operator.lt,
    "at_most": operator.le,
    "above": operator.gt,
    "at_least": operator.ge,
    "multiple_of": lambda value, unit: value == 0 if unit == 0 else value % unit == 0,
    "other_than": operator.ne,
}

#: What can be compared: numbers that are written, and those that follow from them.
QUANTITIES: dict[str, Callable[[Case], int | tuple[int, ...]]] = {
    "batch": lambda case: case.batch,
    "in_channels": lambda case: case.in_channels,
    "out_channels": lambda case: case.out_channels,
    "groups": lambda case: case.groups,
    "input": lambda case: case.input,
    "kernel": lambda case: case.kernel,
    "stride": lambda case: case.stride,
    "dilation": lambda case: case.dilation,
    "padding_lo": lambda case: tuple(lo for lo, _ in case.padding),
    "padding_hi": lambda case: tuple(hi for _, hi in case.padding),
    "output_padding": lambda case: case.output_padding,
    "extent": lambda case: case.extent,
    "full": lambda case: case.full,
    "output": lambda case: case.output,
}

#: Quantity → its conditions.
Where = dict[str, Condition]


def named(where: Where) -> list[tuple[tuple[str, ...], str]]:
    """All quantities that the conditions name, each with the steps to the place where it stands."""
    found: list[tuple[tuple[str, ...], str]] = []
    for quantity, condition in where.items():
        found.append(((quantity,), quantity))
        for word, operand in _written(condition):
            found += [((quantity, word), one) for one in _listed(operand) if isinstance(one, str)]
    return found


def holds(where: Where, case: Case) -> bool:
    """Whether the case meets all conditions."""
    return all(
        _holds(WORDS[word], QUANTITIES[quantity](case), operand, case)
        for quantity, condition in where.items()
        for word, operand in _written(condition)
    )


def _holds(word: Callable[[int, int], bool], left: int | tuple[int, ...], operand: Operand, case: Case) -> bool:
    """On every axis, for any of the operands."""
    rights = [QUANTITIES[one](case) if isinstance(one, str) else one for one in _listed(operand)]
    spread = [value if isinstance(value, tuple) else (value,) * case.rank for value in (left, *rights)]
    return all(any(word(mine, other) for other in others) for mine, *others in zip(*spread, strict=True))


def _written(condition: Condition) -> list[tuple[str, Any]]:
    return [(word, operand) for word in WORDS if (operand := getattr(condition, word)) is not None]


def _listed(operand: Operand) -> list[int | str]:
    return operand if isinstance(operand, list) else [operand]
