"""The one loop: questions × workers → rows. The command line, pytest and tox all ask this.

Each worker gets its questions in order, several in flight, and answers in order; so when one dies or falls silent the
first unanswered question is the suspect. A silent one hangs: that has cost its time. One that died is asked again,
alone, in a fresh process: if that goes wrong too, the row is a crash; if not, it is flaky. The rest goes on, however
many die: only a framework whose worker says no hello any more is given up, and a route that does nothing but die.

A row that diverges and is not in the ledger is asked once more in a fresh process too, before it is accused: all of
them together. Where divergences follow each other, the last one is also asked aside (aside.py): if it is right there,
the process was spoilt by an answer before them. That one is named, and the others are asked again.
"""

from __future__ import annotations

import contextlib
import itertools
import selectors
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from conformance import adapter as protocol
from conformance.case import Case
from conformance.oracle.compare import Expected
from conformance.run import spoken
from conformance.run.answers import Answers, room
from conformance.run.aside import Aside
from conformance.run.clock import HEARTBEAT
from conformance.run.judge import Answer, judge
from conformance.run.lane import Ask, Asked, Doubted, Lane
from conformance.run.message import Garbled
from conformance.run.questions import Question
from conformance.run.row import DIVERGENT, Key, Row
from conformance.run.worker import Worker

#: A worker that does not say hello so often in a row is not started again.
HELLOS = 4
#: A route that dies so often in a row, without an answer in between, is asked no more.
DEATHS = 100
#: How often a process may be found spoilt, or an answer taken back, before it counts as it is.
SPOILT = 3

