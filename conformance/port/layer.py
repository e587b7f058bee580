"""A layer to be ported: its numbers, and how its framework stores the kernel."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from conformance.case import AXIS_LETTERS, Case
from conformance.corpus.raw_case import Raw, make
from conformance.corpus.spelled import configuration, spelled
from conformance.corpus.yaml_file import FileError
from conformance.port.literal import LayerError


@dataclasses.dataclass(frozen=True)
class Layer:
    """`kernel`: the letters of the stored kernel (I: input, O: output channels per group); `flipped`: whether it is the
    kernel of a correlation, which the operator's own is the mirror image of. `x`: the layout of its input. `call`: the
    text that it was read from, "" for a case; `body`: statements of the framework that run it, from x, w, b to y."""

    name: str
    framework: str
    case: Case
    kernel: str
    x: str
    flipped: bool = False
    call: str = ""
    body: str = ""

    @property
    def says(self) -> str:
        return self.call or configuration(self.case)

    @property
    def flips(self) -> tuple[int, ...]:
        """The spatial axes of the stored kernel, which a flip turns round."""
        return tuple(axis for axis, letter in enumerate(self.kernel) if letter in "DHW")


def canonical(rank: int) -> tuple[str, str]:
    """The suite's own layouts of input and kernel."""
    space = AXIS_LETTERS[rank]
    return f"NC{space}", f"IO{space}"


def of_case(case: Case, framework: str = "the case") -> Layer:
    """A case as a layer: stored as it says, else in the suite's own layouts, which are those of PyTorch and ONNX."""
    x, kernel = canonical(case.rank)
    name = case.id.partition("/")[2]
    return Layer(name, framework, numbered(case), case.kernel_layout or kernel, case.input_layout or x)


def numbered(case: Case) -> Case:
    """The case as its numbers alone, named by them: conventions and layouts are spelled out."""
    plain: dict[str, Any] = {"convention": None, "output_size": None, "input_layout": None, "kernel_layout": None}
    plain |= {"memory": {}, "options": {}, "operands": {}, "claim": None, "where": "", "why": "", "source": ""}
    checks = ("forward", "grad_input", "grad_weight", *(["grad_bias"] if case.bias else []))
    case = msgspec.structs.replace(case, **plain, dtypes=("float32",), fills=("exact",), checks=checks)
    return msgspec.structs.replace(case, id=spelled(case))


def made(numbers: dict[str, Any], call: str) -> Case:
    """The case of a call's numbers, keyed as in a family file. Raises LayerError where there is none."""
    try:
        raw = msgspec.convert(numbers, Raw, strict=True)
        case = make(raw, "port/layer", "", lambda steps, message: FileError(None, None, message))
    except (msgspec.ValidationError, FileError) as error:
        said = str(error).removeprefix("there is no answer: ").partition("; correct it or write expect")[0]
        raise LayerError(f"{call}: {said}") from None
    if problem := case.problem():
        raise LayerError(f"{call}: {problem}")
    return numbered(case)
