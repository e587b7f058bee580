"""One impulse through an implementation draws the stamp that it really makes: for answers that no known fault gives.

The kernel's elements are numbered 1, 2, 3, …, so that the stamp shows which of them went where; the input is 1 at one
position and 0 elsewhere. The sizes stay as they are, since faults may depend on them.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from conformance import oracle
from conformance.case import Case
from conformance.oracle.operands import SIGNIFICAND
from conformance.run.questions import Question
from conformance.run.row import Row

#: Rows of a run that are probed, the largest kernel whose elements are numbered, and the largest stamp that is kept.
MOST, KERNEL, STAMP = 12, 2**16, 1024


def wanted(row: Row) -> bool:
    """Whether a row has wrong values that are neither known nor explained."""
    return (
        row.verdict == "differ"
        and row.state in ("new", "changed")
        and row.check == "forward"
        and row.fill in ("exact", "fresh")
        and row.detail.get("mismatch") in ("values", "specials")
        and not row.detail.get("causes")
    )


def questions(question: Question) -> list[Question]:
    """The question once more with an impulse in the middle, at the first and at the last input position."""
    case, key = question.case, question.key
    if not case.size or math.prod(case.w_shape) > KERNEL:
        return []
    # Numbers that the dtype holds exactly; they begin again where it has no more.
    numbers = np.arange(math.prod(case.w_shape)) % (2 ** min(SIGNIFICAND[key.dtype], 20) - 1) + 1.0
    places = [tuple(length // 2 for length in case.input), (0,) * case.rank, tuple(length - 1 for length in case.input)]
    probes = []
    for place in dict.fromkeys(places):
        impulse = np.zeros(case.x_shape)
        impulse[(0, 0, *place)] = 1.0
        operands = {"x": impulse, "w": numbers.reshape(case.w_shape)}
        operands |= {"b": np.zeros(case.b_shape)} if case.bias else {}
        probe = msgspec.structs.replace(case, id=f"{case.id} probed at {list(place)}", operands=operands, claim=None)
        probes.append(question._replace(case=probe, key=key._replace(case=probe.id, fill="given")))
    return probes


def stamp(case: Case, returned: np.ndarray) -> dict[str, Any] | None:
    """The stamps of a probe's case where `returned` (float64, canonical) is not the right answer; None where it is.

    `input`: the impulse's place, `channel`: the first output channel that is wrong, `at`: where in the output the part
    begins that is shown, `expected` and `returned`: that part, nested lists, all that is not 0 in either of them.
    """
    right = oracle.answer(case, "forward", case.operands)
    if returned.shape != right.shape or np.array_equal(returned, right):
        return None
    channel = int(np.argwhere(returned[0] != right[0])[0][0]) if not np.array_equal(returned[0], right[0]) else 0
    theirs, ours = returned[0, channel], right[0, channel]
    touched = np.argwhere((theirs != 0) | (ours != 0))
    if not len(touched):
        return None
    low, high = touched.min(axis=0), touched.max(axis=0) + 1
    window = tuple(slice(int(begin), int(end)) for begin, end in zip(low, high, strict=True))
    if math.prod(int(length) for length in high - low) > STAMP or not np.isfinite(theirs[window]).all():
        return None
    return {
        "input": [int(index) for index in np.argwhere(case.operands["x"])[0][2:]],
        "channel": channel,
        "at": [int(begin) for begin in low],
        "expected": ours[window].tolist(),
        "returned": theirs[window].tolist(),
    }
