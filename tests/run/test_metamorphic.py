"""Relations: they hold for what is right, each catches something that is wrong, and no oracle is asked for them."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest
from commands import CLEAN, FINDINGS, INCOMPLETE, LIARS, ROOT, USAGE, Said, honest

from conformance import folder, oracle
from conformance.case import CHECKS, Case
from conformance.corpus.load import load_family
from conformance.mutants import MUTANTS
from conformance.oracle import relations
from conformance.oracle.operands import SIGNIFICAND
from conformance.oracle.relations import RELATIONS
from conformance.run import metamorphic, run_file
from conformance.run.questions import Narrow
from conformance.run.session import Session
from conformance.run.worker import Program, environment

BY_NAME = {relation.name: relation for relation in RELATIONS}


def case(**more) -> Case:
    numbers = {
        "input": (4, 3),
        "kernel": (3, 2),
        "in_channels": 4,
        "out_channels": 6,
        "batch": 3,
        "groups": 2,
        "stride": (2, 1),
        "dilation": (1, 2),
        "padding": ((1, 0), (0, 1)),
        "output_padding": (1, 0),
        "bias": True,
        "fills": ("exact",),
        "checks": CHECKS,
    }
    return Case(id="few/case", **(numbers | more))


CASES = {
    "everything": case(),
    "plain": case(groups=1, padding=((0, 0),) * 2, output_padding=(0, 0), dilation=(1, 1), bias=False),
    "one axis": case(
        input=(5,), kernel=(3,), stride=(3,), dilation=(2,), padding=((1, 2),), output_padding=(0,), batch=1
    ),
    "three axes": case(
        input=(3, 2, 2),
        kernel=(2, 3, 1),
        stride=(1, 2, 3),
        dilation=(2, 1, 1),
        padding=((0, 1), (1, 1), (0, 0)),
        output_padding=(0, 1, 2),
    ),
    "extended": case(padding=((-1, -2), (3, 0)), groups=1),
    "depthwise": case(groups=4, out_channels=4),
}


def asked(relation: relations.Relation, each: Case, dtype: str):
    """The two sides of a relation between the oracle's answers, and these."""
    related = relations.related(relation, each, dtype)
    answers = [oracle.answer(question, check, question.operands) for check, question in related.questions]
    return related.sides(answers), answers


# What is right


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_relation_holds_for_the_definition_and_its_sums_are_representable(relation, name, dtype):
    each = CASES[name]
    if not relation.applies(each):
        pytest.skip("it says nothing about this case")
    (left, right), answers = asked(relation, each, dtype)
    assert left.shape == right.shape
    assert left.size > 0
    assert relations.unequal(left, right) is None
    assert all(np.abs(answer).max() <= 2 ** SIGNIFICAND[dtype] for answer in answers)


def test_every_relation_applies_to_the_case_with_everything():
    assert all(relation.applies(CASES["everything"]) for relation in RELATIONS)


def test_sums_that_a_dtype_cannot_hold_leave_no_magnitude():
    wide = case(in_channels=512, groups=1)
    assert (
        relations.largest(wide, ("forward",), "bfloat16")
        < relations.LEAST
        <= relations.largest(wide, ("forward",), "float32")
    )


# What is wrong


def wrong(name: str, mutant) -> bool:
    """Whether a mutant breaks a relation by values alone, all its answers of the right shape."""
    related = relations.related(BY_NAME[name], CASES["everything"], "float32")
    answers = []
    for check, question in related.questions:
        answer = mutant.answer(question, check, question.operands)
        answers.append(oracle.answer(question, check, question.operands) if answer is None else answer)
        if answers[-1].shape != question.result_shape(check):
            return False
    return relations.unequal(*related.sides(answers)) is not None


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("stamp", "kernel-flipped"),
        ("crop", "padding-ends-swapped"),
        ("adjoint-weight", "gradient-averaged-over-batch"),
        ("adjoint-bias", "gradient-averaged-over-batch"),
    ],
)
def test_a_relation_catches_the_fault_it_is_made_for(name, mutant):
    (lie,) = [each for each in MUTANTS if each.name == mutant]
    assert wrong(name, lie)


