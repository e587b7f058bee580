"""Which rows are one finding, what it is called, and which of its rows comes first."""

from __future__ import annotations

import pytest
from runs import LEDGER, case, new, report, row

from conformance.report import findings
from conformance.run.row import Diagnosed, Example

ROUNDED = "beyond what rounding can do under the declared arithmetic"


def found(rows, *cases):
    """(state, number of rows, sentence) of each finding."""
    return [(each.state, len(each.rows), each.sentence) for each in report(rows, cases).findings]


def real(name="stride/one", state="new", **more):
    return row(name, "differ", state, cause=ROUNDED, **({"fill": "real"} | more))


def test_the_worst_state_comes_first_then_named_faults_then_the_frequent():
    rows = [
        row("a/1", "unrun", detail={"reason": "the worker died"}),
        row("a/2", "differ", "known", cause="values differ, as no known fault would"),
        row("a/3", "differ", "changed", cause="shape [1] instead of [2]", detail={"ledger": LEDGER}),
        row("a/4", "crash", "new", cause="killed by SIGSEGV"),
        row("a/5", "refuse", "new", cause="no"),
        row("a/6", "refuse", "new", cause="no"),
        new("a/7"),
    ]
    assert found(rows) == [
        ("new", 1, "lies differs: as if the kernel were flipped"),
        ("new", 2, "lies refuses: no"),
        ("new", 1, "lies crashes: killed by SIGSEGV"),
        ("changed", 1, "lies differs: shape [1] instead of [2]; known/lies.yaml:7 says otherwise"),
        ("unrun", 1, "lies was not asked: the worker died"),
        ("known", 1, "lies differs: values differ, as no known fault would"),
    ]


def test_what_is_right_or_unsupported_is_no_finding():
    ran = report([row(), row("a/b", "unsupported"), new("a/c")])
    assert [ran.of(each) is None for each in ran.run.rows] == [True, True, False]


def test_an_answer_that_only_rounding_disguises_has_the_fault_of_its_exact_sibling():
    rows = [new(), real(), real(dtype="float64"), row("stride/one", "differ", "new", cause="specials", fill="special")]
    assert found(rows) == [("new", 4, "lies differs: as if the kernel were flipped")]


def test_the_sibling_of_the_same_dtype_counts_first():
    rows = [new(), new(cause="as if rows were shifted", dtype="float64"), real(dtype="float64"), real(dtype="float16")]
    assert [(count, said) for _, count, said in found(rows)] == [
        (2, "lies differs: as if the kernel were flipped"),
        (2, "lies differs: as if rows were shifted"),
    ]


@pytest.mark.parametrize("other", [{"route": "lies/other"}, {"check": "grad_input"}, {"device": "cuda"}])
def test_another_question_is_no_sibling(other):
    assert len(found([new(), real(**other)])) == 2


def test_exact_operands_that_name_no_fault_have_another_cause():
    other = row("stride/one", "differ", "new", cause="values differ, as no known fault would", fill="given")
    assert [count for _, count, _ in found([new(), other])] == [1, 1]


def test_another_state_keeps_the_fault():
    """Where the ledger knows the exact row and not the real one, the new one is still told by its fault."""
    known = row(verdict="differ", state="known", cause="flipped", detail={"causes": ["flipped"], "ledger": LEDGER})
    assert found([known, real()]) == [("new", 1, "lies differs: flipped"), ("known", 1, "lies differs: flipped")]


@pytest.mark.parametrize(
    ("verdict", "one", "other", "count"),
    [
        ("refuse", "ValueError: 3 is odd", "ValueError: 15 is odd", 1),
        ("refuse", "expected [2, 3] got (4, 5)", "expected [2, 3, 4] got (4, 5, 6)", 1),
        ("refuse", "conv_transpose2d: no", "conv_transpose3d: no", 1),
        ("refuse", "ValueError: odd", "TypeError: odd", 2),
        ("differ", "shape [1, 2] instead of [1, 3]", "shape [1, 2, 3] instead of [1, 3, 3]", 1),
        ("differ", "answered in float64 instead of float32", "answered in float32 instead of float64", 2),
        ("hang", "no answer within 8 s", "no answer within 20 s", 1),
    ],
)
def test_numbers_of_the_case_make_no_other_finding(verdict, one, other, count):
    rows = [row(f"a/{number}", verdict, "new", cause=cause) for number, cause in enumerate((one, other))]
    assert len(found(rows)) == count


