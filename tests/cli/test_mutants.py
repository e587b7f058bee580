"""The command `convt mutants`: what it says of small case files whose answers can be thought out."""

from __future__ import annotations

import json
import re

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said, honest

from conformance.corpus import load
from conformance.mutants import MUTANTS, kills

#: A kernel of equal taps looks the same from both ends; one of different taps does not, in either size.
ONES = """\
why: equal taps
cases:
  - {id: same, batch: 1, in_channels: 1, out_channels: 1, input: [4], kernel: [3], operands: {x: ones, w: ones}}
"""
TAPS = """\
why: different taps
base: {batch: 1, in_channels: 1, out_channels: 1, kernel: [3]}
cases:
  - {id: long, input: [9], checks: [forward, grad_input]}
  - {id: short, input: [2]}
"""
REFUSED = """\
why: nothing to be shown
cases:
  - {id: none, batch: 1, in_channels: 1, out_channels: 1, input: [4], kernel: [3], stride: 0, expect: refuse}
"""


@pytest.fixture
def files(room):
    for name, text in (("ones", ONES), ("taps", TAPS), ("refused", REFUSED)):
        (room / f"{name}.yaml").write_text(text, encoding="utf-8")
    return room


def told(*words: str) -> Said:
    return Said("mutants", *(word for name in ("ones", "taps") for word in ("--cases", f"{name}.yaml")), *words)


def lines(said: Said) -> dict[str, list[str]]:
    """The table's rows by their first cell, each as its other cells."""
    return {cells[0]: cells[1:] for cells in (re.split(r"\s{2,}", line.strip()) for line in said.out.splitlines())}


# The table of families


def test_a_row_for_each_family_and_one_for_all(files):
    said = told()
    rows = lines(said)
    assert rows["ones"][0] == "1"
    assert rows["taps"][0] == "2"
    assert rows["together"][0] == "3"
    assert rows["ones"][2] == "·", "different taps show whatever equal ones do"
    together, of, all_of_them = rows["together"][1].split()
    assert (together, of, int(all_of_them)) == (rows["taps"][1], "of", len(MUTANTS))
    assert int(rows["ones"][1]) + int(rows["taps"][2]) == int(rows["taps"][1]), "and the rest is shown by them alone"


def test_what_survives_and_what_could_not_happen_are_said_by_name(files):
    said = Said("mutants", "--cases", "ones.yaml")
    assert said.status == FINDINGS
    assert "survives forward: kernel-flipped: as if the kernel were flipped\n" in said.out
    assert "applies to no case: dilation-ignored: " in said.out
    assert "survives forward: dilation-ignored" not in said.out
    assert "survives forward: kernel-flipped:" not in told().out


def test_cases_that_cannot_be_asked_are_counted_with_the_reason(files):
    said = told("--cases", "refused.yaml")
    assert "not asked: 1 case with no answer\n" in said.out
    assert lines(said)["together"][0] == "3"


# Some mutants


def test_the_smallest_case_that_shows_a_mutant_check_by_check(files):
    said = told("--mutant", "kernel-flipped")
    assert said.out.splitlines() == [
        "kernel-flipped: as if the kernel were flipped",
        "  forward: shown by 2, the smallest taps/short (of 3 cases in which it happens)",
        "  grad_input: shown by 1, the smallest taps/long (of 1 case in which it happens)",
    ]


def test_what_a_mutant_needs_is_said(files):
    assert "(needs dilation)\n" in told("--mutant", "dilation-ignored").out


def test_the_exit_status_speaks_of_the_mutants_that_were_named(files):
    assert told("--mutant", "kernel-flipped").status == CLEAN
    assert Said("mutants", "--cases", "ones.yaml", "--mutant", "kernel-flipped").status == FINDINGS
    assert "shown by none (of 1 case" in Said("mutants", "--cases", "ones.yaml", "--mutant", "kernel-flipped").out
    assert told().status == FINDINGS, "rounding, for one, shows nowhere in numbers as small as these"


# For programs


def test_json_has_everything(files):
    said = told("--json")
    found = json.loads(said.out)
    assert said.status == FINDINGS
    assert found["cases"] == len(found["asked"]) == 3
    assert set(found["mutants"]) == {mutant.name for mutant in MUTANTS}
    forward = found["mutants"]["kernel-flipped"]["checks"]["forward"]
    assert forward == {"asked": 3, "killers": ["taps/short", "taps/long"]}
    assert found["families"]["taps"]["kernel-flipped"] == ["taps/short", "taps/long"]
    assert "kernel-flipped" not in found["families"]["ones"]
    assert "dilation-ignored" in found["unasked"]


def test_json_of_some_mutants_is_of_these_alone(files):
    found = json.loads(told("--json", "--mutant", "kernel-f*", "--mutant", "dilation-ignored").out)
    assert "kernel-flipped" in found["mutants"]
    assert all(name.startswith("kernel-f") or name == "dilation-ignored" for name in found["mutants"])
    assert found["unasked"].count("dilation-ignored") == 1
    assert {name for name, _ in found["survivors"]} <= set(found["mutants"])
    assert set(found["unasked"]) <= set(found["mutants"])


# What the routes of a run would have been caught doing


def test_a_route_is_credited_with_what_it_answered(room):
    truth = str(LIARS / "truth.py")
    (room / "half.py").write_text(
        "import runpy\n"
        "from conformance.adapter import Unsupported\n"
        f"truth = runpy.run_path({truth!r})\n"
        "def lower(case, checks):\n"
        "    if max(case.dilation) > 1:\n"
        "        raise Unsupported('no dilation')\n"
        "    return truth['lower'](case, checks)\n"
        "truth['lie'](lower=lower)\n",
        encoding="utf-8",
    )
    honest(output="whole.jsonl")
    Said("run", "--cases", "few.yaml", "--adapter", "half.py", "--output", "half.jsonl")
    whole, half = (
        lines(Said("mutants", "--cases", "few.yaml", "--run", f"{name}.jsonl"))["lies/route@cpu"]
        for name in ("whole", "half")
    )
    # few.yaml has three cases; the third is the dilated one.
    shown = {case.id: kills(case, "forward") for case in load.load([room / "few.yaml"])}
    for (answered, caught, could), names in (
        (whole, ["few/first", "few/second", "few/third"]),
        (half, ["few/first", "few/second"]),
    ):
        assert int(answered) == len(names)
        assert int(caught) == len({mutant for name in names for mutant, dead in shown[name].items() if dead})
        assert int(could) == len({mutant for name in names for mutant in shown[name]})
    assert int(half[1]) < int(whole[1]), "faults of dilation need the dilated case"


# Wrong words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mutant", "nobody"], "--mutant nobody: no such mutant; list all with --mutant '*'"),
        (["--mutant", "kernel-flipped", "--mutant", "nobody"], "--mutant nobody: no such mutant"),
        (["--cases", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["taps/wide"], "no case is called 'taps/wide'"),
        (["--tier", "smoke"], "--tier smoke: these cases have the tiers core, full"),
        (["--run", "nowhere.jsonl"], "nowhere.jsonl: "),
        (["--run", "taps.yaml"], "taps.yaml:1: "),
        (["--tier", "tiny"], "'tiny' is not one of"),
        (["--seed", "-1"], "-1 is not in the range"),
    ],
)
def test_wrong_words_are_one_sentence(words, said, files):
    found = told(*words)
    assert found.status == USAGE
    assert found.out == ""
    assert said in found.err
    assert found.err.startswith("convt: ")
    assert found.err.count("\n") == 1
