"""What a mutant is: a named wrong answer, most often the right answer to another question.

A `Rewrite` says which other question: other numbers, and operands and answer rearranged on their way.

    y' = Y(conv(X x, W w; other numbers)) + B b

X, W, Y and B only move numbers about, drop or negate them. So each is written once, as a function of an array, and its
adjoint, which the gradients need, follows from where it puts the numbers 1, 2, 3 …:

    dx' = Xᵀ Σ W w · Yᵀ g        dw' = Wᵀ Σ X x · Yᵀ g        db' = Bᵀ g

That is the gradient of the wrong forward, and as well what a backward returns that alone has the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
import numpy as np

from conformance import oracle
from conformance.case import CHECKS, Case, Check, Fill

Operands = dict[str, np.ndarray]
#: A rearrangement: (case, array) → array, by indexing, reshaping, zero padding, or a product with 0, 1 and −1.
Map = Callable[[Case, np.ndarray], np.ndarray]
#: Fills of finite numbers that are compared exactly, and those with NaN and infinity, which are so as well.
FINITE_FILLS: tuple[Fill, ...] = ("exact", "fresh", "given")
SPECIAL_FILLS: tuple[Fill, ...] = ("special", "special_second")
#: The fields of a case that another question has otherwise.
Numbers = Callable[[Case], dict[str, Any]]


def features(case: Case) -> frozenset[str]:
    """What a route must be able to express to be asked a case; `Mutant.needs` uses these words."""
    ends = [end for pair in case.padding for end in pair]
    found = {
        "several axes": case.rank > 1,
        "groups": case.groups > 1,
        "bias": case.bias,
        "stride": max(case.stride, default=1) > 1,
        "dilation": max(case.dilation, default=1) > 1,
        "padding": any(ends),
        "asymmetric padding": any(lo != hi for lo, hi in case.padding),
        "negative padding": min(ends, default=0) < 0,
        "output padding": any(case.output_padding),
    }
    return frozenset(word for word, there in found.items() if there)


@dataclass(frozen=True, eq=False)
class Mutant:
    """A fault: its name, a sentence for people, and the wrong answer that it gives.

    `needs`: the features without which no case can show it; a route that lacks one cannot express such a case.
    `when`: the cases in which it happens; anywhere else the mutant answers rightly.
    `base`: the mutant that has the same fault without a trigger, if it is one with a trigger.
    `fills`: those in which it is asked; in others it answers rightly, or cannot be told from rounding.
    """

    name: str
    says: str | Callable[[Case], str]
    needs: Set[str] = frozenset()
    checks: tuple[Check, ...] = CHECKS
    when: Callable[[Case], bool] = lambda case: True
    base: str | None = None
    fills: tuple[Fill, ...] = FINITE_FILLS

    def is_of(self, case: Case, fill: Fill) -> bool:
        """Whether the fault is asked in this fill of the case; operands that are written out may hold NaN and infinity,
        and then show faults of these as well."""
        return fill in self.fills or (fill == "given" and not case.finite and "special" in self.fills)

    def sentence(self, case: Case) -> str:
        """The fault in words; layouts are named by the letters of the case's rank."""
        return self.says if isinstance(self.says, str) else self.says(case)

    def applies(self, case: Case, check: Check) -> bool:
        """Whether the fault does something to this question; its answer may still happen to be the right one."""
        return check in self.checks and case.result_shape(check) is not None and self.when(case)

    def answer(self, case: Case, check: Check, operands: Operands) -> np.ndarray | None:
        """The wrong answer, or None where the fault does not apply. The case must have an answer."""
        return self.compute(case, check, operands) if self.applies(case, check) else None

    def variants(self, case: Case, check: Check, operands: Operands, shape: tuple[int, ...]) -> list[np.ndarray]:
        """The wrong answers of this shape; a geometric fault may come at the size asked for, or at its own."""
        answer = self.answer(case, check, operands)
        return [answer] if answer is not None and answer.shape == shape else []

    def only(
        self,
        name: str,
        says: str,
        when: Callable[[Case], bool],
        needs: Set[str] = frozenset(),
        checks: tuple[Check, ...] = CHECKS,
    ) -> Mutant:
        """The same fault where a trigger sets it off, in some of its checks, and nowhere else."""
        return replace(
            self,
            name=name,
            says=says,
            when=lambda case: self.when(case) and when(case),
            needs={*self.needs, *needs},
            base=self.name,
            checks=tuple(check for check in self.checks if check in checks),
        )


