"""The arguments that a function of some framework's spelling takes for a case.

They are those that the framework's adapter would give to the framework itself, so that a function "with torch's
signature" gets exactly what `torch.nn.functional.conv_transpose2d` would get.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from conformance import adapter as protocol
from conformance.adapter import Plan, Unsupported
from conformance.case import Case
from conformance.library.arrays import adapter


class Signature(NamedTuple):
    """A framework's spelling. `adapter`, `lower`: the route that has it; `bias`: whether the third operand is a bias;
    `plain`: for arguments that a function may lack, the number that says nothing (None: a word that changes no number).
    """

    adapter: str
    lower: str
    bias: bool
    plain: dict[str, int | None]

    @property
    def route(self) -> str:
        return f"{self.adapter}/{self.lower}"


SIGNATURES = {
    "torch": Signature(
        "torch", "functional", True, {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1}
    ),
    "tf.nn": Signature("tensorflow", "nn", False, {"dilations": 1, "data_format": None}),
    "jax.lax": Signature("jax", "conv_transpose", False, {"rhs_dilation": 1, "precision": None}),
}
#: Names by which the last parameter of a function says that it takes the case.
TAKES_CASE = ("c", "case")


def guess(function: Callable[..., Any]) -> str:
    """`case` for a function whose last parameter is called so, or c; else `torch`."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # built in: it does not say
        return "torch"
    return "case" if len(names) >= 3 and names[-1] in TAKES_CASE else "torch"


def plan(name: str, function: Callable[..., Any], case: Case) -> Plan:
    """The arguments and layouts for a case. Raises Unsupported where the spelling, or this function, lacks a word."""
    if name == "case":
        return Plan("", memory=_stored(case))
    signature = SIGNATURES[name]
    if case.options:
        raise Unsupported(f"no function of this signature has {' or '.join(sorted(case.options))}")
    lowered = getattr(adapter(signature.adapter), signature.lower)(protocol.Case(case.question()), ("forward",))
    lowered.arguments = _taken(function, lowered.arguments, signature.plain)
    return lowered


def takes_bias(name: str, function: Callable[..., Any]) -> bool:
    """Whether a function of this signature has a bias as its third operand."""
    if name == "case":
        return True
    signature = SIGNATURES[name]
    if not signature.bias:
        return False
    try:
        names = list(inspect.signature(function).parameters.values())[:3]
    except (TypeError, ValueError):
        return True
    several = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in names)
    return several or (len(names) == 3 and names[2].name not in signature.plain)


def _taken(function: Callable[..., Any], arguments: dict[str, Any], plain: dict[str, int | None]) -> dict[str, Any]:
    """The arguments without those that the function lacks and that say nothing here."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return arguments
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return arguments
    kept = {}
    for name, value in arguments.items():
        if name in parameters:
            kept[name] = value
        elif name not in plain or (plain[name] is not None and _numbers(value) != {plain[name]}):
            raise Unsupported(f"it has no argument {name}")
    return kept


def _numbers(value: Any) -> set[Any]:
    return set(value) if isinstance(value, (tuple, list)) else {value}


def _stored(case: Case) -> dict[str, str]:
    """The layouts that a case names are how its operands lie in memory: what the function reads, it says itself."""
    return {name: letters for name, letters in (("x", case.input_layout), ("w", case.kernel_layout)) if letters}


def without_bias(case: Case) -> Case:
    """The same case for a function that has no bias."""
    checks = tuple(check for check in case.checks if check != "grad_bias")
    return msgspec.structs.replace(case, bias=False, checks=checks or ("forward",))
