"""What is said of right answers: rough ones and slow ones, in every output, and never as a failure."""

from __future__ import annotations

import json

import pytest
import runs

from conformance.report import states
from conformance.report.findings import report
from conformance.report.remarks import remarks
from conformance.report.summaries import facts, junit, markdown

BIG = {"in_channels": 100, "out_channels": 100}  # 100·100·3·3·3·2 = 540,000 multiply-adds


def timed(name: str, seconds: float, **more):
    return runs.row(name, seconds=seconds, **more)


def slow_run(seconds: float, factor: float = 20.0, **header):
    """Ten small questions, five large ones at 10^8 multiply-adds a second, and one that takes `seconds`."""
    small = [runs.case(f"small/{number}") for number in range(10)]
    large = [runs.case(f"large/{number}", size=10, **BIG) for number in range(5)]
    assert large[0].size == 6_000_000
    rows = [timed(case.id, 0.001) for case in small] + [timed(case.id, 0.06) for case in large]
    odd = runs.case("large/odd", size=10, **BIG)
    selection = {"slow_factor": factor}
    return runs.run([*rows, timed(odd.id, seconds)], (*small, *large, odd), selection=selection, **header)


def test_what_takes_far_longer_than_its_multiply_adds_let_expect_is_slow():
    (remark,) = remarks(slow_run(3.0))
    assert (remark.word, remark.route, [row.case for row in remark.rows]) == ("slow", "lies/route@cpu", ["large/odd"])
    # 6·10^6 at 10^8 a second, and a call of 0.001 s
    assert "3 s for 6,000,000 multiply-adds, 49 times what others let expect" in remark.sentence


@pytest.mark.parametrize(("seconds", "factor", "count"), [(1.0, 20, 0), (1.0, 10, 1), (3.0, 100, 0), (0.06, 1, 0)])
def test_the_factor_decides(seconds, factor, count):
    assert len(remarks(slow_run(seconds, factor))) == count


def test_the_forward_convolution_of_the_same_size_is_a_yardstick():
    usual, quick, alike = slow_run(1.0), slow_run(1.0), slow_run(1.0)
    quick.rows[-1].detail["forward_seconds"] = 0.01
    alike.rows[-1].detail["forward_seconds"] = 0.9
    assert not remarks(usual)
    assert not remarks(alike)
    (remark,) = remarks(quick)
    assert "91 times what others let expect; its forward convolution takes 0.01 s" in remark.sentence


def test_a_compilation_is_no_slowness_and_another_fill_tells_the_time():
    costly = {"lies": {"version": "1", "devices": ["cpu"], "routes": [{"name": "route", "cost": 1.0}]}}
    assert not remarks(slow_run(3.0, adapters=costly))
    run = slow_run(3.0)
    run.rows.append(timed("large/odd", 0.05, fill="real"))
    assert not remarks(run)


def test_rough_answers_are_told_and_do_not_fail():
    rough = [runs.row(f"dtype/{name}", dtype="float16", fill="real", detail={"rough": True}) for name in "ab"]
    known = runs.row("dtype/c", dtype="float16", fill="real", detail={"rough": True, "ledger": runs.LEDGER})
    run = runs.run([*rough, known, runs.row()], tuple(runs.case(f"dtype/{name}") for name in "abc"))
    new, told = remarks(run)
    assert new.sentence.startswith("rough: lies/route@cpu: 2 rows, first dtype/a (float16): within the rounding bound")
    assert told.sentence.endswith("known: https://example.org/issue/1")
    assert states.clean(run)
    assert "remark: `rough" in markdown.text([report(run)])
    said = json.loads(facts.text([report(run)]))["runs"][0]
    assert [(each["word"], each["rows"]) for each in said["remarks"]] == [("rough", 2), ("rough", 1)]
    assert said["clean"]
    assert "<failure" not in junit.text([report(run)])
