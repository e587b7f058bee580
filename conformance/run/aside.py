"""Questions asked aside, of a process of their own: whether an answer depends on what was answered before it.

A question that writes out of bounds may be answered rightly, and spoil whatever its process answers afterwards. Such a
process is told from a framework that is wrong by asking one of the wrong answers again, alone; and the question that
spoilt it, by asking that one before it.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Sequence

from conformance.oracle.compare import Expected
from conformance.run.answers import room
from conformance.run.judge import Answer
from conformance.run.message import Garbled
from conformance.run.questions import Question
from conformance.run.worker import HEARTBEAT, Dead, Program, Worker

#: (id, question) → the message and what its answer is held against.
Packed = Callable[[int, Question], tuple[bytes, Expected]]


def ask(program: Program, questions: Sequence[Question], packed: Packed, deadline: float) -> list[Answer]:
    """What a fresh process answers to `questions`, one after the other; fewer answers where it ends before."""
    worker, answers = Worker(program), []
    try:
        worker.hello(deadline)
        for number, question in enumerate(questions, start=1):
            message, expected = packed(number, question)
            worker.send(message)
            answers.append(_answer(worker, question, expected, deadline))
            if answers[-1].outcome in ("crashed", "hung", "garbled"):
                break
    except Dead:
        pass
    finally:
        worker.kill()
    return answers


def poisoner(
    program: Program,
    suspects: Iterable[Question],
    victim: Question,
    right: Callable[[Question, Answer], bool],
    packed: Packed,
    deadline: float,
) -> tuple[Question, Answer] | None:
    """The first of `suspects` after which a fresh process answers `victim` wrongly, with its own answer; else None."""
    for suspect in suspects:
        answers = ask(program, [suspect, victim], packed, deadline)
        if len(answers) == 2 and not right(victim, answers[1]):
            return suspect, answers[0]
    return None


def _answer(worker: Worker, question: Question, expected: Expected, deadline: float) -> Answer:
    end = time.monotonic() + deadline
    while time.monotonic() < end:
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
    return Answer("hung", f"no answer within {deadline:g} s")
