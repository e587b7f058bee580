"""Conditions as they are written in YAML → Condition; every mistake with its file and line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec

from conformance.corpus.conditions import OPERATORS, Atom, Compare, Condition, Not, Numbers, Property
from conformance.corpus.impossible import contradiction
from conformance.corpus.quantities import OF_CASE, OF_ROW, PROPERTIES, QUANTITIES, Words
from conformance.corpus.yaml_file import Document, Steps, convert, nearest

Operand = int | str | list[int | str]


class Comparison(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one quantity must be; all that is written must hold."""

    below: Annotated[Operand | None, msgspec.Meta(description="less than")] = None
    at_most: Annotated[Operand | None, msgspec.Meta(description="less than or equal to")] = None
    above: Annotated[Operand | None, msgspec.Meta(description="more than")] = None
    at_least: Annotated[Operand | None, msgspec.Meta(description="more than or equal to")] = None
    multiple_of: Annotated[Operand | None, msgspec.Meta(description="a multiple of")] = None
    other_than: Annotated[Operand | None, msgspec.Meta(description="not equal to")] = None


#: How a number may be written: it, the name of an equal one, one of several, or compared.
Number = Operand | Comparison


def _optional(name: str, kind: Any) -> tuple[str, Any, Any]:
    return name, kind | None, None


Axis = msgspec.defstruct(
    "Axis", [_optional(name, Number) for name in QUANTITIES], kw_only=True, forbid_unknown_fields=True
)


class Others(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A property that has none of these words."""

    other_than: str | list[str]


def _kind(words: Words) -> Any:
    return bool if words.known == (True, False) else str | list[str] | Others


#: A condition as it is written, of a case and of a row: what `convert` checks, and the schema shows.
Where = msgspec.defstruct(
    "Where",
    [
        *(_optional(name, Number) for name in QUANTITIES),
        *(_optional(name, _kind(words)) for name, words in OF_CASE.items()),
        _optional("some_axis", Axis | list[Axis]),
        _optional("not_", dict[str, Any] | list[dict[str, Any]]),
    ],
    kw_only=True,
    forbid_unknown_fields=True,
    rename=lambda name: name.rstrip("_"),
)
When = msgspec.defstruct(
    "When",
    [_optional(name, _kind(words)) for name, words in OF_ROW.items()],
    bases=(Where,),
    kw_only=True,
    forbid_unknown_fields=True,
    rename=lambda name: name.rstrip("_"),
)


def parse(document: Document, value: Any, locate: Callable[[Steps], Steps], kind: Any = When) -> Condition:
    """The condition that a document's `value` writes; `locate`: steps inside the value → steps inside the document.

    `kind`: Where for what speaks of cases alone. Raises FileError with the line where it cannot be read, names nothing,
    or can never hold.
    """
    if isinstance(value, list) and value:
        parts = [
            parse(document, one, lambda steps, index=index: locate((index, *steps)), kind)
            for index, one in enumerate(value)
        ]
        return Condition(tuple(atoms for part in parts for atoms in part.alternatives))
    if not isinstance(value, dict) or not value:
        raise document.error(locate(()), "expected a mapping of names to what they must be, or a list of such mappings")
    written = convert(document, kind, value, locate)
    atoms: list[Atom] = []
    for name in value:
        inner, here = getattr(written, "not_" if name == "not" else name), _inside(locate, name)
        if inner is None:
            raise document.error(here(()), f"{name} has no value: write what it must be, or delete it")
        if name == "not":
            atoms.append(Not(parse(document, value[name], here, kind)))
        elif name == "some_axis":
            for index, axis in enumerate(inner if isinstance(inner, list) else [inner]):
                deeper = _inside(here, index) if isinstance(inner, list) else here
                tests = [
                    test
                    for quantity in QUANTITIES
                    if (number := getattr(axis, quantity)) is not None
                    for test in _compared(document, quantity, number, _inside(deeper, quantity))
                ]
                if not tests:
                    raise document.error(deeper(()), "some_axis names nothing: write what must hold on one axis")
                atoms.append(Numbers(tuple(tests), some=True))
        elif name in QUANTITIES:
            atoms += [Numbers((test,)) for test in _compared(document, name, inner, here)]
        else:
            atoms.append(_property(document, name, inner, here))
    if (never := contradiction(atoms)) is not None:
        raise document.error(locate(()), f"this can never hold: {' and '.join(map(str, never))}")
    return Condition((tuple(atoms),))


def _inside(locate: Callable[[Steps], Steps], *outer: str | int) -> Callable[[Steps], Steps]:
    return lambda steps: locate((*outer, *steps))


def _compared(document: Document, quantity: str, number: Any, locate: Callable[[Steps], Steps]) -> Iterator[Compare]:
    """The comparisons that are written of one quantity."""
    if not isinstance(number, Comparison):
        yield Compare(quantity, "is", _operands(document, number, locate))
        return
    tests = [
        Compare(quantity, word, _operands(document, operand, _inside(locate, word)))
        for word in OPERATORS
        if (operand := getattr(number, word, None)) is not None
    ]
    if not tests:
        raise document.error(locate(()), f"{quantity} is compared with nothing: write {{above: 1}}, for example")
    least = max((_bound(test) for test in tests if test.word in ("above", "at_least")), default=None)
    most = min((_bound(test) for test in tests if test.word in ("below", "at_most")), default=None)
    if least is not None and most is not None and least > most:
        raise document.error(locate(()), f"{quantity} can never be so: it would be at least {least} and at most {most}")
    yield from tests


def _bound(test: Compare) -> float:
    """The least or the most that a comparison lets a number be; without end where it names quantities."""
    least = test.word in ("above", "at_least")
    if any(isinstance(one, str) for one in test.operands):
        return -math.inf if least else math.inf
    bound = (min if least else max)(test.operands)
    return bound + {"above": 1, "below": -1}.get(test.word, 0)


def _operands(document: Document, operand: Operand, locate: Callable[[Steps], Steps]) -> tuple[int | str, ...]:
    listed = operand if isinstance(operand, list) else [operand]
    if not listed:
        raise document.error(locate(()), "an empty list: name at least one number")
    for name in listed:
        if isinstance(name, str) and name not in QUANTITIES:
            raise document.error(locate(()), f"there is no number {name!r}{nearest(name, [*QUANTITIES])}")
    return tuple(listed)


def _property(document: Document, name: str, written: Any, locate: Callable[[Steps], Steps]) -> Property:
    negated = isinstance(written, Others)
    said = written.other_than if negated else written
    words = tuple(said) if isinstance(said, list) else (said,)
    if not words:
        raise document.error(locate(()), f"{name} names nothing: write at least one word")
    known = PROPERTIES[name].known
    for word in words:
        if known and word not in known:
            near = nearest(str(word), [str(one) for one in known], of="there are")
            raise document.error(locate(()), f"{name}: there is no {word!r}{near}")
    return Property(name, words, negated)