def test_one_element_or_several_are_one_finding():
    one = {"mismatch": "specials", "specials_extra": 1, "specials_missing": 0}
    rows = [
        row("a/1", "differ", "new", cause="1 element is NaN", fill="special", detail=one),
        row("a/2", "differ", "new", cause="4 elements are NaN", fill="special", detail=one | {"specials_extra": 4}),
        row("a/3", "differ", "new", cause="1 is not", fill="special", detail=one | {"specials_missing": 1}),
    ]
    assert [count for _, count, _ in found(rows)] == [2, 1]


def test_named_faults_differ_by_their_numbers():
    assert len(found([new("a/1", "read as 1, 0"), new("a/2", "read as 0, 1")])) == 2


def test_what_is_accepted_goes_by_the_check_that_is_missing():
    invalid = {"expect": "refuse", "bias": True}
    cases = (
        case("invalid/column", shapes={"b": (1, 1)}, **invalid),
        case("invalid/long", shapes={"b": (5,)}, **invalid),
        case("invalid/stride", stride=(0, 1), **invalid),
        case("invalid/same", convention="tensorflow_same", expect="refuse"),
        case("invalid/mode", options={"padding_mode": "reflect"}, expect="refuse"),
    )
    rows = [row(each.id, "accept", "new", cause=f"answered with shape {n}: …") for n, each in enumerate(cases)]
    assert found(rows, *cases) == [
        ("new", 2, "lies does not refuse: shape of b is not checked"),
        ("new", 1, "lies does not refuse: stride is not checked"),
        ("new", 1, "lies does not refuse: the size under tensorflow_same is not checked"),
        ("new", 1, "lies does not refuse: padding_mode is not checked"),
    ]


def test_what_is_stale_goes_by_its_entry():
    entries = [LEDGER, LEDGER, LEDGER | {"where": "/home/somebody/known/lies.yaml:30"}]
    rows = [row(f"a/{number}", state="stale", detail={"ledger": entry}) for number, entry in enumerate(entries)]
    assert found(rows) == [
        ("stale", 2, "lies is right: known/lies.yaml:7 says that it diverges"),
        ("stale", 1, "lies is right: known/lies.yaml:30 says that it diverges"),
    ]


def test_what_is_known_goes_by_its_entry_and_has_its_condition():
    rule = LEDGER | {"when": "groups > 1", "fault": "kernel-flipped"}
    other = LEDGER | {"where": "known/lies.yaml:30", "when": "always"}
    rows = [
        row("a/1", "differ", "known", cause="as if the first tap were 0", detail={"ledger": rule}),
        row("a/2", "differ", "known", cause=ROUNDED, fill="real", detail={"ledger": rule}),
        row("a/3", "refuse", "known", cause="no 3", detail={"ledger": other}),
        row("a/4", "refuse", "known", cause="nothing like 3", detail={"ledger": other}),
    ]
    assert found(rows, case("a/1"), case("a/2")) == [
        ("known", 2, "lies differs: as if the kernel were flipped, where groups > 1"),
        ("known", 2, "lies refuses: no 3"),
    ]


def diagnosed(rows, says, **more):
    words = {"framework": "lies", "verdict": rows[0].verdict, "routes": ["lies/route@cpu"]}
    return Diagnosed(**words, says=says, rows=[each.key for each in rows], **more)


def test_rows_go_by_their_diagnosis_with_its_condition():
    """One fault explains what was called by three names, and a row of another device stays alone."""
    rows = [new("a/1"), new("a/2", "as if the first tap were 0"), real("a/3"), new("a/4", route="lies/other")]
    shown = Example(case="spelled/one", says="1-D, stride 3", check="forward", dtype="float32", fill="exact")
    told = diagnosed(
        rows[:3],
        "as if the kernel were flipped",
        fault="kernel-flipped",
        when="stride = 3",
        confirmed=40,
        smallest=shown,
        change="stride 2 instead of 3",
    )
    one, other = report(rows, diagnoses=[told]).findings
    assert one.sentence == "lies differs: as if the kernel were flipped, where stride = 3"
    assert one.evidence == [
        "3 rows on lies/route@cpu; 3 cases, the smallest of them a/1",
        "in all 3 rows that could show it and in 40 further questions, in no other",
        "smallest that is wrong: 1-D, stride 3 (forward, float32)",
        "nearest that is right: stride 2 instead of 3",
    ]
    assert (other.sentence, other.when) == ("lies differs: as if the kernel were flipped", None)
    assert other.evidence == ["1 row on lies/other@cpu: a/4"]


