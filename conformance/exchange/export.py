"""Cases with operands and right answers as files, for projects in any language that do not want us at run time.

A folder holds one file for each question (a case in a dtype, a check, a fill) and index.json, which says of each its
numbers and how to compare:

    exact    `expected` is the answer, bit for bit; a NaN equals any NaN
    bound    |answer − expected| ≤ bound, per element, where sums are kept in the dtype itself: `expected` is float64,
             bound = terms·u·s + u·|expected| + underflow, s = Σ|terms| (see conformance/oracle/bounds.py)
    refuse   there is no answer, only operands
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from conformance import __version__, adapter
from conformance.case import Case, Check, Dtype, Fill, sensible
from conformance.corpus.yaml_file import FileError
from conformance.exchange import to_onnx
from conformance.oracle import bounds
from conformance.oracle.compare import Expected
from conformance.oracle.operands import encode

FORMATS = ("npz", "safetensors", "onnx")

Tensors = dict[str, tuple[str, np.ndarray]]


class Question(NamedTuple):
    """One file of an export."""

    case: Case
    dtype: Dtype
    check: Check
    fill: Fill

    @property
    def name(self) -> str:
        return f"{self.case.id}.{self.dtype}.{self.check}.{self.fill}"


def questions(
    cases: Iterable[Case], dtypes: tuple[str, ...] = (), checks: tuple[str, ...] = (), fills: tuple[str, ...] = ()
) -> Iterator[Question]:
    """All questions of the cases; dtypes and checks replace those that a case names, fills choose among its own."""
    for case in cases:
        named = case.fills[:1] if case.expect == "refuse" else case.fills
        for dtype in dtypes or case.dtypes:
            for check in checks or case.checks:
                for fill in named:
                    wanted = not fills or fill in fills
                    if wanted and sensible(dtype, check, fill) and (check != "grad_bias" or case.bias):
                        yield Question(case, dtype, check, fill)


def write(folder: str | Path, asked: Iterable[Question], form: str, seed: int = 0) -> tuple[int, dict[str, int]]:
    """Write the folder; how many questions it has, and how many were left out for which reason.

    Raises FileError where the folder has something in it or nothing is left to write.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(folder, None, "is not an empty folder: name another")
    if form == "onnx":
        to_onnx.library()
    entries, left_out = [], {}
    for question in asked:
        reason = _not_for_onnx(question) if form == "onnx" else None
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        entry, tensors = package(question, seed)
        entries += [entry | more for more in _write(folder, question, form, entry, tensors)]
    if not entries:
        raise FileError(folder, None, f"nothing to write: {'; '.join(left_out) or 'no question is left'}")
    index = {"suite": __version__, "seed": seed, "format": form, "questions": entries}
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return len(entries), left_out


def package(question: Question, seed: int = 0) -> tuple[dict[str, Any], Tensors]:
    """(what the index says, tensors) of one question."""
    case, dtype, check, fill = question
    expected = Expected(case, check, dtype, fill, seed)
    if expected.picks is not None:
        raise FileError(None, None, f"{case.id} has too large an answer to be written: choose other cases")
    tensors = dict(expected.tensors)
    entry: dict[str, Any] = {"case": case.id, "why": case.why, "dtype": dtype, "check": check, "fill": fill}
    if case.expect == "refuse":
        return entry | {"compare": "refuse", "numbers": case.question()}, tensors
    if fill == "real":
        bound = bounds.bound(expected.answer, expected.magnitude, expected.terms, dtype, {})
        tensors |= {"expected": ("float64", expected.answer), "bound": ("float64", bound)}
        entry |= {"compare": "bound", "terms": expected.terms, "roundoff": bounds.ROUNDOFF[dtype]}
    else:
        tensors["expected"] = dtype, encode(expected.answer, dtype)
        entry |= {"compare": "exact"}
    return entry | {"numbers": case.question()}, tensors


def _not_for_onnx(question: Question) -> str | None:
    if question.check != "forward":
        return "a backend test asks forward only"
    if question.fill == "real":
        return "a backend test has no bound for each element: exact fills only"
    return to_onnx.lacks(question.case)


def _write(
    folder: Path, question: Question, form: str, entry: dict[str, Any], tensors: Tensors
) -> list[dict[str, Any]]:
    """Write one file, or for ONNX a folder for each way of asking; of each its name inside `folder` and, for ONNX, the
    operator set and the node's attributes."""
    if form == "onnx":
        operands = {key: value for key, value in tensors.items() if key != "expected"}
        written = []
        for suffix, (opset, words) in to_onnx.spellings(question.case, question.dtype).items():
            name = question.name + suffix
            to_onnx.write(folder / name, question.case, operands, tensors["expected"], (opset, words))
            written.append({"file": name, "opset": opset, "attributes": words})
        return written
    name = f"{question.name}.{form}"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "safetensors":
        path.write_bytes(adapter.pack(entry, tensors))
    else:
        np.savez(path, **{key: array for key, (_, array) in tensors.items()})
    return [{"file": name}]