@pytest.mark.parametrize("name", BY_NAME)
def test_some_mutant_of_the_right_shape_breaks_each_relation(name):
    assert any(wrong(name, mutant) for mutant in MUTANTS)


def test_not_a_number_equals_nothing():
    assert relations.unequal(np.array([np.nan]), np.array([np.nan]))["index"] == [0]
    related = relations.related(BY_NAME["adjoint-input"], CASES["everything"], "float32")
    answers = [oracle.answer(question, check, question.operands) for check, question in related.questions]
    answers[2] = answers[2] + 0.5
    assert relations.unequal(*related.sides(answers)) is not None, "halves are no integers"


# Through the pipeline

FAMILY = """\
why: two cases for relations
base: {batch: 2, in_channels: 2, out_channels: 4, input: [4, 3], kernel: [3, 2], stride: [2, 1], dtypes: [float32]}
cases:
  - {id: grouped, groups: 2, padding: [1, 0], bias: true}
  - {id: refused, stride: 0, expect: refuse}
"""


@pytest.fixture
def files(room):
    (room / "few.yaml").write_text(FAMILY, encoding="utf-8")
    return room


def run(liar: str, *words: str) -> tuple[Said, dict[str, run_file.Row]]:
    adapter = str(LIARS / f"{liar}.py") if liar != "numpy" else liar
    said = Said("run", "--metamorphic", "--cases", "few.yaml", "--adapter", adapter, "-o", "run.jsonl", *words)
    return said, {row.check: row for row in run_file.read("run.jsonl").rows}


def test_no_oracle_is_asked_and_all_relations_hold(files, monkeypatch):
    def never(*_):
        raise AssertionError("the oracle was asked")

    monkeypatch.setattr(oracle, "answer", never)
    said, rows = run("numpy", "--route", "numpy/scatter")
    assert said.status == CLEAN, said.out
    assert set(rows) == set(BY_NAME)
    assert {row.verdict for row in rows.values()} == {"pass"}
    assert {row.fill for row in rows.values()} == {"related"}
    assert {row.case for row in rows.values()} == {"few/grouped"}
    assert "relations say nothing about 1 case:" in said.out


@pytest.mark.parametrize(
    ("liar", "broken"),
    [
        ("flipped", {"stamp"}),  # which is why there is such a relation
        ("shifted", {"stamp", "axes"}),
        ("exchanged", {"stamp", "groups"}),
    ],
)
def test_liars_are_caught(liar, broken, files):
    said, rows = run(liar)
    assert said.status == FINDINGS
    assert {name for name, row in rows.items() if row.verdict == "differ"} >= broken
    row = rows["stamp"]
    assert (row.state, row.cause) == ("new", "stamp: an impulse does not leave the kernel behind")
    unequal = row.detail["unequal"]
    assert 0 < unequal["wrong"] <= unequal["of"]
    assert unequal["left"] != unequal["right"]
    line = r"convt run --metamorphic 'few/grouped' --route lies/route .*--dtype float32 --check stamp"
    assert re.search(line, said.out)
    assert rows["adjoint-input"].verdict == "unsupported"


def test_a_broken_relation_is_told_by_show(files):
    run("flipped", "--check", "stamp")
    said = Said("show", "few/grouped", "--run", "run.jsonl")
    assert said.status == FINDINGS, said.err
    assert "  first at [" in said.out
    assert "convt run --metamorphic 'few/grouped'" in said.out


