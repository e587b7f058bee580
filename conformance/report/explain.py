"""A row and a case in words, and the script that repeats an answer in the framework's own API."""

from __future__ import annotations

import base64
import inspect
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from conformance import memory, plain
from conformance.case import FLOATS, Case
from conformance.oracle.operands import make_operands
from conformance.report.accuracy import of_the_bound
from conformance.report.findings import entry_name, first_line
from conformance.run import spoken
from conformance.run.judge import specials
from conformance.run.row import Row
from conformance.run.variants import setting, variant_of

#: What can be imported: names with dots between them.
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
STAMP = 200  # numbers of a stamp that are printed
LITERAL = 400  # numbers that a script spells out


def sentence(row: Row) -> str:
    """One line: which case, and what is wrong with the answer."""
    what = {
        "pass": "is right",
        "differ": "differs",
        "refuse": "is refused",
        "accept": "is answered and must be refused",
        "crash": "crashes the process",
        "hang": "hangs",
        "flaky": "is answered differently when asked again",
        "broken": "the adapter is broken",
        "unsupported": "cannot be expressed",
        "unrun": "was not run",
    }[row.verdict]
    reason = row.cause or row.detail.get("reason")
    return f"{row.case} {what}" + (f": {first_line(reason)}" if reason else "")


def paragraph(row: Row, case: Case) -> str:
    """All that is known about a row, as plain text."""
    detail = row.detail
    state = f" ({row.state})" if row.state else ""
    lines = [f"{row.key}: {row.verdict}{state}", f"  {sentence(row)}"]
    if "unconfirmed" in detail:
        lines.append("  not confirmed: the run was cut short before this was asked again")
    lines += [f"  {line}" for line in sizes(case)]
    if "first_wrong" in detail:
        first = detail["first_wrong"]
        lines.append(
            f"  first wrong at {first['index']}: expected {first['expected']!r}, returned {first['returned']!r}; "
            f"{wrong(detail)}"
        )
    if unequal := detail.get("unequal"):
        lines.append(
            f"  first at {unequal['index']}: {unequal['left']} is not {unequal['right']}; "
            f"{unequal['wrong']} of {unequal['of']} are unequal"
        )
    if "specials_extra" in detail:
        words = specials(detail["specials_extra"], detail["specials_missing"])
        lines += [f"  {words}"] if words != row.cause else []
    if detail.get("mismatch") == "shape":
        lines.append(f"  expected shape {detail['expected_shape']}, returned {detail['returned_shape']}")
    if "share" in detail:
        lines.append(f"  its error is {of_the_bound(detail['share'])} that rounding theory gives")
    if "rough" in detail:
        lines.append("  it is rough: within the bound, and beyond what rounding at random would do")
    if more := detail.get("causes", [])[1:]:
        lines.append("  equally: " + "; ".join(more))
    if stamp := detail.get("stamp"):
        lines += _stamps(stamp)
    if follows := detail.get("follows"):
        lines.append(f"  follows the reading: {'; '.join(follows)}")
    if claim := detail.get("claim"):
        lines.append(f"  claim {claim['number']} {claim['verdict']}: {claim['came_out']}")
    if "no_plan" in detail:
        lines.append(f"  {detail['no_plan']}")
    if poisons := detail.get("poisons"):
        lines += [f"  {poisons}"] if poisons != row.cause else []
    if plan := detail.get("plan"):
        lines += ["  native call:"] + [f"    {line}" for line in plan["source"].splitlines()]
        lines += [f"  {line}" for line in layouts(plan)]
        if plan.get("emulates"):
            lines.append(f"  emulates: {plan['emulates']}")
    for word, title in (("trace", "trace"), ("log", "end of the worker's log")):
        if row.verdict not in ("pass", "unsupported") and detail.get(word):
            lines += [f"  {title}:"] + [f"    {line}" for line in detail[word].splitlines()[-12:]]
    if told := detail.get("ledger"):
        lines.append(f"  ledger: {entry_name(told)} ({told['kind']}): {told['why']} {told['link']}")
    return "\n".join(line for text in lines for line in plain.lines(text))


def wrong(detail: dict[str, Any]) -> str:
    """How many elements are wrong, which, and the worst of them in units."""
    are = "is" if detail["wrong"] == 1 else "are"
    where = f" ({detail['region']})" if detail.get("region", "some elements") != "some elements" else ""
    finite = isinstance(detail["error"], float)
    worst = f"the worst by {detail['error']:.3g} u·Σ|x||w|" if finite else "not all by a finite number"
    return f"{detail['wrong']} of {detail['of']} elements {are} wrong{where}, {worst}"


