"""Conditions that can never hold: comparisons of which no number, or no word, meets all.

What is looked at are the numbers that are written, on every axis or on one and the same; the order of two quantities of
an axis; and words of which a question has exactly one. It finds contradictions and proves none absent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from conformance.corpus.conditions import Atom, Compare, Not, Numbers, Property
from conformance.corpus.quantities import PROPERTIES

#: Of these a question has exactly one word.
SINGLE = ("bias", "check", "convention", "depthwise", "device", "disputed", "dtype", "expect", "fill", "invalid")
#: What numbers there are, where that is known beforehand.
LEAST, MOST = {"rank": 1}, {"rank": 3}
#: Conjunctions that are looked at, at most.
LOOKED_AT = 200

OPPOSITE = {
    "is": "other_than",
    "other_than": "is",
    "below": "at_least",
    "at_least": "below",
    "above": "at_most",
    "at_most": "above",
}
#: How two numbers may lie to each other: below, equal, above.
ORDERS = {
    "is": {0},
    "other_than": {-1, 1},
    "below": {-1},
    "at_most": {-1, 0},
    "above": {1},
    "at_least": {0, 1},
}


def contradiction(atoms: Sequence[Atom]) -> tuple[Atom, ...] | None:
    """The fewest of some atoms that no question meets together; None where some question may meet all."""
    if _together(atoms):
        return None
    chosen = (each for count in range(1, len(atoms) + 1) for each in itertools.combinations(atoms, count))
    return next(each for each in chosen if not _together(each))


def _together(atoms: Sequence[Atom]) -> bool:
    """Whether some question may meet all of some atoms."""
    looked_at = list(itertools.islice(_conjunctions(atoms), LOOKED_AT + 1))
    return len(looked_at) > LOOKED_AT or any(_possible(each) for each in looked_at)


def _conjunctions(atoms: Sequence[Atom]) -> Iterator[list[Atom]]:
    """The conjunctions of which a question meets one where it meets all atoms: what is not so is turned around."""
    for choice in itertools.product(*(_turned(atom) for atom in atoms)):
        yield [atom for part in choice for atom in part]


def _turned(atom: Atom) -> list[list[Atom]]:
    """An atom as alternatives without `not`, as far as it can be said so."""
    if not isinstance(atom, Not):
        return [[atom]]
    found: list[list[Atom]] = [[]]
    for atoms in atom.inner.alternatives:
        found = [[*before, *more] for before in found for one in atoms for more in _opposite(one)]
    return found


def _opposite(atom: Atom) -> list[list[Atom]]:
    if isinstance(atom, Not):
        return [list(atoms) for atoms in atom.inner.alternatives]
    if isinstance(atom, Property):
        return [[Property(atom.name, atom.words, not atom.negated)]]
    if len(atom.tests) == 1 and len(atom.tests[0].operands) == 1 and atom.tests[0].word in OPPOSITE:
        (test,) = atom.tests
        return [[Numbers((Compare(test.quantity, OPPOSITE[test.word], test.operands),), some=not atom.some)]]
    return [[]]  # nothing is said of it


def _possible(atoms: Sequence[Atom]) -> bool:
    """Whether some question may meet all of a conjunction."""
    everywhere = [test for atom in atoms if isinstance(atom, Numbers) and not atom.some for test in atom.tests]
    on_one = [atom.tests for atom in atoms if isinstance(atom, Numbers) and atom.some]
    return all(_on_an_axis([*everywhere, *tests]) for tests in ((), *on_one)) and _words(atoms)


def _on_an_axis(tests: Sequence[Compare]) -> bool:
    """Whether numbers of one axis may meet all of some comparisons."""
    least: dict[str, float] = dict(LEAST)
    most: dict[str, float] = dict(MOST)
    orders: dict[tuple[str, str], set[int]] = {}
    for test in tests:
        (operand, *others) = test.operands
        if isinstance(operand, str) and not others and test.word in ORDERS:
            allowed = orders.setdefault((test.quantity, operand), {-1, 0, 1})
            allowed &= ORDERS[test.word]
            orders.setdefault((operand, test.quantity), {-1, 0, 1}).intersection_update(-way for way in allowed)
        low, high = _bounds(test)
        least[test.quantity] = max(least.get(test.quantity, -math.inf), low)
        most[test.quantity] = min(most.get(test.quantity, math.inf), high)
    if not all(orders.values()):
        return False
    return all(_some_number(name, tests, least, most) for name in {test.quantity for test in tests})


def _bounds(test: Compare) -> tuple[float, float]:
    """The least and the most that a comparison with numbers lets a quantity be."""
    numbers = [operand for operand in test.operands if not isinstance(operand, str)]
    if len(numbers) < len(test.operands):
        return -math.inf, math.inf
    return {
        "is": (min(numbers), max(numbers)),
        "below": (-math.inf, max(numbers) - 1),
        "at_most": (-math.inf, max(numbers)),
        "above": (min(numbers) + 1, math.inf),
        "at_least": (min(numbers), math.inf),
    }.get(test.word, (-math.inf, math.inf))


def _some_number(name: str, tests: Iterable[Compare], least: dict[str, float], most: dict[str, float]) -> bool:
    """Whether some number between the bounds meets all comparisons of a quantity with numbers."""
    low, high = least.get(name, -math.inf), most.get(name, math.inf)
    if low > high or math.isinf(low) or math.isinf(high) or high - low > 100:
        return low <= high
    mine = [test for test in tests if test.quantity == name and not any(isinstance(one, str) for one in test.operands)]
    return any(all(_meets(number, test) for test in mine) for number in range(int(low), int(high) + 1))


def _meets(number: int, test: Compare) -> bool:
    if test.word == "multiple_of":
        return any(number == 0 if unit == 0 else number % unit == 0 for unit in map(int, test.operands))
    if test.word == "other_than":
        return number not in test.operands
    return any(_order(number, int(operand)) in ORDERS[test.word] for operand in test.operands)


def _order(one: int, two: int) -> int:
    return (one > two) - (one < two)


def _words(atoms: Sequence[Atom]) -> bool:
    """Whether some word of each property is left."""
    for name in SINGLE:
        mine = [atom for atom in atoms if isinstance(atom, Property) and atom.name == name]
        allowed = [set(atom.words) for atom in mine if not atom.negated]
        if PROPERTIES[name].known:
            allowed.append(set(PROPERTIES[name].known))
        left = set.intersection(*allowed) if allowed else None
        if left is not None and not left.difference(*(atom.words for atom in mine if atom.negated)):
            return False
    return True
