"""Compositions: what is written where a framework has no single call for a layer.

Each is a case that the framework may have a call for, and statements around that call. They are tried from the fewest
steps on, and proved like a call.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from conformance.case import AXIS_LETTERS, Case
from conformance.port.layer import numbered
from conformance.port.scratch import Statements
from conformance.port.speech import SPEECH, Forward, indented, padded

#: The steps, in words.
CROP = "the whole answer, cropped or padded"
SPLIT = "the groups one by one, concatenated"
RAISE = "an axis of length 1 more"
INSERT = "zeros inserted between the inputs, and a forward convolution"


class Composition(NamedTuple):
    """`steps`: in words; `inner`: the case of the framework's own call."""

    steps: tuple[str, ...]
    inner: Case


def compositions(case: Case) -> Iterator[Composition]:
    """Those that could say a case, the fewest steps first."""
    offered = [CROP] * any(map(any, case.crop)) + [SPLIT] * (case.groups > 1) + [RAISE] * (case.rank < 3)
    for count in range(1, len(offered) + 1):
        for steps in itertools.combinations(offered, count):
            inner = case
            for step in steps:
                inner = _INNER[step](inner)
            yield Composition(steps, numbered(inner))


def inserted(case: Case, framework: str) -> tuple[Composition, dict[str, Any]] | None:
    """The last resort, and its plan: it needs no transposed convolution. None where a framework's forward convolution
    is not known, or there is no input to insert zeros into."""
    forward = SPEECH[framework].forward
    if forward is None or not min(case.input):
        return None
    steps = (SPLIT, INSERT) if case.groups > 1 else (INSERT,)
    inner = numbered(_one_group(case))
    space = AXIS_LETTERS[case.rank]
    x, w = forward.x.format(space), forward.w.format(space)
    plan = {
        "call": forward.call.partition("(")[0].format(rank=case.rank),
        "source": _forward(inner, framework, forward),
    }
    return Composition(steps, inner), plan | {"layouts": {"x": x, "w": w, "y": x}, "define": "", "memory": {}}


def _forward(case: Case, framework: str, forward: Forward) -> str:
    """The statements for one group: the dilated input, padded by what the kernel reaches and the crop leaves,
    correlated with the kernel turned round."""
    speech, space = SPEECH[framework], AXIS_LETTERS[case.rank]
    x, w, lines = forward.x.format(space), forward.w.format(space), []
    lengths = dict(zip(space, case.input, strict=True), N=case.batch, C=case.in_channels)
    for letter, stride in zip(space, case.stride, strict=True):
        if stride > 1 and lengths[letter] > 1:
            shape, axis = [lengths[each] for each in x], x.index(letter)
            apart = (*shape[: axis + 1], 1, *shape[axis + 1 :])
            pairs = [(0, stride - 1 if place == axis + 1 else 0) for place in range(len(apart))]
            lines += [f"x = {speech.reshape.format(a='x', shape=apart)}", f"x = {padded(speech, 'x', pairs)}"]
            shape[axis] *= stride
            lines.append(f"x = {speech.reshape.format(a='x', shape=tuple(shape))}")
            lengths[letter] = (lengths[letter] - 1) * stride + 1
            lines.append(f"x = x[{_at(x, {letter: f':{lengths[letter]}'})}]")
    room = {
        letter: (extent - 1 - begin, extent - 1 - end)
        for letter, extent, (begin, end) in zip(space, case.extent, case.crop, strict=True)
    }
    cuts = {
        letter: f"{max(-before, 0)}:{lengths[letter] - max(-after, 0)}"
        for letter, (before, after) in room.items()
        if min(before, after) < 0
    }
    lines += [f"x = x[{_at(x, cuts)}]"] if cuts else []
    pairs = [(max(before, 0), max(after, 0)) for before, after in (room.get(letter, (0, 0)) for letter in x)]
    lines += [f"x = {padded(speech, 'x', pairs)}"] if any(map(any, pairs)) else []
    flips = tuple(axis for axis, letter in enumerate(w) if letter in space)
    lines.append(f"w = {speech.flip.format(a='w', axes=flips)}")
    words = {"rank": case.rank, "dilation": case.dilation, "ones": (1,) * case.rank, "layouts": (x, w, x)}
    lines.append(f"y = {forward.call.format(**words)}")
    if case.bias:
        along = tuple(case.out_channels if letter == "C" else 1 for letter in x)
        lines.append(f"y = y + {speech.reshape.format(a='b', shape=along)}")
    return "\n".join(lines)