@dataclass(frozen=True, eq=False)
class Computed(Mutant):
    """A fault that is written out as a function of (case, check, operands)."""

    compute: Callable[[Case, Check, Operands], np.ndarray | None] = None


@dataclass(frozen=True, eq=False)
class Rewrite(Mutant):
    """The right answer to another question; maps that are None leave their array alone."""

    numbers: Numbers = lambda case: {}
    x: Map | None = None
    w: Map | None = None
    y: Map | None = None
    bias: Map | None = None

    def applies(self, case: Case, check: Check) -> bool:
        return self.asked(case, check) is not None

    def answer(self, case: Case, check: Check, operands: Operands) -> np.ndarray | None:
        asked = self.asked(case, check)
        return None if asked is None else self.compute(case, check, operands, asked)

    def asked(self, case: Case, check: Check) -> Case | None:
        """The other question: at the right size, or, where only the size would tell, at its own. None: no other."""
        if not super().applies(case, check):
            return None
        own = other(case, self.numbers(case))
        fitted = _fit(own, case.output)
        moved = check != "grad_bias" and (
            _question(fitted) != _question(case)
            or _moves(self.x, case, case.x_shape)
            or _moves(self.w, case, case.w_shape)
            or _moves(self.y, case, case.y_shape)
        )
        if check in ("forward", "grad_bias") and case.bias:
            moved = moved or _moves(self.bias, case, case.b_shape)
        if not moved and check == "forward" and own.output != case.output:
            return own if own.problem() is None else None
        return fitted if moved and fitted.problem() is None else None

    def compute(self, case: Case, check: Check, operands: Operands, asked: Case) -> np.ndarray:
        if check == "grad_bias":
            return _back(lambda c, b: np.broadcast_to(self._biased(c, b), c.y_shape), case, case.b_shape, operands["g"])
        x, w = (_apply(map_, case, operands[name]) for name, map_ in (("x", self.x), ("w", self.w)))
        if check == "forward":
            y = _apply(self.y, case, oracle.answer(asked, "forward", {"x": x, "w": w}))
            return y + self._biased(case, operands["b"]) if case.bias else y
        g = _back(self.y, case, asked.y_shape, operands["g"])
        back, shape = (self.x, case.x_shape) if check == "grad_input" else (self.w, case.w_shape)
        return _back(back, case, shape, oracle.answer(asked, check, {"x": x, "w": w, "g": g}))

    def variants(self, case: Case, check: Check, operands: Operands, shape: tuple[int, ...]) -> list[np.ndarray]:
        questions = [self.asked(case, check)]
        if questions[0] is None:
            return []
        if check == "forward" and self.y is None and self.bias is None:
            questions.append(other(case, self.numbers(case)))
        return [
            self.compute(case, check, operands, asked)
            for number, asked in enumerate(questions)
            if (asked.y_shape if check == "forward" else case.result_shape(check)) == shape
            and (number == 0 or (asked.output != questions[0].output and asked.problem() is None))
        ]

    def then(self, second: Rewrite) -> Rewrite:
        """Both faults at once: what `second` makes of the question that this one asks."""

        def numbers(case: Case) -> dict[str, Any]:
            mine = self.numbers(case)
            return mine | second.numbers(other(case, mine))

        def chain(one: Map | None, two: Map | None) -> Map | None:
            if one is None or two is None:
                return one or two
            return lambda case, array: two(case, one(case, array))

        return Rewrite(
            f"{self.name}+{second.name}",
            lambda case: f"{self.sentence(case)}, and {second.sentence(case)}",
            needs={*self.needs, *second.needs},
            numbers=numbers,
            x=chain(self.x, second.x),
            w=chain(self.w, second.w),
            y=chain(second.y, self.y),
            bias=self.bias or second.bias,
        )

    def _biased(self, case: Case, bias: np.ndarray) -> np.ndarray:
        """What is added to y, in a shape that broadcasts to it."""
        return self.bias(case, bias) if self.bias else channel(bias, case)


