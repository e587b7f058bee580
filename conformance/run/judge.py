"""One answer → one Row: outcome, verdict, cause, and the detail they rest on. The ledger gives it a state."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance import mutants
from conformance.oracle.compare import Expected, compare, looser
from conformance.oracle.operands import decode
from conformance.run import claims, disputes, spoken
from conformance.run.row import DIVERGENT, Row

if TYPE_CHECKING:
    from conformance.run.message import Tensors
    from conformance.run.questions import Question

#: Characters of a message or a trace that are kept.
LONGEST = 4000


@dataclass
class Answer:
    """What a worker did with a question. `text`: the message of an error, the reason why not, or how it died;
    `no_plan`: what is wrong with the plan that came with it, which is left out."""

    outcome: str
    text: str = ""
    type: str = ""
    trace: str = ""
    seconds: float | None = None
    forward_seconds: float | None = None
    build_seconds: float | None = None
    plan: dict[str, Any] | None = None
    no_plan: str = ""
    tensors: Tensors = field(default_factory=dict)
    foretold: dict[str, tuple[spoken.Lies, spoken.Lies]] = field(default_factory=dict)
    log: str = ""

    @classmethod
    def from_message(cls, message: dict[str, Any], tensors: Tensors, rank: int) -> Answer:
        """The answer in a protocol message; a message that lacks what its outcome needs is garbled."""
        try:
            said = msgspec.convert(message, spoken.Said)
        except msgspec.ValidationError as error:
            return cls("garbled", f"not an answer: {spoken.plainly(error)}")
        if said.outcome == "returned" and not tensors:
            return cls("garbled", "the answer says that something was returned and carries no tensor")
        plan, no_plan = None, ""
        if said.plan is not None:
            try:
                plan = spoken.plan(said.plan, rank)
            except ValueError as error:
                no_plan = spoken.plainly(error)
        return cls(
            said.outcome,
            text=(said.reason or said.text or "")[:LONGEST],
            type=(said.type or "")[:200],
            trace=(said.trace or "")[-LONGEST:],
            seconds=said.seconds,
            forward_seconds=said.forward_seconds,
            build_seconds=said.build_seconds,
            plan=plan,
            no_plan=no_plan,
            tensors=tensors,
            foretold=said.foretold,
        )

    def same_as(self, other: Answer) -> bool:
        """Whether two answers to one question say the same, tensors bit for bit."""
        if self.outcome != other.outcome or self.tensors.keys() != other.tensors.keys():
            return False
        return all(
            mine[0] == theirs[0] and mine[1].shape == theirs[1].shape and mine[1].tobytes() == theirs[1].tobytes()
            for mine, theirs in ((self.tensors[name], other.tensors[name]) for name in self.tensors)
        )


_MEANING = {"unsupported": "unsupported", "crashed": "crash", "hung": "hang", "garbled": "broken", "broken": "broken"}


@np.errstate(all="ignore")  # what comes back may hold any number
def judge(question: Question, expected: Expected, answer: Answer, first: Answer | None, log: str) -> Row:
    """The row of an answer. `first`: what the same question was answered before; another answer makes it flaky."""
    verdict, cause, detail = _meaning(question, expected, answer)
    if first is not None and not first.same_as(answer):
        before = _meaning(question, expected, first)
        detail["again"] = {"first": _said(before), "second": _said((verdict, cause, detail))}
        if verdict == before[0] and verdict in DIVERGENT:  # wrong both times is wrong, in whatever bits
            if verdict == "differ" and not (cause == before[1] and detail.get("causes")):
                detail = {word: value for word, value in detail.items() if word not in ("causes", "faults")}
                cause = "other bits each time: uninitialised memory?"
        else:
            said = f"first {_said(before)}; then {_said((verdict, cause, detail))}"
            verdict, cause = "flaky", f"asked twice, answered differently: {said}"
        log = "\n".join(filter(None, [first.log, answer.log or log]))
    if answer.plan:
        detail["plan"] = answer.plan
    if answer.forward_seconds is not None:
        detail["forward_seconds"] = answer.forward_seconds
    if answer.build_seconds is not None:
        detail["build_seconds"] = answer.build_seconds
    if answer.no_plan:
        detail["no_plan"] = f"its plan is not one and was left out: {answer.no_plan}"
    if verdict not in ("pass", "unsupported") and (answer.log or log):
        detail["log"] = (answer.log or log)[-4000:]
    outcome = "garbled" if answer.outcome == "broken" else answer.outcome
    return Row(
        **question.key._asdict(), outcome=outcome, verdict=verdict, cause=cause, seconds=answer.seconds, detail=detail
    )


def _stable(message: str) -> str:
    """An error's first line without what changes from call to call: TensorFlow numbers its functions."""
    return re.sub(r"\{\{function_node [^}]*\}\} ?| ?\[Op:\w*\]", "", message).strip()


def _said(meaning: tuple[str, str | None, dict]) -> str:
    verdict, cause, _ = meaning
    return f"{verdict} ({cause})" if cause else verdict


