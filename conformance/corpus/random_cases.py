"""Random configurations, each named so that it can be asked again: `random/SEED-NUMBER` is always the same case."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from conformance.case import Case

NAMED = re.compile(r"random/(\d+)-(\d+)")


def drawn(seed: int, count: int) -> Iterator[Case]:
    """`count` valid configurations of small sizes: ranks 1 to 3, unequal axes, groups, crops beyond the kernel, output
    padding, now and then many channels or an empty batch; a third of them with gradients.

    None that some framework refuses by design: output padding stays below stride or dilation, and no length is 0 or
    extended.
    """
    return (numbered(seed, number) for number in range(count))


def numbered(seed: int, number: int) -> Case:
    """One of them."""
    rng = random.Random(f"{seed}-{number}")
    while True:
        case = draw(rng, f"random/{seed}-{number}")
        if case.problem() is None and min(case.output) > 0:
            return case


def named(id: str) -> Case | None:
    """The configuration of this id, or None where it is not the name of one."""
    found = NAMED.fullmatch(id)
    return numbered(int(found[1]), int(found[2])) if found else None


def _output_padding(rng: random.Random, stride: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """An output padding that nobody refuses: below the stride or the dilation on every axis."""
    return tuple(rng.randrange(max(pair)) for pair in zip(stride, dilation, strict=True))


def draw(rng: random.Random, id: str) -> Case:
    """A configuration of small sizes; whether it has an answer is left open."""
    rank = rng.choice([1, 2, 2, 2, 2, 3])
    groups = rng.choice([1, 1, 1, 2, 3])
    most = 20 if rng.random() < 0.1 else 4

    def axes(least: int, most: int, usual: int | None = None, often: float = 0.5) -> tuple[int, ...]:
        if usual is not None and rng.random() < often:
            return (usual,) * rank
        return tuple(rng.randint(least, most) for _ in range(rank))

    stride, dilation = axes(1, 4, 1, 0.3), axes(1, 3, 1, 0.6)
    los = axes(0, 4, 0, 0.4)
    his = los if rng.random() < 0.6 else axes(0, 4)
    return Case(
        id=id,
        batch=rng.choice([0, 1, 1, 2, 2, 2, 3]) if rng.random() < 0.2 else rng.choice([1, 2]),
        in_channels=groups * rng.randint(1, most),
        out_channels=groups * rng.randint(1, most),
        groups=groups,
        input=axes(1, 6 if rank < 3 else 4),
        kernel=axes(1, 5 if rank < 3 else 3),
        stride=stride,
        dilation=dilation,
        padding=tuple(zip(los, his, strict=True)),
        output_padding=axes(0, 0) if rng.random() < 0.6 else _output_padding(rng, stride, dilation),
        bias=rng.random() < 0.5,
        checks=("forward", "grad_input", "grad_weight", "grad_bias") if rng.random() < 0.33 else ("forward",),
    )
