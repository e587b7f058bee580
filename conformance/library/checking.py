"""`check`: many questions to one function, and what goes wrong with them as one assertion.

Light on purpose: whoever imports it pays for NumPy and msgspec; what answers comes with the first question.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.library.cases import Case

if TYPE_CHECKING:
    import numpy as np

    from conformance.case import Check, Dtype, Fill
    from conformance.run.row import Diagnosed, Row


@dataclasses.dataclass(frozen=True)
class Checked:
    """What a check asked: how many questions were answered rightly, and why others could not be asked."""

    name: str
    right: int
    left_out: Mapping[str, int]

    def __str__(self) -> str:
        from conformance.library.telling import reasons
        from conformance.report.states import number

        said = f"{self.name}: {number(self.right, 'question')} answered, all of them rightly"
        return "\n".join([said, *reasons(self.left_out)])


class Wrong(AssertionError):
    """A function that answers otherwise than the definition. `rows`: what it was asked and went wrong with;
    `diagnoses`: what goes wrong and when, empty where a single case was asked."""

    def __init__(self, message: str, rows: Sequence[Row], diagnoses: Sequence[Diagnosed] = ()):
        super().__init__(message)
        self.rows, self.diagnoses = list(rows), list(diagnoses)


def check(
    function: Callable[..., Any],
    asked: str | Case | Iterable[str | Case] = (),
    *,
    signature: str | None = None,
    x: str | None = None,
    w: str | None = None,
    y: str | None = None,
    ranks: int | Iterable[int] = 2,
    tier: str | None = None,
    where: Mapping[str, Any] | None = None,
    dtypes: Sequence[Dtype] = ("float32",),
    checks: Sequence[Check] = ("forward",),
    fills: Sequence[Fill] | None = None,
    invalid: bool = False,
    arrays: str | Callable[[np.ndarray, str], Any] | None = None,
    device: str = "cpu",
    arithmetic: Mapping[str, Mapping[str, str]] | None = None,
    backward: Callable[..., Any] | None = None,
    isolate: bool = False,
    deadline: float = 60.0,
    seconds: float = 10.0,
    seed: int = 0,
) -> Checked:
    """Assert that a transposed convolution answers rightly, on the cases of the corpus.

    `function` is asked as f(x, w, b, stride=…, padding=…, output_padding=…, groups=…, dilation=…) with x [N, C, I…],
    w [C, M/g, K…] and b [M] or None, unless

    - `signature` names another spelling: "tf.nn", "jax.lax", "keras" or "onnx";
    - its last parameter is called `c` or `case` (or `signature="case"`): then it is f(x, w, b, case) and reads what it
      needs off the case, see `conformance.library.cases.Case`;
    - it lacks arguments: what would need them is left out.

    asked     ids, patterns or cases instead of the tier `core`; see `conformance.cases`, also for `tier` and `where`
    x, w, y   layouts in letters ("NHWC", "HWOI"), where they are not the signature's; y is that of x
    ranks     how many spatial axes the function can have
    dtypes, checks, fills   what is asked; gradients are those of the framework whose arrays the function takes
    invalid   whether it is also asked what it must refuse, by raising
    arrays    whose arrays it takes: "numpy", "torch", "jax", "tensorflow", or a function (array, dtype) → tensor. Where
              nothing is said, it is tried out
    device    where PyTorch, JAX or TensorFlow put them: "cpu" or "cuda"
    arithmetic  what is declared about its sums, by dtype: {"float16": {"accumulator": "float16"}}. The tolerance of
              real operands follows from it; nothing else chooses one
    backward  f(x, w, b, g, case) → (dx, dw, db), where the framework does not differentiate
    isolate   in a process of its own, a copy of this one: a crash is an answer, silence for `deadline` seconds too
    seconds   how long a function that is wrong is asked further questions, to say when it is wrong

    A function says that it cannot answer by raising `conformance.adapter.Unsupported` or NotImplementedError; such
    questions count as left out. What the signature's own framework does not answer, as the ledger knows, is not asked.

    Raises Wrong, an AssertionError, with what goes wrong, when, the smallest question, the nearest that is right, and a
    script; ValueError where the words above are wrong, or where nothing could be asked.
    """
    from conformance.library import telling
    from conformance.library.function import Function

    asking = Function(
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
    chosen = telling.chosen(asked, tier, ranks, where, invalid)
    return telling.many(asking, chosen, dtypes, checks, fills, seconds)