@pytest.mark.parametrize("when", [None, "always", "has an answer"])
def test_a_condition_that_tells_nothing_is_not_told(when):
    rows = [row("a/1", "refuse", "new", cause="no"), row("a/2", "refuse", "changed", cause="no")]
    found = report(rows, diagnoses=[diagnosed(rows, "no", when=when)]).findings
    assert [each.sentence.partition(";")[0] for each in found] == ["lies refuses: no"] * 2
    assert [each.state for each in found] == ["new", "changed"]


def test_a_row_that_is_known_by_now_is_told_by_the_ledger():
    known = row(verdict="differ", state="known", cause="as if rows were shifted")
    (finding,) = report([known], diagnoses=[diagnosed([known], "something else")]).findings
    assert finding.sentence == "lies differs: as if rows were shifted"


def test_a_finding_has_each_of_its_entries_once():
    entries = [LEDGER, LEDGER, LEDGER | {"where": "known/lies.yaml:30"}]
    rows = [row(f"a/{n}", "crash", "changed", detail={"ledger": entry}) for n, entry in enumerate(entries)]
    (finding,) = report(rows).findings
    assert finding.entries == [LEDGER, LEDGER | {"where": "known/lies.yaml:30"}]


def first(*named_sizes):
    cases = [case(name, size) for name, size in named_sizes]
    (finding,) = report([new(each.id) for each in cases], tuple(cases)).findings
    return [each.case for each in finding.rows]


def test_the_smallest_case_comes_first():
    assert first(("stride/big", 9), ("stride/small", 2), ("pad/middle", 5)) == [
        "stride/small",
        "pad/middle",
        "stride/big",
    ]


@pytest.mark.parametrize("family", ["cover", "grid", "random", "fuzz"])
def test_a_case_with_a_name_comes_before_a_generated_one(family):
    assert first((f"{family}/x", 2), ("stride/one", 9), ("stride/two", 5)) == [
        "stride/two",
        "stride/one",
        f"{family}/x",
    ]


def test_of_one_case_the_row_that_names_the_fault_comes_first():
    (finding,) = report([real(dtype="bfloat16"), new()]).findings
    assert [each.fill for each in finding.rows] == ["exact", "real"]


def test_nothing_that_a_framework_says_moves_the_cursor():
    rows = [new(cause="\x1b[2J\x9b1mred\udcff"), row("a/b", "refuse", "new", cause="\x1b[2J\x9b1m\nred\udcff")]
    assert all(said.isprintable() for _, _, said in found(rows))


def test_reasons_for_what_is_unsupported_are_counted_over_routes():
    rows = [
        row("a/1", "unsupported", detail={"reason": "lies/route does not offer int8"}),
        row("a/2", "unsupported", route="lies/other", detail={"reason": "lies/other does not offer int8"}),
        row("a/3", "unsupported", detail={"reason": "it needs 123456 numbers"}),
        row("a/4", "unsupported", detail={"reason": "it needs 7890123 numbers"}),
        row("a/5", "unsupported", detail={"reason": "it needs 7890 numbers"}),
        row("a/6", "unsupported"),
        row("a/7"),
    ]
    assert [(each.count, each.reason, each.routes) for each in findings.unsupported(rows)] == [
        (3, "it needs … numbers", ["lies/route@cpu"]),
        (2, "does not offer int8", ["lies/other@cpu", "lies/route@cpu"]),
        (1, "no reason given", ["lies/route@cpu"]),
    ]


def test_what_is_new_on_a_machine_of_another_kind_says_so():
    away = {"causes": ["as if the kernel were flipped"], "unseen": "arm64 darwin"}
    assert found([new("a/1", detail=away), new("a/2", detail=away)]) == [
        (
            "new",
            2,
            "lies differs: as if the kernel were flipped; not seen on this kind of machine before (arm64 darwin)",
        )
    ]
