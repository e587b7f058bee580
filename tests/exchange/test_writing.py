"""Case files that we write: read back they mean the same, and they look like files that people write."""

from __future__ import annotations

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conformance import folder
from conformance.corpus import load
from conformance.corpus.conventions import CONVENTIONS
from conformance.corpus.raw_case import Raw, make
from conformance.corpus.yaml_file import FileError
from conformance.exchange.writing import Family, cropped, entry

#: Conventions that say numbers of their own are written as what they come to.
REWRITTEN = {name for name, word in CONVENTIONS.items() if word.extended or word.padded == "each end"}
#: What an importer can find: it writes no operands, claims, disputes, memory or cases that must be refused.
FOUND = [
    case
    for case in load.load(folder("cases"), full=lambda family: False)
    if case.expect == "answer"
    and case.convention not in REWRITTEN
    and not (case.operands or case.claim or case.options or case.shapes or case.dispute or case.memory)
]
NUMBERS = {"batch": 1, "in_channels": 2, "out_channels": 3, "input": [4, 5], "kernel": [3, 3]}


def numbers(case) -> dict:
    """What a case asks, as an importer would say it."""
    return {key: value for key, value in entry(case).items() if key not in ("id", "why")}


def asked(case) -> bytes:
    """What a case asks, to be compared."""
    return msgspec.json.encode((case.question(), case.dtypes))


def test_the_whole_corpus_survives_being_written(tmp_path):
    family = Family(tmp_path / "found.yaml", "all of it", "the corpus")
    for case in FOUND:
        family.add(case.id, case.id, numbers(case))
    written = family.write()
    assert family.notes == []
    assert {asked(case) for case in written} == {asked(case) for case in FOUND}
    read = load.load_family(tmp_path / "found.yaml")
    assert [(case.id, case.why, asked(case)) for case in read] == [(it.id, it.why, asked(it)) for it in written]
    assert len(written) > 200


def test_a_convention_with_numbers_of_its_own_is_written_as_what_it_comes_to():
    numbers = NUMBERS | {"stride": 2, "convention": "jax_explicit", "padding": [[1, 2], [0, 1]]}
    case = make(msgspec.convert(numbers, Raw), "few/one", "", lambda steps, text: AssertionError(text))
    again = msgspec.convert({key: value for key, value in entry(case).items() if key != "id"}, Raw)
    written = make(again, "few/one", "", lambda steps, text: AssertionError(text))
    assert written.convention is None
    assert (written.padding, written.output_padding) == (case.padding, case.output_padding)
    assert case.padding != ((1, 2), (0, 1))


