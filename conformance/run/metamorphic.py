"""Relations asked of routes: which, through the engine that asks everything, and the rows that come of it.

A row of a relation has the relation's name as its check, since that is what is compared, and the fill `related`, since
its operands are made for it. Its questions go their usual way but for the oracle: by itself each must only come back,
in the right shape and dtype.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np

from conformance.case import CHECKS, Case
from conformance.oracle import relations
from conformance.oracle.operands import decode
from conformance.oracle.relations import RELATIONS, Related
from conformance.run import questions
from conformance.run.engine import Engine
from conformance.run.judge import Answer
from conformance.run.questions import Narrow, Question, Selection
from conformance.run.row import Key, Row

BY_NAME = {relation.name: relation for relation in RELATIONS}
#: Bytes of operands that are made at once, so that all frameworks have something to do.
ROOM = 2**26


def select(cases: Iterable[Case], hellos: dict[str, dict[str, Any]], narrow: Narrow) -> Selection:
    """Relations × cases × routes, narrowed by what the user named; `narrow.checks` names relations."""
    cases = list(cases)
    plain = {case.id: msgspec.structs.replace(case, checks=CHECKS, fills=("exact",)) for case in cases}
    wanted = [relation for relation in RELATIONS if not narrow.checks or relation.name in narrow.checks]
    spoken = [plain[case.id] for case in cases if relations.speaks_of(case)]
    asked = questions.select(spoken, hellos, dataclasses.replace(narrow, checks=(), fills=()))
    offers: dict[Key, dict[str, Question | str]] = {}
    for key, offer in [*asked.unsupported.items(), *((question.key, question) for question in asked.questions)]:
        offers.setdefault(key._replace(check="", fill="related"), {})[key.check] = offer
    selection, by_id, cramped = Selection(notes=asked.notes), {case.id: case for case in cases}, set()
    for key, offer in offers.items():
        case = by_id[key.case]
        for relation in wanted:
            needed = [offer.get(check) for check in relation.checks]
            if None in needed or not relation.applies(case):
                continue
            mine = key._replace(check=relation.name)
            lacking = [reason for reason in needed if isinstance(reason, str)]
            if relations.largest(case, relation.checks, key.dtype) < relations.LEAST:
                cramped.add((case.id, key.dtype))
            elif lacking:
                selection.unsupported[mine] = lacking[0]
            else:
                selection.questions.append(needed[0]._replace(case=case, key=mine))
    if silent := len(cases) - len(spoken):
        selection.notes.append(
            f"relations say nothing about {silent} case{'s' * (silent != 1)}: refused, empty, or with options"
        )
    if cramped:
        where = f"{len(cramped)} case{'s' * (len(cramped) != 1)}"
        selection.notes.append(f"left out: relations whose sums the dtype cannot hold, in {where}")
    return selection


class Set(NamedTuple):
    """A relation asked of one route: `question` names the row to be."""

    question: Question
    related: Related


class Told(NamedTuple):
    """What came back for a set: a row for each of its questions, and the answers, None where there was none."""

    rows: list[Row]
    answers: list[Answer | None]


def rows(engine: Engine, asked: list[Question], settle: Callable[[Row, Case], Row]) -> Iterator[Row]:
    """The rows of relations. One that does not hold is asked once more, of a fresh process, before it is accused."""
    for batch in _batches(asked, engine.answers.seed):
        suspects: list[tuple[Set, list[bytes]]] = []
        for each, told in _ask(engine, batch, settle):
            row = _row(each, told)
            if row.verdict == "differ" and "unequal" in row.detail:
                suspects.append((each, _digests(told)))
            else:
                yield _settled(row, each.question.case, settle)
        for framework in {each.question.worker for each, _ in suspects}:
            engine.workers[framework].stop()
        before = {each.question.key: digests for each, digests in suspects}
        for each, told in _ask(engine, [each for each, _ in suspects], settle):
            row = _row(each, told)
            if _digests(told) != before[row.key]:
                cause = "asked twice, answered differently by a fresh process"
                row = msgspec.structs.replace(row, verdict="flaky", cause=cause, state=None)
            yield _settled(row, each.question.case, settle)


def _batches(asked: list[Question], seed: int) -> Iterator[list[Set]]:
    """Sets that share their operands together, as many as ROOM allows."""
    groups: dict[tuple, list[Question]] = {}
    for question in asked:
        groups.setdefault((question.key.case, question.key.dtype, question.key.check), []).append(question)
    batch, held = [], 0
    for (_, dtype, name), mine in groups.items():
        related = relations.related(BY_NAME[name], mine[0].case, dtype, seed)
        batch += [Set(question, related) for question in mine]
        held += sum(array.nbytes for _, case in related.questions for array in case.operands.values())
        if held > ROOM:
            yield batch
            batch, held = [], 0
    yield batch


def _ask(engine: Engine, sets: list[Set], settle: Callable[[Row, Case], Row]) -> Iterator[tuple[Set, Told]]:
    """Each set with what came back for it, as soon as all of it has."""
    places: dict[Key, tuple[int, int]] = {}
    lengths = [len(each.related.questions) for each in sets]
    parts, found = [], [Told([None] * length, [None] * length) for length in lengths]
    for index, (question, related) in enumerate(sets):
        for number, (check, case) in enumerate(related.questions):
            part = msgspec.structs.replace(case, id=f"{case.id} {number + 1} of {question.key.check}")
            key = question.key._replace(case=part.id, check=check)
            places[key] = index, number
            parts.append(question._replace(case=part, key=key, numbers=part.question()))
    latest: dict[Key, Answer] = {}

    def of_the_case(row: Row, part: Case) -> Row:
        """What the ledger says of the case itself: a refusal is the same whatever the operands are."""
        if row.verdict == "pass":
            return row
        case = sets[places[row.key][0]].question.case
        told = settle(msgspec.structs.replace(row, case=case.id, fill=case.fills[0]), case)
        return msgspec.structs.replace(told, case=row.case, fill=row.fill)

    usual = engine.watch, engine.settle
    engine.watch, engine.settle = lambda part, answer: latest.update({part.key: answer}), of_the_case
    try:
        for row in engine.run(parts):
            index, number = places[row.key]
            found[index].rows[number], found[index].answers[number] = row, latest.pop(row.key, None)
            if None not in found[index].rows:
                yield sets[index], found[index]
                found[index] = None  # answers may be large
    finally:
        engine.watch, engine.settle = usual


@np.errstate(all="ignore")  # as in judge.py
def _row(each: Set, told: Told) -> Row:
    """The row of a set: the first of its questions that went wrong by itself, else whether the equation holds."""
    key, wrong = each.question.key, [row for row in told.rows if row.verdict != "pass"]
    named = {"case": key.case, "check": key.check, "fill": key.fill}
    if wrong:
        return msgspec.structs.replace(wrong[0], **named, detail=wrong[0].detail | {"question": wrong[0].case})
    first, seconds = told.rows[0], sum(row.seconds or 0.0 for row in told.rows)
    asked = zip(told.answers, each.related.questions, strict=True)
    arrays = [_numbers(*answer.tensors[check]) for answer, (check, _) in asked]
    found = relations.unequal(*each.related.sides(arrays))
    if found is None:
        return msgspec.structs.replace(first, **named, seconds=seconds)
    cause = f"{key.check}: {BY_NAME[key.check].says}"
    detail = first.detail | {"unequal": found}
    return msgspec.structs.replace(first, **named, seconds=seconds, verdict="differ", cause=cause, detail=detail)


def _settled(row: Row, case: Case, settle: Callable[[Row, Case], Row]) -> Row:
    """The row against the ledger: an entry for relations, else what the ledger says of the case itself."""
    told = settle(msgspec.structs.replace(row, state=None), case)
    return row if told.state == "new" and row.state is not None else told


def _numbers(dtype: str, array: np.ndarray) -> np.ndarray:
    """A returned array as numbers; only bfloat16 has to be decoded, and the others may be large."""
    return decode(array, dtype) if dtype == "bfloat16" else array


def _digests(told: Told) -> list[bytes]:
    """What stands for the answers when they are compared with others."""
    return [
        b"" if answer is None else hashlib.blake2b(b"".join(a.tobytes() for _, a in answer.tensors.values())).digest()
        for answer in told.answers
    ]
