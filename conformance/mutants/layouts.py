"""Layouts: the right numbers in the right order, read in another one.

A fault names both layouts: how the buffer is stored, and how it was read. Where sizes allow it that is an exchange
of axes.
I and O are the kernel's channels, K stands for its spatial axes; a sentence spells them out, HW or DHW.
"""

from __future__ import annotations

import itertools

import numpy as np

from conformance.case import AXIS_LETTERS, Case, Check
from conformance.mutants.kernel import transpose_space
from conformance.mutants.mutant import Computed, Map, Mutant, Operands, Rewrite
from conformance.oracle import answer

#: Kernel layouts in use: PyTorch and ONNX · TensorFlow and Keras · JAX · TFLite, XNNPACK, MLX · a convolution's.
KERNEL_LAYOUTS = ("IOK", "KOI", "KIO", "OKI", "OIK")
INPUT_LAYOUTS = ("NCS", "NSC")


def spelled(layout: str, case: Case) -> str:
    """IOK is IOHW where there are two spatial axes."""
    return layout.replace("K", AXIS_LETTERS[case.rank]).replace("S", AXIS_LETTERS[case.rank])


def reread(lies: str, read: str, canonical: str) -> Map:
    """A buffer that is stored in one layout, taken for another one."""

    def map_(case: Case, array: np.ndarray) -> np.ndarray:
        home, written, taken = (spelled(layout, case) for layout in (canonical, lies, read))
        buffer = array.transpose([home.index(letter) for letter in written])
        sizes = [array.shape[home.index(letter)] for letter in taken]
        return buffer.reshape(sizes).transpose([taken.index(letter) for letter in home])

    return map_


def _kernel(lies: str, read: str) -> Mutant:
    def says(case: Case) -> str:
        have, want = spelled(lies, case), spelled(read, case)
        missing = ",".join(str(have.index(letter)) for letter in want)
        return f"the kernel is stored as {have} and was read as {want}: permutation {missing} missing"

    return Rewrite(f"kernel-{lies}-as-{read}", says, w=reread(lies, read, "IOK"))


def _image(operand: str, lies: str, read: str) -> Mutant:
    word = {"x": "input", "y": "output"}[operand]

    def says(case: Case) -> str:
        return f"the {word} is stored as {spelled(lies, case)} and was read as {spelled(read, case)}"

    return Rewrite(f"{word}-{lies}-as-{read}", says, **{operand: reread(lies, read, "NCS")})


def _channels_last(case: Case, check: Check, operands: Operands) -> np.ndarray:
    return np.moveaxis(answer(case, check, operands), 1, -1)


def _squeezed(case: Case, check: Check, operands: Operands) -> np.ndarray:
    return answer(case, check, operands).squeeze()


LAYOUTS = (
    *(_kernel(lies, read) for lies, read in itertools.permutations(KERNEL_LAYOUTS, 2)),
    *(_image(operand, lies, read) for operand in "xy" for lies, read in itertools.permutations(INPUT_LAYOUTS)),
    Rewrite(
        "input-axes-transposed",
        "as if the input's spatial axes were exchanged",
        needs={"several axes"},
        x=transpose_space,
    ),
    Rewrite(
        "output-axes-transposed",
        "as if the output's spatial axes were exchanged",
        needs={"several axes"},
        y=transpose_space,
    ),
    Rewrite(
        "batch-and-channels-swapped",
        "as if the input's batch and channels were exchanged",
        x=lambda case, x: x.swapaxes(0, 1).reshape(x.shape),
    ),
    Computed(
        "answer-channels-last",
        "the answer has its channels last",
        checks=("forward", "grad_input"),
        compute=_channels_last,
    ),
    Computed(
        "answer-squeezed",
        "the answer has lost its axes of length 1",
        checks=("forward",),
        when=lambda case: 1 in case.y_shape,
        compute=_squeezed,
    ),
)
