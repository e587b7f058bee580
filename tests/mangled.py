"""Case files, ledgers, run files, messages and workers that are nearly right: what the readers make of them.

    python tests/mangled.py run_files 10000          how many of each kind, as many as wanted
    python tests/mangled.py workers 1000 --seed 7

Each kind takes something right, changes one to three things in it, and gives it to its reader. A reader may refuse it
in words, or read it and tell all about it; everything else is a failure, printed with the seed that makes it again.
`test_mangled.py` does a few of each in every test run.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import random
import resource
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml
from runs import HEADER, LEDGER, WRONG, case, row

from conformance.corpus.load import load_family
from conformance.corpus.yaml_file import FileError
from conformance.oracle.compare import Expected
from conformance.oracle.operands import encode
from conformance.oracle.relations import RELATIONS
from conformance.plain import CONTROL
from conformance.report import explain, findings, html, summaries
from conformance.run import detail, rules, run_file, spoken
from conformance.run.answers import room
from conformance.run.draft import draft
from conformance.run.judge import Answer, judge
from conformance.run.message import Garbled, take
from conformance.run.questions import Narrow, Question, select
from conformance.run.row import Key, Row
from conformance.run.session import Session
from conformance.run.worker import Program, environment

ROOT = Path(__file__).resolve().parent.parent

#: What stands where something else should: of every kind, empty, negative, huge, deep, and what no screen should show.
ODD = (
    None,
    True,
    0,
    -1,
    3,
    2**63,
    2**70,
    10**400,
    0.5,
    -1e308,
    "",
    "x",
    "nan",
    "../x",
    'a"""\nb',
    "'; x; '",
    "\x1b[2J\x00\u202e",
    "\ud83d",
    "é" * 50,
    "9" * 5000,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [1] * 2000,
    json.loads("[" * 60 + "]" * 60),
    json.loads('{"a":' * 60 + "1" + "}" * 60),
)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The steps to every value inside another."""
    found = [path] if path else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inside:
        found += places(each, (*path, step))
    return found


def mangle(value: Any, chance: random.Random, changes: int = 3) -> Any:
    """The same with one to three things changed."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, changes)):
        found = places(value)
        if not found:
            return copy.deepcopy(chance.choice(ODD))
        *path, last = chance.choice(found)
        within = value
        for step in path:
            within = within[step]
        _change(within, last, chance)
    return value


def _change(within: Any, last: Any, chance: random.Random) -> None:
    how = chance.randrange(6)
    if how == 0:
        del within[last]
    elif how == 1:
        within[last] = [within[last]]
    elif how == 2 and isinstance(within, dict):
        within[last + chance.choice(("s", "\ud800", "x"))] = within.pop(last)
    elif how == 3 and isinstance(within, list):
        within.insert(last, copy.deepcopy(within[last]))
    elif how == 4 and isinstance(within[last], int | float) and not isinstance(within[last], bool):
        within[last] = chance.choice(
            (
                -within[last],
                within[last] + 1,
                within[last] * 10**6,
                within[last] * 0.5 if abs(within[last]) < 1e300 else 0.5,
            )
        )
    else:
        within[last] = copy.deepcopy(chance.choice(ODD))


def bent(content: bytes, chance: random.Random) -> bytes:
    """Bytes that are nearly the same: some lost, doubled, or others."""
    content = bytearray(content)
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        at = chance.randrange(len(content) + 1)
        how, part = chance.randrange(4), content[at : at + chance.randint(1, 30)]
        if how == 0:
            del content[at : at + len(part)]
        elif how == 1:
            content[at:at] = part
        elif how == 2:
            content[at : at + 1] = bytes([chance.randrange(256)])
        else:
            del content[at:]
    return bytes(content)


class Failed(Exception):
    """A reader did what none may."""


# Case files and ledgers

