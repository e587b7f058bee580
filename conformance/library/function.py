"""A function and how it is asked: questions → answers → rows, in this process or in one of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from conformance import adapter as protocol
from conformance import memory
from conformance.adapter import Plan, Unsupported
from conformance.case import AXIS_LETTERS, Case, Check, Dtype, Fill, OperandDtype, sensible
from conformance.corpus.spelled import named, spelled
from conformance.library import arrays as kinds
from conformance.library import isolated
from conformance.library.cases import of
from conformance.library.signatures import SIGNATURES, guess, plan, takes_bias, without_bias
from conformance.oracle.compare import Expected
from conformance.oracle.operands import encode
from conformance.run.infer import Asked
from conformance.run.judge import Answer, judge
from conformance.run.questions import Question
from conformance.run.row import DIVERGENT, Key, Row

#: Which operand's gradient a check compares.
_OPERAND = {"grad_input": "x", "grad_weight": "w", "grad_bias": "b"}


class Function:
    """A function with the words that say how it is asked; see `conformance.check` for what they mean.

    Raises ValueError for a signature, layout or kind of arrays that there is not.
    """

    def __init__(
        self,
        call: Callable[..., Any],
        *,
        signature: str | None = None,
        x: str | None = None,
        w: str | None = None,
        y: str | None = None,
        arrays: str | Callable[[np.ndarray, str], Any] | None = None,
        device: str = "cpu",
        arithmetic: Mapping[str, Mapping[str, str]] | None = None,
        backward: Callable[..., Any] | None = None,
        isolate: bool = False,
        deadline: float = 60.0,
        seed: int = 0,
    ):
        self.call, self.device, self.backward = call, device, backward
        words: dict[str, Any] = {
            "signature": signature,
            "x": x,
            "w": w,
            "y": y,
            "arrays": arrays,
            "arithmetic": arithmetic,
        }
        words |= {"isolate": isolate or None, "seed": seed or None}
        words |= {"device": None if device == "cpu" else device}
        #: The words that were said, as they are said again.
        self.given = {word: value for word, value in words.items() if value is not None}
        self.signature = signature or guess(call)
        if self.signature != "case" and self.signature not in SIGNATURES:
            raise ValueError(f"signature={signature!r}: there are {', '.join(SIGNATURES)}, case")
        self.layouts = {"x": _layout("x", x, "NC"), "w": _layout("w", w, "IO"), "y": _layout("y", y, "NC")}
        self.arithmetic = {dtype: dict(words) for dtype, words in (arithmetic or {}).items()}
        self.isolate, self.deadline, self.seed = isolate, deadline, seed
        self.bias = takes_bias(self.signature, call)
        self._last: tuple[Asked, Expected] | None = None
        self._named = None if arrays is None else kinds.kind(arrays)

    @property
    def name(self) -> str:
        """What it is called in messages and scripts."""
        name = getattr(self.call, "__name__", type(self.call).__name__)
        return name if name.isidentifier() else "function"

    @property
    def module(self) -> str | None:
        """Where it can be imported from, by its name; None for what is defined inside something else."""
        module, inside = getattr(self.call, "__module__", None), getattr(self.call, "__qualname__", "<")
        return module if module and module != "__main__" and inside.isidentifier() else None

    @cached_property
    def arrays(self) -> kinds.Arrays:
        """Those that it takes. Where nobody said: those of the framework whose arrays it returns when it is given
        NumPy's; if it raises then, those of the first imported framework with which it answers."""
        if self._named is not None:
            return self._named
        for name in ("numpy", *kinds.loaded()):
            home = self._home(kinds.kind(name))
            if home in kinds.loaded() and self._home(kinds.kind(home)) == home:
                return kinds.kind(home)
            if home is not None:
                return kinds.kind(name)
        return kinds.kind("numpy")

    def _home(self, kind: kinds.Arrays) -> str | None:
        """Whose arrays it returns for a question of one element, given those of a kind; None where it raises."""
        for id in ("as/i1x1", "as/i1", "as/i1x1x1"):
            case = named(id)
            assert case is not None
            try:
                one = np.ones(case.x_shape, np.float32)
                given = {name: kind.put(one, "float32", self.device) for name in "xw"}
                return kinds.returned(self._called(case, self.plan(case), {**given, "b": None}))[0]
            except Exception:  # whatever it says to arrays that are not its own
                continue
        return None

    def plan(self, case: Case) -> Plan:
        """The arguments and layouts of a case. Raises Unsupported where the signature has no words for it."""
        planned = plan(self.signature, self.call, case)
        space = AXIS_LETTERS[case.rank]
        letters = {name: given and _spread(given, space) for name, given in self.layouts.items()}
        planned.x, planned.w = letters["x"] or planned.x, letters["w"] or planned.w
        planned.y = letters["y"] or letters["x"] or planned.y
        return planned

    def _called(self, case: Case, planned: Plan, operands: kinds.Operands) -> Any:
        given = [operands["x"], operands["w"]] + ([operands["b"]] if self.bias else [])
        if self.signature == "case":
            return self.call(*given, of(case))
        return self.call(*given, **planned.arguments)

    # Questions

    def asked(self, case: Case, check: Check, dtype: Dtype, fill: Fill) -> Asked:
        """A question; of a function without a bias about the case without one."""
        return Asked(case if self.bias or not case.bias else without_bias(case), check, dtype, fill, self.device)

    def rows(self, asked: Sequence[Asked]) -> Iterator[Row]:
        """The rows of questions. Those that diverge have been asked twice; they are `new`, and come last."""
        doubtful: list[tuple[Asked, Answer]] = []
        for one, answer in zip(asked, self._put(asked), strict=True):
            row = self._judged(one, answer, None)
            if row.verdict in DIVERGENT:
                doubtful.append((one, answer))
            else:
                yield row
        for (one, first), answer in zip(doubtful, self._put([one for one, _ in doubtful]), strict=True):
            row = self._judged(one, answer, first)
            yield msgspec.structs.replace(row, state="new" if row.verdict in DIVERGENT else None)

    def _put(self, asked: Sequence[Asked]) -> Iterator[Answer]:
        return isolated.answers(self.answer, asked, self.deadline) if self.isolate else map(self.answer, asked)

    def key(self, one: Asked) -> Key:
        """The key of a question's row."""
        return Key(one.case.id, f"{self.name}/{self.signature}", one.device, one.dtype, one.check, one.fill)

    def _judged(self, one: Asked, answer: Answer, first: Answer | None) -> Row:
        question = Question(one.case, self.key(one), {}, self.arithmetic, 0.0)
        return judge(question, self.expected(one), answer, first, answer.log)

    def expected(self, one: Asked) -> Expected:
        """Operands and right answer of a question; those of the last one are kept."""
        if self._last is None or self._last[0] is not one:
            self._last = one, Expected(one.case, one.check, one.dtype, one.fill, self.seed)
        return self._last[1]

    def answer(self, one: Asked) -> Answer:
        """What the function does with a question."""
        case, check = one.case, one.check
        try:
            planned = self.plan(case)
            operands = self._operands(one, planned)
        except Unsupported as why:
            return Answer("unsupported", str(why))
        except (TypeError, ValueError, RuntimeError) as error:  # this framework has no such array
            return Answer("unsupported", f"no such {self.arrays.name} array: {error}")
        data = self.described(one, planned)
        begin = time.perf_counter()
        try:
            result = self._result(case, check, planned, operands)
            _, dtype, array = kinds.returned(result)
        except (Unsupported, NotImplementedError) as why:
            return Answer("unsupported", str(why) or "it says that this is not implemented")
        except Exception as error:  # what it raises is its answer
            return Answer("raised", str(error)[:4000], type(error).__name__, plan=data)
        canonical, letters = _canonical(check, planned, case.rank)
        if letters and array.ndim == len(letters):
            array = array.transpose(protocol.permutation(letters, canonical))
        seconds = time.perf_counter() - begin
        return Answer("returned", seconds=seconds, plan=data, tensors={check: (dtype, np.array(array))})

    def _operands(self, one: Asked, planned: Plan) -> kinds.Operands:
        """The operands as the function's own arrays, in the layouts that it reads."""
        made: kinds.Operands = {"b": None}
        for name, array in self.expected(one).operands.items():
            dtype: Dtype | OperandDtype = one.case.operand_dtypes.get(name, one.dtype)
            bits, canonical, layout = encode(array, dtype), "", None
            if name != "b":
                canonical = protocol.CANONICAL["w" if name == "w" else "x"].get(one.case.rank, "")
                layout = {"x": planned.x, "w": planned.w, "g": planned.y}[name]
                bits = protocol.arrange(bits, canonical, layout or canonical, planned.memory.get(name))
            if word := one.case.memory.get(name):
                if word == "readonly" and self.arrays.name != "numpy":
                    raise Unsupported("only NumPy's arrays can be read-only")
                if word == "expanded" and name != "b" and layout not in (None, canonical):
                    raise Unsupported("what is one entry in memory is the first axis of the canonical layout")
                bits = memory.stored(bits, word)
            made[name] = self.arrays.put(bits, dtype, one.device)
        return made

    def _result(self, case: Case, check: str, planned: Plan, operands: kinds.Operands) -> Any:
        if check == "forward":
            return self._called(case, planned, operands)
        if self.backward is not None:
            given = [operands[name] for name in ("x", "w", "b", "g")]
            found = self.backward(*given, of(case))
            return found[("grad_input", "grad_weight", "grad_bias").index(check)]
        wanted = [_OPERAND[check]]
        (found,) = kinds.gradients(self.arrays.name, lambda given: self._called(case, planned, given), operands, wanted)
        return found

    def described(self, one: Asked, planned: Plan) -> dict[str, Any]:
        """The call as data and as the statements of a script, beside the imports that it needs."""
        name, words = self.name, dict(planned.arguments)
        imports = f"from {self.module} import {name}" if self.module else f"{name} = ...  # the function that was asked"
        given = ["x", "w"] + ["b"] * self.bias
        if self.signature == "case":
            given.append("case")
            imports += f"\nfrom conformance import cases\n\ncase = cases({spelled(one.case)!r})[0]"
        call = f"{name}({', '.join([*given, *(f'{word}={value!r}' for word, value in words.items())])})"
        lines = _LINES.get(self.arrays.name, _LINES["numpy"])
        operands = [each for each in ("x", "w", "b", "g") if each in self.expected(one).operands]
        script = [lines["put"].format(name=each) for each in operands if lines["put"]]
        if one.check == "forward":
            script.append(f"y = {call}")
        else:
            wanted, result = _OPERAND[one.check], protocol.RESULTS[one.check]
            script += [line.format(call=call, wanted=wanted, result=result) for line in lines["gradient"]]
        data = planned.data(one.case.rank)
        imports = "\n".join(filter(None, [lines["import"], imports]))
        return {**data, "call": name, "source": "\n".join(script), "define": imports}


