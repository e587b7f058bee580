"""What globs and tiers choose of a corpus."""

from __future__ import annotations

import pytest

from conformance.corpus.choose import choose
from conformance.corpus.globs import may_mean
from conformance.corpus.load import load_family
from conformance.corpus.yaml_file import FileError

TEXT = """\
why: two tiers
base: {input: [4], kernel: 3, in_channels: 2, out_channels: 4}
cases:
  - id: small
  - id: other
  - id: huge
    tier: full
"""


@pytest.fixture
def cases(tmp_path):
    (tmp_path / "few.yaml").write_text(TEXT)
    return load_family(tmp_path / "few.yaml")


NAMED = {"smoke": frozenset({"few/small"}), "mixed": frozenset({"few/small", "few/huge"})}


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ({}, "small other"),
        ({"tier": "core"}, "small other"),
        ({"tier": "full"}, "small other huge"),
        ({"tier": "smoke"}, "small"),
        ({"patterns": ["few/*"]}, "small other huge"),
        ({"patterns": ["few/*"], "tier": "core"}, "small other"),
        ({"patterns": ["few/h*"]}, "huge"),
        ({"tier": "mixed"}, "small huge"),
        ({"tier": "mixed", "patterns": ["few/h*"]}, "huge"),
    ],
)
def test_words_and_what_they_choose(cases, words, chosen):
    assert [case.id for case in choose(cases, NAMED, **words)] == [f"few/{name}" for name in chosen.split()]


def test_a_tier_that_is_not_there(cases):
    with pytest.raises(FileError, match=r"--tier tiny: these cases have the tiers core, full, smoke, mixed$"):
        choose(cases, NAMED, tier="tiny")
    with pytest.raises(FileError, match=r"--tier smoke: these cases have the tiers core, full$"):
        choose(cases, {}, tier="smoke")


@pytest.mark.parametrize(
    ("pattern", "families"),
    [
        ("grid/*", "grid"),
        ("grid/a", "grid"),
        ("g*", "grid groups"),
        ("*", "grid groups rank"),
        ("*/a", "grid groups rank"),
        ("gr?d/a", "grid groups"),
        ("grid", ""),
        ("gridlock/*", ""),
        ("rank/s[1,*", "rank"),
    ],
)
def test_the_families_that_a_pattern_may_mean(pattern, families):
    assert [name for name in ("grid", "groups", "rank") if may_mean(pattern, name)] == families.split()
