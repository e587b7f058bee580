"""Case: one transposed convolution as numbers, with its shapes and whether it has an answer.

Per spatial axis, with input length I, kernel length K, stride s, dilation e, padding (lo, hi), output padding op:

    K_e = (K − 1)·e + 1          the kernel's extent
    F   = (I − 1)·s + K_e        the full length: all that any stamp reaches
    O   = F − lo − hi + op       the output's length

Operands are canonical: x [N, C, I…], w [C, M/g, K…], b [M]; the answer is y [N, M, O…].
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Literal

import msgspec

Dtype = Literal["float64", "float32", "float16", "bfloat16", "int64", "int32", "int8", "complex64"]
DTYPES: tuple[Dtype, ...] = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int8", "complex64")
#: Those with a rounding bound and with gradients that everybody defines alike; the others are asked exactly, forward.
FLOATS: tuple[Dtype, ...] = DTYPES[:4]
#: Those in which exact operands have few values, so that the fill `fresh` is worth asking.
NARROW: tuple[Dtype, ...] = ("float16", "bfloat16", "int8")

#: What a single operand may be of, in a question that must be refused because the operands disagree.
OperandDtype = Literal["float64", "float32", "float16", "int64", "int32", "complex64"]

Check = Literal["forward", "grad_input", "grad_weight", "grad_bias"]
CHECKS: tuple[Check, ...] = ("forward", "grad_input", "grad_weight", "grad_bias")

Fill = Literal["exact", "fresh", "real", "special", "special_second", "given", "related"]
#: Those that a case may name; `related` belongs to the rows of relations, see run/metamorphic.py.
FILLS: tuple[Fill, ...] = ("exact", "fresh", "real", "special", "special_second", "given")

#: Numbers among operands that are written as words, since JSON has none of them.
NONFINITE = {".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}

#: The most elements an answer can have: 2^60 numbers of 8 bytes are all that 63 bits address.
MOST_ADDRESSED = 2**60

#: The largest length that a message can carry; a question whose answer would be longer says this one.
LONGEST = 2**63 - 1

#: How an operand may be stored in memory: see memory.stored.
Memory = Literal[
    "contiguous", "transposed", "channels_last", "reversed", "sliced", "expanded", "readonly", "misaligned"
]

AXIS_LETTERS = {0: "", 1: "W", 2: "HW", 3: "DHW"}


def sensible(dtype: Dtype, check: Check, fill: Fill) -> bool:
    """Whether a question makes sense: gradients and rounding bounds are for floats, `fresh` is for narrow dtypes, and
    the gradient of a bias has no second factor."""
    if dtype not in FLOATS and (check != "forward" or fill not in ("exact", "fresh", "given")):
        return False
    if fill == "special_second" and check == "grad_bias":
        return False
    return fill != "fresh" or dtype in NARROW


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement of a published text about a case: `says` in its words, and what must come out if it is true.

    Exactly one of the statements is set, except that `shape` may stand with one other:
    `shape`, `values` (the whole array), `not_values` (this array is not what comes out), `answers` (true: it works;
    false: it is refused), `definition` (true: the answer is the definition's).
    """

    number: int
    source: str
    says: str
    known: Literal["confirmed", "refuted"]
    note: str = ""
    shape: tuple[int, ...] | None = None
    values: Any = None
    not_values: Any = None
    answers: bool | None = None
    definition: bool | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one side takes a disputed question to mean: the numbers of its answer, or that there is none (`refuse`)."""

    name: str
    source: str
    padding: tuple[tuple[int, int], ...]
    output_padding: tuple[int, ...]
    refuse: bool = False


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A question to which authorities give contradicting answers; each of the readings is right."""

    question: str
    readings: tuple[Reading, ...]


