"""What people write first, who come from one framework or another, and the sentence that helps them on.

None of it could be read in two ways if it were taken, but each has a key that says it here, and the sentence names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.corpus.conventions import CONVENTIONS


def instead(values: dict[str, Any]) -> tuple[str, str] | None:
    """(key, what to write) for the first key of a case that says something in another framework's way, else None."""
    lengths = values.get("input")
    if _integer(lengths):
        return "input", f"input has one length for each axis: write [{lengths}] for one, [{lengths}, {lengths}] for two"
    if _integers(lengths) and len(lengths) in (4, 5):
        batch, channels, *rest = lengths
        said = (
            f"write batch: {batch}, in_channels: {channels}, input: {rest} (or the other way round for channels last)"
        )
        return "input", f"batch and channels are keys of their own: {said}"
    padding = values.get("padding")
    if isinstance(padding, str):
        return "padding", f"{padding!r} is no number: {_conventions(padding)}"
    if _integers(padding) and _integers(lengths) and len(padding) == 2 * len(lengths):
        pairs = [list(pair) for pair in zip(padding[: len(lengths)], padding[len(lengths) :], strict=True)]
        said = f"all beginnings and then all ends, as ONNX lists them, are {pairs}"
        return "padding", f"padding has a number or a pair [begin, end] for each axis: {said}"
    return None


def size(asked: Sequence[int], full: Sequence[int], natural: Sequence[int], stride: Sequence[int]) -> str:
    """What gives an output of the `asked` lengths, where the numbers give `natural` ones."""
    more = [want - have for want, have in zip(asked, natural, strict=True)]
    if all(0 <= extra < s for extra, s in zip(more, stride, strict=True)):
        return f"output_padding: {more} gives it, and so does convention: torch_output_size"
    crops = [[(f - want) // 2, f - want - (f - want) // 2] for f, want in zip(full, asked, strict=True)]
    if min(map(min, crops)) >= 0:
        return f"padding: {crops} gives it"
    return "it cannot be reached by cropping"


def _conventions(word: str) -> str:
    plain = word.lower()
    fitting = [name for name in CONVENTIONS if plain.removesuffix("_upper").removesuffix("_lower") in name]
    named = [f"{name} (with output_size)" if CONVENTIONS[name].sized else name for name in fitting or CONVENTIONS]
    means = "each framework means its own by it" if fitting else "words are conventions"
    return f"{means}; write convention: and one of {', '.join(named)}"


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _integers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_integer, value))
