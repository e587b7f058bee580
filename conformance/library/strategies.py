"""`configurations`: a Hypothesis strategy of valid configurations, which shrinks to the plainest that fails.

Hypothesis is imported when a strategy is made, and only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.case import Check, Dtype, Fill
from conformance.library.cases import Case

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: A number, those that are possible, or a strategy that draws one.
Numbers = Any


def configurations(
    *,
    ranks: Numbers = (1, 2, 3),
    batch: Numbers = range(1, 4),
    groups: Numbers = range(1, 4),
    channels: Numbers = range(1, 5),
    inputs: Numbers = range(1, 7),
    kernels: Numbers = range(1, 6),
    strides: Numbers = range(1, 5),
    dilations: Numbers = range(1, 4),
    padding: Numbers = range(5),
    output_padding: bool = True,
    symmetric: bool = True,
    bias: Numbers = (False, True),
    dtypes: Iterable[Dtype] = ("float32",),
    checks: Iterable[Check] = ("forward",),
    fills: Iterable[Fill] = ("exact",),
) -> SearchStrategy[Case]:
    """Valid configurations: each has an answer with at least one element on every axis.

    Where it says what a number may be (`ranks` to `padding`, `bias`), it is a number, several (the plainest first), or
    a strategy of them. `channels` are those of one group, of the input and of the output; `padding` is what is cropped
    at most from one end, and never all that there is. `output_padding`: whether there is one, below the stride or the
    dilation. `symmetric`: whether both ends are padded alike, as PyTorch's argument says it. A case is asked all of
    `checks` and `fills`, in one of `dtypes`.

    Examples shrink towards one axis, one group, one channel, one image, lengths of 1, no padding and no bias.
    Raises ModuleNotFoundError where Hypothesis is not installed.
    """
    from hypothesis import strategies as draws

    from conformance.corpus.spelled import spelled

    # All numbers of one axis are drawn together and the number of axes after them, so that Hypothesis can bring the
    # axis that matters to the end when it shrinks, and leave out those before it.
    axis = draws.tuples(
        *(_strategy(of) for of in (inputs, kernels, strides, dilations, padding, padding)), draws.integers(0, 2**16)
    )
    most = 3 if isinstance(ranks, draws.SearchStrategy) else max([ranks] if isinstance(ranks, int) else ranks)

    @draws.composite
    def configuration(draw: Any) -> Case:
        axes = [draw(axis) for _ in range(most)]
        axes = axes[-draw(_strategy(ranks)) :]
        lengths, sizes, steps, gaps, los, his, more = zip(*axes, strict=True)
        group = draw(_strategy(groups))
        case = Case(
            id="",
            batch=draw(_strategy(batch)),
            in_channels=group * draw(_strategy(channels)),
            out_channels=group * draw(_strategy(channels)),
            groups=group,
            input=lengths,
            kernel=sizes,
            stride=steps,
            dilation=gaps,
            padding=((0, 0),) * len(axes),
            output_padding=tuple(
                op % max(pair) if output_padding else 0
                for op, pair in zip(more, zip(steps, gaps, strict=True), strict=True)
            ),
            bias=draw(_strategy(bias)),
            dtypes=(draw(_strategy(dtypes)),),
            checks=tuple(checks),
            fills=tuple(fills),
        )
        crops = zip(los, los if symmetric else his, case.output, strict=True)
        case = msgspec.structs.replace(case, padding=tuple(_within(lo, hi, o - 1, symmetric) for lo, hi, o in crops))
        return msgspec.structs.replace(case, id=spelled(case))

    return configuration()


def _strategy(of: Numbers) -> Any:
    from hypothesis import strategies as draws

    if isinstance(of, draws.SearchStrategy):
        return of
    return draws.sampled_from([of] if isinstance(of, (int, str)) else list(of))


def _within(lo: int, hi: int, most: int, symmetric: bool) -> tuple[int, int]:
    """The padding, but never more than leaves one element."""
    if symmetric:
        return (min(lo, most // 2),) * 2
    lo = min(lo, most)
    return lo, min(hi, most - lo)