#: How a script speaks with a framework: its import, an operand made its own, and the gradient of a call.
_LINES: dict[str, dict[str, Any]] = {
    "numpy": {"import": "", "put": "", "gradient": ["{result} = ...  # the gradient of {call} in {wanted}"]},
    "torch": {
        "import": "import torch",
        "put": "{name} = torch.from_numpy({name})",
        "gradient": ["{wanted}.requires_grad_()", "y = {call}", "{result}, = torch.autograd.grad(y, [{wanted}], g)"],
    },
    "jax": {
        "import": "import jax",
        "put": "{name} = jax.numpy.asarray({name})",
        "gradient": ["{result}, = jax.vjp(lambda {wanted}: {call}, {wanted})[1](g)"],
    },
    "tensorflow": {
        "import": "import tensorflow as tf",
        "put": "{name} = tf.constant({name})",
        "gradient": [
            "with tf.GradientTape() as tape:",
            "    tape.watch({wanted})",
            "    y = {call}",
            "{result} = tape.gradient(y, {wanted}, g)",
        ],
    },
}


def _layout(name: str, letters: str | None, channels: str) -> str | None:
    """A layout as it was given. Raises ValueError where its letters are not those of such an array."""
    if letters is None:
        return None
    space = "".join(letter for letter in letters if letter not in channels)
    if sorted(letters) != sorted(channels + space) or space not in AXIS_LETTERS.values() or not space:
        example = {"NC": "NCHW or NHWC", "IO": "IOHW or HWOI (I: input channels, O: output channels per group)"}
        raise ValueError(f"{name}={letters!r}: a layout has each letter once, as in {example[channels]}")
    return letters