_BASE = {"in_channels": 2, "out_channels": 4, "groups": 2, "input": [3, 4], "kernel": [2, 3], "stride": [2, 1]}
FAMILY = {
    "why": "mangled",
    "base": _BASE,
    "cases": [
        {"id": "plain", "why": "x", "padding": [[1, 0], [0, 1]], "output_padding": [1, 0], "bias": True},
        {"id": "s{stride}-d{dilation}", "axes": {"stride": [1, 2], "dilation": [1, [2, 1]]}, "where": {"stride": 2}},
        {"id": "same", "convention": "onnx_same_upper", "dtypes": ["float32", "int8"], "checks": ["forward"]},
        {"id": "given", "operands": {"x": "ones", "w": "ones"}, "fills": ["given"], "memory": {"x": "sliced"}},
        {"id": "refused", "output_padding": [3, 3], "expect": "refuse", "options": {"padding_mode": "reflect"}},
        {
            "id": "said",
            "claim": {"number": 1, "source": "x", "says": "it is so", "known": "refuted", "shape": [2, 4, 6, 6]},
        },
    ],
}
RULES = [
    {
        "routes": ["torch/*"],
        "when": {"rank": 2, "stride": {"above": 1}},
        "verdict": "differ",
        "fault": "kernel-flipped",
        "kind": "bug",
        "link": "https://example.org/1",
        "why": "it is so",
        "versions": ">=2",
    },
    {
        "routes": ["numpy/scatter"],
        "cases": ["stride/*"],
        "verdict": "refuse",
        "cause": "not implemented",
        "kind": "by-design",
        "link": "https://example.org/2",
        "why": "it is so",
        "place": {"cpu": "avx2"},
    },
]


def _yaml(value: Any, chance: random.Random) -> bytes:
    """A document as YAML of one style or another; what YAML cannot hold becomes JSON."""
    try:
        text = yaml.safe_dump(value, default_flow_style=chance.choice((True, False, None)), sort_keys=False)
    except (yaml.YAMLError, RecursionError, UnicodeError):
        text = json.dumps(value)
    return bent(text.encode("utf-8", "replace"), chance)


def case_files(chance: random.Random, folder: Path) -> str:
    """A family file: refused with its name and a line, or read, and its cases told."""
    path = folder / "mangled.yaml"
    path.write_bytes(_yaml(mangle(FAMILY, chance), chance))
    try:
        found = load_family(path)
    except FileError as error:
        return _refused(error, "mangled.yaml:")
    for one in found[:20]:
        one.question()
        if one.size < 10**6:
            explain.case_text(one)
    return "read"


def ledgers(chance: random.Random, folder: Path) -> str:
    """A file of rules: refused with its name and a line, or read."""
    path = folder / "mangled.yaml"
    path.write_bytes(_yaml(mangle(RULES, chance), chance))
    try:
        for rule in rules.load(path, 0):
            str(rule)
    except FileError as error:
        return _refused(error, "mangled.yaml")
    return "read"


def _refused(error: Exception, begin: str) -> str:
    said = str(error)
    if begin not in said or "\n" in said or "Error" in said:
        raise Failed(f"not a sentence for a reader: {said[:200]}")
    return "refused"


# Run files

_PLAN = {
    "call": "np.asarray",
    "source": "y = np.zeros(1)",
    "arguments": {"stride": [2, 1]},
    "layouts": {"x": "NHWC", "w": "HWOI", "y": "NHWC"},
    "memory": {"x": "NCHW"},
    "emulates": "x",
    "define": "a = 1",
}
_WRONG = WRONG | {
    "first_wrong": {"index": [0, 0, 0, 0], "expected": 1.0, "returned": "nan"},
    "causes": ["as if the kernel were flipped", "x"],
    "plan": _PLAN,
}
_DIAGNOSIS = {
    "kind": "diagnosis",
    "framework": "lies",
    "verdict": "differ",
    "says": "as if the kernel were flipped",
    "fault": "kernel-flipped",
    "when": "stride > 1",
    "condition": {"stride": {"above": 1}},
    "routes": ["lies/route@cpu"],
    "rows": [["stride/one", "lies/route", "cpu", "float32", "forward", "exact"]],
    "smallest": {"case": "as/i3", "says": "x", "check": "forward", "dtype": "float32", "fill": "exact"},
    "change": "with stride 1 instead of 2",
}


