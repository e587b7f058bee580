"""Relations: equations between the answers to related questions, for sizes at which no oracle can follow.

A relation makes a few questions of one case, with operands written out, and names two arrays that must be equal:
exactly, since all numbers are integers whose every partial sum is representable. Nothing here computes a convolution:
what an answer is held against is another answer of the same route, cut, moved or added up, or the kernel itself.

`linear-…`, `shift` and `stamp` leave one operator: what adds up, moves with its input and leaves the kernel behind
where it finds an impulse is the transposed convolution. `adjoint-…` ties its gradients to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np

from conformance.case import Case, Check, Dtype
from conformance.oracle.operands import LARGEST, SIGNIFICAND, Start, integers, spot, terms

Operands = dict[str, np.ndarray]
Arrays = Sequence[np.ndarray]

#: With ±1 alone too many wrong coefficients would hide.
LEAST = 2


@dataclass(frozen=True)
class Draw:
    """Operands of a case, integers of magnitude up to `largest`, up to `bias` in b."""

    case: Case
    largest: int
    bias: int
    seed: int

    def __call__(self, name: str, again: bool = False) -> np.ndarray:
        """One operand; `again`: with other numbers."""
        shape = {"x": self.case.x_shape, "w": self.case.w_shape, "b": self.case.b_shape, "g": self.case.y_shape}[name]
        start = Start(self.seed ^ 2**20 if again else self.seed, spot(self.case))
        return integers(start, name, shape, self.bias if name == "b" else self.largest)

    def operands(self) -> Operands:
        """x, w, and b where the case has one."""
        return {name: self(name) for name in ("x", "w", "b")[: 2 + self.case.bias]}


class Related(NamedTuple):
    """`questions`: what is asked, each a case with its operands; `sides`: their answers → the equation's two sides."""

    questions: list[tuple[Check, Case]]
    sides: Callable[[Arrays], tuple[np.ndarray, np.ndarray]]


class Relation(NamedTuple):
    """`says`: what is the matter where it does not hold. `checks`: what a route must answer to be asked. `applies`:
    whether it says anything about a case, one of which `speaks_of` is true. `make`: its questions and its equation."""

    name: str
    says: str
    checks: tuple[Check, ...]
    applies: Callable[[Case], bool]
    make: Callable[[Case, Draw], Related]


def speaks_of(case: Case) -> bool:
    """Whether there are relations for a case: it has an answer, with elements, by the numbers alone."""
    answered = case.expect == "answer" and case.problem() is None and not case.options
    return answered and case.size > 0 and math.prod(case.output) > 0


