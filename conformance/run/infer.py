"""Questions that show something and questions that do not → the simplest conditions that tell them apart.

In the words of combinatorial testing this finds minimal failure-causing schemas (Nie and Leung 2011), over a fixed list
of comparisons (`atoms`) instead of single values. A condition fits if it holds on every positive question and on no
negative one. The fewest comparisons win, then the plainest. Where no conjunction of up to three fits, a few that
together hold on all positive ones do.

All questions are decided at once, as arrays; `Table.holds` says the same as `Condition.holds` (the tests compare them).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from conformance.case import CHECKS, DTYPES, Case, Check, Dtype, Fill
from conformance.corpus.conditions import OPERATORS, Atom, Compare, Condition, Not, Numbers, Property
from conformance.corpus.quantities import OF_CASE, PER_AXIS, PROPERTIES, QUANTITIES

#: Conditions that are returned where several fit alike, and comparisons in one conjunction.
TIES, LONGEST = 40, 3
#: Conjunctions in one condition.
ALTERNATIVES = 3


class Asked(NamedTuple):
    """A question: the case and what is asked of it."""

    case: Case
    check: Check
    dtype: Dtype
    fill: Fill
    device: str = "cpu"


class Table:
    """Questions as columns of numbers. It may grow: what was decided of the earlier ones is kept."""

    def __init__(self, asked: Iterable[Asked] = ()):
        self.asked: list[Asked] = []
        self._numbers: dict[tuple[str, str], tuple[int, ...]] = {}
        self._columns: dict[str, np.ndarray] = {}
        self._atoms: dict[Atom, np.ndarray] = {}
        self.add(asked)

    def add(self, asked: Iterable[Asked]) -> np.ndarray:
        """Further questions; returns their places."""
        before = len(self.asked)
        self.asked += asked
        return np.arange(before, len(self.asked))

    def holds(self, atom: Atom) -> np.ndarray:
        """[questions]: whether the atom holds."""
        known = self._atoms.get(atom, _NONE)
        if len(known) < len(self.asked):
            known = self._atoms[atom] = np.concatenate([known, self._decide(atom, len(known))])
        return known

    def meets(self, condition: Condition, since: int = 0) -> np.ndarray:
        """[questions from `since` on]: whether the condition holds."""
        found = np.zeros(len(self.asked) - since, dtype=bool)
        for atoms in condition.alternatives:
            each = np.ones(len(self.asked) - since, dtype=bool)
            for atom in atoms:
                each &= self.holds(atom)[since:]
            found |= each
        return found

    def _column(self, quantity: str) -> np.ndarray:
        """[questions, 3]: a number for each axis, what has one for all repeated; NaN where there is no such axis."""
        known = self._columns.get(quantity, _NOTHING)
        if len(known) < len(self.asked):
            rows = np.array([self._numbers_of(quantity, one.case) for one in self.asked[len(known) :]])
            known = self._columns[quantity] = np.concatenate([known, rows])
        return known

    def _numbers_of(self, quantity: str, case: Case) -> tuple[float, ...]:
        name = (quantity, case.id)
        if name not in self._numbers:
            value = QUANTITIES[quantity].of(case)
            value = value if isinstance(value, tuple) else (value,) * case.rank
            self._numbers[name] = (*value, *(np.nan,) * (3 - len(value)))
        return self._numbers[name]

    def _decide(self, atom: Atom, since: int) -> np.ndarray:
        if isinstance(atom, Numbers):
            there = ~np.isnan(self._column("input")[since:])
            on_axis = there.copy()
            for test in atom.tests:
                on_axis &= self._compared(test, since)
            return on_axis.any(axis=1) if atom.some else (on_axis == there).all(axis=1)
        if isinstance(atom, Not):
            return ~self.meets(atom.inner, since)
        of, known, found = PROPERTIES[atom.name].of, {}, []
        for one in self.asked[since:]:
            name = one.case.id if atom.of_case else getattr(one, atom.name)
            if name not in known:
                subject = one.case if atom.of_case else one
                known[name] = atom.negated != any(word in atom.words for word in of(subject))
            found.append(known[name])
        return np.array(found, dtype=bool)

    def _compared(self, test: Compare, since: int) -> np.ndarray:
        left = self._column(test.quantity)[since:]
        rights = [self._column(one)[since:] if isinstance(one, str) else np.float64(one) for one in test.operands]
        parts = [_vectorised(test.word, left, right) for right in rights]
        return np.logical_and.reduce(parts) if test.word == "other_than" else np.logical_or.reduce(parts)


_NONE, _NOTHING = np.zeros(0, dtype=bool), np.zeros((0, 3))


def _vectorised(word: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # NaN where there is no such axis
        if word == "multiple_of":
            return np.where(right == 0, left == 0, np.mod(left, np.where(right == 0, 1, right)) == 0)
        return OPERATORS[word].holds(left, right)


# What a condition may be made of


def _number(quantity: str, word: str, *operands: int | str, some: bool = False) -> Numbers:
    return Numbers((Compare(quantity, word, operands),), some)


_SCALARS = {
    "rank": (("is", (1, 2, 3)), ("above", (1,)), ("below", (3,))),
    "batch": (("is", (0, 1, 2)), ("above", (1, 2, 3, 4)), ("multiple_of", (2,))),
    "groups": (("is", (1, 2, 3)), ("above", (1, 2)), ("multiple_of", (2,))),
    "in_channels": (("is", (0, 1)), ("above", (1, 2, 3, 4, 8, 16)), ("multiple_of", (2, 3, 4, 8, 16))),
    "out_channels": (("is", (0, 1)), ("above", (1, 2, 3, 4, 8, 16)), ("multiple_of", (2, 3, 4, 8, 16))),
    "in_per_group": (("is", (1,)), ("above", (1, 8, 16))),
    "out_per_group": (("is", (1,)), ("above", (1, 8, 16))),
}
_AXES = {
    "stride": (("is", (1, 2, 3)), ("above", (1, 2, 3))),
    "dilation": (("is", (1, 2, 3)), ("above", (1, 2, 3))),
    "output_padding": (("is", (0, 1, 2)), ("above", (0, 1))),
    "padding_lo": (("is", (0, 1)), ("above", (0, 1)), ("below", (0,)), ("multiple_of", (2,))),
    "padding_hi": (("is", (0, 1)), ("above", (0, 1)), ("below", (0,)), ("multiple_of", (2,))),
    "kernel": (("is", (1, 2, 3)), ("above", (1, 2, 3, 4)), ("multiple_of", (2,))),
    "input": (("is", (0, 1, 2)), ("above", (1, 2, 3, 4)), ("multiple_of", (2, 4))),
    "output": (("is", (0, 1)), ("above", (1, 2, 4, 8, 16)), ("multiple_of", (2, 4, 8))),
    "extent": (("is", (1,)), ("above", (1,)), ("multiple_of", (2,))),
    "crop_hi": (("is", (0,)), ("above", (0,)), ("below", (0,))),
    "conv_padding_lo": (("is", (0,)), ("above", (0,)), ("below", (0,))),
    "conv_padding_hi": (("is", (0,)), ("above", (0,)), ("below", (0,))),
    "uncovered": (("is", (0,)), ("above", (0,))),
}
#: Quantities of an axis that faults compare with each other.
_BESIDE = (
    ("kernel", "stride"),
    ("extent", "stride"),
    ("extent", "input"),
    ("stride", "dilation"),
    ("padding_lo", "padding_hi"),
    ("padding_lo", "crop_hi"),
    ("padding_lo", "extent"),
    ("padding_hi", "extent"),
    ("output_padding", "stride"),
    ("output_padding", "dilation"),
    ("output_padding", "padding_hi"),
    ("conv_padding_lo", "conv_padding_hi"),
    ("conv_padding_hi", "input"),
    ("conv_padding_lo", "input"),
    ("output", "input"),
)


@cache
def atoms() -> tuple[Atom, ...]:
    """Single comparisons and words, the plainest first."""
    found: list[Atom] = [
        _number(quantity, word, value)
        for quantity, words in _SCALARS.items()
        for word, values in words
        for value in values
    ]
    found += [Property("bias", (value,)) for value in (True, False)]
    found += [Property("depthwise", (value,)) for value in (True, False)]
    for word in ("is", "above", "below", "other_than"):
        found.append(_number("in_channels", word, "out_channels"))
        found.append(_number("groups", word, "in_channels"))
        found.append(_number("groups", word, "out_channels"))
    for quantity, words in _AXES.items():
        for some, (word, values) in itertools.product((True, False), words):
            found += [_number(quantity, word, value, some=some) for value in values]
    for (one, two), word, some in itertools.product(
        _BESIDE, ("above", "is", "below", "at_least", "at_most"), (True, False)
    ):
        found.append(_number(one, word, two, some=some))
    for some in (True, False):
        found.append(_number("padding_lo", "multiple_of", "stride", some=some))
        found.append(_number("output_padding", "below", "stride", "dilation", some=some))
    found.append(Not(Condition(((_number("padding_lo", "multiple_of", "stride"),),))))
    found.append(Not(Condition(((_number("output_padding", "below", "stride", "dilation"),),))))
    found += [Property("axes_differ_in", (name,), no) for no in (False, True) for name in PER_AXIS[:7]]
    found += [Property("check", (check,), no) for no in (False, True) for check in CHECKS]
    found += [Property("dtype", (dtype,), no) for no in (False, True) for dtype in DTYPES]
    found += [Property("dtype", ("float16", "bfloat16"), no) for no in (False, True)]
    found += [Property("dtype", ("float32", "bfloat16")), Property("dtype", ("float64", "float16"))]
    found += [Property("dtype", ("int64", "int32", "int8"), no) for no in (False, True)]
    found += [Property("fill", (fill,), no) for no in (False, True) for fill in ("exact", "fresh", "real", "special")]
    return tuple(found)


@cache
def joint_atoms() -> tuple[Atom, ...]:
    """Two comparisons that must hold on one and the same axis."""
    singles = [atom.tests[0] for atom in atoms() if isinstance(atom, Numbers) and atom.some]
    return tuple(
        Numbers((one, two), some=True)
        for one, two in itertools.combinations(singles, 2)
        if one.quantities.isdisjoint(two.quantities)
    )


def words_of(asked: Iterable[Asked]) -> list[Atom]:
    """Words that only some cases have: layouts, conventions, memory, options, what is invalid."""
    found: dict[Atom, None] = {}
    cases = {one.case.id: one.case for one in asked}
    for name in ("invalid", "convention", "input_layout", "kernel_layout", "memory", "options", "disputed", "expect"):
        words = {word for case in cases.values() for word in OF_CASE[name].of(case)}
        if len(words) > 1:
            for word in sorted(words, key=str):
                found[Property(name, (word,))] = None
                found[Property(name, (word,), True)] = None
    devices = sorted({one.device for one in asked})
    found |= {Property("device", (device,)): None for device in devices if len(devices) > 1}
    return list(found)


# The search


def conditions(table: Table, positive: np.ndarray, negative: np.ndarray) -> list[Condition]:
    """The simplest conditions that hold on all `positive` questions of a table and on none of the `negative` ones, the
    plainest first, at most TIES. Empty where none does. Both are places in the table."""
    if not len(negative):
        return [Condition()]
    chosen = [table.asked[place] for place in (*positive, *negative)]
    offered = (*atoms(), *words_of(chosen))
    kept = list(_useful(table, positive, negative, offered))
    for weight in range(1, LONGEST + 1):
        found = list(itertools.islice(_conjunctions(table, positive, negative, kept, weight), TIES))
        if found:
            return found
    several = _alternatives(table, positive, negative, offered)
    return [several] if several else []


def _useful(
    table: Table, positive: np.ndarray, negative: np.ndarray, offered: Iterable[Atom]
) -> Iterator[tuple[Atom, int]]:
    """Atoms that hold on all positive questions and not on all negative ones, with the bits of the latter."""
    for atom in offered:
        holds = table.holds(atom)
        if holds[positive].all() and not (wrongly := holds[negative]).all():
            yield atom, _bits(wrongly)


def _bits(flags: np.ndarray) -> int:
    return int.from_bytes(np.packbits(flags).tobytes(), "big")


def _conjunctions(
    table: Table, positive: np.ndarray, negative: np.ndarray, kept: list[tuple[Atom, int]], weight: int
) -> Iterator[Condition]:
    """Conjunctions of so many comparisons of which no negative question meets all."""
    for chosen in _covers(kept, weight):
        yield Condition((chosen,))
    if weight > 1:
        joint = list(_useful(table, positive, negative, joint_atoms()))
        if weight == 2:
            yield from (Condition(((atom,),)) for atom, bits in joint if not bits)
        else:
            for (one, bits), (two, more) in itertools.product(joint, kept):
                if not bits & more and bits and more:
                    yield Condition(((one, two),))


def _covers(kept: list[tuple[Atom, int]], count: int) -> Iterator[tuple[Atom, ...]]:
    """Choices of `count` atoms that no negative question meets together; none of them is superfluous. Atoms that hold
    on the same negative questions are tried once and told apart at the end."""
    alike: dict[int, list[Atom]] = {}
    for atom, bits in kept:
        alike.setdefault(bits, []).append(atom)
    for patterns in _disjoint(list(alike), count):
        yield from itertools.islice(itertools.product(*(alike[bits] for bits in patterns)), TIES)


def _disjoint(patterns: list[int], count: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield from ((bits,) for bits in patterns if not bits)
        return
    patterns = [bits for bits in patterns if bits]
    if count == 2:
        yield from (pair for pair in itertools.combinations(patterns, 2) if not pair[0] & pair[1])
        return
    for first, one in enumerate(patterns):
        for second in range(first + 1, len(patterns)):
            two = one & patterns[second]
            if not two or two == one or two == patterns[second]:
                continue
            for three in patterns[second + 1 :]:
                if not two & three:
                    yield one, patterns[second], three


def _alternatives(
    table: Table, positive: np.ndarray, negative: np.ndarray, offered: Iterable[Atom]
) -> Condition | None:
    """A few conjunctions of one or two atoms, none of which holds on a negative question, that together hold on all
    positive ones; the one that holds on the most of what is left comes first."""
    bits: dict[Atom, tuple[int, int]] = {}
    for atom in offered:
        holds = table.holds(atom)
        if holds[positive].any():
            bits[atom] = _bits(holds[positive]), _bits(holds[negative])
    found: dict[tuple[Atom, ...], int] = {(atom,): mine for atom, (mine, no) in bits.items() if not no}
    for (one, (mine, no)), (two, (theirs, neither)) in itertools.combinations(bits.items(), 2):
        if no and neither and not no & neither and mine & theirs:
            found[one, two] = mine & theirs
    left, chosen = _bits(np.ones(len(positive), dtype=bool)), []
    while left and found and len(chosen) < ALTERNATIVES:
        best = max(found, key=lambda each: ((found[each] & left).bit_count(), -len(each)))
        if not found[best] & left:
            return None
        left &= ~found[best]
        chosen.append(best)
    return Condition(tuple(chosen)) if not left and chosen else None
