"""A call as text → its dotted name and its arguments. Parsed, never evaluated: only literals are taken."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple


class LayerError(Exception):
    """A layer that cannot be read: what is wrong with it, in the words of its own framework."""


class Operand(NamedTuple):
    """A name that stands for an array or another object: `x`, `weight`, `rngs`."""

    name: str


class Call(NamedTuple):
    text: str
    name: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]


def parse(text: str) -> Call:
    """The call in `text`. Raises LayerError for anything that is no call of a dotted name with literal arguments."""
    text = " ".join(text.split())
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise LayerError(f"{text}: no Python call: {getattr(error, 'msg', error)}") from None
    if not isinstance(tree, ast.Call) or _dotted(tree.func) is None:
        raise LayerError(f"{text}: expected a call such as torch.nn.ConvTranspose2d(8, 6, 3, stride=2)")
    if any(word.arg is None for word in tree.keywords) or any(isinstance(arg, ast.Starred) for arg in tree.args):
        raise LayerError(f"{text}: * and ** hide the arguments: write them")
    args = tuple(_literal(arg, text) for arg in tree.args)
    keywords = {word.arg: _literal(word.value, text) for word in tree.keywords if word.arg}
    return Call(text, _dotted(tree.func) or "", args, keywords)


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def _literal(node: ast.expr, text: str) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        if name := _dotted(node):
            return Operand(name)
        said = ast.unparse(node)
        raise LayerError(f"{text}: {said} is no literal: write the number, the tuple or the word that it is") from None
