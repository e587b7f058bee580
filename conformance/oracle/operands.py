"""Case + seed → operands, from a formula that any language can repeat; no library's generator.

The number at flat index j of operand number o under seed s is SplitMix64 (Steele, Lea, Flood 2014) at position
j + 2^7·h of the stream that starts at  (s·8 + o)·2^40,  where h is a hash of the case's numbers (`spot`): cases that
shared their operands would also share their luck. See `mix`.

exact  integers, so small that every partial sum in any order is representable: n·X·W + B ≤ 2^p, with n the most terms
       that any element of the answer has and p the significand of the narrower of accumulator and output.
       Where n leaves no room for useful magnitudes the second operand is thinned out until Σ|terms| ≤ 2^p.
fresh  the exact fill with other numbers, for dtypes so narrow that one drawing may hide a wrong coefficient.
real   uniform in (−1, 1), rounded to the dtype.
special         the exact fill with NaN and infinity in the first factor and zeros in the second, see `_special`.
special_second  the same with the factors exchanged.
given  written in the case; so is `related`, which relations.py writes.

All arrays are float64 (complex128 for complex64) holding values that the dtype represents exactly; `encode` turns them
into the dtype's bits.
"""

from __future__ import annotations

import functools
import math
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.case import NONFINITE
from conformance.oracle import definition, sampled
from conformance.oracle.definition import FACTORS

if TYPE_CHECKING:
    from conformance.case import Case, Check, Dtype, Fill, OperandDtype

#: Bits of a number that a sum may fill. Integers: those that never overflow, and no more than the oracle's float64 has.
#: complex64: two fewer than float32, because the form with three products makes sums of four times the size.
SIGNIFICAND = {
    "float64": 53,
    "float32": 24,
    "float16": 11,
    "bfloat16": 8,
    "int64": 53,
    "int32": 30,
    "int8": 6,
    "complex64": 22,
}

#: Largest magnitude of one operand: it survives multiplicands that are narrower than the dtype (TF32 keeps 11 bits).
LARGEST = {
    "float64": 2**26,
    "float32": 2**11,
    "float16": 2**11,
    "bfloat16": 2**8,
    "int64": 2**26,
    "int32": 2**15,
    "int8": 2**5,
    "complex64": 2**11,
}

_STREAM = {"x": 0, "w": 1, "b": 2, "g": 3, "thin": 4, "ix": 5, "iw": 6, "ib": 7}


class Operands(NamedTuple):
    """x, w, b, g (those that the check needs) as float64 arrays; `choices`: |S|, how many values a random integer
    could take (0 for other fills): a wrong coefficient stays unseen at one output with probability at most 2/|S|."""

    arrays: dict[str, np.ndarray]
    choices: int


def make_operands(case: Case, check: Check, dtype: Dtype, fill: Fill, seed: int = 0) -> Operands:
    """The operands of one question. Invalid cases get them too, in whatever shapes they name."""
    made = _made(case, check, dtype, fill, seed)
    for name, word in case.memory.items():
        if word == "expanded" and name in made.arrays:  # one entry in memory has one value
            made.arrays[name][1:] = made.arrays[name][:1]
    return made


def _made(case: Case, check: Check, dtype: Dtype, fill: Fill, seed: int) -> Operands:
    shapes, start = _shapes(case, check), Start(seed, spot(case))
    if fill in ("given", "related"):
        return Operands({name: _given(case, name, shape) for name, shape in shapes.items()}, 0)
    if fill == "real":
        return Operands({name: rounded(uniform(start, name, shape), dtype) for name, shape in shapes.items()}, 0)
    if fill in ("special", "special_second"):
        return _special(case, check, dtype, fill, shapes, start)
    if fill == "fresh":
        start = Start(seed ^ 2**20, start.spot)
    return _exact(case, check, dtype, shapes, start)


