"""Rows in words, and scripts that really repeat them in the framework's own API."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import runs
from commands import LIARS

from conformance.case import Case
from conformance.oracle.compare import Expected
from conformance.report import explain
from conformance.run import judge, programs
from conformance.run.engines import engines
from conformance.run.questions import Narrow, select
from conformance.run.row import Row
from conformance.run.session import Session
from conformance.run.worker import Program, environment

NUMBERS = {
    "input": (3, 4),
    "kernel": (3, 2),
    "in_channels": 2,
    "out_channels": 2,
    "batch": 2,
    "groups": 1,
    "stride": (2, 3),
    "dilation": (1, 1),
    "padding": ((1, 0), (0, 1)),
    "output_padding": (0, 0),
    "bias": True,
    "fills": ("exact",),
}


def case(name: str, **more) -> Case:
    return Case(id=f"words/{name}", **(NUMBERS | more))


def ask(program: Program, cases: list[Case], ledger: Path, routes: tuple[str, ...] = ()) -> list[Row]:
    return asked(program, cases, ledger, routes)[0]


def asked(program: Program, cases: list[Case], ledger: Path, routes: tuple[str, ...]) -> tuple[list[Row], dict]:
    """The rows, and what of the run's header a script needs."""
    session = Session.open([program], ledger=ledger, jobs=1)
    try:
        return list(session.rows(select(cases, session.hellos, Narrow(routes=routes)))), {"adapters": session.hellos}
    finally:
        session.close()


def bent(tmp_path: Path, body: str) -> Program:
    """An adapter around the honest one; `body` makes its answer from y."""
    lines = [
        "import runpy",
        f"truth = runpy.run_path({str(LIARS / 'truth.py')!r})",
        "def conv_transpose(x, w, b, **arguments):",
        "    y = truth['conv_transpose'](x, w, b, **arguments)",
        f"    {body}",
        "truth['lie'](conv_transpose=conv_transpose)",
    ]
    (tmp_path / "bent.py").write_text("\n".join(lines), encoding="utf-8")
    return Program("bent", tmp_path / "bent.py", environment=environment(1))


# Words


def test_a_flipped_kernel_is_told_with_its_sizes_the_first_wrong_element_and_the_call(tmp_path):
    one = case("flipped")
    (row,) = ask(Program("flipped", LIARS / "flipped.py", environment=environment(1)), [one], tmp_path)
    told = explain.paragraph(row, one)
    assert told.startswith("words/flipped lies/route@cpu float32 forward exact: differ (new)\n")
    assert "as if the kernel were flipped" in told
    # (3 − 1)·2 + 3 − 1 and (4 − 1)·3 + 2 − 1, worked out by hand
    assert "axis 0: K_e = (3 − 1)·1 + 1 = 3; F = (3 − 1)·2 + 3 = 7; O = 7 − 1 − 0 + 0 = 6" in told
    assert "axis 1: K_e = (2 − 1)·1 + 1 = 2; F = (4 − 1)·3 + 2 = 11; O = 11 − 0 − 1 + 0 = 10" in told
    expected = Expected(one, "forward", "float32", "exact")
    right, flipped = expected.answer, flipped_by_hand(**expected.operands)
    wrong = np.argwhere(flipped != right)
    first = tuple(wrong[0].tolist())
    assert f"first wrong at {list(first)}: expected {float(right[first])}, returned {float(flipped[first])};" in told
    assert f"{len(wrong)} of {right.size} elements are wrong" in told
    assert "y = truth.conv_transpose(x, w, b, stride=(2, 3)" in told


def flipped_by_hand(x, w, b):
    y = np.zeros((2, 2, 6, 10)) + b[:, None, None]
    for n, c, m, i, j, p, q in np.ndindex(2, 2, 2, 3, 4, 3, 2):
        u, v = 2 * i + p - 1, 3 * j + q
        if 0 <= u < 6 and v < 10:
            y[n, m, u, v] += x[n, c, i, j] * w[c, m, 2 - p, 1 - q]
    return y


def test_an_exchange_of_layouts_is_named_as_such(tmp_path):
    one = case("exchanged", out_channels=2)
    (row,) = ask(Program("exchanged", LIARS / "exchanged.py", environment=environment(1)), [one], tmp_path)
    told = explain.sentence(row)
    assert told.startswith("words/exchanged differs: as if ")
    assert "channel" in told


