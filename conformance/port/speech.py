"""The few words of each framework that compositions and written modules need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Forward(NamedTuple):
    """The forward convolution of x and w by {dilation}, nothing padded; {rank} and {layouts} are put in. `x`, `w`: the
    layouts, with the letters of space put in; O is the output channel."""

    call: str
    x: str
    w: str


class Speech(NamedTuple):
    """Templates of expressions: `permute`, `flip` of an array {a} by axes {axes}, `concat` of {parts} along {axis},
    `pad` of {a} by pairs {pairs}, one for each axis; `reshape` of {a}. `gradient`: statements that differentiate the
    statements {body} in {operand}, and name what they give {result}. `imports`: of a written module. `adapter`: whose
    arrays these are; `names`: modules that its adapter does not import. `forward`: its forward convolution."""

    imports: str
    permute: str
    flip: str
    concat: str
    pad: str
    reshape: str
    gradient: str
    adapter: str
    names: tuple[str, ...] = ()
    forward: Forward | None = None


_JAX = Speech(
    imports="import jax",
    permute="jax.numpy.transpose({a}, {axes})",
    flip="jax.numpy.flip({a}, {axes})",
    concat="jax.numpy.concatenate({parts}, axis={axis})",
    pad="jax.numpy.pad({a}, {pairs})",
    reshape="{a}.reshape({shape})",
    gradient="def run({operand}, {others}):\n{indented}\n    return y\n\n\n{result}, = jax.vjp(run, {operand})[1](g)",
    adapter="jax",
    forward=Forward(
        "jax.lax.conv_general_dilated(x, w, {ones}, 'VALID', rhs_dilation={dilation}, dimension_numbers={layouts})",
        "N{}C",
        "{}IO",
    ),
)
_TENSORFLOW = Speech(
    imports="import tensorflow as tf",
    permute="tf.transpose({a}, {axes})",
    flip="tf.reverse({a}, {axes})",
    concat="tf.concat({parts}, axis={axis})",
    pad="tf.pad({a}, {pairs})",
    reshape="tf.reshape({a}, {shape})",
    gradient="given = {operand}\nwith tf.GradientTape() as tape:\n    tape.watch(given)\n{indented}\n"
    "{result} = tape.gradient(y, given, g)",
    adapter="tensorflow",
    forward=Forward("tf.nn.convolution(x, w, padding='VALID', dilations={dilation})", "N{}C", "{}IO"),
)

SPEECH: dict[str, Speech] = {
    "torch": Speech(
        imports="import torch",
        permute="{a}.permute({axes})",
        flip="{a}.flip({axes})",
        concat="torch.cat({parts}, {axis})",
        pad="torch.nn.functional.pad({a}, {flat})",
        reshape="{a}.reshape({shape})",
        gradient="given = {operand}.requires_grad_()\n{body}\n{result}, = torch.autograd.grad(y, [given], g)",
        adapter="torch",
        forward=Forward("torch.nn.functional.conv{rank}d(x, w, dilation={dilation})", "NC{}", "OI{}"),
    ),
    "tensorflow": _TENSORFLOW,
    "keras": _TENSORFLOW._replace(imports="import keras\nimport tensorflow as tf", names=("keras",)),
    "jax": _JAX,
    "flax": _JAX._replace(imports="import flax\nimport flax.linen\nimport flax.nnx\nimport jax", names=("flax",)),
    "numpy": Speech(
        imports="import numpy as np",
        permute="{a}.transpose({axes})",
        flip="np.flip({a}, {axes})",
        concat="np.concatenate({parts}, axis={axis})",
        pad="np.pad({a}, {pairs})",
        reshape="{a}.reshape({shape})",
        gradient="",
        adapter="numpy",
    ),
}

#: The operand whose gradient a check asks for, and what its result is called.
GRADIENTS = {"grad_input": ("x", "dx"), "grad_weight": ("w", "dw"), "grad_bias": ("b", "db")}


def padded(speech: Speech, name: str, pairs: Sequence[tuple[int, int]]) -> str:
    """An array with zeros around it; `pairs` for each of its axes."""
    flat = tuple(number for pair in reversed(pairs) for number in pair)
    return speech.pad.format(a=name, pairs=[list(pair) for pair in pairs], flat=flat)


def differentiated(speech: Speech, body: str, check: str) -> str | None:
    """The statements that give the result of a check; None where the framework does not differentiate."""
    if check == "forward":
        return body
    if not speech.gradient:
        return None
    operand, result = GRADIENTS[check]
    others = ", ".join(f"{name}={name}" for name in "xwb" if name != operand)
    words = {"operand": operand, "result": result, "others": others}
    return speech.gradient.format(body=body, indented=indented(body), **words)


def indented(text: str, by: str = "    ") -> str:
    """Statements one level deeper."""
    return "\n".join(by + line if line else line for line in text.split("\n"))