def test_mutants_break_relations_in_the_pipeline(files, tmp_path):
    program = Program(
        "lies", LIARS / "mutant.py", environment=environment(1) | {"CONVT_LIAR_CONFORMANCE": str(ROOT / "conformance")}
    )
    session = Session.open([program], ledger=tmp_path / "none", jobs=1)
    try:
        narrow = Narrow(routes=("lies/kernel-flipped", "lies/padding-ends-swapped"), checks=("stamp", "crop"))
        selection = metamorphic.select([case(groups=1)], session.hellos, narrow)
        rows = {(row.route, row.check): row.verdict for row in session.rows(selection)}
    finally:
        session.close()
    assert rows["lies/kernel-flipped", "stamp"] == "differ"
    assert rows["lies/kernel-flipped", "crop"] == "pass", "a flipped kernel is cropped like any other"
    assert rows["lies/padding-ends-swapped", "stamp"] == "differ"


def test_an_answer_of_another_shape_and_a_crash_are_the_rows_of_the_relation(files):
    (files / "few.yaml").write_text(FAMILY.replace("kernel: [3, 2]", "kernel: [2, 3]"), encoding="utf-8")
    said, rows = run("crash", "--check", "linear-input")
    assert said.status == FINDINGS
    assert (rows["linear-input"].verdict, rows["linear-input"].check) == ("crash", "linear-input")


def test_a_run_of_relations_can_be_resumed(files):
    said, _ = run("numpy", "--route", "numpy/scatter")
    lines = (files / "run.jsonl").read_bytes().splitlines(keepends=True)
    (files / "run.jsonl").write_bytes(b"".join(lines[:5]))
    said = Said("run", "--resume", "run.jsonl")
    assert said.status == CLEAN, said.err
    assert sorted(row.check for row in run_file.read("run.jsonl").rows) == sorted(BY_NAME)


def test_the_ledger_speaks_of_relations_only_where_it_says_so(files):
    entry = (
        "- routes: lies/*\n  cases: few/*\n  verdict: differ\n  cause: an impulse does not leave\n"
        "  kind: bug\n  link: https://example.org\n  why: the kernel is flipped\n"
    )
    (files / "known").mkdir()
    (files / "known" / "lies.yaml").write_text(entry)
    _, rows = run("flipped", "--known", "known", "--check", "stamp")
    assert rows["stamp"].state == "new"
    (files / "known" / "lies.yaml").write_text(entry + "  when: {fill: related}\n")
    (files / "run.jsonl").unlink()
    said, rows = run("flipped", "--known", "known", "--check", "stamp")
    assert rows["stamp"].state == "known"
    assert said.status == INCOMPLETE  # nothing else was asked, and it did not pass
    assert "0 new" in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--check", "forward"], "--check forward: there are linear-input, "),
        (["--fill", "exact"], "--metamorphic makes operands of its own: leave out --fill"),
        (["few/refused"], "nothing to run"),
    ],
)
def test_wrong_words_are_one_sentence(words, said, files):
    found = honest("--metamorphic", *words)
    assert found.status == USAGE
    assert said in found.err
    assert found.err.count("\n") == 1


def test_large_cases_are_for_relations():
    large = load_family(folder("cases") / "large.yaml")
    assert len(large) >= 8
    for each in large:
        assert each.tier == "full"
        assert relations.speaks_of(each)
        sizes = (np.prod(shape) for shape in (each.x_shape, each.w_shape, each.y_shape, each.y_shape, each.x_shape))
        assert 8 * sum(map(float, sizes)) <= 2 * 2**30
        assert all(
            relations.largest(each, relation.checks, "float32") >= relations.LEAST
            for relation in RELATIONS
            if relation.applies(each)
        )


def test_cases_keep_their_convention_where_the_numbers_stay(files):
    each = msgspec.structs.replace(case(), convention="tf_same", output_size=(9, 6))
    turned = relations.related(BY_NAME["axes"], each, "float32").questions[1][1]
    assert (turned.convention, turned.output_size, turned.output) == ("tf_same", (6, 9), case().output[::-1])
    assert relations.related(BY_NAME["crop"], each, "float32").questions[1][1].convention is None
