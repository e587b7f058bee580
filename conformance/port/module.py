"""A written module with ported layers, and a test beside it.

Each layer is a function of its input and of the source's weights as the source stores them; the test asks it through
`conformance.cases`, with the definition as the judge.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.case import AXIS_LETTERS
from conformance.port.layer import Layer
from conformance.port.speech import SPEECH, indented
from conformance.port.target import Ported


def names(layers: Iterable[Layer]) -> list[str]:
    """A name for each layer's function: the layer's own where that is one, each once."""
    found: list[str] = []
    for layer in layers:
        name = re.sub(r"\W+", "_", layer.name).strip("_") or "layer"
        name = f"layer_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
        chosen, number = name, 2
        while chosen in found:
            chosen, number = f"{name}_{number}", number + 1
        found.append(chosen)
    return found


def kernel(layer: Layer, ported: Ported, name: str = "weight") -> list[str]:
    """Statements from the source's stored kernel to `w`, the one that the target's call reads."""
    speech, target = SPEECH[ported.framework], (ported.plan or {})["layouts"]["w"]
    lines = []
    if layer.flipped:
        lines.append(f"{name} = {speech.flip.format(a=name, axes=layer.flips)}")
    axes = tuple(layer.kernel.index(letter) for letter in target)
    moved = axes != tuple(range(len(axes)))
    lines.append(f"w = {speech.permute.format(a=name, axes=axes)}" if moved else f"w = {name}")
    return lines


def text(ported: Sequence[Ported]) -> str:
    """The module. All layers are in one framework, and none is impossible."""
    framework = ported[0].framework
    parts = [f'"""Transposed convolutions in {framework}, ported and proved by convt port.', ""]
    parts += [
        "Each takes the weights as its source stores them. A function is for inputs of the shape that it names.",
        '"""',
    ]
    parts += ["", SPEECH[framework].imports, ""]
    for defined in dict.fromkeys((each.plan or {})["define"].strip() for each in ported):
        parts += ["", defined, ""] if defined else []
    for name, each in zip(names(one.layer for one in ported), ported, strict=True):
        parts += ["", _function(name, each), ""]
    return "\n".join(parts).rstrip() + "\n"


def _function(name: str, ported: Ported) -> str:
    layer, plan = ported.layer, ported.plan or {}
    case, letters = layer.case, plan["layouts"]["x"]
    lengths = dict(zip(AXIS_LETTERS[case.rank], case.input, strict=True), N=case.batch, C=case.in_channels)
    answer = dict(zip(AXIS_LETTERS[case.rank], case.output, strict=True), N=case.batch, C=case.out_channels)
    shape, result = ([where[letter] for letter in letters] for where in (lengths, answer))
    bias = ", bias" if case.bias else ""
    lines = [
        f'"""{layer.says}',
        "",
        f"x {letters} {shape} → {result}; weight {layer.kernel}, as {layer.framework} stores it"
        + (f"; bias [{case.out_channels}]" if case.bias else ""),
        '"""',
        *kernel(layer, ported),
        "b = bias" if case.bias else "b = None",
        *plan["source"].replace("@jax.jit\n", "").split("\n"),  # who calls it compiles it, once and not in each call
        "return y",
    ]
    return f"def {name}(x, weight{bias}):\n{indented(chr(10).join(lines))}"


def test(ported: Sequence[Ported], module: str) -> str:
    """The test beside the module of this name."""
    framework = ported[0].framework
    speech = SPEECH[framework]
    checks = ("forward", "grad_input", "grad_weight") if speech.gradient else ("forward",)
    parts = [f'"""The layers of {module}.py answer as the definition does, bit for bit."""', ""]
    parts += [speech.imports, f"import {module}", "", "from conformance import cases", ""]
    for name, each in zip(names(one.layer for one in ported), ported, strict=True):
        layer, bias = each.layer, ", b" if each.layer.case.bias else ""
        w = speech.flip.format(a="w", axes=layer.flips) if layer.flipped else "w"
        words = f"x={(each.plan or {})['layouts']['x']!r}, w={layer.kernel!r}, arrays={speech.adapter!r}"
        parts += [
            "",
            f"def test_{name}():",
            "    def run(x, w, b, case):",
            f"        return {module}.{name}(x, {w}{bias})",
            "",
            f"    (case,) = cases({layer.case.id!r})",
            f"    case.check(run, {words}, checks={checks!r})",
            "",
        ]
    return "\n".join(parts).rstrip() + "\n"


def write(ported: Sequence[Ported], path: Path) -> list[Path]:
    """Write the module and its test; the paths of both. Raises FileExistsError where one is there."""
    beside = path.with_name(f"test_{path.name}")
    for file in (path, beside):
        if file.exists():
            raise FileExistsError(17, "exists: name another file", str(file))
    path.write_text(text(ported), encoding="utf-8")
    beside.write_text(test(ported, path.stem), encoding="utf-8")
    return [path, beside]
