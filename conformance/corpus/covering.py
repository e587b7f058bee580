"""Covering arrays: few rows in which every possible combination of the values of any t axes appears.

Axes and values are numbers here: a row holds, axis by axis, the index of a value. What is possible is said by parts:
axes that together decide it, with the combinations of their values that are. Axes of different parts are independent.

There are libraries for this; they take conditions on few axes at a time, and lose themselves where the length of the
output ties seven of them together.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

Row = tuple[int, ...]
#: Values of some axes: (axis, value), in the order of the axes.
Pairs = tuple[tuple[int, int], ...]

#: Orders of the axes that are tried for each row.
TRIES = 4


class CoveringError(Exception):
    """The rows cannot be found, in one sentence."""


@dataclass(frozen=True)
class Space:
    """`lengths`: how many values each axis has. `parts`: which axes belong together, each axis in one part, and the
    combinations of their values that are possible, in the order of these axes."""

    lengths: tuple[int, ...]
    parts: tuple[tuple[tuple[int, ...], frozenset[Row]], ...]

    def has(self, row: Sequence[int]) -> bool:
        """Whether a whole row is possible."""
        return all(tuple(row[axis] for axis in axes) in possible for axes, possible in self.parts)

    def rows(self) -> Iterator[Row]:
        """All possible rows."""
        return (row for row in itertools.product(*map(range, self.lengths)) if self.has(row))

    def possible(self, strength: int) -> Iterator[tuple[tuple[int, ...], set[Row]]]:
        """For any `strength` axes (all of them where there are fewer) the possible combinations of their values.

        A combination is possible if some possible row has it: what each part allows of its axes, in any mixture.
        """
        seen: dict[tuple[int, ...], set[Row]] = {}
        for axes in itertools.combinations(range(len(self.lengths)), min(strength, len(self.lengths))):
            shares = []
            for members, allowed in self.parts:
                mine = tuple(place for place, axis in enumerate(members) if axis in axes)
                named = tuple(members[place] for place in mine)
                if named not in seen:
                    seen[named] = {tuple(row[place] for place in mine) for row in allowed}
                shares.append((named, seen[named]))
            order = [axis for named, _ in shares for axis in named]
            places = [order.index(axis) for axis in axes]
            mixed = (sum(chosen, ()) for chosen in itertools.product(*(share for _, share in shares)))
            yield axes, {tuple(one[place] for place in places) for one in mixed}


def missing(space: Space, strength: int, rows: Sequence[Row]) -> list[tuple[tuple[int, ...], Row]]:
    """The possible combinations that no row has, as (axes, values)."""
    return [
        (axes, values)
        for axes, possible in space.possible(strength)
        for values in sorted(possible - {tuple(row[axis] for axis in axes) for row in rows})
    ]


def cover(space: Space, strength: int, given: Sequence[Row] = ()) -> list[Row]:
    """Possible rows that, with those that are given, have every possible combination of any `strength` axes; always the
    same ones, sorted. Raises CoveringError where nothing is possible.

    Greedy: a row begins with a combination that is still missing and takes axis after axis the value that brings most
    of the others; of a few orders of the axes the best is kept.
    """
    if not all(possible for _, possible in space.parts):
        raise CoveringError("no combination of the axes is possible: correct the axes or the conditions")
    left = {tuple(zip(axes, values, strict=True)): None for axes, values in missing(space, strength, given)}
    chance = random.Random(0)
    parts = [(axes, sorted(possible)) for axes, possible in space.parts]
    rows: list[Row] = []
    while left:
        start = next(iter(left))
        tried = [_grown(start, parts, len(start), left, chance) for _ in range(TRIES)]
        row = max(tried, key=lambda row: sum(pairs in left for pairs in itertools.combinations(row, len(start))))
        for pairs in itertools.combinations(row, len(start)):
            left.pop(pairs, None)
        rows.append(tuple(value for _, value in row))
    return sorted(rows)


def _grown(
    start: Pairs,
    parts: list[tuple[tuple[int, ...], list[Row]]],
    size: int,
    left: Container[Pairs],
    chance: random.Random,
) -> Pairs:
    """A possible row with the pairs of `start`, as (axis, value) pairs in the order of the axes."""
    row = dict(start)
    open_ = [(axes, [one for one in possible if _agrees(one, axes, row)]) for axes, possible in parts]
    order = [(part, place) for part, (axes, _) in enumerate(open_) for place in range(len(axes))]
    chance.shuffle(order)
    for part, place in order:
        axes, possible = open_[part]
        if (axis := axes[place]) in row:
            continue
        others = list(itertools.combinations(row.items(), size - 1))
        values = sorted({one[place] for one in possible})
        gains = {value: sum(tuple(sorted((*few, (axis, value)))) in left for few in others) for value in values}
        most = max(gains.values())
        row[axis] = chance.choice([value for value, gain in gains.items() if gain == most])
        open_[part] = axes, [one for one in possible if one[place] == row[axis]]
    return tuple(sorted(row.items()))


def _agrees(one: Row, axes: tuple[int, ...], row: Mapping[int, int]) -> bool:
    return all(row.get(axis, value) == value for axis, value in zip(axes, one, strict=True))
