"""Whether what came out agrees with what a published text says."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.case import Claim


def judge(claim: Claim, verdict: str, returned: np.ndarray | None, error: str | None) -> dict[str, Any] | None:
    """{number, verdict: confirmed | refuted, came_out} for one answer, or None where nothing was answered.

    `returned` is the array that came back (float64), `error` the message where the framework raised instead.
    """
    if returned is None and error is None:
        return None
    if returned is None:
        return _said(claim, claim.answers is False, f"refused: {error}")
    shape = list(returned.shape)
    came_out = f"shape {shape}"
    if claim.answers is not None:
        return _said(claim, claim.answers, came_out)
    holds = claim.shape is None or shape == list(claim.shape)
    if claim.definition is not None:
        holds = holds and verdict == "pass"
        came_out += ", equal to the definition" if verdict == "pass" else ", not equal to the definition"
    for stated, wanted in ((claim.values, True), (claim.not_values, False)):
        if stated is not None:
            holds = holds and np.array_equal(returned, np.array(stated, dtype=np.float64)) is wanted
            came_out += f", values {_short(returned)}"
    return _said(claim, holds, came_out)


def _said(claim: Claim, holds: bool, came_out: str) -> dict[str, Any]:
    return {"number": claim.number, "verdict": "confirmed" if holds else "refuted", "came_out": came_out}


def _short(array: np.ndarray) -> str:
    text = np.array2string(np.squeeze(array), separator=", ", threshold=40, floatmode="maxprec")
    return " ".join(text.replace(". ", "").replace(".]", "]").replace(".,", ",").split())