def test_an_answer_that_is_too_short_is_told_by_both_shapes(tmp_path):
    one = case("short", padding=((0, 0), (0, 0)))
    (row,) = ask(bent(tmp_path, "return y[..., :-1].copy()"), [one], tmp_path)
    told = explain.paragraph(row, one)
    assert "expected shape [2, 2, 7, 11], returned [2, 2, 7, 10]" in told
    assert "first wrong" not in told


def test_a_refusal_is_told_in_the_frameworks_own_words_with_its_trace(tmp_path):
    one = case("refused")
    (row,) = ask(bent(tmp_path, "raise RuntimeError('no stride for you\\nand more')"), [one], tmp_path)
    assert explain.sentence(row) == "words/refused is refused: RuntimeError: no stride for you"
    told = explain.paragraph(row, one)
    assert "refuse (new)" in told
    assert "trace:" in told
    assert "bent.py" in told


def test_nan_where_a_number_should_be_is_told(tmp_path):
    one = case("nan")
    (row,) = ask(bent(tmp_path, "y[0, 0, 0, 0] = float('nan'); return y"), [one], tmp_path)
    assert "first wrong at [0, 0, 0, 0]" in explain.paragraph(row, one)
    assert "returned 'nan'" in explain.paragraph(row, one)


def test_a_row_without_a_call_gives_a_comment_for_a_script():
    row = Row(
        case="words/x",
        route="torch/x",
        device="cpu",
        dtype="float32",
        check="forward",
        fill="exact",
        verdict="unsupported",
        detail={"reason": "no words for it"},
    )
    text = explain.script(row, case("x"), {}, None)
    assert text.startswith("# ")
    assert "no words for it" in text


# Scripts

CASES = [
    case("plain"),
    case("brain", dtypes=("bfloat16",), padding=((0, 0), (0, 0))),
    case("gradient", checks=("grad_input", "grad_weight", "grad_bias"), padding=((0, 0), (0, 0))),
    case("layout", input_layout="NHWC", kernel_layout="HWOI", padding=((0, 0), (0, 0))),
    case("large", input=(9, 11), in_channels=3, fills=("special", "real"), padding=((0, 0), (0, 0))),
]
#: Framework → the routes whose scripts are run.
ROUTES = {
    "numpy": ("numpy/scatter",),
    "torch": ("torch/functional",),
    "tensorflow": ("tensorflow/nn",),
    "jax": ("jax/conv_transpose",),
}
#: Engines of which all routes' scripts are run, where they are installed.
OTHERS = [name for name, engine in engines().items() if not engine.plain]


