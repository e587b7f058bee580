"""Arrays of any framework: made of NumPy's, made into NumPy's, and differentiated.

No framework is imported here. A function that takes tensors of PyTorch has imported it; the adapters that ship with us
(or that a package offers) know how their framework's tensors are made and read.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from conformance.adapter import Unsupported
from conformance.run import programs

#: (array, dtype, device) → the tensor; bfloat16 comes as the 16 bits of each number.
Put = Callable[[np.ndarray, str, str], Any]
#: Operands by name: x, w, b, g.
Operands = dict[str, Any]

#: The module in which a framework's arrays are written, where it has another name.
_HOME = {"jaxlib": "jax"}


class Arrays(NamedTuple):
    """How the arrays of one kind are made. `name`: of the framework, "" for a `put` of the user's own."""

    name: str
    put: Put


def kind(named: str | Callable[[np.ndarray, str], Any]) -> Arrays:
    """The arrays of a framework, by its adapter's name, or those that a function (array, dtype) → tensor makes.

    Raises ValueError for a name that no adapter has.
    """
    if callable(named):
        return Arrays("", lambda array, dtype, device: named(array, dtype))
    if named == "numpy":
        return Arrays("numpy", _numpy)
    if named not in _known() or not hasattr(adapter(named), "put"):
        there = ["numpy", *(name for name in _known() if hasattr(adapter(name), "put"))]
        raise ValueError(f"arrays={named!r}: there are {', '.join(there)}, or a function (array, dtype) -> tensor")
    return Arrays(named, adapter(named).put)


def loaded() -> list[str]:
    """The frameworks that this process has imported and whose arrays can be made."""
    return [name for name in _known() if name in sys.modules and hasattr(adapter(name), "put")]


def returned(value: Any) -> tuple[str, str, np.ndarray]:
    """(framework, dtype, array) of what a function returned; bfloat16 as the 16 bits of each number.

    Raises TypeError where it is no array.
    """
    home = type(value).__module__.partition(".")[0]
    name = _HOME.get(home, home)
    if name in _known() and hasattr(adapter(name), "get"):
        return (name, *adapter(name).get(value))
    if hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray):
        array = np.from_dlpack(value)
    elif hasattr(value, "__array__"):
        array = np.asarray(value)
    else:
        raise TypeError(f"it returned {type(value).__name__}, which is neither an array nor offers DLPack")
    if array.dtype.name == "bfloat16":
        return name, "bfloat16", array.view(np.uint16)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"it returned an array of {array.dtype}, which are no numbers")
    return name, array.dtype.name, array


def gradients(
    framework: str, function: Callable[[Operands], Any], operands: Operands, wanted: Sequence[str]
) -> list[Any]:
    """The gradients of ⟨function(operands), g⟩ in the operands that are `wanted`, by the framework's own rules.

    Raises Unsupported where the framework has none that are known here.
    """
    if framework not in _DIFFERENTIATE:
        raise Unsupported(f"no gradients of {framework or 'such'} arrays: give the function's own as backward=")
    return _DIFFERENTIATE[framework](function, operands, wanted)


def _torch(function: Callable[[Operands], Any], operands: Operands, wanted: Sequence[str]) -> list[Any]:
    inputs = [operands[name].requires_grad_() for name in wanted]
    return list(sys.modules["torch"].autograd.grad(function(operands), inputs, operands["g"]))


def _jax(function: Callable[[Operands], Any], operands: Operands, wanted: Sequence[str]) -> list[Any]:
    def of_wanted(*inputs: Any) -> Any:
        return function({**operands, **dict(zip(wanted, inputs, strict=True))})

    return list(sys.modules["jax"].vjp(of_wanted, *(operands[name] for name in wanted))[1](operands["g"]))


def _tensorflow(function: Callable[[Operands], Any], operands: Operands, wanted: Sequence[str]) -> list[Any]:
    inputs = [operands[name] for name in wanted]
    with sys.modules["tensorflow"].GradientTape() as tape:
        tape.watch(inputs)
        y = function(operands)
    return list(tape.gradient(y, inputs, operands["g"]))


_DIFFERENTIATE = {"torch": _torch, "jax": _jax, "tensorflow": _tensorflow}


def _numpy(array: np.ndarray, dtype: str, device: str) -> np.ndarray:
    if dtype == "bfloat16":
        raise Unsupported("NumPy has no bfloat16")
    return array


@cache
def _known() -> dict[str, Path]:
    return programs.known()


@cache
def adapter(name: str) -> ModuleType:
    """The adapter of this name as a module. Its framework is not imported by that."""
    spec = importlib.util.spec_from_file_location(f"conformance_adapters_{name}", _known()[name])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
