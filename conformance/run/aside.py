"""Questions asked aside, of a process of their own: whether an answer depends on what was answered before it.

A question that writes out of bounds may be answered rightly, and spoil whatever its process answers afterwards. Such a
process is told from a framework that is wrong by asking one of the wrong answers again, alone; and the question that
spoilt it, by asking that one before it.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable, Sequence

import msgspec

from conformance.case import Case
from conformance.oracle.compare import Expected
from conformance.run.answers import Answers, room
from conformance.run.clock import HEARTBEAT, Clock
from conformance.run.judge import Answer, judge
from conformance.run.lane import Ask
from conformance.run.message import Garbled
from conformance.run.questions import Question
from conformance.run.row import DIVERGENT, Row
from conformance.run.worker import Dead, Program, Worker

#: (id, question) → the message and what its answer is held against.
Pack = Callable[[int, Question], tuple[bytes, Expected]]
#: How often it is looked for what was answered before an answer that was other the second time.
LOOKS = 20


class Aside:
    """Asks aside. `settle` sets a row of a case against the ledger; `deadline`: seconds that one answer may take."""

    def __init__(self, answers: Answers, pack: Pack, settle: Callable[[Row, Case], Row], deadline: float):
        self.answers, self.pack, self.settle, self.deadline = answers, pack, settle, deadline
        self._looks = 0

    def ask(self, program: Program, questions: Sequence[Question]) -> list[Answer]:
        """What a fresh process answers, one after the other; fewer answers where it ends before."""
        worker, answers = Worker(program), []
        try:
            worker.hello(self.deadline)
            for number, question in enumerate(questions, start=1):
                message, expected = self.pack(number, question)
                worker.send(message)
                answers.append(_answer(worker, question, expected, question.deadline or self.deadline))
                if answers[-1].outcome in ("crashed", "hung", "garbled"):
                    break
        except Dead:
            pass
        finally:
            worker.kill()
        return answers

    def right(self, question: Question, answer: Answer) -> bool:
        """Whether an answer by itself says nothing against anybody."""
        row = judge(question, self.answers.of(question), answer, None, "")
        return row.verdict not in DIVERGENT

    def right_alone(self, program: Program, question: Question) -> bool:
        """Whether a fresh process answers a question rightly."""
        answers = self.ask(program, [question])
        return bool(answers) and self.right(question, answers[0])

    def spoiler(
        self, program: Program, suspects: Iterable[Question], victim: Question
    ) -> tuple[Question, Answer] | None:
        """The first of `suspects` after which a fresh process answers `victim` wrongly, with its own answer."""
        for suspect in suspects:
            answers = self.ask(program, [suspect, victim])
            if len(answers) == 2 and not self.right(victim, answers[1]):
                return suspect, answers[0]
        return None

    def row(self, question: Question, answer: Answer, victim: Question) -> Row:
        """The row of a question that spoils its process: right or not, that is worse."""
        row = self.settle(judge(question, self.answers.of(question), answer, None, answer.log), question.case)
        said = f"after it the process answers wrongly what it answers rightly alone, {victim.key}: memory overwritten?"
        detail = row.detail | {"poisons": said}
        if row.verdict in DIVERGENT:
            return msgspec.structs.replace(row, detail=detail)
        row = msgspec.structs.replace(row, verdict="crash", state=None, cause=said, detail=detail)
        return self.settle(row, question.case)

    def once(self, row: Row, case: Case, spoiler: tuple[Question, Answer] | None) -> Row:
        """A row of a case that was wrong in a spoilt process, and stands for whoever spoilt it."""
        who = f"that answered {spoiler[0].key} before it" if spoiler else "that was spoilt by what came before it"
        cause = f"wrong only in a process {who}: memory overwritten?"
        return self.settle(msgspec.structs.replace(row, verdict="flaky", state=None, cause=cause), case)

    def explained(self, program: Program, row: Row, ask: Ask, answer: Answer) -> Row:
        """A row that was wrong once and right in a fresh process, with the question that may have spoilt the first."""
        if ask.before is None or not self.right(ask.question, answer) or self._looks >= LOOKS:
            return row
        self._looks += 1
        before = ask.before.key
        if self.spoiler(program, [ask.before], ask.question) is None:
            return msgspec.structs.replace(row, cause=f"{row.cause}; or of the question before it, {before}")
        said = f"wrong only in a process that answered {before} before it: that one overwrites memory?"
        return msgspec.structs.replace(row, cause=said)


def _answer(worker: Worker, question: Question, expected: Expected, deadline: float) -> Answer:
    clock = Clock()
    while clock.left(deadline) > 0:
        clock.look(worker.process.pid)
        pipes = worker.pipes
        select.select(pipes[1:], pipes[:1] if worker.wants_to_write else [], [], HEARTBEAT)
        worker.write()
        worker.read_log()
        going = worker.read()
        try:
            if (received := worker.message(room(expected), (question.key.check,))) is not None:
                return Answer.from_message(*received, question.case.rank)
        except Garbled as error:
            return Answer("garbled", str(error))
        if not going:
            return Answer("crashed", "ended")
    return Answer("hung", clock.silence(deadline))
