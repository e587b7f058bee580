"""Random cases for the tests of mutants: richer than the corpus' own, and not only what frameworks accept."""

from __future__ import annotations

import random

from conformance.case import Case


def drawn(rng: random.Random) -> Case:
    """A random case with an answer; now and then many channels, one channel, nothing at all."""
    while True:
        rank, groups = rng.choice([1, 2, 2, 2, 3]), rng.choice([1, 1, 2, 3, 4])
        many = rng.random() < 0.15

        def axes(least: int, most: int, neutral: int | None = None, rank: int = rank) -> tuple[int, ...]:
            plain = neutral is not None and rng.random() < 0.4
            return (neutral,) * rank if plain else tuple(rng.randint(least, most) for _ in range(rank))

        los = axes(-1, 4, 0)
        case = Case(
            id="drawn/case",
            input=axes(0, 5, 3),
            kernel=axes(1, 5, 1),
            in_channels=groups * (18 if many else rng.randint(1, 3)),
            out_channels=groups * (17 if many else rng.randint(1, 3)),
            batch=rng.choice([0, 1, 1, 2, 2, 3, 5]),
            groups=groups,
            stride=axes(1, 4, 1),
            dilation=axes(1, rng.choice([3, 3, 6]), 1),
            padding=tuple(zip(los, los if rng.random() < 0.5 else axes(-1, 4), strict=True)),
            output_padding=axes(0, 4, 0),
            bias=rng.random() < 0.6,
        )
        if case.problem() is None:
            return case
