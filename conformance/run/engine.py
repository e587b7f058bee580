"""The one loop: questions × workers → rows. The command line, pytest and tox all ask this.

Each worker gets its questions in order, several in flight, and answers in order; so when one dies or falls silent the
first unanswered question is the suspect. It is asked again, alone, in a fresh process: if that goes wrong too, the row
is a crash or a hang; if not, it is flaky. The rest goes on. A row that diverges and is not in the ledger is asked once
more in a fresh process too, before it is accused.
"""

from __future__ import annotations

import contextlib
import itertools
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from conformance import adapter as protocol
from conformance.case import Case
from conformance.run.answers import Answers
from conformance.run.judge import Answer, judge
from conformance.run.lane import Ask, Asked, Lane
from conformance.run.questions import Question
from conformance.run.row import DIVERGENT, Row
from conformance.run.worker import Garbled, Worker

#: A worker that dies so often in a row without an answer, or so often in all, is not started again.
DEATHS_IN_A_ROW, DEATHS = 4, 200

_encoder = msgspec.json.Encoder()


class Engine:
    """Asks workers and judges what they answer.

    `workers` by framework name; `deadline`: seconds that one answer may take; `jobs`: how many workers at once;
    `settle` sets a row of a case against the ledger; `repeat`: how often each question is asked, to see whether the
    answers agree bit by bit.
    """

    def __init__(
        self,
        workers: dict[str, Worker],
        *,
        seed: int = 0,
        deadline: float = 120.0,
        jobs: int = 2,
        settle: Callable[[Row, Case], Row] = lambda row, case: row,
        repeat: int = 1,
    ):
        self.workers, self.deadline, self.jobs, self.settle = workers, deadline, max(jobs, 1), settle
        self.repeat = repeat
        #: Whether a divergence that is not known is asked once more, of a fresh process, before it counts.
        self.twice = True
        #: Told of each answer beside its question, if somebody wants to see it (probe.py).
        self.watch: Callable[[Question, Answer], None] | None = None
        self.answers = Answers(seed)
        self._ids = itertools.count(1)

    def run(self, questions: Iterable[Question]) -> Iterator[Row]:
        """The rows of all questions, in the order in which they are decided. Workers stay for the next call."""
        queues: dict[str, deque[Ask]] = {}
        for question in questions:
            queues.setdefault(question.framework, deque()).append(Ask(question))
        # The longest work first, so that no core idles at the end.
        names = deque(sorted(queues, key=lambda name: -sum(ask.question.weight for ask in queues[name])))
        lanes: list[Lane] = []
        idle = True  # whether a core may have fallen idle since the queues were last weighed
        with selectors.DefaultSelector() as self._selector:
            try:
                while names or lanes:
                    while names and len(lanes) < self.jobs:
                        lanes.append(Lane(self.workers[names[0]], queues[names.popleft()]))
                        self._listen(lanes[-1])
                    if idle and lanes and len(lanes) < self.jobs:
                        second = max(lanes, key=lambda lane: lane.weight).split()
                        lanes += [second] if second else []
                    idle = False
                    for lane in lanes:
                        yield from self._feed(lane)
                    for lane in self._wait(lanes):
                        yield from self._receive(lane)
                    for lane in [lane for lane in lanes if not lane.waiting and not lane.asked]:
                        if lane.accused:
                            self._retry(lane)
                        else:
                            self._leave(lane)
                            lanes.remove(lane)
                            idle = True
            finally:
                for lane in lanes:
                    if lane.asked:
                        self._ignore(lane)
                        lane.worker.kill()
                    self._leave(lane)

    def _leave(self, lane: Lane) -> None:
        """Let go of a lane: the framework's own worker stays for the next call, a second one ends."""
        self._ignore(lane)
        if lane.worker not in self.workers.values():
            lane.worker.stop()

    def close(self) -> None:
        """Stop all workers."""
        for worker in self.workers.values():
            worker.stop()

    # Asking

    def _feed(self, lane: Lane) -> Iterator[Row]:
        """Put questions under way, as many as the window takes."""
        if not lane.waiting and not lane.asked:
            return
        if lane.worker.process is None and not self._start(lane):
            yield from self._give_up(lane)
            return
        while lane.waiting and lane.has_room:
            self._ask(lane, lane.waiting.popleft())
        lane.worker.write()
        pipe = lane.worker.pipes[0]
        listening = pipe in self._selector.get_map()
        if lane.worker.wants_to_write and not listening:
            self._selector.register(pipe, selectors.EVENT_WRITE, lane)
        elif listening and not lane.worker.wants_to_write:
            self._selector.unregister(pipe)

    def _ask(self, lane: Lane, ask: Ask) -> None:
        number, question = next(self._ids), ask.question
        message = {
            "do": "run",
            "id": number,
            "route": question.route,
            "device": question.key.device,
            "dtype": question.key.dtype,
            "checks": [question.key.check],
            "case": question.numbers,
        }
        expected = self.answers.of(question)
        packed = protocol.pack(message, expected.tensors, _json)
        if not lane.asked:
            lane.since = time.monotonic()
        lane.asked.append(Asked(number, ask, len(packed), expected))
        lane.worker.send(packed)

    def _start(self, lane: Lane) -> bool:
        if lane.deaths > DEATHS or lane.deaths_in_a_row > DEATHS_IN_A_ROW:
            return False
        try:
            lane.worker.start()
        except OSError:
            return False
        self._listen(lane)
        return True

    def _listen(self, lane: Lane) -> None:
        if lane.worker.process is not None:
            _, output, log = lane.worker.pipes
            self._selector.register(output, selectors.EVENT_READ, lane)
            self._selector.register(log, selectors.EVENT_READ, lane)

    def _ignore(self, lane: Lane) -> None:
        if lane.worker.process is not None:
            for pipe in lane.worker.pipes:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(pipe)

    def _retry(self, lane: Lane) -> None:
        """Let the accused questions wait once more, for a fresh process."""
        lane.waiting.extend(lane.accused)
        lane.accused.clear()
        self._ignore(lane)
        lane.worker.stop()

    # Answers

    def _wait(self, lanes: list[Lane]) -> list[Lane]:
        """Lanes where something happened, or whose time is up."""
        busy = [lane for lane in lanes if lane.asked]
        if not busy:
            return []
        left = min(lane.since for lane in busy) + self.deadline - time.monotonic()
        woken = {id(key.data): key.data for key, _ in self._selector.select(max(left, 0.0))}
        late = {id(lane): lane for lane in busy if self._late(lane)}
        return list((woken | late).values())

    def _late(self, lane: Lane) -> bool:
        return bool(lane.asked) and time.monotonic() - lane.since >= self.deadline

    def _receive(self, lane: Lane) -> Iterator[Row]:
        worker = lane.worker
        if not worker.read_log() and worker.pipes[2] in self._selector.get_map():
            self._selector.unregister(worker.pipes[2])  # it closed its log; that says nothing
        worker.write()
        open_ended = worker.read()
        try:
            while (received := worker.message()) is not None:
                message, tensors = received
                if not lane.asked:
                    raise Garbled("a message that nothing asked for")
                asked = lane.asked[0]
                if message.get("id") != asked.number:
                    raise Garbled(f"the answer carries id {message.get('id')!r}, the question had {asked.number}")
                lane.asked.popleft()
                lane.since, lane.alone, lane.deaths_in_a_row = time.monotonic(), False, 0
                yield from self._decide(lane, asked, Answer.from_message(message, tensors))
        except Garbled as error:
            yield from self._lost(lane, "garbled", str(error))
            return
        if not open_ended:
            yield from self._lost(lane, "crashed", "")
        elif self._late(lane):
            worker.ask_where()
            yield from self._lost(lane, "hung", f"no answer within {self.deadline:g} s")

    def _decide(self, lane: Lane, asked: Asked, answer: Answer) -> Iterator[Row]:
        """The row of an answer, unless it accuses somebody for the first time."""
        ask = asked.ask
        if self.watch:
            self.watch(ask.question, answer)
        row = judge(ask.question, asked.expected, answer, ask.first, lane.worker.log)
        row = self.settle(row, ask.question.case)
        if self.twice and row.verdict in DIVERGENT and row.state != "known" and ask.first is None:
            lane.accused.append(Ask(ask.question, answer))
        elif row.outcome == "returned" and row.verdict != "flaky" and ask.repeated + 1 < self.repeat:
            lane.waiting.appendleft(Ask(ask.question, ask.first or answer, ask.repeated + 1))
        else:
            yield row

    def _lost(self, lane: Lane, outcome: str, why: str) -> Iterator[Row]:
        """The worker is gone or must go: its first unanswered question is the suspect, the others wait again."""
        self._ignore(lane)
        status = lane.worker.kill(grace=1.0 if outcome == "crashed" else 0.0)
        lane.deaths += 1
        lane.deaths_in_a_row += 1
        if not lane.asked:
            return
        _, ask, _, expected = lane.asked.popleft()
        lane.waiting.extendleft(other.ask for other in reversed(lane.asked))
        lane.asked.clear()
        answer = Answer(outcome=outcome, text=why or _how_it_ended(status), log=lane.worker.log)
        if ask.first is None:
            lane.waiting.appendleft(Ask(ask.question, answer))
            lane.alone = True
        else:
            lane.alone = False
            row = judge(ask.question, expected, answer, ask.first, answer.log)
            yield self.settle(row, ask.question.case)

    def _give_up(self, lane: Lane) -> Iterator[Row]:
        """The worker does not start any more: what it has not answered stays unrun."""
        why = f"the worker of {lane.worker.program.name} died too often and was not started again"
        detail = {"reason": why, "log": lane.worker.log}
        for ask in [*lane.waiting, *lane.accused]:
            yield Row(**ask.question.key._asdict(), cause=why, detail=detail)
        lane.waiting.clear()
        lane.accused.clear()


def _json(data: Any) -> str:
    return _encoder.encode(data).decode()


def _how_it_ended(status: int | None) -> str:
    if status is not None and status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"ended with exit status {status}"