def largest(case: Case, checks: Sequence[Check], dtype: Dtype) -> int:
    """The largest magnitude of x, w and g with which twice every sum of `checks` is representable; see LEAST."""
    room = (2 ** SIGNIFICAND[dtype] - (_bias(dtype) if case.bias else 0)) // 2
    counts = {check: max(terms(case, check), 1) for check in checks}
    bounds = [room // count if check == "grad_bias" else math.isqrt(room // count) for check, count in counts.items()]
    return min(LARGEST[dtype], *bounds)


def _bias(dtype: Dtype) -> int:
    return min(2 ** SIGNIFICAND[dtype] // 8, LARGEST[dtype])


def related(relation: Relation, case: Case, dtype: Dtype, seed: int = 0) -> Related:
    """The questions and the equation of a relation that applies to the case."""
    return relation.make(case, Draw(case, largest(case, relation.checks, dtype), _bias(dtype), seed))


def unequal(left: np.ndarray, right: np.ndarray) -> dict[str, Any] | None:
    """Where two sides of one shape differ: the first index with both values, how many of how many; None: nowhere."""
    wrong = np.asarray(left != right)
    if not wrong.any():
        return None
    first = tuple(int(index) for index in np.argwhere(wrong)[0])
    sides = {"left": str(left[first]), "right": str(right[first])}
    return {"index": list(first), **sides, "wrong": int(wrong.sum()), "of": int(wrong.size)}


def _case(case: Case, operands: Operands, **numbers: Any) -> Case:
    return msgspec.structs.replace(case, operands=operands, claim=None, **numbers)


def _asked(case: Case, *operands: Operands) -> list[tuple[Check, Case]]:
    return [("forward", _case(case, each)) for each in operands]


def _always(case: Case) -> bool:
    return True


def _wide(array: np.ndarray) -> np.ndarray:
    """As float64 or complex128, so that sums are computed exactly."""
    return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64, copy=False)


def _channels(case: Case, operands: Operands) -> np.ndarray:
    """The bias in the shape in which it is added to the answer; 0 where there is none."""
    return operands["b"].reshape(-1, *[1] * case.rank) if case.bias else np.zeros(1)


# Adding up


def _linear(operand: str) -> Callable[[Case, Draw], Related]:
    def make(case: Case, draw: Draw) -> Related:
        one = draw.operands()
        other = one | {operand: draw(operand, again=True)}
        both = one | {operand: one[operand] + other[operand]}
        bias = _channels(case, one)
        return Related(_asked(case, one, other, both), lambda y: (_wide(y[2]), _wide(y[0]) + _wide(y[1]) - bias))

    return make


def _adjoint(operand: str, check: Check) -> Callable[[Case, Draw], Related]:
    """⟨y(p) − y(0), g⟩ = ⟨p, dp⟩ for the operand p and its gradient dp, in integers that wrap around at 2^64."""

    def make(case: Case, draw: Draw) -> Related:
        given = draw.operands()
        upstream = {"g": draw("g")}
        still = given | {operand: np.zeros_like(given[operand])}
        questions = [*_asked(case, given, still), (check, _case(case, given | upstream))]

        def sides(answers: Arrays) -> tuple[np.ndarray, np.ndarray]:
            moved, at_rest, gradient = answers
            left = _inner(moved, upstream["g"]) - _inner(at_rest, upstream["g"])
            return _wrapped(left), _wrapped(_inner(gradient, given[operand]))

        return Related(questions, sides)

    return make


def _inner(answer: np.ndarray, operand: np.ndarray) -> float:
    """Σ answer·operand modulo 2^64; NaN, which equals nothing, where the answer is not of integers."""
    if not np.isfinite(answer).all() or (answer != np.rint(answer)).any():
        return math.nan
    return int(np.dot(answer.astype(np.int64).ravel(), operand.astype(np.int64).ravel()))


def _wrapped(number: float) -> np.ndarray:
    return np.array(number if number != number else (number + 2**63) % 2**64 - 2**63, dtype=object)


# Moving


def _moved(case: Case) -> list[bool]:
    """The axes on which the input can move by one position and leave something in the answer to be compared."""
    return [i > 1 and o > s for i, o, s in zip(case.input, case.output, case.stride, strict=True)]


def _shift(case: Case, draw: Draw) -> Related:
    given, moved = draw.operands(), _moved(case)
    x = given["x"].copy()
    for axis in np.flatnonzero(moved):
        np.moveaxis(x, 2 + axis, 0)[-1] = 0.0  # so that nothing is lost at the end
    there = tuple(slice(move, None) for move in moved)
    here = tuple(slice(length - move) for length, move in zip(case.input, moved, strict=True))
    later = np.zeros_like(x)
    later[(..., *there)] = x[(..., *here)]
    steps = [stride if move else 0 for stride, move in zip(case.stride, moved, strict=True)]
    after = (..., *(slice(step, None) for step in steps))
    before = (..., *(slice(length - step) for length, step in zip(case.output, steps, strict=True)))
    return Related(_asked(case, given | {"x": x}, given | {"x": later}), lambda y: (y[1][after], y[0][before]))


def _stamp(case: Case, draw: Draw) -> Related:
    """One impulse in each image, each in another channel, in the middle, at the first and at the last position."""
    given = draw.operands()
    x, right = np.zeros(case.x_shape), np.zeros(case.y_shape) + _channels(case, given)
    places = [tuple(length // 2 for length in case.input), (0,) * case.rank, tuple(n - 1 for n in case.input)]
    filters = case.out_channels // case.groups
    for image in range(case.batch):
        channel, place = -1 - image % case.in_channels, places[image % 3]
        x[(image, channel, *place)] = 1.0
        group = (case.in_channels + channel) // (case.in_channels // case.groups)
        taps, lands = zip(*(_lands(case, axis, at) for axis, at in enumerate(place)), strict=True)
        right[(image, slice(group * filters, (group + 1) * filters), *lands)] += given["w"][(channel, ..., *taps)]
    return Related(_asked(case, given | {"x": x}), lambda y: (y[0], right))


def _lands(case: Case, axis: int, at: int) -> tuple[slice, slice]:
    """Which taps of one input position are inside the answer on an axis, and where."""
    begin, step = at * case.stride[axis] - case.padding[axis][0], case.dilation[axis]
    first = max(0, -(begin // step))
    last = min(case.kernel[axis] - 1, (case.output[axis] - 1 - begin) // step)
    count = max(last - first + 1, 0)
    start = begin + first * step
    return slice(first, first + count), slice(start, start + (count - 1) * step + 1 if count else start, step)


def _cropped(case: Case) -> bool:
    return any(map(any, case.padding)) or any(case.output_padding)


def _crop(case: Case, draw: Draw) -> Related:
    given, zeros = draw.operands(), (0,) * case.rank
    open_numbers = {"padding": ((0, 0),) * case.rank, "output_padding": zeros, "convention": None, "output_size": None}
    whole = _case(case, given, **open_numbers)

    def sides(answers: Arrays) -> tuple[np.ndarray, np.ndarray]:
        right = np.zeros(case.y_shape, answers[1].dtype) + _channels(case, given).astype(answers[1].dtype)
        here, there = [], []
        for (lo, _), full, output in zip(case.padding, case.full, case.output, strict=True):
            begin, end = max(lo, 0), max(min(lo + output, full), max(lo, 0))
            here.append(slice(begin - lo, end - lo))
            there.append(slice(begin, end))
        right[(..., *here)] = answers[1][(..., *there)]
        return answers[0], right

    return Related([("forward", _case(case, given)), ("forward", whole)], sides)


# Exchanging


def _groups(case: Case, draw: Draw) -> Related:
    """The first group, one in the middle and the last."""
    given, groups = draw.operands(), case.groups
    channels, filters = case.in_channels // groups, case.out_channels // groups
    questions, places = _asked(case, given), sorted({0, groups // 2, groups - 1})
    for group in places:
        c, m = (slice(group * n, (group + 1) * n) for n in (channels, filters))
        part = {"x": given["x"][:, c], "w": given["w"][c]} | ({"b": given["b"][m]} if case.bias else {})
        questions += [("forward", _case(case, part, groups=1, in_channels=channels, out_channels=filters))]

    def sides(answers: Arrays) -> tuple[np.ndarray, np.ndarray]:
        whole = [answers[0][:, group * filters : (group + 1) * filters] for group in places]
        return np.concatenate(whole, axis=1), np.concatenate(answers[1:], axis=1)

    return Related(questions, sides)


def _permutation(case: Case, draw: Draw) -> Related:
    """Images, groups, channels within a group and filters within a group, each moved on by one."""
    given, groups = draw.operands(), case.groups
    channels, filters = case.in_channels // groups, case.out_channels // groups

    def rolled(array: np.ndarray, *parts: int) -> np.ndarray:
        split = array.reshape(*parts, -1)
        return np.roll(split, 1, axis=tuple(range(len(parts)))).reshape(array.shape)

    other = {"x": rolled(given["x"], case.batch, groups, channels), "w": rolled(given["w"], groups, channels, filters)}
    other |= {"b": rolled(given["b"], groups, filters)} if case.bias else {}
    return Related(_asked(case, given, other), lambda y: (y[1], rolled(y[0], case.batch, groups, filters)))


def _axes(case: Case, draw: Draw) -> Related:
    given = draw.operands()
    words = ("input", "kernel", "stride", "dilation", "padding", "output_padding", "output_size")
    turned = {word: value[::-1] for word in words if (value := getattr(case, word)) is not None}
    order = (0, 1, *reversed(range(2, 2 + case.rank)))
    other = given | {name: np.ascontiguousarray(given[name].transpose(order)) for name in ("x", "w")}
    questions = [("forward", _case(case, given)), ("forward", _case(case, other, **turned))]
    return Related(questions, lambda y: (y[1].transpose(order), y[0]))


RELATIONS = (
    Relation(
        "linear-input",
        "the answer to a sum of inputs is not the sum of their answers",
        ("forward",),
        _always,
        _linear("x"),
    ),
    Relation(
        "linear-weight",
        "the answer to a sum of kernels is not the sum of their answers",
        ("forward",),
        _always,
        _linear("w"),
    ),
    Relation("stamp", "an impulse does not leave the kernel behind", ("forward",), _always, _stamp),
    Relation(
        "shift",
        "moving the input by one position does not move the output by the stride",
        ("forward",),
        lambda case: any(_moved(case)),
        _shift,
    ),
    Relation("crop", "padding does not crop the answer of padding 0", ("forward",), _cropped, _crop),
    Relation("groups", "a group does not answer as it does alone", ("forward",), lambda case: case.groups > 1, _groups),
    Relation(
        "permutation",
        "images, channels and groups in another order do not give the answer in that order",
        ("forward",),
        lambda case: max(case.batch, case.in_channels, case.out_channels) > 1,
        _permutation,
    ),
    Relation(
        "axes",
        "spatial axes in reverse order do not give the answer in that order",
        ("forward",),
        lambda case: case.rank > 1,
        _axes,
    ),
    Relation("adjoint-input", "⟨y, g⟩ is not ⟨x, dx⟩", ("forward", "grad_input"), _always, _adjoint("x", "grad_input")),
    Relation(
        "adjoint-weight", "⟨y, g⟩ is not ⟨w, dw⟩", ("forward", "grad_weight"), _always, _adjoint("w", "grad_weight")
    ),
    Relation(
        "adjoint-bias",
        "⟨b, g⟩ is not ⟨b, db⟩",
        ("forward", "grad_bias"),
        lambda case: case.bias,
        _adjoint("b", "grad_bias"),
    ),
)
