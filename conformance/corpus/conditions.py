"""Conditions: one small language over a question, for families (`where`), the ledger (`when`) and what is found out.

    groups: {above: 1}                               # a number
    stride: 3                                        # what has a number for each axis: on every axis
    output_padding: {below: [stride, dilation]}      # below one of the two
    in_channels: {multiple_of: groups}
    some_axis: {stride: 3, input: {above: 1}}        # all on one and the same axis
    check: [forward, grad_input]                     # a word, or one of several
    dtype: {other_than: float64}
    bias: true
    not: {padding_lo: 0, padding_hi: 0}              # whatever does not meet this

All that stands in a mapping must hold; of a list of mappings one must. A comparison names a number, another quantity,
or a list of them, of which one that holds is enough (with `other_than`: all of them).

What depends on the case alone is decided once for each case (`Condition.on`); what is left speaks of the check, the
dtype, the fill and the device of a row.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from conformance.case import Case
from conformance.corpus.quantities import OF_CASE, PER_AXIS, PROPERTIES, QUANTITIES


def _multiple(value: int, unit: int) -> bool:
    return value == 0 if unit == 0 else value % unit == 0


class _Operator(NamedTuple):
    holds: Callable[[int, int], bool]
    sign: str


OPERATORS: dict[str, _Operator] = {
    "is": _Operator(operator.eq, "="),
    "below": _Operator(operator.lt, "<"),
    "at_most": _Operator(operator.le, "≤"),
    "above": _Operator(operator.gt, ">"),
    "at_least": _Operator(operator.ge, "≥"),
    "multiple_of": _Operator(_multiple, "a multiple of"),
    "other_than": _Operator(operator.ne, "≠"),
}


class Asked(Protocol):
    """What of a row a condition may speak of beside its case."""

    @property
    def check(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def fill(self) -> str: ...
    @property
    def device(self) -> str: ...


@dataclass(frozen=True)
class Compare:
    """A quantity compared with others: `operands` are numbers or names of quantities."""

    quantity: str
    word: str
    operands: tuple[int | str, ...]

    def axes(self, case: Case) -> list[bool]:
        """Whether it holds, for each axis."""
        holds, enough = OPERATORS[self.word].holds, all if self.word == "other_than" else any
        left = _spread(self.quantity, case)
        rights = [_spread(one, case) if isinstance(one, str) else (one,) * case.rank for one in self.operands]
        return [enough(holds(mine, other) for other in others) for mine, *others in zip(left, *rights, strict=True)]

    @property
    def quantities(self) -> set[str]:
        return {self.quantity, *(one for one in self.operands if isinstance(one, str))}

    def data(self) -> Any:
        values = list(self.operands) if len(self.operands) > 1 else self.operands[0]
        return values if self.word == "is" else {self.word: values}

    def __str__(self) -> str:
        names = [QUANTITIES[one].says if isinstance(one, str) else str(one) for one in self.operands]
        joined = (" and " if self.word == "other_than" else " or ").join(names)
        sign = "is" if self.word == "multiple_of" else ""
        return " ".join(filter(None, (QUANTITIES[self.quantity].says, sign, OPERATORS[self.word].sign, joined)))


def _spread(quantity: str, case: Case) -> tuple[int, ...]:
    value = QUANTITIES[quantity].of(case)
    return value if isinstance(value, tuple) else (value,) * case.rank


@dataclass(frozen=True)
class Numbers:
    """Comparisons on every axis (`some` false: there is one of them), or all on one and the same axis."""

    tests: tuple[Compare, ...]
    some: bool = False
    of_case = True

    def holds(self, case: Case, asked: Asked | None = None) -> bool:
        return self._decide(case)

    @cached_property
    def _decide(self) -> Callable[[Case], bool]:
        """One comparison with a number, or of two numbers of an axis, is what nearly all rules say: decided quickly."""
        test, some = self.tests[0], self.some
        right = test.operands[0]
        plain = len(self.tests) == len(test.operands) == 1
        of, holds = QUANTITIES[test.quantity].of, OPERATORS[test.word].holds
        if plain and test.quantity not in PER_AXIS and not isinstance(right, str):
            return lambda case: holds(of(case), right)
        if not plain or test.quantity not in PER_AXIS or (isinstance(right, str) and right not in PER_AXIS):
            return self._decide_any
        rights = QUANTITIES[right].of if isinstance(right, str) else lambda case: itertools.repeat(right)

        def decide(case: Case) -> bool:
            for left, other in zip(of(case), rights(case), strict=False):
                if holds(left, other) is some:
                    return some
            return not some

        return decide

    def _decide_any(self, case: Case) -> bool:
        found = [all(each) for each in zip(*(test.axes(case) for test in self.tests), strict=True)]
        return any(found) if self.some else all(found)

    @property
    def quantities(self) -> set[str]:
        return set().union(*(test.quantities for test in self.tests))

    def __str__(self) -> str:
        said = " and ".join(map(str, self.tests))
        if not self.quantities & set(PER_AXIS):
            return said
        if not self.some:
            return f"{said} on every axis"
        return f"{said} on {'one axis' if len(self.tests) > 1 else 'some axis'}"


@dataclass(frozen=True)
class Property:
    """A property that has one of the words, or none of them."""

    name: str
    words: tuple[str | bool, ...]
    negated: bool = False

    @cached_property
    def _of(self) -> Callable[[Any], Iterable[str | bool]]:
        return PROPERTIES[self.name].of

    @property
    def of_case(self) -> bool:
        return self.name in OF_CASE

    def holds(self, case: Case, asked: Asked | None = None) -> bool:
        subject = case if self.of_case else asked
        return self.negated != any(word in self.words for word in self._of(subject))

    @property
    def quantities(self) -> set[str]:
        return {self.name}

    def data(self) -> Any:
        words = list(self.words) if len(self.words) > 1 else self.words[0]
        return {"other_than": words} if self.negated else words

    def __str__(self) -> str:
        says = PROPERTIES[self.name].says
        if isinstance(says, tuple):
            return says[self.words[0] == self.negated]
        if self.name == "expect":
            return "must be refused" if (self.words[0] == "refuse") != self.negated else "has an answer"
        joined = (" and " if self.negated else " or ").join(str(word).replace("_", " ") for word in self.words)
        return ("not " if self.negated else "") + says.format(joined)


@dataclass(frozen=True)
class Not:
    """Whatever does not meet a condition."""

    inner: Condition

    @property
    def of_case(self) -> bool:
        return all(atom.of_case for atoms in self.inner.alternatives for atom in atoms)

    def holds(self, case: Case, asked: Asked | None = None) -> bool:
        return not self.inner.holds(case, asked)

    @property
    def quantities(self) -> set[str]:
        return self.inner.quantities

    def __str__(self) -> str:
        return f"not ({self.inner})"


Atom = Numbers | Property | Not


@dataclass(frozen=True)
class Condition:
    """Alternatives, of which one must hold; of each, all atoms. No alternative: nothing; one without atoms: all."""

    alternatives: tuple[tuple[Atom, ...], ...] = ((),)

    def holds(self, case: Case, asked: Asked | None = None) -> bool:
        """Whether a question meets it; `asked` may be left out where it speaks of the case alone."""
        return any(all(atom.holds(case, asked) for atom in atoms) for atoms in self.alternatives)

    def on(self, case: Case) -> Condition:
        """What is left of it for the rows of one case: NEVER, ALWAYS, or a condition on check, dtype, fill, device."""
        left = []
        for atoms in self.alternatives:
            if all(atom.holds(case) for atom in atoms if atom.of_case):
                rest = tuple(atom for atom in atoms if not atom.of_case)
                if not rest:
                    return ALWAYS
                left.append(rest)
        return Condition(tuple(left)) if left else NEVER

    @property
    def quantities(self) -> set[str]:
        """All numbers and properties that it names."""
        return set().union(*(atom.quantities for atoms in self.alternatives for atom in atoms))

    @property
    def size(self) -> int:
        """How many comparisons it makes: the fewer, the simpler."""
        return sum(_weight(atom) for atoms in self.alternatives for atom in atoms)

    def data(self) -> Any:
        """As it is written in YAML."""
        written = [_mapping(atoms) for atoms in self.alternatives]
        return written[0] if len(written) == 1 else written

    def __str__(self) -> str:
        if self == ALWAYS:
            return "always"
        return "; or ".join(" and ".join(map(str, atoms)) or "always" for atoms in self.alternatives) or "never"


ALWAYS, NEVER = Condition(), Condition(())


def _weight(atom: Atom) -> int:
    if isinstance(atom, Numbers):
        return len(atom.tests)
    return 1 if isinstance(atom, Property) else atom.inner.size


def _mapping(atoms: tuple[Atom, ...]) -> dict[str, Any]:
    """One alternative as a mapping: comparisons of one quantity are joined; several axes or negations make lists."""
    found: dict[str, Any] = {}
    for atom in atoms:
        if isinstance(atom, Property):
            found[atom.name] = atom.data()
        elif isinstance(atom, Not):
            found["not"] = _also(found.get("not"), atom.inner.data())
        elif atom.some:
            found["some_axis"] = _also(found.get("some_axis"), _joined(atom.tests))
        else:
            found |= _joined((*_tests(found, atom.tests), *atom.tests))
    return found


def _tests(found: Mapping[str, Any], tests: tuple[Compare, ...]) -> Iterator[Compare]:
    """What is already written of the same quantities."""
    for quantity in {test.quantity for test in tests} & found.keys():
        written = found[quantity]
        for word, operand in written.items() if isinstance(written, dict) else [("is", written)]:
            yield Compare(quantity, word, tuple(operand) if isinstance(operand, list) else (operand,))


def _joined(tests: Iterable[Compare]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for test in tests:
        before, data = found.get(test.quantity), test.data()
        found[test.quantity] = {**before, **data} if isinstance(before, dict) and isinstance(data, dict) else data
    return found


def _also(before: Any, more: Any) -> Any:
    if before is None:
        return more
    return [*before, more] if isinstance(before, list) else [before, more]