def _whole(case: Case) -> Case:
    """Nothing cropped; a bias only where nothing is added to the whole answer."""
    padding, bias = ((0, 0),) * case.rank, case.bias and not _extended(case)
    return msgspec.structs.replace(case, padding=padding, output_padding=(0,) * case.rank, bias=bias)


def _extended(case: Case) -> bool:
    return min(itertools.chain.from_iterable(case.crop)) < 0


def _one_group(case: Case) -> Case:
    channels = {"in_channels": case.in_channels // case.groups, "out_channels": case.out_channels // case.groups}
    return msgspec.structs.replace(case, groups=1, **channels)


def _raised(case: Case) -> Case:
    """An axis of length 1 before the others."""
    more: dict[str, Any] = {name: (1, *getattr(case, name)) for name in ("input", "kernel", "stride", "dilation")}
    more |= {"padding": ((0, 0), *case.padding), "output_padding": (0, *case.output_padding)}
    return msgspec.structs.replace(case, **more)


_INNER = {CROP: _whole, SPLIT: _one_group, RAISE: _raised}


def statements(case: Case, found: Composition, framework: str, plan: dict[str, Any]) -> Statements:
    """The composition's statements around the plan of its inner call."""
    speech, layouts, steps = SPEECH[framework], plan["layouts"], found.steps
    x, w, y = layouts["x"], layouts["w"], layouts["y"]
    lines = [f"def native(x, w, b):\n{indented(plan['source'])}\n    return y", ""]
    own = CROP in steps and _extended(case)  # the bias comes after the padding
    bias = "b" if case.bias and not own else "None"
    if RAISE in steps:
        letter = (set(x) - set("NC" + AXIS_LETTERS[case.rank])).pop()
        lines += [f"x = x[{_at(x, {letter: 'None'})}]", f"w = w[{_at(w, {letter: 'None'})}]"]
    if SPLIT in steps:
        c, m = case.in_channels // case.groups, case.out_channels // case.groups
        part = f"i * {c} : (i + 1) * {c}"
        piece = bias if bias == "None" else f"b[i * {m} : (i + 1) * {m}]"
        call = f"native(x[{_at(x, {'C': part})}], w[{_at(w, {'I': part})}], {piece})"
        lines.append(f"parts = [{call} for i in range({case.groups})]")
        lines.append(f"y = {speech.concat.format(parts='parts', axis=y.index('C'))}")
    else:
        lines.append(f"y = native(x, w, {bias})")
    if RAISE in steps:
        lines.append(f"y = y[{_at(y, {letter: '0'})}]")
        x, w, y = (letters.replace(letter, "") for letters in (x, w, y))
    if CROP in steps:
        crops = dict(zip(AXIS_LETTERS[case.rank], case.crop, strict=True))
        lengths = dict(zip(AXIS_LETTERS[case.rank], case.full, strict=True))
        cuts = {
            letter: f"{max(begin, 0)}:{lengths[letter] - max(end, 0)}"
            for letter, (begin, end) in crops.items()
            if begin > 0 or end > 0
        }
        lines += [f"y = y[{_at(y, cuts)}]"] if cuts else []
        if own:
            pairs = [(max(-begin, 0), max(-end, 0)) for begin, end in (crops.get(letter, (0, 0)) for letter in y)]
            lines.append(f"y = {padded(speech, 'y', pairs)}")
    if own and case.bias:
        shape = tuple(case.out_channels if letter == "C" else 1 for letter in y)
        lines.append(f"y = y + {speech.reshape.format(a='b', shape=shape)}")
    return Statements(framework, "\n".join(lines), x, w)


def _at(letters: str, chosen: dict[str, str]) -> str:
    """The inside of brackets: what is chosen on some axes, all of the others."""
    return ", ".join(chosen.get(letter, ":") for letter in letters)