def _shapes(case: Case, check: Check) -> dict[str, tuple[int, ...]]:
    """Shapes of all that the worker needs: gradients are asked through the forward call, so it gets x, w, b as well."""
    shapes = {"x": case.x_shape, "w": case.w_shape}
    if case.bias:
        shapes["b"] = case.b_shape
    if check != "forward":
        shapes["g"] = case.y_shape
    return {name: tuple(max(length, 0) for length in shape) for name, shape in shapes.items()}


def _exact(case: Case, check: Check, dtype: Dtype, shapes: dict, start: Start) -> Operands:
    limit, factors = 2 ** SIGNIFICAND[dtype], FACTORS[check]
    count = max(terms(case, check), 1)
    bias = 0
    if check == "forward" and case.bias:
        bias = max(min(limit // 8, LARGEST[dtype]), 1)
    room = (limit - bias) // count
    least = 2 ** len(factors)  # magnitudes of 2 at the least: with ±1 alone too many wrong coefficients would hide
    thin = room < least
    first = min(math.isqrt(max(room, least)) if len(factors) == 2 else max(room, least), LARGEST[dtype])
    second = min(max(room, least) // first, LARGEST[dtype]) if len(factors) == 2 else first
    largest = dict.fromkeys(shapes, 2) | {"b": bias or 1, factors[0]: first, factors[-1]: second}
    arrays = {name: integers(start, name, shape, largest[name]) for name, shape in shapes.items()}
    if dtype == "complex64":
        for name, real in arrays.items():
            arrays[name] = real + 1j * integers(start, "i" + name, real.shape, largest[name])
    density = 1.0
    while thin and case.problem() is None and _longest(case, check, arrays) > limit:
        density /= 2
        last = factors[-1]
        kept = (mix(start, "thin", math.prod(shapes[last])) >> np.uint64(11)) < density * 2.0**53
        arrays[last] = arrays[last] * kept.reshape(shapes[last])
    return Operands(arrays, 2 * min(first, second))


def _longest(case: Case, check: Check, arrays: dict[str, np.ndarray]) -> float:
    """The largest Σ|terms| of the elements that are compared."""
    if (chosen := picked(case, check)) is None:
        return definition.magnitude(case, check, arrays).max(initial=0)
    sizes = {name: np.abs(array) for name, array in arrays.items()}
    return sampled.answer(case, check, sizes, chosen).max(initial=0)


def picked(case: Case, check: Check) -> np.ndarray | None:
    """Flat indices of the elements of an answer that are compared, where all are too many; None for all."""
    if case.problem() is not None or not sampled.wanted(case):
        return None
    random = mix(Start(0, spot(case)), "thin", sampled.PICKS)
    return sampled.picks(case.result_shape(check), terms(case, check), random)


def _special(case: Case, check: Check, dtype: Dtype, fill: Fill, shapes: dict, start: Start) -> Operands:
    """The exact fill with an infinity and a NaN in one factor, and zeros in the other where the sum of the indices is a
    multiple of 3. The infinity stands at index 0 of the first two axes and at the end of all others; the NaN at index 0
    of the first axis, at the end of the second, and at index 0 of all others.

    By IEEE 754 they reach the elements to which a term connects them, whatever the order of summation, and no other; a
    zero that meets them makes NaN. The factors are those of FACTORS, the first of which is hit by `special`.
    """
    arrays, _ = _exact(case, check, dtype, shapes, start)
    factors = FACTORS[check] if fill == "special" else FACTORS[check][::-1]
    hit = arrays[factors[0]]
    if hit.size:
        hit[(0, 0, *[-1] * case.rank)] = np.inf
        hit[(0, -1, *[0] * case.rank)] = np.nan
    for name in factors[1:]:
        arrays[name][np.indices(shapes[name]).sum(axis=0) % 3 == 0] = 0
    return Operands(arrays, 0)


def terms(case: Case, check: Check) -> int:
    """The most terms that one element of the answer sums, the bias not counted."""
    if case.problem() is not None:
        return 1
    if check == "forward":
        per_axis = [
            _overlaps(i, k, s, e)
            for i, k, s, e in zip(case.input, case.kernel, case.stride, case.dilation, strict=True)
        ]
        return case.in_channels // case.groups * math.prod(per_axis)
    if check == "grad_input":
        return case.out_channels // case.groups * math.prod(map(min, case.kernel, (max(o, 1) for o in case.output)))
    if check == "grad_weight":
        return case.batch * math.prod(map(min, case.input, (max(o, 1) for o in case.output)))
    return case.batch * math.prod(case.output)


@functools.lru_cache(4096)
def _overlaps(length: int, kernel: int, stride: int, dilation: int) -> int:
    """How many pairs (i, k) meet at one output position: max over u of #{i·s + k·e = u}."""
    if length == 0:
        return 0
    # i·s + k·e = i'·s + k'·e  ⇔  (i, k) and (i', k') differ by multiples of (e, −s) / gcd.
    common = math.gcd(stride, dilation)
    return min(-(-length // (dilation // common)), -(-kernel // (stride // common)))


class Start(NamedTuple):
    """Where the numbers of a question begin: the run's seed, below 2^21, and the case's spot."""

    seed: int
    spot: int = 0


def spot(case: Case) -> int:
    """CRC-32 of the case's numbers as decimal text with commas: batch, channels in and out, groups, then input, kernel,
    stride, dilation, padding (lo, hi) and output padding, axis by axis, then the bias (0 or 1)."""
    axes = (*case.input, *case.kernel, *case.stride, *case.dilation, *sum(case.padding, ()), *case.output_padding)
    numbers = (case.batch, case.in_channels, case.out_channels, case.groups, *axes, int(case.bias))
    return zlib.crc32(",".join(map(str, numbers)).encode())


def mix(start: Start, stream: str, count: int) -> np.ndarray:
    """`count` numbers of a stream, uint64: SplitMix64's output function over consecutive states. Few are kept."""
    return (_mix_kept if count <= 2**20 else _mix)(start, stream, count)


def _mix(start: Start, stream: str, count: int) -> np.ndarray:
    first = ((start.seed * 8 + _STREAM[stream]) << 40) + (start.spot << 7)
    state = (np.arange(count, dtype=np.uint64) + np.uint64(first % 2**64)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    state.flags.writeable = False
    return state


_mix_kept = functools.lru_cache(16)(_mix)


def integers(start: Start, operand: str, shape: tuple[int, ...], largest: int) -> np.ndarray:
    """Nonzero integers of magnitude up to `largest`, as float64."""
    values = (mix(start, operand, math.prod(shape)) % np.uint64(2 * largest)).astype(np.float64)
    values -= largest
    values += values >= 0
    return values.reshape(shape)


def uniform(start: Start, operand: str, shape: tuple[int, ...]) -> np.ndarray:
    """Reals in (−1, 1), multiples of 2^−52, as float64."""
    values = (mix(start, operand, math.prod(shape)) >> np.uint64(11)).astype(np.float64)
    return (values * 2.0**-52 - 1.0).reshape(shape)


def encode(array: np.ndarray, dtype: Dtype | OperandDtype) -> np.ndarray:
    """The array in `dtype`, bfloat16 as its 16 bits (uint16), rounded to nearest even."""
    if dtype != "bfloat16":
        return array.astype(dtype)
    bits = array.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def decode(array: np.ndarray, dtype: str) -> np.ndarray:
    """Back to float64, or complex128; the inverse of `encode` on values that the dtype holds."""
    if dtype == "bfloat16":
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.complex128 if dtype == "complex64" else np.float64)


def rounded(array: np.ndarray, dtype: Dtype) -> np.ndarray:
    """The array as float64, with no more bits than `dtype` has."""
    return decode(encode(array, dtype), dtype)


def _numbers(value: Any) -> Any:
    """Nested lists with floats for the words of NONFINITE."""
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return NONFINITE[value] if isinstance(value, str) else value


def _given(case: Case, name: str, shape: tuple[int, ...]) -> np.ndarray:
    value = case.operands.get(name, "ones")
    array = np.ones(shape) if isinstance(value, str) else np.asarray(_numbers(value), dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{case.where}: operand {name} has shape {list(array.shape)}, the case asks for {list(shape)}")
    return array