def _spread(letters: str, space: str) -> str:
    """The layout for other axes: "NHWC" is "NWC" with one axis and "NDHWC" with three."""
    before = [letter for letter in letters if letter in "DHW"]
    first = letters.index(before[0])
    if letters[first : first + len(before)] != "".join(before):  # they stand apart: there is no such layout
        return letters
    return letters.replace("".join(before), space)


def _canonical(check: str, planned: Plan, rank: int) -> tuple[str, str | None]:
    """(the canonical letters of a check's result, the letters in which it is returned)."""
    name = {"forward": "y", "grad_input": "x", "grad_weight": "w"}.get(check)
    if name is None:
        return "", None
    return protocol.CANONICAL["w" if name == "w" else "x"].get(rank, ""), getattr(planned, name)


def questions(
    function: Function,
    cases: Iterable[Case],
    dtypes: Sequence[Dtype] | None,
    checks: Sequence[Check],
    fills: Sequence[Fill] | None,
) -> list[Asked]:
    """What a function is asked about cases; what of it makes no sense is left out, and what repeats itself."""
    found: dict[tuple, Asked] = {}
    for case in cases:
        of_case = case.fills[:1] if case.expect == "refuse" else case.fills
        for dtype in dtypes or case.dtypes:
            for check in checks:
                for fill in of_case:
                    one = function.asked(case, check, dtype, fill)
                    if (fills is not None and fill not in fills) or not sensible(dtype, check, fill):
                        continue
                    if one.case.result_shape(check) is not None:
                        found[one.case.id, check, dtype, fill] = one
    return list(found.values())
