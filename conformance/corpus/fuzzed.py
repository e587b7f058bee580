"""Random configurations over everything that a case can say, each named so that it can be asked again.

Wider than `random_cases`: every dtype, check and fill, operands stored in other ways, layouts, conventions, output
padding beyond the stride, negative padding, long axes; and, where asked for, questions that must be refused.
"""

from __future__ import annotations

import random
import re
from typing import Any

import msgspec

from conformance.case import AXIS_LETTERS, CHECKS, DTYPES, FLOATS, NARROW, Case
from conformance.corpus.conventions import CONVENTIONS
from conformance.corpus.random_cases import draw
from conformance.corpus.raw_case import Raw, make
from conformance.corpus.yaml_file import FileError

NAMED = re.compile(r"(fuzz|broken)/(\d+)-(\d+)")
#: Multiply-adds of the largest: so many are asked in a second.
LARGEST = 2**17


def fuzzed(seed: int, number: int, invalid: bool = False) -> Case:
    """One configuration; `invalid`: one that has no answer and must be refused."""
    family = "broken" if invalid else "fuzz"
    rng = random.Random(f"{family}-{seed}-{number}")
    while True:
        case = _spoiled(rng, f"{family}/{seed}-{number}") if invalid else _drawn(rng, f"{family}/{seed}-{number}")
        if case is not None and case.size <= LARGEST:
            return case


def named(id: str) -> Case | None:
    """The configuration of this id, or None where it is not the name of one."""
    found = NAMED.fullmatch(id)
    return fuzzed(int(found[2]), int(found[3]), found[1] == "broken") if found else None


def _drawn(rng: random.Random, id: str) -> Case | None:
    """A case with an answer, or None where these numbers have none."""
    case = _wider(rng, draw(rng, id))
    dtype = rng.choice(("float32", "float32", "float32", *DTYPES))
    checks = tuple(check for check in CHECKS if rng.random() < 0.5) if dtype in FLOATS else ()
    fills = ("exact", *(fill for fill in ("real", "special", "special_second") if rng.random() < 0.2))
    fills += ("fresh",) if dtype in NARROW else ()
    words: dict[str, Any] = {"dtypes": (dtype,), "checks": checks or ("forward",), "fills": fills}
    if rng.random() < 0.2:
        operand = rng.choice("xw")
        kinds = ("transposed", "channels_last", "reversed", "sliced", "readonly", "misaligned")
        words["memory"] = {operand: rng.choice(kinds)}
    space = AXIS_LETTERS[case.rank]
    if rng.random() < 0.15:
        words["input_layout"] = rng.choice((f"NC{space}", f"N{space}C"))
    if rng.random() < 0.15:
        words["kernel_layout"] = rng.choice((f"IO{space}", f"OI{space}", f"{space}OI", f"{space}IO"))
    case = msgspec.structs.replace(case, **words)
    if rng.random() < 0.1:
        return _in_words(rng, case)
    return case if case.problem() is None and min(case.output) > 0 else None


def _wider(rng: random.Random, case: Case) -> Case:
    """Numbers that fewer people use: long axes, negative padding, output padding that is not below the stride."""
    numbers: dict[str, Any] = {}
    axis = rng.randrange(case.rank)
    if rng.random() < 0.1:
        numbers["input"] = _with(case.input, axis, rng.randint(7, 40))
    if rng.random() < 0.1:
        numbers["kernel"] = _with(case.kernel, axis, rng.randint(6, 20))
    if rng.random() < 0.1:
        numbers["stride"] = _with(case.stride, axis, rng.randint(5, 9))
    if rng.random() < 0.1:
        numbers["dilation"] = _with(case.dilation, axis, rng.randint(4, 9))
    if rng.random() < 0.1:
        lo, hi = case.padding[axis]
        numbers["padding"] = _with(case.padding, axis, rng.choice(((-rng.randint(1, 3), hi), (lo, -rng.randint(1, 3)))))
    if rng.random() < 0.1:
        numbers["output_padding"] = _with(case.output_padding, axis, rng.randint(1, 6))
    return msgspec.structs.replace(case, **numbers)


def _with(values: tuple, axis: int, value: Any) -> tuple:
    return (*values[:axis], value, *values[axis + 1 :])


def _in_words(rng: random.Random, case: Case) -> Case | None:
    """The same sizes with the padding said by a convention, with a size where that takes one."""
    convention = rng.choice([*CONVENTIONS.values()])
    raw = Raw(
        input=list(case.input),
        kernel=list(case.kernel),
        in_channels=case.in_channels,
        out_channels=case.out_channels,
        batch=case.batch,
        groups=case.groups,
        stride=list(case.stride),
        dilation=list(case.dilation),
        bias=case.bias,
        convention=convention.name,
        output_size=[i * s for i, s in zip(case.input, case.stride, strict=True)] if convention.sized else None,
    )
    try:
        made = make(raw, case.id, "", lambda _, message: FileError(None, None, message))
    except FileError:
        return None
    return msgspec.structs.replace(made, dtypes=case.dtypes, checks=case.checks, fills=case.fills)


#: Ways to spoil a question: a field and what it becomes, from the case and a random generator.
_SPOILS = (
    lambda case, rng: {"stride": _with(case.stride, rng.randrange(case.rank), rng.choice((0, -1)))},
    lambda case, rng: {"dilation": _with(case.dilation, rng.randrange(case.rank), rng.choice((0, -1)))},
    lambda case, rng: {"kernel": _with(case.kernel, rng.randrange(case.rank), 0)},
    lambda case, rng: {"output_padding": _with(case.output_padding, rng.randrange(case.rank), -1)},
    lambda case, rng: {"groups": rng.choice((0, -1, case.in_channels + 1))},
    lambda case, rng: {"padding": _with(case.padding, rng.randrange(case.rank), (max(case.full) + 2,) * 2)},
    lambda case, rng: {"bias": True, "shapes": {"b": rng.choice(((case.out_channels + 1,), (case.out_channels, 1)))}},
    lambda case, rng: {"shapes": {"x": (case.batch, case.in_channels + 1, *case.input)}},
    lambda case, rng: {"shapes": {"w": (case.in_channels + 1, case.out_channels // case.groups, *case.kernel)}},
    lambda case, rng: {"operand_dtypes": {rng.choice("xw"): rng.choice(("float64", "float16", "int32"))}},
    lambda case, rng: {"bias": True, "operand_dtypes": {"b": rng.choice(("float64", "float16"))}},
)


def _spoiled(rng: random.Random, id: str) -> Case | None:
    case = draw(rng, id)
    if case.problem() is not None or min(case.output) < 1:
        return None
    words = {"checks": ("forward",), "fills": ("exact",), "expect": "refuse"}
    spoiled = msgspec.structs.replace(case, **words, **rng.choice(_SPOILS)(case, rng))
    return spoiled if spoiled.problem() is not None else None
