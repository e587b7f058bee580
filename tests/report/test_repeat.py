"""The line to paste for a row, and where its case is written."""

from __future__ import annotations

import shlex

import pytest
from runs import case, new, report, row, run

from conformance.report import repeat
from conformance.run.row import Diagnosed, Example


def test_the_line_to_paste_has_what_the_run_was_given():
    header = {
        "adapters": {"lies": {"file": "/somewhere/liars/flipped.py"}, "torch": {"file": "/ours/torch_adapter.py"}},
        "selection": {
            "adapters": ["liars/flipped.py", "torch"],
            "files": ["my cases.yaml"],
            "pythons": ["torch=old/bin/python"],
        },
        "seed": 7,
    }
    words = shlex.split(repeat.command(new("a/b"), header))
    assert words == [
        "convt",
        "show",
        "a/b",
        "--route",
        "lies/route",
        "--cases",
        "my cases.yaml",
        "--adapter",
        "liars/flipped.py",
        "--seed",
        "7",
    ]
    words = shlex.split(repeat.command(new("a/b", route="torch/jit", device="cuda"), header, exactly=True))
    assert words[3:5] == ["--route", "torch/jit@cuda"]
    assert "torch=old/bin/python" in words
    assert "liars/flipped.py" not in words


def test_the_line_of_a_finding_asks_the_smallest_question_that_is_known():
    shown = Example(case="spelled/one", says="1-D", check="forward", dtype="float32", fill="exact")
    rows = [new("a/b")]
    told = Diagnosed(
        framework="lies", verdict="differ", says="no", routes=["lies/route@cpu"], rows=[rows[0].key], smallest=shown
    )
    (plain,), (diagnosed,) = report(rows).findings, report(rows, diagnoses=[told]).findings
    assert repeat.of_finding(plain, {}) == "convt show 'a/b' --route lies/route"
    assert repeat.of_finding(diagnosed, {}) == "convt show 'spelled/one' --route lies/route"


def test_a_name_with_a_quote_in_it_is_still_one_word():
    assert shlex.split(repeat.command(new("a/it's; rm -rf *"), {}))[2] == "a/it's; rm -rf *"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ([], ("cases/stride.yaml", 12)),
        (["tests/conv/stride.yaml"], ("tests/conv/stride.yaml", 12)),
        (["deep/cases"], ("deep/cases/stride.yaml", 12)),
        (["other.yaml"], ("cases/stride.yaml", 12)),
    ],
)
def test_a_case_stands_where_the_run_was_given_it(files, place):
    known = run([row()], (case("stride/one"),), selection={"files": files})
    assert repeat.where(known, "stride/one") == place
    assert repeat.where(known, "stride/none") is None