class Case(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One configuration, with what it must show. Lengths are in elements; tuples have one entry per spatial axis."""

    id: str
    input: tuple[int, ...]
    kernel: tuple[int, ...]
    in_channels: int
    out_channels: int
    batch: int
    groups: int
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    output_padding: tuple[int, ...]
    bias: bool
    dtypes: tuple[Dtype, ...] = ("float32",)
    checks: tuple[Check, ...] = ("forward",)
    fills: tuple[Fill, ...] = ("exact", "real")
    # Another way to give the padding (conventions.py has turned it into the numbers above), and the size asked for.
    convention: str | None = None
    output_size: tuple[int, ...] | None = None
    # How the operands are stored in memory, as letters: NCHW or NHWC, IOHW or HWOI …; None leaves it to the route.
    input_layout: str | None = None
    kernel_layout: str | None = None
    # Invalid questions: operands whose shape is not what the numbers above ask for.
    shapes: dict[str, tuple[int, ...]] = {}
    # Invalid questions: operands that are not of the dtype that the others have.
    operand_dtypes: dict[str, OperandDtype] = {}
    # How operands (x, w, b, g) are stored in memory.
    memory: dict[str, Memory] = {}
    # Words that only some frameworks have (padding_mode, batch_stride …); a route that lacks one is unsupported.
    options: dict[str, Any] = {}
    # Operands written out, for the fill "given": nested lists of numbers and words of NONFINITE.
    operands: dict[str, Any] = {}
    expect: Literal["answer", "refuse"] = "answer"
    # core: part of a run that names no cases; full: only when asked for.
    tier: Literal["core", "full"] = "core"
    claim: Claim | None = None
    # The numbers above are those of the first reading; where there are options, the question is asked in them.
    dispute: Dispute | None = None
    why: str = ""
    source: str = ""
    where: str = ""

    @property
    def family(self) -> str:
        """The part of the id before the first slash: the YAML file's stem."""
        return self.id.partition("/")[0]

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.input)

    @cached_property
    def extent(self) -> tuple[int, ...]:
        """K_e per axis."""
        return tuple((k - 1) * e + 1 for k, e in zip(self.kernel, self.dilation, strict=True))

    @cached_property
    def full(self) -> tuple[int, ...]:
        """F per axis: the length before padding crops; 0 where the input is empty."""
        return tuple(
            (i - 1) * s + extent if i > 0 else 0
            for i, s, extent in zip(self.input, self.stride, self.extent, strict=True)
        )

    @property
    def crop(self) -> tuple[tuple[int, int], ...]:
        """(begin, end) per axis: what is cut from the full length (I − 1)·stride + extent. Output padding is a smaller
        cut at the end, a negative number extends; these two alone determine the answer."""
        return tuple((lo, hi - op) for (lo, hi), op in zip(self.padding, self.output_padding, strict=True))

    @cached_property
    def output(self) -> tuple[int, ...]:
        """O per axis; may be negative for a case without an answer."""
        return tuple(
            f - lo - hi + op for f, (lo, hi), op in zip(self.full, self.padding, self.output_padding, strict=True)
        )

    @cached_property
    def x_shape(self) -> tuple[int, ...]:
        return self.shapes.get("x", (self.batch, self.in_channels, *self.input))

    @cached_property
    def w_shape(self) -> tuple[int, ...]:
        return self.shapes.get("w", (self.in_channels, self.out_channels // max(self.groups, 1), *self.kernel))

    @property
    def b_shape(self) -> tuple[int, ...] | None:
        return self.shapes.get("b", (self.out_channels,)) if self.bias else None

    @cached_property
    def y_shape(self) -> tuple[int, ...]:
        return (self.batch, self.out_channels, *self.output)

    def result_shape(self, check: Check) -> tuple[int, ...] | None:
        """Shape of what `check` compares; None for the gradient of a bias that is not there."""
        return {
            "forward": self.y_shape,
            "grad_input": self.x_shape,
            "grad_weight": self.w_shape,
            "grad_bias": self.b_shape,
        }[check]

    @property
    def size(self) -> int:
        """Multiply-adds of the forward pass: what makes one case smaller than another."""
        return self.batch * math.prod(self.input) * math.prod(self.w_shape)

    def read(self, reading: Reading) -> Case:
        """This case as one side of its dispute reads it."""
        numbers = {"padding": reading.padding, "output_padding": reading.output_padding}
        return msgspec.structs.replace(self, **numbers, dispute=None)

    @cached_property
    def finite(self) -> bool:
        """Whether the operands that are written out are finite numbers."""
        return all(map(_finite, self.operands.values()))

    @property
    def answers(self) -> list[Case]:
        """This case, or where it is disputed, what each reading makes of it that has an answer."""
        if self.dispute is None:
            return [self]
        return [self.read(reading) for reading in self.dispute.readings if not reading.refuse]

    def problem(self) -> str | None:
        """Why this case has no answer, or None if it has one.

        Lengths, batches and channels of 0 are answered (emptily, or with sums of nothing); a negative length is not.
        """
        return self._problem[1]

    @property
    def invalid(self) -> str | None:
        """Which part of the question has no answer, without its numbers: `stride`, `dtype of b`, `output length` …;
        `something else` where the numbers have an answer and the case must be refused all the same."""
        return self._problem[0] or ("something else" if self.expect == "refuse" else None)

    @cached_property
    def _problem(self) -> tuple[str | None, str | None]:
        """(the part, the sentence)"""
        for name, values, least in (
            ("input", self.input, 0),
            ("kernel", self.kernel, 1),
            ("stride", self.stride, 1),
            ("dilation", self.dilation, 1),
            ("output_padding", self.output_padding, 0),
        ):
            for axis, value in enumerate(values):
                if value < least:
                    return name, f"{name} is {value} on axis {axis}, it must be at least {least}"
        if min(self.batch, self.in_channels, self.out_channels) < 0:
            return "batch or channels", "batch must be at least 0, and so must in_channels and out_channels"
        if self.groups < 1:
            return "groups", f"groups is {self.groups}, it must be at least 1"
        for name, channels in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if channels % self.groups:
                return name, f"{name} {channels} is not a multiple of groups {self.groups}"
        for operand, shape in self.shapes.items():
            right = {
                "x": (self.batch, self.in_channels, *self.input),
                "w": (self.in_channels, self.out_channels // self.groups, *self.kernel),
                "b": (self.out_channels,),
            }[operand]
            if shape != right:
                says = f"{operand} has shape {list(shape)}, the other numbers ask for {list(right)}"
                return f"shape of {operand}", says
        for operand, dtype in self.operand_dtypes.items():
            if dtype not in self.dtypes:
                says = f"{operand} is of dtype {dtype}, the other operands of {' or '.join(self.dtypes)}"
                return f"dtype of {operand}", says
        for axis, length in enumerate(self.output):
            if length < 0:
                return "output length", f"output length is {length} on axis {axis}"
        if math.prod(self.y_shape) > MOST_ADDRESSED:
            return "output size", f"output {list(self.y_shape)} has more than 2^60 elements, which no array holds"
        if self.convention is None and self.output_size is not None and self.output_size != self.output:
            says = f"output size {list(self.output_size)} was asked for, the numbers give {list(self.output)}"
            return "output_size", says
        return None, None

    def question(self) -> dict[str, Any]:
        """What a worker is told: the numbers, never the name and never the answer."""
        options = dict(self.options)
        if self.expect == "refuse" and self.convention:
            options[self.convention] = True  # what must be refused is the convention's own words, not the numbers
        if self.memory:
            options["memory"] = self.memory
        padding, output_padding, output = self.padding, self.output_padding, self.output
        if self.dispute and self.options:  # asked in words alone: whoever reads the numbers would take the first side
            padding, output_padding, output = ((0, 0),) * self.rank, (0,) * self.rank, self.full
        return {
            "batch": self.batch,
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "groups": self.groups,
            "input": self.input,
            "kernel": self.kernel,
            "stride": self.stride,
            "dilation": self.dilation,
            "padding": padding,
            "output_padding": output_padding,
            "output": tuple(min(length, LONGEST) for length in output),
            "bias": self.bias,
            "convention": self.convention,
            "output_size": self.output_size,
            "input_layout": self.input_layout,
            "kernel_layout": self.kernel_layout,
            "options": options,
            "shapes": self.shapes,
        }


def _finite(value: Any) -> bool:
    """Whether nested lists hold no word of NONFINITE; the word `ones` is finite too."""
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, str) or value not in NONFINITE