def run_all(scripts: list[str], tmp_path: Path, interpreter: str) -> list[tuple[int, str]]:
    """(exit status, last line) of each script, all in one process: starting a framework takes seconds."""
    for number, text in enumerate(scripts):
        (tmp_path / f"{number:03}.py").write_text(text, encoding="utf-8")
    runner = (
        "import contextlib, io, json, pathlib, runpy, sys\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('[0-9]*.py')):\n"
        "    out, status = io.StringIO(), 0\n"
        "    with contextlib.redirect_stdout(out):\n"
        "        try:\n"
        "            runpy.run_path(str(path), run_name='__main__')\n"
        "        except SystemExit as error:\n"
        "            status = 1\n"
        "            print(error.code)\n"
        "    print('RESULT', json.dumps([status, out.getvalue().strip()]))\n"
    )
    done = subprocess.run(
        [interpreter, "-c", runner, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [tuple(json.loads(line[7:])) for line in done.stdout.splitlines() if line.startswith("RESULT ")]


def test_a_script_is_a_program_that_fails_where_the_answer_is_wrong(tmp_path):
    one = case("plain")
    (program,) = programs.choose(("numpy",), (), {}, threads=1)
    (row,) = ask(program, [one], tmp_path, ("numpy/scatter",))
    expected = Expected(one, row.check, row.dtype, row.fill)
    altered = expected.answer.copy()
    altered[1, 0, 2, 3] += 5
    for answer, status in ((expected.answer, 0), (altered, 1), (altered[..., :-1], 1)):
        (tmp_path / "script.py").write_text(explain.script(row, one, expected.operands, answer), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", "script.py"], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert done.returncode == status, done.stderr
        if answer is altered:
            assert "1 of 240 wrong, first at (1, 0, 2, 3)" in done.stderr


@pytest.mark.parametrize("framework", [*ROUTES, *OTHERS])
def test_scripts_repeat_the_answer_and_notice_a_wrong_one(framework, tmp_path):
    (program,) = programs.choose((framework,), (), {}, threads=1)
    rows, header = asked(program, CASES, tmp_path, ROUTES.get(framework, (f"{framework}/*",)))
    if framework not in header["adapters"]:
        pytest.skip(f"{framework} is not installed: convt env {framework}")
    by_id = {each.id: each for each in CASES}
    answered = [row for row in rows if row.outcome == "returned" and row.verdict == "pass"]
    names = {row.case.partition("/")[2] for row in answered}
    least = {"numpy": {"plain", "gradient"}}
    assert names >= least.get(framework, {"large"} if framework in OTHERS else {"brain", "gradient", "layout", "large"})
    scripts, said = [], []
    for row in answered:
        expected = Expected(by_id[row.case], row.check, row.dtype, row.fill)
        scripts.append(explain.script(row, by_id[row.case], expected.operands, expected.answer, header))
        right = "largest difference" if row.fill == "real" else f"all {expected.answer.size} values are right"
        said.append((0, right))
        if row.fill == "exact":
            altered = expected.answer.copy()
            altered.flat[-1] += 1
            scripts.append(explain.script(row, by_id[row.case], expected.operands, altered, header))
            last = tuple(length - 1 for length in altered.shape)
            said.append((1, f"1 of {altered.size} wrong, first at {last}: expected {altered.flat[-1]}"))
    results = run_all(scripts, tmp_path, program.interpreter)
    assert len(results) == len(said)
    for (status, printed), (right, start), text in zip(results, said, scripts, strict=True):
        assert (status, printed[: len(start)]) == (right, start), text[:3000]


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"wrong": 1, "of": 9, "error": 3.0}, "1 of 9 elements is wrong, the worst by 3 u·Σ|x||w|"),
        (
            {"wrong": 3, "of": 9, "error": 1.5e6, "region": "the last column"},
            "3 of 9 elements are wrong (the last column), the worst by 1.5e+06 u·Σ|x||w|",
        ),
        (
            {"wrong": 3, "of": 9, "error": "nan", "region": "some elements"},
            "3 of 9 elements are wrong, not all by a finite number",
        ),
    ],
)
def test_how_many_elements_are_wrong_and_which(detail, said):
    assert explain.wrong(detail) == said


@pytest.mark.parametrize(
    ("extra", "missing", "said"),
    [
        (4, 0, "4 elements are NaN or infinite and should be finite numbers"),
        (1, 0, "1 element is NaN or infinite and should be a finite number"),
        (0, 2, "2 elements should be NaN or infinite and are not"),
        (0, 1, "1 element should be NaN or infinite and is not"),
        (
            4,
            2,
            "4 elements are NaN or infinite and should be finite numbers; "
            "2 elements should be NaN or infinite and are not",
        ),
        (0, 0, "elements are NaN or infinite where they should be, but of another kind or sign"),
    ],
)
def test_special_values_in_wrong_places_are_counted_in_words(extra, missing, said):
    assert judge.specials(extra, missing) == said


def test_the_ledger_is_named_without_the_folders_of_the_machine():
    told = {"where": "/home/somebody/cases/known/x.yaml:7", "kind": "bug", "why": "so", "link": "https://a.org"}
    key = {"route": "a/b", "device": "cpu", "dtype": "float32", "check": "forward", "fill": "exact"}
    row = Row(case="words/one", **key, verdict="differ", state="known", cause="no", detail={"ledger": told})
    assert "  ledger: known/x.yaml:7 (bug): so https://a.org" in explain.paragraph(row, case("one"))


def test_a_rough_answer_and_one_that_was_not_confirmed_are_said():
    rough = runs.row("dtype/one", dtype="float16", fill="real", detail={"share": 0.25, "rough": True})
    assert "it is rough: within the bound" in explain.paragraph(rough, runs.case("dtype/one"))
    once = runs.new("stride/one", detail={"causes": ["flipped"], "unconfirmed": True})
    assert "not confirmed: the run was cut short" in explain.paragraph(once, runs.case("stride/one"))
