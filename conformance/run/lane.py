"""One worker with its questions: those that wait, those under way, and those that are accused."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.oracle.compare import Expected
from conformance.run.judge import Answer
from conformance.run.questions import Question
from conformance.run.worker import Worker

#: Questions that may be under way in one worker, and the bytes that they may hold.
WINDOW, WINDOW_BYTES = 32, 32 * 2**20
#: Milliseconds of waiting work from which a second worker of the same framework pays for its start.
WORTH_A_START = 30_000


class Ask(NamedTuple):
    """A question, with the answer that it got the first time where this is another, and how often it was repeated."""

    question: Question
    first: Answer | None = None
    repeated: int = 0


class Asked(NamedTuple):
    """A question under way: its id and size as a message, and what the answer will be held against."""

    number: int
    ask: Ask
    size: int
    expected: Expected


@dataclass
class Lane:
    """One worker with its questions: waiting, under way, and accused, to be asked once more."""

    worker: Worker
    waiting: deque[Ask]
    asked: deque[Asked] = field(default_factory=deque)
    accused: list[Ask] = field(default_factory=list)
    alone: bool = False
    since: float = 0.0
    deaths: int = 0
    deaths_in_a_row: int = 0

    @property
    def weight(self) -> int:
        """Milliseconds that the waiting questions may take."""
        return sum(ask.question.weight for ask in self.waiting)

    @property
    def held(self) -> int:
        """Bytes of the questions under way."""
        return sum(asked.size for asked in self.asked)

    @property
    def has_room(self) -> bool:
        """Whether one more question may be put under way."""
        return not self.asked or (not self.alone and len(self.asked) < WINDOW and self.held < WINDOW_BYTES)

    def split(self) -> Lane | None:
        """A second worker with the later half of the waiting questions, where that is worth a start."""
        if self.weight < WORTH_A_START:
            return None
        half, later, moved = self.weight // 2, deque(), 0
        while moved < half:
            later.appendleft(self.waiting.pop())
            moved += later[0].question.weight
        return Lane(Worker(self.worker.program), later)
