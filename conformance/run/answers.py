"""The operands and right answers of questions, computed once and shared by all routes that ask the same."""

from __future__ import annotations

import math

from conformance.oracle.compare import Expected
from conformance.run.questions import Question

#: Memory for the oracle's answers.
CACHE_BYTES = 512 * 2**20
#: Bytes that any answer may take, and how many times what is expected: a wrong answer may be larger than a right one.
ROOM, TIMES = 64 * 2**20, 16


def room(expected: Expected) -> int:
    """Bytes beyond which an answer is refused before it is taken in."""
    shape = expected.case.result_shape(expected.check) or ()
    return ROOM + TIMES * 8 * min(math.prod(max(length, 0) for length in shape), 2**28)


class Answers:
    """The oracle's answers; the largest go when memory is short: frameworks come to the same case at different times,
    and one large answer takes the room of hundreds."""

    def __init__(self, seed: int):
        self.seed = seed
        self._kept: dict[tuple, Expected] = {}
        self._bytes = 0

    def of(self, question: Question) -> Expected:
        """Operands and right answer of a question."""
        case, key = question.case, question.key
        name = (case.id, key.check, key.dtype, key.fill)
        if found := self._kept.get(name):
            return found
        found = self._kept[name] = Expected(case, key.check, key.dtype, key.fill, self.seed)
        self._bytes += found.nbytes
        while self._bytes > CACHE_BYTES:
            largest = max(self._kept, key=lambda name: self._kept[name].nbytes)
            self._bytes -= self._kept.pop(largest).nbytes
        return found
