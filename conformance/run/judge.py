"""One answer → one Row: outcome, verdict, cause, and the detail they rest on. The ledger gives it a state."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance import mutants
from conformance.oracle.compare import Expected, compare, looser
from conformance.oracle.operands import decode
from conformance.run import claims, disputes
from conformance.run.row import Row

if TYPE_CHECKING:
    from conformance.run.questions import Question
    from conformance.run.worker import Tensors


@dataclass
class Answer:
    """What a worker did with a question. `text`: the message of an error, the reason why not, or how it died."""

    outcome: str
    text: str = ""
    type: str = ""
    trace: str = ""
    seconds: float | None = None
    build_seconds: float | None = None
    plan: dict[str, Any] | None = None
    tensors: Tensors = field(default_factory=dict)
    log: str = ""

    @classmethod
    def from_message(cls, message: dict[str, Any], tensors: Tensors) -> Answer:
        """The answer in a protocol message; a message that lacks what its outcome needs is garbled."""
        outcome = message.get("outcome")
        if outcome not in ("returned", "unsupported", "raised", "broken"):
            return cls("garbled", f"the answer's outcome is {outcome!r}")
        if outcome == "returned" and not tensors:
            return cls("garbled", "the answer says that something was returned and carries no tensor")
        return cls(
            outcome,
            text=str(message.get("reason") or message.get("text") or ""),
            type=str(message.get("type") or ""),
            trace=str(message.get("trace") or ""),
            seconds=message.get("seconds"),
            build_seconds=message.get("build_seconds"),
            plan=message.get("plan"),
            tensors=tensors,
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


def judge(question: Question, expected: Expected, answer: Answer, first: Answer | None, log: str) -> Row:
    """The row of an answer. `first`: what the same question was answered before; another answer makes it flaky."""
    verdict, cause, detail = _meaning(question, expected, answer)
    if first is not None and not first.same_as(answer):
        before = _meaning(question, expected, first)
        detail["again"] = {"first": _said(before), "second": _said((verdict, cause, detail))}
        cause = f"asked twice, answered differently: first {_said(before)}; then {_said((verdict, cause, detail))}"
        verdict = "flaky"
        log = "\n".join(filter(None, [first.log, answer.log or log]))
    if answer.plan:
        detail["plan"] = answer.plan
    if answer.build_seconds is not None:
        detail["build_seconds"] = answer.build_seconds
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
        detail["reason"] = answer.text
    elif answer.outcome in ("raised", "broken"):
        error = f"{answer.type}: {answer.text}".strip()
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
    if expected.fill not in ("real", "related"):
        with np.errstate(invalid="ignore"):  # the special fills have infinities
            named = mutants.causes(
                question.case, expected.check, expected.operands, returned, expected.dtype, expected.fill
            )
        if named:
            detail["faults"] = [each.fault for each in named if each.fault]
            detail["causes"] = [each.says for each in named]
            return named[0].says
    if mismatch == "specials" and expected.fill in ("special", "special_second"):
        return specials(detail["specials_extra"], detail["specials_missing"])
    if mismatch == "shape":
        return f"shape {detail['returned_shape']} instead of {detail['expected_shape']}"
    if expected.fill == "real":
        words = looser(expected, returned, question.arithmetic) if mismatch == "values" else None
        instead = f"; within it under {words}: declare it, or mend it" if words else ""
        return f"beyond what rounding can do under the declared arithmetic{instead}"
    where = detail.get("region", "everywhere")
    return f"{mismatch} differ in {where}, as no known fault would".replace("in everywhere", "everywhere")


def specials(extra: int, missing: int) -> str:
    """In words: how many elements are NaN or infinite and should not be, and how many the other way round."""
    are, numbers = ("element is", "a finite number") if extra == 1 else ("elements are", "finite numbers")
    should, is_not = ("element", "is not") if missing == 1 else ("elements", "are not")
    words = [f"{extra} {are} NaN or infinite and should be {numbers}"] if extra else []
    words += [f"{missing} {should} should be NaN or infinite and {is_not}"] if missing else []
    return "; ".join(words) or "elements are NaN or infinite where they should be, but of another kind or sign"