def channel(array: np.ndarray, case: Case) -> np.ndarray:
    """One number for each output channel, in a shape that broadcasts to y."""
    return array.reshape(-1, *[1] * case.rank)


def other(case: Case, numbers: dict[str, Any]) -> Case:
    """A case with other numbers, free of the size that the first was asked for."""
    return msgspec.structs.replace(case, **numbers, convention=None, output_size=None, shapes={})


def reversed_(case: Case, input: tuple[int, ...], output: tuple[int, ...]) -> Case:
    """The same kernel, stride, dilation and begin the other way round: from M channels to C, between these lengths."""
    numbers = {"input": input, "in_channels": case.out_channels, "out_channels": case.in_channels}
    return _fit(other(case, numbers), output)


def _fit(case: Case, output: tuple[int, ...]) -> Case:
    """The case with as much cropped from, or added to, the end as gives an output length."""
    padding = tuple(
        (lo, hi + length - right) for (lo, hi), length, right in zip(case.padding, case.output, output, strict=True)
    )
    return other(case, {"padding": padding})


def _question(case: Case) -> tuple:
    """What determines the answer of a case, its output length aside."""
    begin = tuple(lo for lo, _ in case.padding)
    return case.input, case.kernel, case.stride, case.dilation, begin, case.groups, case.in_channels, case.out_channels


def _moves(map_: Map | None, case: Case, shape: tuple[int, ...]) -> bool:
    """Whether a map does something to arrays of this shape."""
    if map_ is None:
        return False
    index = _numbered(shape)
    return not np.array_equal(map_(case, index), index)


def _apply(map_: Map | None, case: Case, array: np.ndarray) -> np.ndarray:
    return array if map_ is None else map_(case, array)


def _back(map_: Map | None, case: Case, shape: tuple[int, ...], array: np.ndarray) -> np.ndarray:
    """The adjoint of a map on arrays of this shape: every number goes back to where it came from."""
    if map_ is None:
        return array
    index = np.ravel(map_(case, _numbered(shape)))
    size = int(np.prod(shape))
    return np.bincount(np.abs(index), np.sign(index) * np.ravel(array), size + 1)[1:].reshape(shape)


def _numbered(shape: tuple[int, ...]) -> np.ndarray:
    """1, 2, 3 … in a shape; 0 is what a map puts where nothing goes."""
    return np.arange(1, int(np.prod(shape)) + 1).reshape(shape)


class Axis(NamedTuple):
    """The numbers of one spatial axis."""

    input: int
    kernel: int
    stride: int
    dilation: int
    lo: int
    hi: int
    op: int
    extent: int
    full: int
    output: int


def axes(case: Case) -> list[Axis]:
    """One Axis for each spatial axis."""
    los, his = ([pair[end] for pair in case.padding] for end in (0, 1))
    columns = (case.input, case.kernel, case.stride, case.dilation, los, his, case.output_padding)
    return [Axis(*row) for row in zip(*columns, case.extent, case.full, case.output, strict=True)]


def each(field: str, rule: Callable[[Axis], Any]) -> Numbers:
    """Another value of a field, by a rule for each axis."""
    return lambda case: {field: tuple(rule(axis) for axis in axes(case))}


def taken(field: str, rule: Callable[[tuple], tuple]) -> Numbers:
    """Another order of a field's values along the axes."""
    return lambda case: {field: rule(getattr(case, field))}


def first_for_all(values: tuple) -> tuple:
    return values[:1] * len(values)


def last_for_all(values: tuple) -> tuple:
    return values[-1:] * len(values)


def exchanged(values: tuple) -> tuple:
    return values[::-1]
