"""Run files that somebody else made: what is not of a run file is FILE:LINE and status 2, and no word of it runs."""

from __future__ import annotations

import copy
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import runs
from commands import CLEAN, FINDINGS, USAGE, Said

PLAN = {
    "call": "np.asarray",
    "source": "y = np.zeros((1, 1, 6, 8))",
    "arguments": {"stride": [2, 1]},
    "layouts": {"x": "NCHW", "w": "IOHW", "y": "NCHW"},
    "memory": {},
    "emulates": None,
    "define": "",
}
DETAIL = runs.WRONG | {"ledger": runs.LEDGER, "plan": PLAN, "trace": "the trace"}
FOOTER = {"kind": "footer", "rows": 1, "verdicts": {"differ": 1}, "states": {}, "problems": [], "seconds": 1.0}
DIAGNOSIS = {
    "kind": "diagnosis",
    "framework": "lies",
    "verdict": "differ",
    "says": "as if",
    "routes": ["lies/route@cpu"],
    "rows": [["stride/one", "lies/route", "cpu", "float32", "forward", "exact"]],
}
SELECTION = {"globs": [], "adapters": ["lies"], "seed": 0, "deadline": 120.0, "tier": None}


def lines() -> list[dict]:
    """A header, a case, a row, a diagnosis and a footer, all as they should be."""
    lies = {"version": "1.0", "devices": ["cpu"], "routes": [{"name": "route", "dtypes": ["float32"]}], "script": {}}
    header = {"kind": "header", **runs.HEADER, "adapters": {"lies": lies}, "selection": SELECTION}
    case = {"kind": "case"} | msgspec.to_builtins(runs.case("stride/one"))
    row = msgspec.to_builtins(runs.row("stride/one", "differ", "new", cause="wrong", detail=DETAIL))
    return copy.deepcopy([header, case, row, DIAGNOSIS, FOOTER])


def changed(place: str, value: object) -> list[dict]:
    """The lines with one thing changed; `place`: the line's number, and the words that lead to the value."""
    number, *words = place.split(".")
    found = lines()
    within = found[int(number) - 1]
    for word in words[:-1]:
        within = within[int(word)] if isinstance(within, list) else within[word]
    last = int(words[-1]) if isinstance(within, list) else words[-1]
    if value is GONE:
        del within[last]
    else:
        within[last] = value
    return found


GONE = object()
DEEP = json.loads("[" * 500 + "]" * 500)


def written(path: str, found: list[dict]) -> str:
    text = "".join(json.dumps(line) + "\n" for line in found)
    Path(path).write_text(text, encoding="utf-8")
    return path


VERBS = (
    ("report", "run.jsonl", "-o", "p.html", "--json", "p.json", "--markdown", "p.md", "--junitxml", "p.xml"),
    ("diff", "run.jsonl", "run.jsonl"),
    ("show", "stride/one", "--run", "run.jsonl"),
    ("known", "--draft", "run.jsonl"),
    ("diagnose", "run.jsonl"),
    ("run", "--resume", "run.jsonl"),
)


