"""The corpus itself: there is enough of it, it covers what it says, and its cases are able to fail."""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from typing import get_args

import msgspec
import numpy as np
import pytest

from conformance import folder, oracle
from conformance.case import Memory
from conformance.corpus import load
from conformance.corpus.choose import corpus
from conformance.corpus.conventions import CONVENTIONS
from conformance.corpus.statistics import covered
from conformance.oracle.operands import make_operands, picked

CASES = corpus()
FAMILIES = {name: [case for case in CASES if case.family == name] for name in dict.fromkeys(c.family for c in CASES)}
VALID = [case for case in CASES if case.expect == "answer"]

#: The least number of cases of each family; `models-*`, `reports*` and `claims` have tests of their own.
LEAST = {
    "bias": 15,
    "constants": 10,
    "dilation": 25,
    "disputes": 12,
    "dtype": 10,
    "empty": 12,
    "foretold": 20,
    "gradient": 18,
    "groups": 25,
    "invalid": 90,
    "invalid-rank": 30,
    "layout": 35,
    "memory": 50,
    "numbers": 7,
    "output_padding": 30,
    "padding": 40,
    "rank": 30,
    "same": 110,
    "special": 13,
    "stride": 35,
    "tails": 40,
}


#: The families of questions without an answer.
INVALID = ("invalid", "invalid-rank")


def test_there_is_enough():
    assert len(CASES) >= 300
    assert len({case.id for case in CASES}) == len(CASES)
    counts = Counter(case.family for case in CASES)
    assert {family: least for family, least in LEAST.items() if counts[family] < least} == {}


def test_it_loads_at_once():
    def seconds():
        begin = time.process_time()
        corpus()
        return time.process_time() - begin

    assert min(seconds() for _ in range(3)) < 0.5


