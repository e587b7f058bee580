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
from conformance.case import AXIS_LETTERS, Case
from conformance.corpus.conventions import CONVENTIONS, Axis, Solved
from conformance.library.arrays import adapter

#: (the case as an adapter sees it) → its arguments and layouts, or Unsupported.
Lower = Callable[[protocol.Case], Plan]


class Signature(NamedTuple):
    """A framework's spelling. `bias`: whether the third operand is a bias; `plain`: for arguments that a function may
    lack, the number that says nothing (None: a word that changes no number); `route`: whose refusals by design are no
    fault of a function with this signature."""

    lower: Lower
    bias: bool
    plain: dict[str, int | None]
    route: str = ""


def _of_adapter(name: str, function: str) -> Lower:
    """As the adapter of a framework spells a case for the framework itself."""
    return lambda case: getattr(adapter(name), function)(case, ("forward",))


def _keras(case: protocol.Case) -> Plan:
    """keras.ops.conv_transpose: the word and the output padding whose crop is that of the case, one for all axes."""
    if case.groups != 1:
        raise Unsupported("keras.ops.conv_transpose has no groups")
    space = AXIS_LETTERS[case.rank]
    axes = [Axis(i, k, s) for i, k, s in zip(case.input, case.extent, case.stride, strict=True)]
    for word in ("valid", "same"):
        if [_crop(one) for one in map(CONVENTIONS[f"keras_{word}"].solve, axes)] == [*case.crop]:
            more: tuple[int, ...] | None = None
        else:
            given = [_output_padding(word, axis, crop) for axis, crop in zip(axes, case.crop, strict=True)]
            if None in given:
                continue
            more = tuple(op for op in given if op is not None)
        arguments = {"strides": case.stride, "padding": word, "output_padding": more}
        arguments |= {"data_format": "channels_last", "dilation_rate": case.dilation}
        return Plan("keras.ops.conv_transpose", arguments, x=f"N{space}C", w=f"{space}OI")
    raise Unsupported("neither 'valid' nor 'same' crops so")


def _output_padding(word: str, axis: Axis, crop: tuple[int, int]) -> int | None:
    """The output padding below the stride that crops so, or None."""
    solve = CONVENTIONS[f"keras_{word}_output_padding"].solve
    return next((op for op in range(axis.stride) if _crop(solve(axis._replace(output_padding=op))) == crop), None)


def _crop(solved: Solved) -> tuple[int, int]:
    return solved.lo, solved.hi - solved.output_padding


def _onnx(case: protocol.Case) -> Plan:
    """The attributes of ONNX' ConvTranspose: all beginnings of the pads, then all ends."""
    pads = [lo for lo, _ in case.padding] + [hi for _, hi in case.padding]
    arguments = {"strides": [*case.stride], "pads": pads, "output_padding": [*case.output_padding]}
    arguments |= {"group": case.groups, "dilations": [*case.dilation]}
    return Plan("onnx.ConvTranspose", arguments)


SIGNATURES = {
    "torch": Signature(
        _of_adapter("torch", "functional"),
        True,
        {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1},
        "torch/functional",
    ),
    "tf.nn": Signature(_of_adapter("tensorflow", "nn"), False, {"dilations": 1, "data_format": None}, "tensorflow/nn"),
    "jax.lax": Signature(
        _of_adapter("jax", "conv_transpose"), False, {"rhs_dilation": 1, "precision": None}, "jax/conv_transpose"
    ),
    "keras": Signature(_keras, False, {"dilation_rate": 1, "data_format": None}),
    "onnx": Signature(_onnx, True, {"strides": 1, "pads": 0, "output_padding": 0, "group": 1, "dilations": 1}),
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
    lowered = signature.lower(protocol.Case(case.question()))
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
