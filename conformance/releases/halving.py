"""The first of many that answers otherwise than the first one, found by asking as few as possible.

It is found for certain only where the answer changes once. Those that cannot be asked are passed over; what lies
between the two neighbours that are found and could not be asked is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Found(Generic[_Answer]):
    """Places next to each other, but for those `between` that could not be asked, and the answers of both."""

    before: int
    after: int
    was: _Answer
    now: _Answer
    between: tuple[int, ...] = ()


def halve(places: Sequence[int], ask: Callable[[int], _Answer | None]) -> Found[_Answer] | _Answer | None:
    """Where the answer of the first place changes, on the way to the last. The answer itself where the first and the
    last that can be asked agree; None where fewer than two can be asked."""
    answers: dict[int, _Answer] = {}
    lost: set[int] = set()

    def asked(place: int) -> bool:
        if place not in answers and place not in lost:
            answer = ask(place)
            if answer is None:
                lost.add(place)
            else:
                answers[place] = answer
        return place in answers

    first = next((place for place in places if asked(place)), None)
    last = next((place for place in reversed(places) if asked(place)), None)
    if first is None or last is None or first == last:
        return None
    if answers[first] == answers[last]:
        return answers[first]
    low, high = places.index(first), places.index(last)
    while True:
        middle = sorted(range(low + 1, high), key=lambda index: (abs(2 * index - low - high), index))
        next_one = next((index for index in middle if asked(places[index])), None)
        if next_one is None:
            between = tuple(places[low + 1 : high])
            return Found(places[low], places[high], answers[places[low]], answers[places[high]], between)
        if answers[places[next_one]] == answers[first]:
            low = next_one
        else:
            high = next_one