def test_its_digest_does_not_depend_on_where_it_lies(tmp_path, monkeypatch):
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for file in [*folder("cases").glob("*.yaml"), *folder("cases").glob("*.lock.json")]:
        (copy / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert load.digest(corpus(["elsewhere"], tier="core")) == load.digest(CASES)
    assert load.digest(reversed(CASES)) == load.digest(CASES)
    assert load.digest(CASES[1:]) != load.digest(CASES)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_file_and_every_case_says_why(family):
    text = (folder("cases") / f"{family}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert [case.id for case in FAMILIES[family] if not case.why] == []
    if family in LEAST:
        head = text[: text.index("why:")]
        assert "Catches: " in head
        assert any(line.startswith("#     ") and set(line) & set("=≤<>") for line in head.splitlines())


#: Cases whose point is a number that blinds other cases: one image, one channel, C = M, equal input lengths.
DEGENERATE = {
    "batch": {"stride/batch-1", *(case.id for case in FAMILIES["foretold"] if "/empty-batch" in case.id)},
    "channels": {
        "bias/one-channel",
        "constants/square",
        "dilation/depthwise",
        "gradient/one-filter",
        "groups/depthwise-4",
        "output_padding/depthwise",
        *(case.id for case in FAMILIES["memory"] if case.id.startswith("memory/one-channel-")),
        *(
            case.id
            for case in FAMILIES["foretold"]
            if case.id.startswith(("foretold/one-channel-", "foretold/depthwise"))
        ),
    },
    "input": {"stride/single-position", "foretold/one-position"},
}


@pytest.mark.parametrize("family", [family for family in LEAST if family not in ("empty", "layout", "tails", *INVALID)])
def test_cases_are_able_to_fail(family):
    """N ≥ 2; C ≠ M and both more than 1; input lengths unequal. Exceptions are named."""
    wrong = {
        "batch": {case.id for case in FAMILIES[family] if case.batch < 2},
        "channels": {
            case.id
            for case in FAMILIES[family]
            if case.in_channels == case.out_channels or min(case.in_channels, case.out_channels) < 2
        },
        "input": {case.id for case in FAMILIES[family] if len(set(case.input)) < case.rank},
    }
    assert {key: ids - DEGENERATE[key] for key, ids in wrong.items() if ids - DEGENERATE[key]} == {}


@pytest.mark.parametrize("word", ["kernel", "stride", "dilation", "padding", "output_padding"])
def test_words_differ_per_axis_where_they_are_the_point(word):
    family = {"kernel": "stride"}.get(word, word)
    said = [getattr(case, word) for case in FAMILIES[family] if case.rank > 1]
    assert sum(len(set(values)) > 1 for values in said) >= len(said) / 2


#: Cases that are blind to an exchange on purpose: nothing to spread.
BLIND = {
    ("dilation/one-tap-[4,1]", "dilation"),
    ("dilation/one-tap-[3,5]", "dilation"),
    ("stride/single-position", "stride"),
}


@pytest.mark.parametrize("word", ["stride", "dilation", "padding", "output_padding"])
def test_a_word_with_its_axes_exchanged_has_another_answer(word):
    asked = [case for case in VALID if case.family in LEAST and case.rank == 2 and 0 not in case.y_shape]
    asked = [case for case in asked if len(set(getattr(case, word))) > 1]
    blind = set()
    for case in asked:
        other = msgspec.structs.replace(case, **{word: getattr(case, word)[::-1]})
        if other.output != case.output:
            continue
        arrays = make_operands(case, "forward", "float32", "exact").arrays
        if (oracle.answer(case, "forward", arrays) == oracle.answer(other, "forward", arrays)).all():
            blind.add((case.id, word))
    assert len(asked) >= 20
    assert blind <= BLIND


def test_output_padding_covers_every_relation():
    relations = Counter()
    for case in FAMILIES["output_padding"]:
        columns = zip(case.output_padding, case.padding, case.stride, case.dilation, strict=True)
        for op, (_, hi), stride, dilation in columns:
            if op:
                relations["below" if op < hi else "equal" if op == hi else "beyond"] += 1
                relations["at least s, below e"] += stride <= op < dilation
                relations["at least both"] += op >= max(stride, dilation)
    assert all(relations[word] >= 4 for word in ("below", "equal", "beyond")), relations
    assert all(relations[word] >= 2 for word in ("at least s, below e", "at least both")), relations


def test_beyond_every_frameworks_limit_is_named_in_the_id():
    for case in FAMILIES["output_padding"]:
        beyond = any(
            op >= stride for op, stride in zip(case.output_padding, case.stride, strict=True) if op
        ) and not case.id.startswith("output_padding/dilation-")
        assert beyond == case.id.startswith("output_padding/at-least-stride-"), case.id


def test_padding_covers_every_relation():
    said = Counter()
    for case in FAMILIES["padding"]:
        for (lo, hi), stride, extent in zip(case.padding, case.stride, case.extent, strict=True):
            said["begin more"] += lo > hi >= 0
            said["end more"] += hi > lo >= 0
            said["negative"] += min(lo, hi) < 0
            said["beyond the kernel"] += max(lo, hi) >= extent
            said["out of phase"] += stride > 1 and lo % stride != 0
    assert all(count >= 5 for count in said.values()), said


def test_groups_differ_from_channels_per_group():
    sizes = {
        (case.groups, case.in_channels // case.groups, case.out_channels // case.groups) for case in FAMILIES["groups"]
    }
    assert {groups for groups, _, _ in sizes} >= {2, 3, 4}
    assert sum(len(set(size)) == 3 and min(size) >= 2 for size in sizes) >= 8
    assert sum(inputs == 1 and filters > 1 for _, inputs, filters in sizes) >= 3


def test_conventions_are_asked_for_odd_totals_and_short_kernels():
    for name in CONVENTIONS:
        asked = [case for case in FAMILIES["same"] if case.convention == name]
        assert len(asked) >= (2 if name.startswith(("keras", "onnx")) else 5)
        uneven = sum(lo != hi for case in asked for lo, hi in case.padding)
        short = sum(k < s for case in asked for k, s in zip(case.extent, case.stride, strict=True))
        assert uneven >= (2 if name.startswith("keras") else 4) or not name.endswith("_same")
        assert short >= 1 or name == "torch_output_size"


def test_tensorflow_same_has_every_legal_size():
    asked = [case for case in FAMILIES["same"] if case.id.startswith("same/tf-same-k[3,4]-s[2,3]")]
    assert {case.output_size for case in asked} == {(h, w) for h in (5, 6) for w in (10, 11, 12)}


def test_what_is_invalid_is_refused_and_nothing_else_in_the_families():
    assert {case.expect for family in INVALID for case in FAMILIES[family]} == {"refuse"}
    assert {case.expect for family in LEAST if family not in INVALID for case in FAMILIES[family]} == {"answer"}
    problems = [case.problem() for family in INVALID for case in FAMILIES[family]]
    words = ("stride", "dilation", "kernel", "output_padding", "groups", "in_channels", "out_channels", "output length")
    operands = [f"{name} {what}" for name in "xwb" for what in ("has shape", "is of dtype")]
    for word in (*words, *operands):
        assert any(problem and problem.startswith(word) for problem in problems), word


def test_empty_answers_are_empty():
    for case in FAMILIES["empty"]:
        if case.in_channels == 0:  # the sum is empty, not the answer
            continue
        assert 0 in case.y_shape
        arrays = make_operands(case, "forward", "float32", "exact").arrays
        assert oracle.answer(case, "forward", arrays).shape == case.y_shape


def test_small_families_stay_small():
    cases = [case for family in LEAST for case in FAMILIES[family] if case.expect == "answer"]
    assert max(case.size for case in cases) < 100_000
    assert max(case.size for case in load.load_family(folder("cases") / "tails.yaml")) < 1_000_000


def test_tails_end_around_every_vector():
    tails = load.load_family(folder("cases") / "tails.yaml")
    for word in ("in_channels", "out_channels"):
        said = {getattr(case, word) for case in tails}
        assert said >= {n + more for n in (8, 16, 32, 64) for more in (-1, 0, 1)} | {1, 2}
    assert {case.batch for case in tails} >= {1, 2, 5}
    assert max(case.kernel[0] for case in tails if case.rank == 1) == 1024
    assert sum(case.tier == "core" for case in tails) <= 60


def test_what_is_beyond_31_bits_is_held_against_chosen_elements():
    small, columns, answer, operands = load.load_family(folder("cases") / "beyond.yaml")
    assert 4 * small.out_channels * math.prod(small.kernel) * math.prod(small.input) > 2**31
    assert columns.out_channels * math.prod(columns.kernel) * math.prod(columns.input) == 2**31
    assert math.prod(answer.y_shape) > 2**31
    assert math.prod(operands.input) > 2**28
    assert [case.id.partition("/")[2] for case in (small, columns, answer, operands) if case.tier == "core"] == [
        "column-bytes"
    ]
    for case in (columns, answer, operands):
        assert "iB" in case.why
        chosen = picked(case, "forward")
        assert (chosen[0], chosen[-1]) == (0, math.prod(case.y_shape) - 1)


def test_disputes_differ_in_every_answer():
    for case in FAMILIES["disputes"]:
        arrays = make_operands(case, "forward", "float32", "exact").arrays
        answers = [oracle.answer(one, "forward", arrays) for one in case.answers]
        assert not any(np.array_equal(one, other) for one, other in itertools.combinations(answers, 2)), case.id


def test_memory_has_every_word_for_every_operand_that_can_be_stored_so():
    said = {(name, word) for case in FAMILIES["memory"] for name, word in case.memory.items()}
    words = set(get_args(Memory)) - {"contiguous"}
    assert said >= {(name, word) for name in "xwg" for word in words}
    assert said >= {("b", word) for word in words - {"transposed", "channels_last"}}


def test_tiers_are_what_they_promise():
    tiers = load.load_tiers(folder("cases") / "tiers.yaml", CASES)
    assert set(tiers) == {"smoke", "traced", "compiled"}
    by_id = {case.id: case for case in CASES}
    smoke, compiled = ([by_id[name] for name in tiers[name]] for name in ("smoke", "compiled"))
    families = {case.family for case in CASES if case.tier == "core"}
    assert {case.family for case in smoke} == families - {"beyond"}  # its case takes half a second, and up to 2 GiB
    assert 30 <= len(smoke) <= 70
    assert 15 <= len(compiled) <= 30
    assert 80 <= len(tiers["traced"]) <= 120
    assert sum(case.size for case in smoke) < 2 * 10**6
    assert all(case.size < 20_000 for case in compiled)
    assert sum(case.expect == "refuse" for case in compiled) == 1  # dtypes that disagree
    assert any(0 in case.y_shape for case in compiled)
    assert any(case.in_channels == 1 and case.checks != ("forward",) for case in compiled)
    assert {case.rank for case in compiled} == {1, 2, 3}


@pytest.mark.parametrize("check", ["grad_input", "grad_weight"])
def test_any_two_circumstances_meet_in_some_gradient(check):
    count, possible, missing = covered(VALID, 2, check)
    assert missing == []
    assert count == possible > 600
