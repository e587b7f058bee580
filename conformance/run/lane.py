"""One worker with its questions: those that wait, those under way, and those that are accused."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.oracle.compare import Expected
from conformance.run.clock import Clock
from conformance.run.judge import Answer
from conformance.run.questions import Question
from conformance.run.row import Row
from conformance.run.worker import Worker

#: Questions that may be under way in one worker, and the bytes that they may hold.
WINDOW, WINDOW_BYTES = 32, 32 * 2**20
#: Milliseconds of waiting work from which a second worker of the same framework pays for its start.
WORTH_A_START = 30_000
#: Divergences one after the other from which it is asked whether the process itself is spoilt; each time that it is
#: not, twice as many.
PATIENCE = 4


class Ask(NamedTuple):
    """A question, with the answer that it got the first time where this is another, the question that the same process
    answered before that one, how often it was repeated, and how often an answer was taken back."""

    question: Question
    first: Answer | None = None
    before: Question | None = None
    repeated: int = 0
    taken_back: int = 0


class Asked(NamedTuple):
    """A question under way: its id and size as a message, and what the answer will be held against."""

    number: int
    ask: Ask
    size: int
    expected: Expected


class Doubted(NamedTuple):
    """A divergence that counts if the process was sound: the row, what was asked, what was answered before it, and
    whether it was the first that this process answered."""

    row: Row
    ask: Ask
    before: Question | None
    alone: bool


@dataclass
class Lane:
    """One worker with its questions: waiting, under way, and accused, to be asked once more.

    `held`: the last row that was decided, not told yet, since the next answers may show that it spoilt the process;
    `streak`: divergences since the last right answer, and
    `trusted`: whether they were found to be the framework's; `failed`, `why`: starts in a row without a hello;
    `deaths`: by route, in a row without an answer.
    """

    worker: Worker
    waiting: deque[Ask]
    asked: deque[Asked] = field(default_factory=deque)
    accused: list[Ask] = field(default_factory=list)
    alone: bool = False
    clock: Clock = field(default_factory=Clock)
    greeting: bool = False
    failed: int = 0
    why: str = ""
    deaths: Counter[str] = field(default_factory=Counter)
    held: Row | None = None
    streak: list[Doubted] = field(default_factory=list)
    patience: int = PATIENCE
    trusted: bool = False

    @property
    def weight(self) -> int:
        """Milliseconds that the waiting questions may take."""
        return sum(ask.question.weight for ask in self.waiting)

    @property
    def held_bytes(self) -> int:
        """Bytes of the questions under way."""
        return sum(asked.size for asked in self.asked)

    @property
    def has_room(self) -> bool:
        """Whether one more question may be put under way."""
        return not self.asked or (not self.alone and len(self.asked) < WINDOW and self.held_bytes < WINDOW_BYTES)

    def split(self) -> Lane | None:
        """A second worker with the later half of the waiting questions, where that is worth a start."""
        if self.weight < WORTH_A_START:
            return None
        half, later, moved = self.weight // 2, deque(), 0
        while moved < half:
            later.appendleft(self.waiting.pop())
            moved += later[0].question.weight
        second = Worker(self.worker.program)
        second.said = self.worker.said
        return Lane(second, later)

    def fresh(self) -> None:
        """Forget what the process did that has just ended."""
        self.trusted = False
        self.streak.clear()