def _meaning(question: Question, expected: Expected, answer: Answer) -> tuple[str, str | None, dict[str, Any]]:
    """(verdict, cause, detail) of one answer by itself."""
    case, check = question.case, question.key.check
    detail: dict[str, Any] = {}
    verdict, cause, returned, error = _MEANING.get(answer.outcome), answer.text or None, None, None
    if answer.outcome == "unsupported":
        detail["reason"] = answer.text.strip() or "no reason given"
    elif answer.outcome in ("raised", "broken"):
        error = ": ".join(part for part in (answer.type.strip(), answer.text.strip()) if part)
        detail |= {"error_type": answer.type, "error_text": answer.text, "trace": answer.trace}
        cause = _stable(error.splitlines()[0][:300]) if error else "raised without a message"
        if answer.outcome == "raised":
            follows = disputes.refused(case.dispute) if case.dispute else []
            detail |= {"follows": follows} if follows else {}
            verdict = "pass" if case.expect == "refuse" or follows else "refuse"
            cause = None if verdict == "pass" else cause
    elif answer.outcome == "returned":
        dtype, array = answer.tensors.get(check, (None, None))
        if array is None:
            return "broken", f"the answer carries no tensor {check!r}", detail
        returned = decode(array, dtype)
        if case.expect == "refuse":
            verdict, cause = "accept", f"answered with shape {list(array.shape)}: {case.problem() or 'must be refused'}"
        else:
            if case.dispute:
                follows, expected = disputes.followed(expected, array, dtype, question.arithmetic)
                detail |= {"follows": follows} if follows else {}
            detail |= compare(expected, array, dtype, question.arithmetic)
            verdict = "differ" if "mismatch" in detail else "pass"
            cause = _cause(question, expected, returned, detail)
            if verdict == "pass" and check in answer.foretold and (otherwise := foretold(*answer.foretold[check])):
                verdict, cause, detail["mismatch"] = "differ", otherwise, "layout"
        if expected.fill == "real" or verdict == "differ":  # an exact answer that is right has only one spelling
            detail["bits"] = hashlib.blake2b(array.tobytes(), digest_size=6).hexdigest()
    if case.claim and (said := claims.judge(case.claim, verdict, returned, error and error.splitlines()[0][:300])):
        detail["claim"] = said
    return verdict, cause, detail


def _cause(question: Question, expected: Expected, returned: np.ndarray, detail: dict[str, Any]) -> str | None:
    """Why an answer differs, in words: the wrong answer that it equals, else what is wrong with it."""
    mismatch = detail.get("mismatch")
    if mismatch is None:
        return None
    if mismatch == "dtype":
        return f"answered in {detail['returned_dtype']} instead of {detail['expected_dtype']}"
    if "sampled" in detail:
        return f"values differ in {detail['wrong']} of {detail['of']} elements that were chosen of so large an answer"
    if expected.fill not in ("real", "related"):
        named = mutants.causes(
            question.case, expected.check, expected.operands, returned, expected.dtype, expected.fill
        )
        if named:
            detail["faults"] = [each.fault for each in named if each.fault]
            detail["causes"] = [each.says for each in named]
            return named[0].says
    if mismatch == "specials" and expected.fill in ("special", "special_second", "given"):
        return specials(detail["specials_extra"], detail["specials_missing"])
    if mismatch == "shape":
        return f"shape {detail['returned_shape']} instead of {detail['expected_shape']}"
    if "says_nothing" in detail:
        return f"the same number everywhere, {detail['says_nothing']}: the answer says nothing of its operands"
    if expected.fill == "real":
        words = looser(expected, returned, question.arithmetic) if mismatch == "values" else None
        instead = f"; within it under {words}: declare it, or mend it" if words else ""
        return f"beyond what rounding can do under the declared arithmetic{instead}"
    where = detail.get("region", "everywhere")
    return f"{mismatch} differ in {where}, as no known fault would".replace("in everywhere", "everywhere")


def foretold(said: spoken.Lies, found: spoken.Lies) -> str | None:
    """In words where an answer has another shape, or lies in memory otherwise, than was said of it before. The stride
    of an axis of one element leads nowhere, nor does any of an empty answer; what was left open (None) says nothing."""
    (shape, strides), (has, lies) = said, found
    if len(shape) != len(has) or any(one not in (None, other) for one, other in zip(shape, has, strict=True)):
        return f"foretold with shape {shape}, answered with {has}"
    if strides is None or lies is None or 0 in has:
        return None
    wrong = any(length > 1 and one not in (None, other) for length, one, other in zip(has, strides, lies, strict=True))
    return f"foretold with strides {strides}, answered with {lies}" if wrong else None


def specials(extra: int, missing: int) -> str:
    """In words: how many elements are NaN or infinite and should not be, and how many the other way round."""
    are, numbers = ("element is", "a finite number") if extra == 1 else ("elements are", "finite numbers")
    should, is_not = ("element", "is not") if missing == 1 else ("elements", "are not")
    words = [f"{extra} {are} NaN or infinite and should be {numbers}"] if extra else []
    words += [f"{missing} {should} should be NaN or infinite and {is_not}"] if missing else []
    return "; ".join(words) or "elements are NaN or infinite where they should be, but of another kind or sign"