def _stamps(stamp: dict[str, Any]) -> list[str]:
    """What one impulse makes, and what it should make, of a kernel whose elements are numbered from 1."""
    lines = [
        f"  an impulse at {stamp['input']} of the input's first channel, with a kernel numbered 1, 2, 3, …, makes in "
        f"output channel {stamp['channel']} from {stamp['at']} on:"
    ]
    for title, word in (("should be", "expected"), ("is", "returned")):
        drawn = np.array2string(np.array(stamp[word]), formatter={"float": "{:g}".format}, threshold=STAMP)
        lines += [f"    {title:9} {drawn.splitlines()[0]}", *(f"    {'':9} {more}" for more in drawn.splitlines()[1:])]
    return lines


def layouts(plan: dict[str, Any]) -> list[str]:
    """The permutations from the canonical layouts to those that the call reads, and what is stored in another order."""
    lines = []
    for operand, title in (("x", "input"), ("w", "kernel")):
        letters = plan["layouts"][operand]
        canonical = _canonical(operand, letters)
        if "G" in letters:
            lines.append(f"the {title} gets an axis for the groups: [g, C/g, M/g, …] of [C, M/g, …]")
        if letters != canonical:
            axes = tuple(canonical.index(letter) for letter in letters)
            lines.append(f"the {title} goes from {canonical} to {letters} by numpy.transpose({operand}, {axes})")
        if stored := plan.get("memory", {}).get(operand):
            lines.append(f"the {title} is stored in memory as {stored}")
    return lines


def sizes(case: Case) -> list[str]:
    """The output length of each axis, with the numbers put in."""
    lines = []
    for axis in range(case.rank):
        i, k, s, e = case.input[axis], case.kernel[axis], case.stride[axis], case.dilation[axis]
        (lo, hi), op = case.padding[axis], case.output_padding[axis]
        lines.append(
            f"axis {axis}: K_e = ({k} − 1)·{e} + 1 = {case.extent[axis]}; "
            f"F = ({i} − 1)·{s} + {case.extent[axis]} = {case.full[axis]}; "
            f"O = {case.full[axis]} − {lo} − {hi} + {op} = {case.output[axis]}"
        )
    return lines


def case_text(case: Case) -> str:
    """A case with its arithmetic, for `convt cases show`."""
    lines = [case.id, f"  {case.why}" if case.why else "", f"  from {case.where}"]
    shapes = [("x", case.x_shape), ("w", case.w_shape)] + ([("b", case.b_shape)] if case.bias else [])
    lines.append("  " + ", ".join(f"{name} {list(shape)}" for name, shape in shapes) + f" -> y {list(case.y_shape)}")
    for word in (
        "groups",
        "stride",
        "dilation",
        "padding",
        "output_padding",
        "convention",
        "output_size",
        "input_layout",
        "kernel_layout",
        "memory",
        "operand_dtypes",
        "options",
        "dtypes",
        "checks",
        "fills",
        "source",
    ):
        value = getattr(case, word)
        if value:
            lines.append(f"  {word}: {', '.join(map(str, value)) if isinstance(value, tuple) else value}")
    lines += [f"  {line}" for line in sizes(case)]
    if case.expect == "refuse":
        lines.append(f"  must be refused: {case.problem() or 'no framework may answer this'}")
    elif "exact" in case.fills:
        lines += [f"  {line}" for line in _choices(case)]
    if dispute := case.dispute:
        lines.append(f"  disputed: {dispute.question}")
        for one in dispute.readings:
            size = "refused" if one.refuse else f"padding {one.padding}, output {list(case.read(one).output)}"
            lines.append(f"    {one.name}: {size} ({one.source})")
    if claim := case.claim:
        said = f"  claim {claim.number} of {claim.source}: {claim.says} (known: {claim.known}) {claim.note}"
        lines.append(said.rstrip())
    return "\n".join(line for line in lines if line)


def _choices(case: Case) -> list[str]:
    """How well the exact fill sees, check by check and dtype by dtype."""
    lines = []
    for check in case.checks:
        said = []
        for dtype in case.dtypes:
            if check == "forward" or dtype in FLOATS:
                choices = make_operands(case, check, dtype, "exact").choices
                said.append(f"{dtype} 2/{choices}")
        lines.append(f"{check}: a wrong coefficient escapes at one element with at most {', '.join(said)}")
    return lines


