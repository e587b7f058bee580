"""`convt cases`: what it lists and counts, what lint finds, and the schema that editors read."""

from __future__ import annotations

import json

import click
import pytest
from commands import FINDINGS, Said

from conformance import folder
from conformance.cli.main import main
from conformance.corpus import lint as linting
from conformance.corpus.choose import corpus, tiers
from conformance.corpus.entry import SPREAD
from conformance.corpus.load import KEYS
from conformance.corpus.random_cases import drawn
from conformance.corpus.schema import SAYS
from conformance.corpus.statistics import PARAMETERS, rows, space

TIDY = """\
why: for a test
base: {batch: 2, in_channels: 3, out_channels: 2, input: [4, 5], kernel: [3, 2]}
cases:
  - id: plain
    why: plain
  - id: strided
    why: strided
    stride: 2
"""


@pytest.fixture
def linted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def lint(text, *more):
        (tmp_path / "few.yaml").write_text(text)
        return Said("cases", "lint", "--cases", "few.yaml", *more)

    return lint


def test_a_tidy_family_has_no_problems(linted):
    said = linted(TIDY)
    assert (said.status, said.out) == (0, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TIDY + "  - {id: twin, why: again, stride: [2, 2]}\n", "few.yaml:9: few/twin asks what few/strided asks"),
        (TIDY + "  - {id: silent, stride: 3}\n", "few.yaml:9: few/silent does not say why"),
        (TIDY + "  - {id: Loud, why: it, stride: 3}\n", "few.yaml:9: the id 'Loud' has capitals"),
        (TIDY + "  - {id: copied, why: it, source: book}\n", "few.yaml:4: few/plain names no source"),
        (TIDY.replace("why: plain\n", "why: plain \n"), "few.yaml:5: spaces at the end of the line"),
        (TIDY.replace("why: plain\n", f"why: {'long ' * 25}plain\n"), "few.yaml:5: 139 characters: at most 120"),
        (TIDY + "\n", "few.yaml:9: the file must end in one line feed"),
    ],
)
def test_what_lint_finds(linted, text, problem):
    said = linted(text)
    assert said.status == FINDINGS
    assert problem in said.out


def test_lint_tells_how_many_cases_it_looks_at_where_they_are_many(linted, monkeypatch):
    monkeypatch.setattr("conformance.cli.cases.MANY", 2)
    assert "looking at 2 cases" in linted(TIDY).err
    assert "looking" not in linted(TIDY, "few/plain").err


def test_lint_names_cases_that_no_mutant_fails(linted, monkeypatch):
    monkeypatch.setattr(linting, "table", lambda score: {"idle": [case.id for case in score.cases][:1]})
    said = linted(TIDY)
    assert said.status == FINDINGS
    assert said.out in [
        f"few.yaml:{line}: few/{name} shows none of the planted faults: give it numbers that can fail\n"
        for line, name in ((4, "plain"), (6, "strided"))
    ]


def test_lint_looks_at_what_is_asked(linted):
    assert linted(TIDY + "  - {id: silent, stride: 3}\n", "few/s*d").status == 0
    assert linted("# yaml\n" + TIDY, "other/*").out == ""


def test_the_schema_is_the_one_that_is_committed():
    assert Said("cases", "schema").out == (folder("cases") / "schema.json").read_text(encoding="utf-8")
    for file in folder("cases").glob("*.yaml"):
        if file.name != "tiers.yaml":
            assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n"), file


def test_the_schema_knows_every_key_and_describes_it():
    made = json.loads(Said("cases", "schema").out)["$defs"]
    assert set(made["Case"]["properties"]) == {*KEYS, *SPREAD}
    assert set(made["Raw"]["properties"]) == set(KEYS)
    assert {*KEYS, *SPREAD, "base", "cases"} == set(SAYS)


def test_stats_count_by_family_and_tier():
    said = json.loads(Said("cases", "--stats", "--json", "stride/*", "cover/*").out)
    cases = corpus((), ["stride/*", "cover/*"])
    for family in ("stride", "cover"):
        for tier in ("core", "full"):
            count = sum(case.family == family and case.tier == tier for case in cases)
            assert said["families"][family].get(tier, 0) == count
    ways = said["coverage"]["core"]
    assert ways["1-way"]["possible"] == sum(map(len, PARAMETERS.values()))
    assert ways["1-way"]["covered"] + len(ways["1-way"]["missing"]) == ways["1-way"]["possible"]
    assert 0 < ways["grad_input, 2-way"]["covered"] < ways["grad_input, 2-way"]["possible"] < ways["2-way"]["possible"]
    assert ways["grad_bias, 2-way"]["covered"] == 0, "neither family asks for it"


@pytest.mark.parametrize("verb", ["run", "mutants", "export", "cases list"])
def test_every_verb_offers_the_tiers_that_there_are(verb):
    command = main
    for word in verb.split():
        command = command.get_command(click.Context(command), word)
    (option,) = (each for each in command.params if each.name == "tier")
    assert set(option.type.choices) == {"core", "full", *tiers(corpus())}


def test_no_case_stands_where_the_space_says_impossible():
    """The possible combinations are found from a few numbers; random cases have others."""
    known = space()
    for case in [*corpus(), *drawn(7, 2000)]:
        for row in rows(case):
            assert known.has(row), case


def test_every_pair_of_classes_that_the_space_holds_possible_is_so():
    said = dict(space().possible(2))
    names = list(PARAMETERS)
    axes = names.index("groups"), names.index("channels")
    groups, channels = (PARAMETERS[name] for name in ("groups", "channels"))
    words = {(groups[one], channels[other]) for one, other in said[axes]}
    assert words == {(one, other) for one in groups for other in channels} - {
        ("2", "one"),
        ("3 or more", "one"),
        ("depthwise", "one"),
    }


def test_the_default_list_reads_no_full_tier():
    assert {case.tier for case in corpus()} == {"core"}
    assert "grid" in corpus().unread
    assert "grid" not in corpus((), ["grid/*"]).unread
    assert "cover" in corpus((), ["grid/*"]).unread