def test_a_run_file_as_it_should_be_is_read_by_all(room):
    written("run.jsonl", lines())
    assert [Said(*words).status for words in VERBS[:5]] == [CLEAN, CLEAN, FINDINGS, CLEAN, FINDINGS]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("1.suite", 3),
        ("1.seed", 2**60),
        ("1.seed", "x"),
        ("1.cores", "x"),
        ("1.argv", "convt"),
        ("1.notes", [3]),
        ("1.dead", {"x": 3}),
        ("1.started", None),
        ("1.started", GONE),
        ("1.places", {"x": 3}),
        ("1.adapters", []),
        ("1.adapters", {"../x": {"version": "1", "devices": ["cpu"]}}),
        ("1.adapters.lies.version", None),
        ("1.adapters.lies.devices", ["a\nb"]),
        ("1.adapters.lies.builds", {"x": 3}),
        ("1.adapters.lies.routes", [{"dtypes": []}]),
        ("1.adapters.lies.routes.0.arithmetic", 3),
        ("1.adapters.lies.routes.0.arithmetic", {"float32": {"accumulator": "float1"}}),
        ("1.selection", "x"),
        ("1.selection.adapters", "x"),
        ("1.selection.deadline", "x"),
        ("1.selection.deadline", -1),
        ("1.selection.seed", -1),
        ("1.selection.tier", "x"),
        ("1.selection.known", 3),
        ("1.notes", DEEP),
        ("2.id", 'stride/"""\nimport os\n"""'),
        ("2.id", "one"),
        ("2.id", "../one"),
        ("2.input", []),
        ("2.input", [4]),
        ("2.input", [100_000, 100_000]),
        ("2.kernel", [-5, 2]),
        ("2.kernel", "3"),
        ("2.stride", [2**70, 1]),
        ("2.groups", 0),
        ("2.dtypes", ["float7"]),
        ("2.dtypes", []),
        ("2.fills", ["given"]),
        ("2.operands", {"x": [[1]]}),
        ("2.operands", {"q": [[1]]}),
        ("2.memory", {"q": "sliced"}),
        ("2.shapes", {"q": [1]}),
        ("2.input_layout", "NCHH"),
        ("2.expect", "refused"),
        ("2.options", DEEP),
        ("2.claim", {"number": 1}),
        ("2.padding", [[0, 0]]),
        ("3.case", "stride/two"),
        ("3.route", "lies"),
        ("3.route", 'lies/"""'),
        ("3.route", "lies/a;touch PWNED"),
        ("3.device", "a b"),
        ("3.dtype", "float7"),
        ("3.check", "backward"),
        ("3.check", "grad_bias"),
        ("3.fill", "nothing"),
        ("3.fill", "given"),
        ("3.outcome", "fine"),
        ("3.verdict", "fine"),
        ("3.state", "fine"),
        ("3.cause", 3),
        ("3.seconds", "fast"),
        ("3.seconds", -1),
        ("3.more", 1),
        ("3.detail", []),
        ("3.detail.first_wrong", {}),
        ("3.detail.first_wrong.index", "x"),
        ("3.detail.wrong", GONE),
        ("3.detail.of", GONE),
        ("3.detail.error", GONE),
        ("3.detail.error", []),
        ("3.detail.share", {}),
        ("3.detail.log", 3),
        ("3.detail.causes", [3]),
        ("3.detail.mismatch", "shape"),
        ("3.detail.mismatch", "x"),
        ("3.detail.error_map.shape", [10**6, 10**6]),
        ("3.detail.error_map.levels", "é"),
        ("3.detail.wrong_elements", [[[0], 1.0]]),
        ("3.detail.wrong_elements", [[[0], 1.0, 2.0]] * 1000),
        ("3.detail.stamp.expected", [[1], [1, 2]]),
        ("3.detail.stamp.returned", "x"),
        ("3.detail.claim", {"number": 1, "verdict": "confirmed", "came_out": "x"}),
        ("3.detail.ledger", "x"),
        ("3.detail.ledger.link", 3),
        ("3.detail.ledger.where", GONE),
        ("3.detail.plan", []),
        ("3.detail.plan.source", GONE),
        ("3.detail.plan.source", ["y = 1"]),
        ("3.detail.plan.call", 5),
        ("3.detail.plan.layouts", {"x": "Q"}),
        ("3.detail.plan.memory", {"x": "NCW"}),
        ("3.detail.plan.arguments", {"x": DEEP}),
        ("4.rows", []),
        ("4.rows.0.0", "stride/two"),
        ("4.routes", []),
        ("4.routes", 3),
        ("4.verdict", "fine"),
        ("4.condition", DEEP),
        ("5.problems", [1]),
        ("5.seconds", "x"),
        ("5.rows", "x"),
    ],
)
def test_what_is_not_of_a_run_file_is_said_with_its_line(place, value, room):
    written("run.jsonl", changed(place, value))
    for words in VERBS:
        said = Said(*words)
        assert said.status == USAGE
        assert said.err.startswith(f"convt: run.jsonl:{place[0]}: not a line of a run file: ")
        assert said.err.count("\n") == 1
        assert said.out == ""


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_line_that_is_gone_is_said(number, room):
    found = lines()
    del found[number - 1]
    written("run.jsonl", found)
    said = Said("report", "run.jsonl", "-o", "p.html")
    assert (said.status, said.err.count("\n")) == (USAGE, 1)


