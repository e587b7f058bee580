"""Cases as objects of a test: chosen by id, asked one by one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import case as words

if TYPE_CHECKING:
    import numpy as np

    from conformance.case import Check, Dtype, Fill
    from conformance.corpus.conditions import Condition


class Case(words.Case, frozen=True, kw_only=True, dict=True):
    """One transposed convolution as numbers; a function that takes the case reads them off it.

    Per spatial axis, as tuples: `input`, `kernel`, `stride`, `dilation`, `padding` (pairs), `output_padding`, `output`,
    `crop`. As numbers: `batch`, `in_channels`, `out_channels`, `groups`, `rank`. Shapes: `x_shape` [N, C, I…],
    `w_shape` [C, M/g, K…], `y_shape` [N, M, O…].
    """

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"cases({self.id!r})[0]"

    def check(
        self,
        function: Callable[..., Any],
        *,
        signature: str | None = None,
        x: str | None = None,
        w: str | None = None,
        y: str | None = None,
        dtypes: Sequence[Dtype] | None = None,
        checks: Sequence[Check] = ("forward",),
        fills: Sequence[Fill] | None = None,
        arrays: str | Callable[[np.ndarray, str], Any] | None = None,
        device: str = "cpu",
        arithmetic: Mapping[str, Mapping[str, str]] | None = None,
        backward: Callable[..., Any] | None = None,
        isolate: bool = False,
        deadline: float = 60.0,
        seed: int = 0,
    ) -> None:
        """Assert that `function` answers this case rightly. The words are those of `conformance.check`.

        Raises Wrong (an AssertionError) with what is wrong, where, and a script. Skips the test (unittest.SkipTest,
        which pytest knows) where the function's signature has no words for the case.
        """
        from conformance.library.function import Function
        from conformance.library.telling import one

        asked = Function(
            function,
            signature=signature,
            x=x,
            w=w,
            y=y,
            arrays=arrays,
            device=device,
            arithmetic=arithmetic,
            backward=backward,
            isolate=isolate,
            deadline=deadline,
            seed=seed,
        )
        one(asked, self, dtypes, checks, fills)


def cases(
    *patterns: str,
    tier: str | None = None,
    ranks: int | Iterable[int] | None = None,
    where: Mapping[str, Any] | None = None,
    files: Sequence[str | Path] = (),
    invalid: bool | None = None,
) -> list[Case]:
    """The cases that `patterns` mean: ids with * and ?, such as "groups/*"; or ids that stand in no file and spell
    their numbers, such as "as/i3k2s2". Without patterns: the tier `core`, or the one that `tier` names.

    `ranks`: only cases of so many spatial axes. `where`: a condition, as in the ledger: {"groups": {"above": 1}}.
    `files`: case files or folders instead of the corpus that ships with the suite. `invalid`: whether cases that must
    be refused are among them; None: where patterns name the cases. Cases in words that only some frameworks have
    (`padding_mode`) are left out.

    Raises ValueError for a pattern that means no case, and for a condition that cannot be read.
    """
    from conformance.corpus.yaml_file import FileError

    condition = _condition(where)
    ranked = {ranks} if isinstance(ranks, int) else set(ranks) if ranks is not None else {1, 2, 3}
    refused = bool(patterns) if invalid is None else invalid
    found = [made for pattern in patterns if (made := named(pattern)) is not None]
    globs = [pattern for pattern in patterns if named(pattern) is None]
    if globs or not patterns:
        try:
            found += _read(tuple(map(str, files)), tuple(globs), tier)
        except FileError as error:
            raise ValueError(str(error)) from None
    return [
        of(case)
        for case in found
        if case.rank in ranked and not case.options and (refused or case.expect == "answer") and condition.holds(case)
    ]


@functools.lru_cache(32)
def _read(files: tuple[str, ...], globs: tuple[str, ...], tier: str | None) -> list[words.Case]:
    from conformance.corpus.choose import choose, corpus, tiers

    everything = corpus(files, globs, tier)
    named = {} if files else tiers(everything)
    return choose(everything, named, globs, tier or ("full" if files else None))


def of(case: words.Case) -> Case:
    """A case of the corpus as an object of a test."""
    return Case(**{name: getattr(case, name) for name in words.Case.__struct_fields__})


def named(id: str) -> words.Case | None:
    """The case of an id that spells its numbers (as/i3k2s2) or that a seed draws (random/7-3); None for any other."""
    from conformance.corpus import fuzzed, random_cases, spelled

    return spelled.named(id) or random_cases.named(id) or fuzzed.named(id)


def _condition(where: Mapping[str, Any] | None) -> Condition:
    from conformance.corpus.conditions import ALWAYS
    from conformance.corpus.when import Where, parse
    from conformance.corpus.yaml_file import Document, FileError

    if where is None:
        return ALWAYS
    try:
        return parse(Document(Path("where"), dict(where), {}), dict(where), tuple, Where)
    except FileError as error:
        raise ValueError(f"where={dict(where)!r}: {error.message}") from None