def script(
    row: Row,
    case: Case,
    operands: dict[str, np.ndarray],
    expected: np.ndarray | None,
    header: Mapping[str, Any] = MappingProxyType({"adapters": {}}),
    whose: str | None = None,
) -> str:
    """A self-contained Python program that makes the row's native call and says whether the answer is the expected one.

    `operands`: float64, canonical; spelled out where they are few, else packed. `expected`: the right answer, or None
    where the call must be refused. `header`: that of the run, in which each adapter says how its scripts are written,
    and what makes its variants. `whose`: the run file that tells the call, None where the adapter itself has told it
    just now. Words of a run file are quoted, and run only when the reader says that they are read. A row without a plan
    gives a comment that says so.
    """
    plan = row.detail.get("plan")
    if not plan:
        why = row.detail.get("reason") or row.cause or row.verdict
        return "".join(f"# {line}\n" for line in plain.lines(f"{row.key}: no native call was made: {why}"))
    greeted = header.get("adapters", {}).get(row.route.partition("/")[0], {})
    words = msgspec.convert(greeted.get("script") or {"imports": _guess(plan, row.route)}, spoken.Script)
    wide = _wide(row)
    lines = [repr(f"{row.key}, as the conformance suite asked it."), ""]
    under = setting(row.route, header)
    texts = {
        "IMPORT": words.imports.strip(),
        "SETUP": under["setup"].strip() if under else "",
        "DEFINE": plan["define"].strip(),
        "CALL": _call(row, plan["source"], words, operands),
    }
    lines += _to_read(texts, whose) if whose else []
    lines += _environment(row, under) if under else []
    packed = max(array.size for array in [*operands.values(), *([] if expected is None else [expected])]) > LITERAL
    lines += ["import base64", "import zlib", ""] if packed else []
    lines += ["import numpy as np", *_statements("IMPORT", texts["IMPORT"], whose), ""]
    lines += [*_statements("SETUP", texts["SETUP"], whose), ""] if texts["SETUP"] else []
    lines += [_UNPACK] if packed else []
    lines += ["", inspect.getsource(memory.stored).strip(), "", ""] if case.memory else []
    lines += ["", *_statements("DEFINE", texts["DEFINE"], whose), "", ""] if texts["DEFINE"] else []
    dtype = "float32" if row.dtype == "bfloat16" else row.dtype
    lines += [f"{name} = {_array(array, case.operand_dtypes.get(name, dtype))}" for name, array in operands.items()]
    carried = {"x": plan["layouts"]["x"], "w": plan["layouts"]["w"], "g": plan["layouts"]["y"]}
    for name in operands:
        array = name
        if name in carried and operands[name].ndim == len(carried[name].replace("G", "")):
            canonical = _canonical(name, carried[name])
            if "G" in canonical:
                array = f"{array}.reshape({case.groups}, -1, *{array}.shape[1:])"
            stored = plan.get("memory", {}).get(name)
            if stored and stored != canonical:
                array = f"np.ascontiguousarray({array}.transpose{_axes(canonical, stored)})"
                array += f".transpose{_axes(stored, canonical)}"
            if carried[name] != canonical:
                array = f"{array}.transpose{_axes(canonical, carried[name])}"
        if name in case.memory:
            array = f"stored({array}, {case.memory[name]!r})"
        if array != name:
            lines.append(f"{name} = {array}")
    if "b" not in operands:
        lines.append("b = None")
    lines += ["", *_statements("CALL", texts["CALL"], whose)]
    answered = {"forward": ("x", plan["layouts"]["y"]), "grad_input": ("x", carried["x"])}
    answered["grad_weight"] = ("w", carried["w"])
    if row.check in answered:
        name, letters = answered[row.check]
        canonical = _canonical(name, letters)
        if letters != canonical:
            lines.append(f"returned = returned.transpose{_axes(letters, canonical)}")
        if "G" in canonical:
            lines.append("returned = returned.reshape(-1, *returned.shape[2:])")
    lines += _comparison(row, expected, wide)
    return "\n".join(lines) + "\n"


def _guess(plan: dict[str, Any], route: str) -> str:
    """The import of a framework whose adapter does not say how it is imported."""
    first, _, rest = plan["call"].partition(".")
    if not rest or not DOTTED.fullmatch(first):
        return ""
    return f"import {first}  # or whatever the adapter of {route} calls {first}"


def _wide(row: Row) -> str:
    return "complex128" if row.dtype == "complex64" else "float64"