def run_lines() -> list[dict[str, Any]]:
    """The lines of a run file as it should be, with rows of every kind."""
    route = {"name": "route", "dtypes": ["float32"], "arithmetic": {"float32": {"accumulator": "float32"}}}
    lies = {"version": "1.0", "devices": ["cpu"], "routes": [route], "builds": {"blas": "1"}, "file": "lies.py"}
    header = HEADER | {"adapters": {"lies": lies}, "selection": {"globs": [], "adapters": ["lies.py"], "seed": 0}}
    raised = {"error_type": "E", "error_text": "no", "trace": "t", "plan": _PLAN, "ledger": LEDGER}
    told = [
        row("stride/one", "differ", "new", cause="as if", detail=_WRONG, seconds=0.1),
        row("stride/two", "refuse", "known", cause="no", detail=raised),
        row("stride/two", "pass", fill="real", detail={"share": 0.4, "sum": 1.0, "squares": 4.0, "plan": _PLAN}),
        row("stride/one", "unsupported", fill="real", detail={"reason": "none"}),
        row("stride/one", "flaky", "new", fill="related", check=RELATIONS[0].name, detail={"question": "x"}),
        row("stride/two", "crash", "new", check="grad_input", cause="killed", detail={"log": "l", "poisons": "p"}),
    ]
    lines: list[dict[str, Any]] = [{"kind": "header", **header}]
    lines += [{"kind": "case"} | msgspec.to_builtins(case(name)) for name in ("stride/one", "stride/two")]
    lines += [json.loads(msgspec.json.encode(each)) for each in told]
    lines += [_DIAGNOSIS, {"kind": "footer", "rows": 6, "verdicts": {}, "states": {}, "problems": [], "seconds": 1.0}]
    return lines


def run_files(chance: random.Random, folder: Path) -> str:
    """A run file: refused with its name and a line, or everything is told about it."""
    path, lines = folder / "mangled.jsonl", run_lines()
    number = chance.randrange(len(lines))
    lines[number] = mangle(lines[number], chance)
    if not chance.randrange(10):
        chance.shuffle(lines)
    path.write_bytes(bent(b"".join(json.dumps(line).encode() + b"\n" for line in lines), chance))
    try:
        run = run_file.read(path)
    except run_file.RunFileError as error:
        return _refused(error, "mangled.jsonl:")
    report = findings.report(run)
    texts = [write([report]) for write in summaries.WRITERS.values()]
    html.write([report, report], folder / "mangled.html")
    texts += [(folder / "mangled.html").read_text(encoding="utf-8"), draft(run)]
    run_file.diff(run, run, bits=True)
    for each in run.rows:
        texts.append(explain.paragraph(each, run.cases[each.case]))
        if each.fill != "related":
            texts.append(_script(each, run))
    if any(CONTROL.search(text.replace("\n", "").replace("\t", "")) for text in texts):
        raise Failed("a character passed that moves a cursor")
    return "read"


def _script(each: Row, run: run_file.Run) -> str:
    one = run.cases[each.case]
    if one.size > 10**5 or abs(np.prod(one.y_shape, dtype=float)) > 10**5:
        return ""
    expected = Expected(one, each.check, each.dtype, each.fill)
    answer = expected.answer if one.expect == "answer" else None
    text = explain.script(each, one, expected.operands, answer, run.header, "mangled.jsonl")
    compile(text, "script", "exec")
    return text


# Messages

_CASE = case("stride/one")
_KEY = Key("stride/one", "lies/route", "cpu", "float32", "forward", "exact")
QUESTION = Question(_CASE, _KEY, _CASE.question(), {}, 0.0)
EXPECTED = Expected(_CASE, "forward", "float32", "exact")
HELLO = {
    "id": 0,
    "protocol": 1,
    "name": "lies",
    "version": "1.0",
    "devices": ["cpu", "cuda:0"],
    "builds": {"blas": "1"},
    "variants": {"threads=1": {"environment": {"A": "1"}, "setup": ""}},
    "routes": [{"name": "route", "dtypes": ["float32"], "checks": ["forward"], "cost": 0.1, "tier": "traced"}],
}


def frame(message: Any, tensors: Any, payload: bytes) -> bytes:
    """A message as bytes, whatever stands in it."""
    about = {"__metadata__": {"message": json.dumps(message)}}
    text = json.dumps(about | tensors if isinstance(tensors, dict) else tensors).encode()
    return struct.pack("<Q", len(text)) + text + payload