@given(name=st.text(), place=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_survives(name, place, tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "family.yaml"
    family = Family(path, place, place)
    family.add(name, place, NUMBERS)
    family.notes.append(place)
    family.write()
    (case,) = load.load_family(path)
    assert case.why == place


def test_it_reads_as_if_written_by_hand(tmp_path):
    family = Family(tmp_path / "decoder.yaml", "the decoder", "decoder.onnx")
    family.add("/up/1", "node /up/1", NUMBERS | {"stride": [2, 2], "padding": [[0, 1], [1, 1]], "bias": True})
    family.add("/up/2", "node /up/2", NUMBERS | {"stride": [2, 1], "output_padding": [1, 0], "dtypes": ["float16"]})
    family.add("/up/3", "node /up/3", NUMBERS | {"stride": [2, 1], "output_padding": [1, 0], "dtypes": ["float16"]})
    family.write()
    assert (
        (tmp_path / "decoder.yaml").read_text()
        == """\
# Imported by convt from decoder.onnx
why: the decoder
base: {batch: 1, in_channels: 2, out_channels: 3, input: [4, 5], kernel: [3, 3]}
cases:
  - id: up.1
    why: node /up/1
    stride: 2
    padding: [[0, 1], [1, 1]]
    bias: true
  - id: up.2
    why: node /up/2; node /up/3
    stride: [2, 1]
    output_padding: [1, 0]
    dtypes: [float16]
"""
    )


@pytest.mark.parametrize("word", ["n", "yes", "0.1", "010", "1e3", "null", "~", "0x10", "12:30", "-"])
def test_words_that_other_readers_would_take_for_something_else_are_quoted(word, tmp_path):
    family = Family(tmp_path / "words.yaml", word, word)
    family.add(word, word, NUMBERS)
    family.write()
    assert load.load_family(tmp_path / "words.yaml")[0].why == word
    assert yaml.safe_load((tmp_path / "words.yaml").read_text())["why"] == word


def test_what_is_no_case_is_a_note_and_costs_the_others_nothing(tmp_path):
    family = Family(tmp_path / "some.yaml", "some", "somewhere")
    assert family.add("big", "node big", NUMBERS | {"input": [2**14, 2**15]}) is None
    assert family.add("odd", "node odd", NUMBERS | {"groups": 4}) is None
    assert family.add("new", "node new", NUMBERS | {"colour": "red"}) is None
    assert family.add("good", "node good", NUMBERS) is not None
    family.write()
    assert [note.split(":")[1] for note in family.notes] == [" node big", " node odd", " node new"]
    assert [case.id for case in load.load_family(tmp_path / "some.yaml")] == ["some/good"]


def test_two_places_may_have_one_name(tmp_path):
    family = Family(tmp_path / "twins.yaml", "twins", "somewhere")
    family.add("up", "first", NUMBERS)
    family.add("up", "second", NUMBERS | {"bias": True})
    family.add("up", "third", NUMBERS | {"bias": True})
    assert [(case.id, case.why) for case in family.cases] == [("twins/up", "first"), ("twins/up-2", "second; third")]


def test_no_file_is_written_over(tmp_path):
    (tmp_path / "mine.yaml").write_text("why: mine\n")
    with pytest.raises(FileError, match="exists: name another file"):
        Family(tmp_path / "mine.yaml", "", "")
    family = Family(tmp_path / "ours.yaml", "ours", "somewhere")
    family.add("one", "one", NUMBERS)
    (tmp_path / "ours.yaml").write_text("why: written meanwhile\n")
    with pytest.raises(FileError, match="meanwhile"):
        family.write()
    assert (tmp_path / "ours.yaml").read_text() == "why: written meanwhile\n"


def test_words_that_readers_take_for_something_else_are_quoted(tmp_path):
    family = Family(tmp_path / "words.yaml", "nO", "somewhere")
    family.add("one", "oFf", NUMBERS)
    family.write()
    assert [case.why for case in load.load_family(tmp_path / "words.yaml")] == ["oFf"]


WORDS = [
    {"convention": "onnx_same_upper"},
    {"convention": "onnx_valid", "output_padding": [1, 0]},
    {"convention": "onnx_output_shape", "output_size": [8, 9]},
    {"convention": "keras_valid_output_padding", "output_padding": [0, 1]},
    {"convention": "torch_output_size", "output_size": [8, 10], "padding": 1},
    {"convention": "tensorflow_explicit", "output_size": [8, 9], "padding": [[1, 0], [0, 2]]},
]


@pytest.mark.parametrize("said", WORDS, ids=lambda said: said["convention"])
def test_a_convention_is_written_as_its_word(said, tmp_path):
    family = Family(tmp_path / "words.yaml", "words", "somewhere")
    written = family.add("one", "one", NUMBERS | {"input": [4, 5], "kernel": 3, "stride": 2} | said)
    assert written is not None, family.notes
    family.write()
    (read,) = load.load_family(tmp_path / "words.yaml")
    assert read.convention == said["convention"]
    assert (read.padding, read.output_padding, read.output_size) == (
        written.padding,
        written.output_padding,
        written.output_size,
    )


def test_a_convention_whose_own_numbers_are_gone_is_written_as_numbers(tmp_path):
    family = Family(tmp_path / "words.yaml", "words", "somewhere")
    more = {"kernel": 3, "stride": 2, "convention": "jax_explicit", "padding": [[2, 0], [1, 1]]}
    written = family.add("one", "one", NUMBERS | more)
    family.write()
    (read,) = load.load_family(tmp_path / "words.yaml")
    assert read.convention is None
    assert (read.padding, read.output_padding) == (written.padding, written.output_padding)


@pytest.mark.parametrize(("name", "says"), [("a.txt", "ends in .yaml"), ("my family.yaml", "a family's name")])
def test_names_that_no_family_may_have(name, says, tmp_path):
    with pytest.raises(FileError, match=says):
        Family(tmp_path / name, "", "")


def test_nothing_is_not_written(tmp_path):
    with pytest.raises(FileError, match="nothing to write: no transposed convolution was found"):
        Family(tmp_path / "none.yaml", "none", "nowhere").write()
    assert not (tmp_path / "none.yaml").exists()


@pytest.mark.parametrize("crop", [(0, 0), (2, 1), (0, 3), (1, -2), (-1, -1), (-2, 3)])
def test_crops_as_padding_and_output_padding(crop):
    said = cropped([crop])
    ((lo, hi),), (extra,) = said["padding"], said["output_padding"]
    assert (lo, hi - extra) == crop
    assert extra >= 0
    assert msgspec.json.encode(said)