def _call(row: Row, source: str, words: spoken.Script, operands: Iterable[str]) -> str:
    """The statements from NumPy's arrays to `returned`, in the framework's words."""
    result = {"forward": "y", "grad_input": "dx", "grad_weight": "dw", "grad_bias": "db"}[row.check]
    put = words.bfloat16 if row.dtype == "bfloat16" else words.put
    tensors = [f"{name} = {put.replace('{array}', name)}" for name in operands if put != "{array}"]
    returned = words.get.replace("{y}", result).replace("{wide}", _wide(row))
    return "\n".join([*tensors, source, "", f"returned = {returned}"])


def _to_read(texts: Mapping[str, str], whose: str) -> list[str]:
    """Statements of a run file as quoted lines, and a stop before them: whoever starts this has read them."""
    found = {word: text for word, text in texts.items() if text}
    name, words = plain.harmless(whose), " and ".join(found)
    lines = [f"# {words} are what {name} says, and nobody has checked them: they can do anything."]
    lines += ["# Read them before you write True.", "I_HAVE_READ_THEM = False", ""]
    for word, text in found.items():
        lines += [f"{word} = [", *(f"    {line!r}," for line in text.splitlines()), "]"]
    said = f"read {words}, which are what {name} says, then write I_HAVE_READ_THEM = True"
    return [*lines, "if not I_HAVE_READ_THEM:", f"    raise SystemExit({said!r})", ""]


def _environment(row: Row, under: Mapping[str, Any]) -> list[str]:
    """What a variant says to the libraries before they are loaded."""
    said = sorted(under["environment"].items())
    lines = [f"# the variant {plain.harmless(variant_of(row.route))}: it counts from here on"]
    lines += ["import os", "", *(f"os.environ[{name!r}] = {value!r}" for name, value in said)] if said else []
    return [*lines, ""]


def _statements(word: str, text: str, whose: str | None) -> list[str]:
    """Statements of a plan as they are, or where they were quoted above, what runs them."""
    if not text:
        return []
    return [f'exec("\\n".join({word}))'] if whose else plain.lines(text)


def _array(array: np.ndarray, dtype: str) -> str:
    """A NumPy expression for an array: its numbers where they are few, else its bytes, packed."""
    if array.size <= LITERAL:
        return f"np.array({_literal(array)}, dtype=np.{dtype}).reshape({array.shape})"
    packed = base64.b85encode(zlib.compress(np.ascontiguousarray(array.astype(dtype)).tobytes(), 9)).decode()
    return f"unpack({packed!r}, np.{dtype}, {array.shape})"


_UNPACK = """

def unpack(text, dtype, shape):
    return np.frombuffer(bytearray(zlib.decompress(base64.b85decode(text))), dtype).reshape(shape)

"""


def _literal(array: np.ndarray) -> str:
    values = array.ravel().tolist()
    return "[" + ", ".join(_number(value) for value in values) + "]"


def _number(value: complex) -> str:
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    if not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    whole = value == int(value) and not (value == 0 and math.copysign(1, value) < 0)
    return str(int(value) if whole else value)


def _canonical(name: str, letters: str) -> str:
    """The canonical layout of these letters, behind the groups' axis where they have one."""
    return (
        "G" * ("G" in letters)
        + ("IO" if name == "w" else "NC")
        + "".join(letter for letter in letters if letter in "DHW")
    )


def _axes(source: str, target: str) -> str:
    return str(tuple(source.index(letter) for letter in target))


def _comparison(row: Row, expected: np.ndarray | None, wide: str) -> list[str]:
    if expected is None:
        return ['raise SystemExit(f"answered with shape {returned.shape}; this call must be refused")']
    lines = [
        f"expected = {_array(expected, wide)}",
        "if returned.shape != expected.shape:",
        '    raise SystemExit(f"shape {returned.shape} instead of {expected.shape}")',
    ]
    if row.fill == "real":
        return [*lines, 'print(f"largest difference {np.abs(returned - expected).max(initial=0):.3g}")']
    return [
        *lines,
        "wrong = np.argwhere((returned != expected) & ~(np.isnan(returned) & np.isnan(expected)))",
        "if len(wrong):",
        "    first = tuple(wrong[0].tolist())",
        '    raise SystemExit(f"{len(wrong)} of {expected.size} wrong, first at {first}: "',
        '                     f"expected {expected[first]}, returned {returned[first]}")',
        'print(f"all {expected.size} values are right")',
    ]