#: The family that is asked again on every device but a CPU, and how often.
RESTLESS = ("stride", 3)

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
        #: Told at once of each divergence that waits to be confirmed, so that it survives a run that is cut short.
        self.accuse: Callable[[Row], None] | None = None
        #: Told of each answer beside its question, if somebody wants to see it (probe.py).
        self.watch: Callable[[Question, Answer], None] | None = None
        self.answers = Answers(seed)
        self.aside = Aside(self.answers, self._packed, lambda row, case: self.settle(row, case), deadline)
        self._ids = itertools.count(1)

    def run(self, questions: Iterable[Question]) -> Iterator[Row]:
        """The rows of all questions, in the order in which they are decided. Workers stay for the next call."""
        queues: dict[str, deque[Ask]] = {}
        for question in questions:
            queues.setdefault(question.worker, deque()).append(Ask(question))
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
                        if lane.streak:
                            yield from self._doubt(lane)
                        elif lane.accused:
                            self._retry(lane)
                        else:
                            yield from self._release(lane)
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
        while lane.waiting and lane.has_room and not lane.greeting:
            ask = lane.waiting.popleft()
            if lane.deaths[ask.question.route] < DEATHS:
                self._ask(lane, ask)
            else:
                yield self._unrun(lane, ask, f"{ask.question.key.route} died {DEATHS} times in a row")
        self._send(lane)
        pipe = lane.worker.pipes[0]
        listening = pipe in self._selector.get_map()
        if lane.worker.wants_to_write and not listening:
            self._selector.register(pipe, selectors.EVENT_WRITE, lane)
        elif listening and not lane.worker.wants_to_write:
            self._selector.unregister(pipe)

    def _send(self, lane: Lane) -> None:
        """Hand over what the worker takes. Its time runs from then on: it may have waited for us, who computed right
        answers."""
        if lane.worker.write():
            lane.clock.restart()

    def _ask(self, lane: Lane, ask: Ask) -> None:
        number = next(self._ids)
        packed, expected = self._packed(number, ask.question)
        if not lane.asked:
            lane.clock.restart()
        lane.asked.append(Asked(number, ask, len(packed), expected))
        lane.worker.send(packed)

    def _packed(self, number: int, question: Question) -> tuple[bytes, Expected]:
        """The message that asks a question, and what its answer is held against."""
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
        return protocol.pack(message, expected.tensors, _json), expected

    def _start(self, lane: Lane) -> bool:
        """Start a lane's worker once more; it is asked again who it is, before it is asked anything else."""
        if lane.failed >= HELLOS:
            return False
        try:
            lane.worker.start()
        except OSError as error:
            lane.why = str(error.strerror)
            return False
        lane.fresh()
        lane.greeting = True
        lane.clock.restart()
        lane.worker.greet()
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
        self._renew(lane)

    def _renew(self, lane: Lane) -> None:
        """End a lane's process; the next question starts another."""
        self._ignore(lane)
        lane.worker.stop()
        lane.fresh()

    # Answers

    def _wait(self, lanes: list[Lane]) -> list[Lane]:
        """Lanes where something happened, or whose time is up, or that may have died in silence."""
        busy = [lane for lane in lanes if lane.asked or lane.greeting]
        if not busy:
            return []
        for lane in busy:
            lane.clock.look(lane.worker.process.pid)
        left = min(map(self._left, busy))
        woken = {id(key.data): key.data for key, _ in self._selector.select(min(max(left, 0.0), HEARTBEAT))}
        silent = {id(lane): lane for lane in busy if self._left(lane) <= 0 or not lane.worker.alive}
        return list((woken | silent).values())

    def _left(self, lane: Lane) -> float:
        """Seconds in which a lane has to answer."""
        return lane.clock.left(self._allowed(lane))

    def _allowed(self, lane: Lane) -> float:
        """Seconds that the answer which a lane is to give next may take."""
        return (lane.asked[0].ask.question.deadline if lane.asked else None) or self.deadline

    def _receive(self, lane: Lane) -> Iterator[Row]:
        worker = lane.worker
        if worker.process is None:
            return
        if not worker.read_log() and worker.pipes[2] in self._selector.get_map():
            self._selector.unregister(worker.pipes[2])  # it closed its log; that says nothing
        self._send(lane)
        open_ended = worker.read()
        try:
            while (received := self._next(lane)) is not None:
                yield from received
                if worker.process is None:  # it was spoilt
                    return
        except Garbled as error:
            yield from self._lost(lane, "garbled", str(error))
            return
        if not open_ended:
            yield from self._lost(lane, "crashed", "")
        elif (lane.asked or lane.greeting) and self._left(lane) <= 0:
            worker.ask_where()
            yield from self._lost(lane, "hung", lane.clock.silence(self._allowed(lane)))

    def _next(self, lane: Lane) -> Iterator[Row] | None:
        """What the next message of a lane decides; None where none has arrived. Raises Garbled."""
        asked = lane.asked[0] if lane.asked else None
        wanted = (room(asked.expected), (asked.ask.question.key.check,)) if asked else (0, ())
        received = lane.worker.message(*wanted)
        if received is None:
            return None
        message, tensors = received
        lane.clock.restart()
        if lane.greeting:
            return self._greeted(lane, message)
        if asked is None:
            raise Garbled("a message that nothing asked for")
        if message.get("id") != asked.number:
            raise Garbled(f"the answer carries id {str(message.get('id'))[:40]}, the question had {asked.number}")
        lane.asked.popleft()
        lane.alone = False
        lane.deaths.pop(asked.ask.question.route, None)
        return self._decide(lane, asked, Answer.from_message(message, tensors, asked.ask.question.case.rank))

    def _greeted(self, lane: Lane, message: dict[str, Any]) -> Iterator[Row]:
        """A worker that was started again must be the one that it was."""
        try:
            said = spoken.hello(message)
        except ValueError as error:
            raise Garbled(f"its hello is not one: {spoken.plainly(error)}") from None
        if lane.worker.said is not None and not spoken.same(said, lane.worker.said):
            raise Garbled("its hello is another than before")
        lane.greeting, lane.failed = False, 0
        return iter(())

    def _decide(self, lane: Lane, asked: Asked, answer: Answer) -> Iterator[Row]:
        """The row of an answer, unless it accuses somebody for the first time."""
        ask, before = asked.ask, lane.worker.last
        lane.worker.last = ask.question
        if self.watch:
            self.watch(ask.question, answer)
        row = judge(ask.question, asked.expected, answer, ask.first, lane.worker.log)
        row = self.settle(row, ask.question.case)
        if not self.twice or row.verdict not in DIVERGENT or row.state == "known":
            yield from self._believed(lane)
            lane.trusted = False
            if row.outcome == "returned" and row.verdict != "flaky" and ask.repeated + 1 < self._times(ask.question):
                again = ask._replace(first=ask.first or answer, repeated=ask.repeated + 1)
                lane.waiting.appendleft(again)
            else:
                yield from self._hold(lane, row)
        elif row.verdict == "flaky":
            yield from self._believed(lane)
            yield from self._hold(lane, self.aside.explained(lane.worker.program, row, ask, answer))
        else:
            if ask.first is None:
                lane.accused.append(ask._replace(first=answer, before=before))
                if self.accuse:
                    self.accuse(msgspec.structs.replace(row, detail=row.detail | {"unconfirmed": True}))
            lane.streak.append(Doubted(row, ask, before, lane.worker.answered == 2))
            if lane.trusted:
                yield from self._believed(lane)
            elif len(lane.streak) >= lane.patience:
                yield from self._doubt(lane)

    def _hold(self, lane: Lane, row: Row) -> Iterator[Row]:
        """Tell the row that was held, and hold this one."""
        yield from self._release(lane)
        lane.held = row

    def _release(self, lane: Lane) -> Iterator[Row]:
        if lane.held is not None:
            yield lane.held
            lane.held = None

    # Processes that are spoilt

    def _believed(self, lane: Lane) -> Iterator[Row]:
        """The divergences of a sound process: those that were asked for the second time are told."""
        for each in lane.streak:
            if each.ask.first is not None:
                yield each.row
        lane.streak.clear()

    def _doubt(self, lane: Lane) -> Iterator[Row]:
        """Ask aside whether the divergences that followed each other are the framework's or of a spoilt process."""
        doubted, last = list(lane.streak), lane.streak[-1]
        sure = last.alone or last.ask.taken_back >= SPOILT
        if not sure and self.aside.right_alone(lane.worker.program, last.ask.question):
            yield from self._spoilt(lane, doubted)
        else:
            lane.patience *= 2
            lane.trusted = True
            yield from self._believed(lane)

    def _spoilt(self, lane: Lane, doubted: list[Doubted]) -> Iterator[Row]:
        """A process answers wrongly what a fresh one answers rightly: name who spoilt it, ask the others again."""
        victim = doubted[-1].ask.question
        suspects = [each for each in (doubted[0].before, doubted[0].ask.question) if each not in (None, victim)]
        found = self.aside.spoiler(lane.worker.program, suspects, victim)
        keys = {each.ask.question.key for each in doubted}
        named = self._named(lane, found[0], keys) if found else None
        if named is not None:
            yield self.aside.row(*found, victim)
        else:  # the row of whoever it was has been told, or nobody knows who it was: this is not to be lost
            named = doubted[0].ask.question.key
            yield self.aside.once(doubted[0].row, doubted[0].ask.question.case, found)
        taken_back = [each.ask for each in doubted if each.ask.question.key != named]
        keys.add(named)
        lane.accused = [ask for ask in lane.accused if ask.question.key not in keys]
        again = [Ask(ask.question, taken_back=ask.taken_back + 1) for ask in taken_back]
        lane.waiting.extendleft(asked.ask for asked in reversed(lane.asked))
        lane.asked.clear()
        lane.waiting.extendleft(reversed(again))
        self._ignore(lane)
        lane.worker.kill()
        lane.fresh()

    def _named(self, lane: Lane, question: Question, doubted: set[Key]) -> Key | None:
        """The key of a question that spoilt a process, if its row can still be told; it is told by nobody else then."""
        if lane.held is not None and lane.held.key == question.key:
            lane.held = None
            return question.key
        waiting = doubted | {ask.question.key for ask in lane.accused}
        return question.key if question.key in waiting else None

    # Workers that are gone

    def _times(self, question: Question) -> int:
        """How often a question is asked. A device may choose its algorithm anew at each call, so there one small family
        is always asked again."""
        again = not question.key.device.startswith("cpu") and question.case.family == RESTLESS[0]
        return max(self.repeat, RESTLESS[1] if again else 1)

    def _lost(self, lane: Lane, outcome: str, why: str) -> Iterator[Row]:
        """The worker is gone or must go: its first unanswered question is the suspect, the others wait again."""
        self._ignore(lane)
        before = lane.worker.last
        status = lane.worker.kill(grace=1.0 if outcome == "crashed" else 0.0)
        if lane.greeting:
            lane.greeting, lane.failed = False, lane.failed + 1
            lane.why = why or _how_it_ended(status)
            return
        if lane.asked:
            yield from self._blame(
                lane, Answer(outcome, text=why or _how_it_ended(status), log=lane.worker.log), before
            )
        if lane.streak:
            yield from self._doubt(lane)

    def _blame(self, lane: Lane, answer: Answer, before: Question | None) -> Iterator[Row]:
        """The row of the question at which a worker went, unless it is to be asked again."""
        _, ask, _, expected = lane.asked.popleft()
        lane.waiting.extendleft(other.ask for other in reversed(lane.asked))
        lane.asked.clear()
        lane.deaths[ask.question.route] += answer.outcome != "hung"
        lane.alone = ask.first is None and answer.outcome != "hung"
        if lane.alone:
            lane.waiting.appendleft(ask._replace(first=answer, before=before))
        else:
            row = judge(ask.question, expected, answer, ask.first, answer.log)
            yield self.settle(row, ask.question.case)

    def _give_up(self, lane: Lane) -> Iterator[Row]:
        """The worker does not start any more: what it has not answered stays unrun."""
        yield from self._release(lane)
        why = f"the worker of {lane.worker.program.name} does not start any more{lane.why and ': ' + lane.why}"
        for ask in [*lane.waiting, *lane.accused]:
            yield self._unrun(lane, ask, why) if ask.first is None else self._once(ask)
        lane.waiting.clear()
        lane.accused.clear()
        lane.streak.clear()

    def _once(self, ask: Ask) -> Row:
        """The row of an answer that cannot be confirmed."""
        row = judge(ask.question, self.answers.of(ask.question), ask.first, None, ask.first.log)
        return self.settle(row, ask.question.case)

    def _unrun(self, lane: Lane, ask: Ask, why: str) -> Row:
        return Row(**ask.question.key._asdict(), cause=why, detail={"reason": why, "log": lane.worker.log})


def _json(data: Any) -> str:
    return _encoder.encode(data).decode()


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "closed its standard output, and did not end"
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"ended with exit status {status}"
