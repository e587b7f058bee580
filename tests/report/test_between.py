"""What differs between runs is told before their answers."""

from __future__ import annotations

import pytest
from commands import CLEAN, USAGE, Said, honest
from runs import row, run

from conformance.report.between import between


def told(*headers: dict) -> list[str]:
    return [str(each) for each in between([run([row()], **header) for header in headers])]


def test_runs_that_were_asked_the_same_in_the_same_place_do_not_differ():
    assert told({}, {}) == []


def test_versions_come_first_then_the_machine_then_what_was_asked():
    old = {"adapters": {"lies": {"version": "1.0", "python": "3.8"}}, "cpu": "one", "seed": 1}
    new = {"adapters": {"lies": {"version": "1.1", "python": "3.9"}}, "cpu": "two", "seed": 2}
    assert told(old, new) == [
        "version of lies: 1.0 -> 1.1",
        "Python of lies: 3.8 -> 3.9",
        "CPU: one -> two",
        "seed: 1 -> 2",
    ]


def test_a_framework_that_one_run_lacks():
    more = {"adapters": {"lies": {"version": "1.0"}, "new": {"version": "2.0"}}}
    assert "version of new: none -> 2.0" in told({}, more)


def test_of_instructions_only_those_that_not_all_have_and_frameworks_together():
    def places(*flags: str) -> dict:
        return {"places": {name: {"cpu": ["avx2", *flags], "machine": ["x86_64"]} for name in ("one", "two")}}

    assert told(places("avx512f", "amx_tile"), places()) == ["place, cpu of one, two: amx_tile avx512f -> none"]


def test_settings_and_builds():
    def set_to(cap: str, build: str) -> dict:
        return {"adapters": {"lies": {"version": "1.0", "settings": {"ONEDNN_CAP": cap}, "builds": {"onednn": build}}}}

    assert told(set_to("AVX2", "3.7"), set_to("ALL", "3.8")) == [
        "onednn of lies: 3.7 -> 3.8",
        "ONEDNN_CAP of lies: AVX2 -> ALL",
    ]


@pytest.fixture
def two(room):
    assert honest(output="a.jsonl").status == CLEAN
    assert honest("--seed", "7", output="b.jsonl").status == CLEAN
    return room


def test_diff_begins_with_it(two):
    said = Said("diff", "a.jsonl", "b.jsonl")
    assert said.out.startswith("what differs between the runs, before any answer:\n  seed: 0 -> 7\n")
    assert Said("diff", "a.jsonl", "b.jsonl", "a.jsonl").out.count("seed: 0 -> 7 -> 0") == 1


def test_bits_of_other_operands_are_not_compared(two):
    said = Said("diff", "--bits", "a.jsonl", "b.jsonl")
    assert said.status == USAGE
    assert said.err == (
        "convt: --bits: the runs have different seeds, so other operands: run both with the same --seed\n"
    )
