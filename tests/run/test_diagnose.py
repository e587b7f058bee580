"""What goes wrong and when, of implementations with known faults: one sentence each, with its condition."""

from __future__ import annotations

import pytest
from lying import ROUTE, both, fault, questions, refuses, rows, truth

from conformance.case import Case
from conformance.corpus.choose import corpus
from conformance.mutants.shown import FAULTS, shows
from conformance.run import blame
from conformance.run.blame import gist
from conformance.run.diagnose import diagnose, stored
from conformance.run.row import Row

CORE = [case for case in corpus() if case.expect == "answer" and case.size < 3000 and not case.dispute]
CASES = [case for case in CORE if case.family in ("groups", "stride", "dilation", "bias", "output_padding", "cover")]
BY_ID = {case.id: case for case in CORE}


def told(wrong, asked=None):
    asked = questions(CASES) if asked is None else asked
    cases = {one.case.id: one.case for one in asked}
    return [stored(each, cases) for each in diagnose(rows(wrong, asked), cases)]


def groups_at_stride_3(case: Case) -> bool:
    return case.groups > 1 and 3 in case.stride


def test_one_fault_is_one_finding_with_its_condition():
    (found,) = told(fault("kernel-flipped", groups_at_stride_3))
    assert (found.fault, found.when) == ("kernel-flipped", "groups > 1 and stride = 3 on some axis")
    assert found.condition == {"groups": {"above": 1}, "some_axis": {"stride": 3}}
    could = [
        case
        for case in CASES
        if groups_at_stride_3(case) and shows("kernel-flipped", case, "forward", "float32", "exact")
    ]
    assert {key.case for key in found.rows} == {case.id for case in could}


def test_a_fault_everywhere_has_no_condition_but_that_there_is_an_answer():
    (found,) = told(fault("kernel-flipped"))
    assert (found.fault, found.when) == ("kernel-flipped", "has an answer")


def test_rows_on_which_a_fault_cannot_show_say_nothing_against_it():
    """A stride of 3 taken for 2 is right wherever no stride is 3: that is no condition to be found."""
    (found,) = told(fault("stride-3-as-2"))
    assert found.fault == "stride-3-as-2"
    assert found.when == "has an answer"


def test_two_faults_are_two_findings_each_with_its_condition():
    wrong = both(("kernel-flipped", groups_at_stride_3), ("bias-dropped", lambda case: case.batch > 1))
    found = {each.fault: each.when for each in told(wrong)}
    assert found == {"kernel-flipped": "groups > 1 and stride = 3 on some axis", "bias-dropped": "batch > 1"}


def test_an_answer_that_is_right_has_no_finding():
    assert told(truth) == []


def test_refusals_are_told_by_what_their_messages_share():
    wrong = refuses(
        "dilation must be 1, got {case.dilation} at mylib/src/conv.cc:81", lambda case: max(case.dilation) > 1
    )
    (found,) = told(wrong)
    assert found.when == "dilation > 1 on some axis"
    assert "dilation must be" in found.says
    assert found.verdict == "refuse"


def test_what_a_first_refusal_hides_is_no_evidence_against_the_second():
    """Of a case that two checks would refuse, the first one speaks; the other's condition holds there all the same."""
    second = refuses("no groups", lambda case: case.groups > 1)
    wrong = refuses("no dilation", lambda case: max(case.dilation) > 1, otherwise=second)
    found = {each.says.partition(": ")[2]: each.when for each in told(wrong)}
    assert found == {"no dilation": "dilation > 1 on some axis", "no groups": "groups > 1"}
    assert next(each.when for each in told(wrong)) == "dilation > 1 on some axis"  # it happens first


def test_questions_that_should_be_refused_are_told_by_what_is_not_checked():
    invalid = [case for case in corpus() if case.expect == "refuse" and case.operand_dtypes and not case.options]
    answered = [
        Row(
            case=case.id,
            route=ROUTE,
            device="cpu",
            dtype="float32",
            check="forward",
            fill="exact",
            outcome="returned",
            verdict="accept",
            state="new",
            cause=f"answered with shape [{number}]",
        )
        for number, case in enumerate(invalid)
        if case.invalid == "dtype of b"
    ]
    (found,) = diagnose(answered, {case.id: case for case in invalid})
    assert stored(found, BY_ID).says == "dtype of b is not checked"
    assert len(found.rows) == len(answered) > 1


def test_rounded_answers_go_to_the_fault_that_exact_ones_name():
    exact = questions(CASES)
    real = [one._replace(fill="real") for one in exact]
    (found,) = told(fault("kernel-flipped", groups_at_stride_3), [*exact, *real])
    assert found.fault == "kernel-flipped"
    assert {key.fill for key in found.rows} == {"exact", "real"}


def test_gradients_are_told_by_their_check():
    asked = questions([case for case in CORE if "grad_bias" in case.checks], ("forward", "grad_input", "grad_bias"))
    name = next(name for name, mutant in FAULTS.items() if mutant.checks == ("grad_bias",))
    (found,) = told(fault(name), asked)
    assert found.fault == name
    assert {key.check for key in found.rows} == {"grad_bias"}


def test_an_unknown_fault_is_one_finding():
    """Every second column a little too large: no mutant does that, and the condition is told all the same."""

    def wrong(case, check, arrays):
        answer = truth(case, check, arrays)
        if case.groups > 1:
            answer[..., ::2] += 1
        return answer

    (found,) = told(wrong)
    assert found.fault is None
    assert found.when == "groups > 1"


def test_the_fewest_faults_are_chosen():
    bits = {"kernel-flipped": 0b0111, "stride-ignored": 0b1000, "bias-dropped": 0b0011, "groups-shuffled": 0b0100}
    assert set(blame._fewest(bits, 0b1111)) == {"kernel-flipped", "stride-ignored"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("kernel (3, 2) is too large for 7 at /a/b/c.cc:91", "kernel (1, 2, 3) is too large for 12 at /x/y.cc:1", True),
        ("dilation 2 is not supported", "stride 2 is not supported", False),
        ("shape [2, 6] at 0x7ffe12", "shape [1] at 0xaa", True),
    ],
)
def test_messages_without_what_changes(one, other, same):
    assert (gist(one) == gist(other)) is same