def test_a_pipe_is_no_run_file(room):
    os.mkfifo("pipe.jsonl")
    for path, what in (("pipe.jsonl", "not a regular file"), ("/dev/zero", "not a regular file"), (".", "a folder")):
        said = Said("diff", path, path)
        assert said.status == USAGE
        assert what in said.err


#: Words that run if any text of the file becomes code, markup, or a word of a shell.
PLANT = "__import__('pathlib').Path('PWNED').touch()"
PLANTS = (
    f'"""\n{PLANT}\n"""',
    f"'''\n{PLANT}\n'''",
    f"x\n{PLANT}\n",
    f"x\r{PLANT}\r",
    f"os; {PLANT} #.b",
    f"'); {PLANT}; ('",
    "'; touch PWNED; echo '",
    "$(touch PWNED)`touch PWNED`",
)
#: The fields of a run file whose words reach a script or a line to paste, wherever they are allowed to be anything.
FIELDS = (
    "1.adapters.lies.file",
    "1.adapters.lies.script.imports",
    "1.adapters.lies.script.put",
    "1.adapters.lies.script.get",
    "1.selection.adapters.0",
    "1.selection.files",
    "1.selection.pythons",
    "1.selection.environments",
    "2.why",
    "2.source",
    "2.where",
    "3.cause",
    "3.detail.reason",
    "3.detail.log",
    "3.detail.trace",
    "3.detail.region",
    "3.detail.bits",
    "3.detail.ledger.why",
    "3.detail.plan.call",
    "3.detail.plan.source",
    "3.detail.plan.define",
    "3.detail.plan.emulates",
    "3.detail.plan.arguments",
)


def planted(field: str, plant: str) -> list[dict]:
    value: object = plant
    if field.endswith((".files", ".pythons")):
        value = [f"lies={plant}"]
    elif field.endswith(".environments"):
        value = [f"lies:{plant}"]
    elif field.endswith("arguments"):
        value = {plant: plant}
    number, *words = field.split(".")
    found = lines()
    within = found[int(number) - 1]
    for word in words[:-1]:
        within = within[word]
    within[int(words[-1]) if isinstance(within, list) else words[-1]] = value
    return found


@pytest.mark.parametrize("field", FIELDS)
def test_no_word_of_a_run_file_runs(field, room):
    for plant in PLANTS:
        written("run.jsonl", planted(field, plant))
        scripts = [Said("show", "stride/one", "--run", "run.jsonl", "--script").out]
        if field.startswith("3.detail.plan"):
            scripts += [_of_the_page()]
        for script in scripts:
            Path("script.py").write_text(script, encoding="utf-8")
            subprocess.run([sys.executable, "script.py"], capture_output=True, timeout=60, check=False)
        for line in _to_paste():
            subprocess.run(["sh", "-c", f"convt() {{ :; }}; {line}"], capture_output=True, timeout=60, check=False)
        assert not Path("PWNED").exists(), (field, plant)


def _of_the_page() -> str:
    assert Said("report", "run.jsonl", "-o", "p.html").status == 0
    page = Path("p.html").read_text(encoding="utf-8")
    found = re.search(r"<code>([^<]*I_HAVE_READ_THEM[^<]*)</code>", page)
    assert found
    return html.unescape(found[1])


def _to_paste() -> list[str]:
    """The lines that the Markdown and the page offer."""
    assert Said("report", "run.jsonl", "-o", "p.html", "--markdown", "p.md").status == 0
    page = html.unescape(Path("p.html").read_text(encoding="utf-8"))
    found = re.findall(r"convt (?:show|run) [^\n<]*", page + Path("p.md").read_text(encoding="utf-8"))
    assert found
    return [line.rstrip("`") for line in found]


ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b2J\u202e\u2066\x00\x7f"


@pytest.mark.parametrize("field", FIELDS)
def test_no_escape_of_a_run_file_passes(field, room):
    written("run.jsonl", planted(field, f"a{ESCAPES}b"))
    outputs = [Said(*words).both for words in VERBS[:5]] + [Said(*VERBS[2], "--script").both]
    outputs += [Path(name).read_text(encoding="utf-8") for name in ("p.html", "p.json", "p.md", "p.xml")]
    for text in outputs:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), field