def messages(chance: random.Random, folder: Path) -> str:
    """A hello or an answer: garbled, broken, or a row that a run file can hold."""
    right = encode(EXPECTED.answer, "float32")
    payload = right.tobytes()
    tensors = {"forward": {"dtype": "F32", "shape": list(right.shape), "data_offsets": [0, len(payload)]}}
    answer = {"id": 1, "outcome": "returned", "seconds": 0.1, "plan": _PLAN}
    which = chance.randrange(4)
    if which == 0:
        content = frame(mangle(HELLO, chance), {}, b"")
    elif which == 1:
        content = frame(mangle(answer, chance), tensors, payload)
    elif which == 2:
        content = frame(answer, mangle(tensors, chance), payload)
    else:
        content = frame(answer | {"outcome": chance.choice(("raised", "unsupported", "broken"))}, {}, b"")
    try:
        taken = take(bytearray(bent(content, chance)), room(EXPECTED), ("forward",))
        if taken is None:
            return "waited"
        message, found, _ = taken
        if which == 0:
            spoken.hello(message)
            return "read"
    except Garbled as error:
        return _plain(error)
    except ValueError as error:
        return _plain(spoken.plainly(error))
    told = judge(QUESTION, EXPECTED, Answer.from_message(message, found, _CASE.rank), None, "")
    again = msgspec.json.decode(msgspec.json.encode(told), type=Row)
    detail.check(again, _CASE)
    return told.verdict


def _plain(error: object) -> str:
    if "Error" in str(error):
        raise Failed(f"not in plain words: {error}")
    return "refused"


# Workers

#: What a worker does at the question that it is wrong on. After these the next question may be taken for it.
LATER = ("twice", "noise after", "exit after")
DEEDS = (
    "header",
    "answer",
    "tensor",
    "bytes",
    "exit",
    "kill",
    "close",
    "fork and exit",
    "silent",
    "flood",
    "another id",
    "plan",
    *LATER,
)


def workers(chance: random.Random, folder: Path) -> str:
    """A worker that is wrong on one question beside one that is not: nobody else is blamed, and every row comes."""
    deed, seed = chance.choice(DEEDS), chance.randrange(2**32)
    settings = environment(1) | {"CONVT_DEED": deed, "CONVT_SEED": str(seed)}
    wrong = Program("wrong", ROOT / "tests" / "liars" / "mangling", environment=settings)
    honest = Program("honest", wrong.file, environment=environment(1) | {"CONVT_DEED": "honest"})
    cases = [case(f"few/n{n}", 3, out_channels=n) for n in range(1, 9)]
    session = Session.open([wrong, honest], ledger=folder, deadline=1.5, jobs=2)
    try:
        rows = list(session.rows(select(cases, session.hellos, Narrow())))
    finally:
        session.close()
    by = {(each.route.partition("/")[0], each.case, each.fill): each for each in rows}
    if len(by) != len(rows) or len(rows) != 32:
        raise Failed(f"{deed} {seed}: {len(rows)} rows, {len(by)} of them once")
    if any(each.verdict != "pass" for (name, _, _), each in by.items() if name == "honest"):
        raise Failed(f"{deed} {seed}: the honest one is blamed")
    blamed = [f"{name} {fill}" for (who, name, fill), each in by.items() if who == "wrong" and each.verdict != "pass"]
    allowed = {"few/n4 exact", "few/n4 real"} | ({"few/n5 exact", "few/n5 real"} if deed in LATER else set())
    if set(blamed) - allowed:
        raise Failed(f"{deed} {seed}: blamed are {blamed}")
    for each in rows:
        detail.check(msgspec.json.decode(msgspec.json.encode(each), type=Row), cases[int(each.case[-1]) - 1])
    return deed if blamed else f"{deed}: right"


KINDS: dict[str, Callable[[random.Random, Path], str]] = {
    each.__name__: each for each in (case_files, ledgers, run_files, messages, workers)
}


def main() -> None:
    """Mangle as many as wanted, and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    said, failed, slowest, begin = Counter(), 0, 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(asked.seed, asked.seed + asked.count):
            start = time.monotonic()
            try:
                said[KINDS[asked.kind](random.Random(seed), Path(folder))] += 1
            except Exception as error:
                failed += 1
                print(f"--seed {seed}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            slowest = max(slowest, time.monotonic() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{asked.count} {asked.kind}: {failed} failed; {dict(said.most_common())}")
    print(f"{time.monotonic() - begin:.0f} s, the slowest {slowest:.2f} s, {memory:.0f} MiB")
    sys.exit(bool(failed))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
