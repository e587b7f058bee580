"""docs/glossary.md has every word that the command's output and options have, and can be looked up in."""

from __future__ import annotations

import re

import pytest
from documents import ROOT

from conformance.case import FILLS
from conformance.corpus.choose import corpus, tiers
from conformance.report.terminal import CELLS
from conformance.run.row import VERDICTS

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^### (.+)$", TEXT, re.MULTILINE)
WORDS = (
    "case family question row route adapter worker check fill verdict state finding cause ledger rule tier tap stamp "
    "extent new changed stale known core full"
)


def test_it_is_in_alphabetical_order():
    assert sorted(TERMS) == TERMS
    assert len(set(TERMS)) == len(TERMS)


#: A column is explained as its singular.
COLUMNS = {"row" if name == "rows" else name for name in CELLS}


@pytest.mark.parametrize("word", sorted({*WORDS.split(), "full length", *COLUMNS, *VERDICTS, *FILLS, *tiers(corpus())}))
def test_every_word_of_the_output_is_explained(word):
    assert word in TERMS


@pytest.mark.parametrize("term", TERMS)
def test_every_term_has_a_meaning(term):
    meaning = TEXT.partition(f"\n### {term}\n")[2].partition("\n### ")[0]
    assert len(meaning.split()) >= 4
