"""The grammar of a family file as a JSON Schema, for editors; made from the structs that read the files."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from conformance.corpus.entry import Covering, Strength
from conformance.corpus.raw_case import KEYS, Raw
from conformance.corpus.when import Where

Key = Literal[tuple(key for key in KEYS if key != "id")]


class Case(Raw, kw_only=True, forbid_unknown_fields=True):
    """One case; with axes, one for each combination of their values."""

    axes: dict[Key, list[Any]] | None = None
    where: Where | None = None
    covering: Strength | Covering | None = None


class Family(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A family of cases of transposed convolution: O = (I - 1)*s + (K - 1)*e + 1 - lo - hi + output_padding."""

    why: str
    base: Raw | None = None
    cases: list[Case]


#: What a key means, in one sentence.
SAYS = {
    "why": "What it is for, in one sentence.",
    "base": "What all cases have that do not say otherwise.",
    "cases": "The cases, in the order in which they are asked.",
    "id": "The name behind the family's; {key} stands for the value of an axis.",
    "input": "Input length on each spatial axis; says how many axes there are: 1, 2 or 3.",
    "kernel": "Kernel length, one for all axes or one for each.",
    "in_channels": "Channels of the input, a multiple of groups.",
    "out_channels": "Channels of the output, a multiple of groups.",
    "batch": "How many images; may be 0.",
    "groups": "Into how many independent parts the channels fall.",
    "stride": "How far apart two input positions stamp the kernel.",
    "dilation": "How far apart two elements of the kernel are.",
    "padding": "What is cropped from each end: one number, or one or [lo, hi] for each axis; negative extends.",
    "padding_lo": "What is cropped from the beginning, in place of padding.",
    "padding_hi": "What is cropped from the end, in place of padding.",
    "output_padding": "What is added at the end of the output.",
    "bias": "Whether each output channel has a number added.",
    "dtypes": "In which types it is asked.",
    "checks": "What is asked: the answer, or gradients.",
    "fills": "How operands are made: exact, fresh, real, special, special_second, given. Default: exact and real.",
    "convention": "A word that stands for the padding, as tensorflow_same.",
    "output_size": "The output length that is asked for.",
    "input_layout": "How the input is stored in memory, as NHWC.",
    "kernel_layout": "How the kernel is stored in memory, as HWOI.",
    "memory": "How operands are stored in memory: sliced, reversed, expanded ...",
    "dispute": "A question that authorities answer differently, with all readings.",
    "shapes": "Operands of another shape than the numbers ask for; such a case must be refused.",
    "operand_dtypes": "Operands of another type than the others; such a case must be refused.",
    "options": "Words that only some frameworks have.",
    "operands": "Operands written out, or the word ones; .inf, -.inf and .nan are numbers here.",
    "expect": "Whether there is an answer, or the question must be refused.",
    "tier": "core: asked by default; full: when it is asked for.",
    "claim": "A statement of a published text about this case.",
    "source": "Where the numbers are from.",
    "axes": "Keys with lists of values: a case for each combination.",
    "where": "Conditions that a combination must meet.",
    "covering": "How many axes to combine, not all: every combination of the values of any so many is in some case.",
}


def schema() -> str:
    """The schema as JSON text."""
    made = msgspec.json.schema(Family)
    definitions = made["$defs"]
    for name in ("Family", "Raw", "Case"):
        for key, says in definitions[name]["properties"].items():
            says["description"] = SAYS[key]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Cases of transposed convolution"}
    return json.dumps(head | made, indent=1) + "\n"
