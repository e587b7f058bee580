"""Deliberately wrong or broken adapters, each with the verdict that it must get, on exactly its own question."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import LIARS

from conformance.case import Case
from conformance.run.answers import Answers
from conformance.run.questions import Narrow, select
from conformance.run.row import Row
from conformance.run.session import Session
from conformance.run.worker import Program, environment


def case(name: str, kernel: tuple[int, int], **more) -> Case:
    numbers = {
        "input": (4, 5),
        "in_channels": 2,
        "out_channels": 3,
        "batch": 2,
        "groups": 1,
        "stride": (2, 1),
        "dilation": (1, 2),
        "padding": ((1, 0), (0, 1)),
        "output_padding": (0, 0),
        "bias": True,
        "fills": ("exact",),
    }
    return Case(id=f"liars/{name}", kernel=kernel, **(numbers | more))


CASES = [
    case("first", (3, 2)),
    case("second", (2, 2)),
    case("chosen", (2, 3), dilation=(1, 1), padding=((1, 0), (0, 0))),  # the only one whose answer is 7 wide
    case("fourth", (3, 3)),
    case("fifth", (1, 2)),
]


def rows_of(
    file: Path,
    tmp_path: Path,
    deadline: float = 20.0,
    repeat: int = 1,
    cases: list[Case] = CASES,
    by: Callable[[Row], object] = lambda row: row.case.partition("/")[2],
) -> tuple[dict, Session]:
    interpreter = shutil.which("node") if file.suffix == ".js" else sys.executable
    session = Session.open(
        [Program(file.stem, file, interpreter, environment(1))],
        ledger=tmp_path,
        deadline=deadline,
        jobs=1,
        repeat=repeat,
    )
    try:
        rows = list(session.rows(select(cases, session.hellos, Narrow())))
    finally:
        session.close()
    assert len({row.key for row in rows}) == len(rows), "a row was decided twice"
    return {by(row): row for row in rows}, session


@pytest.mark.parametrize(
    ("liar", "verdict", "said"),
    [
        ("crash", "crash", "SIGSEGV"),
        ("hang", "hang", "no answer within"),
        ("garbled", "broken", "where a message should start"),
        ("wrong_id", "broken", "carries id"),
        ("wrong_dtype", "differ", "float64 instead of float32"),
        ("foretells_otherwise", "differ", "foretold with strides [1, 2, 3, 4], answered with [147, 49, 7, 1]"),
        ("short_tensor", "broken", "not a message"),
        ("right_the_second_time", "flaky", "asked twice"),
        ("uninitialised", "differ", "other bits each time"),
        ("poisoner", "crash", "memory overwritten"),
        ("poisoned_error", "refuse", "illegal memory access"),
    ],
)
def test_one_question_is_blamed_and_the_rest_is_right(liar, verdict, said, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LIAR_ROOM", str(tmp_path))
    rows, _ = rows_of(LIARS / f"{liar}.py", tmp_path, deadline=8.0 if liar == "hang" else 20.0)
    assert {name: row.verdict for name, row in rows.items()} == {
        "first": "pass",
        "second": "pass",
        "chosen": verdict,
        "fourth": "pass",
        "fifth": "pass",
    }
    assert said in rows["chosen"].cause
    assert rows["chosen"].state == "new"


def test_a_hang_is_blamed_with_the_place_where_it_hangs(tmp_path):
    rows, _ = rows_of(LIARS / "hang.py", tmp_path, deadline=8.0)
    assert "hang.py" in rows["chosen"].detail["log"]
    assert "in lower" in rows["chosen"].detail["log"]


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux tells how long a thread waited")
@pytest.mark.parametrize(("late", "verdict"), [("stopped", "pass"), ("crowded", "pass"), ("busy", "hang")])
def test_a_deadline_counts_the_time_that_a_worker_had(late, verdict, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LATE", late)
    begin = time.monotonic()
    rows, _ = rows_of(LIARS / "late.py", tmp_path, deadline=2.0)
    assert time.monotonic() - begin > 2.0
    assert {name: row.verdict for name, row in rows.items()} == dict.fromkeys(rows, "pass") | {"chosen": verdict}


def test_a_worker_is_not_blamed_while_right_answers_are_computed(tmp_path, monkeypatch):
    """A question is under way from when it is written, not from when those behind it are prepared."""
    answer = Answers.of
    slow = {"liars/second": 3.0}

    def of(self, question):
        time.sleep(slow.pop(question.key.case, 0.0))
        return answer(self, question)

    monkeypatch.setattr(Answers, "of", of)
    (tmp_path / "right.py").write_text(
        f"import runpy\nrunpy.run_path({str(LIARS / 'truth.py')!r})['lie']()\n", encoding="utf-8"
    )
    rows, _ = rows_of(tmp_path / "right.py", tmp_path, deadline=2.0)
    assert not slow
    assert {row.verdict for row in rows.values()} == {"pass"}


#: Many questions of which one spoils the process.
MANY = [case(f"before{n}", (1, 1), out_channels=n) for n in range(1, 9)]
MANY += [CASES[2], *(case(f"after{n}", (2, 2), out_channels=n) for n in range(1, 40))]


@pytest.mark.parametrize(("liar", "verdict"), [("poisoner", "crash"), ("poisoned_error", "refuse")])
def test_who_spoils_a_process_is_named_and_nobody_else(liar, verdict, tmp_path):
    rows, session = rows_of(LIARS / f"{liar}.py", tmp_path, cases=MANY)
    assert [name for name, row in rows.items() if row.verdict != "pass"] == ["chosen"]
    assert len(rows) == len(MANY)
    assert rows["chosen"].verdict == verdict
    assert "liars/after" in rows["chosen"].detail["poisons"]
    assert session.engine.workers["lies"].starts < 8


def test_who_spoilt_a_process_in_an_earlier_call_is_named_by_its_victim(tmp_path):
    program = Program("poisoner", LIARS / "poisoner.py", environment=environment(1))
    session = Session.open([program], ledger=tmp_path, jobs=1)
    try:
        found = [list(session.rows(select(part, session.hellos, Narrow()))) for part in (CASES[2:3], CASES[3:])]
    finally:
        session.close()
    assert [row.verdict for row in found[0]] == ["pass"]
    assert sorted(row.verdict for row in found[1]) == ["flaky", "pass"]
    assert any("that answered liars/chosen" in (row.cause or "") for row in found[1])


def test_no_row_is_lost_where_some_are_wrong_and_some_only_once(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LIAR_ROOM", str(tmp_path))
    cases = [case(f"n{n}", (2, 3), out_channels=n, dilation=(1, 1), padding=((1, 0), (0, 0))) for n in range(1, 24)]
    rows, _ = rows_of(LIARS / "often_wrong.py", tmp_path, cases=cases)
    assert {name: row.verdict for name, row in rows.items()} == {
        f"n{n}": "flaky" if n % 3 == 0 else "differ" if n % 3 == 1 else "pass" for n in range(1, 24)
    }


def test_one_route_that_only_dies_leaves_the_others_alone(tmp_path):
    cases = [case(f"n{n}", (1, 1), out_channels=n) for n in range(1, 7)]
    rows, _ = rows_of(LIARS / "dies_often.py", tmp_path, cases=cases, by=lambda row: (row.case, row.route))
    assert {row.verdict for row in rows.values() if row.route == "lies/dies"} == {"crash"}
    assert {row.verdict for row in rows.values() if row.route == "lies/lives"} == {"pass"}
    assert len(rows) == 12


def test_a_route_that_dies_too_often_is_asked_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr("conformance.run.engine.DEATHS", 4)
    cases = [case(f"n{n}", (1, 1), out_channels=n) for n in range(1, 7)]
    rows, _ = rows_of(LIARS / "dies_often.py", tmp_path, cases=cases, by=lambda row: (row.case, row.route))
    assert sorted(row.verdict for row in rows.values()) == ["crash"] * 2 + ["pass"] * 6 + ["unrun"] * 4
    assert "lies/dies died 4 times in a row" in next(row.cause for row in rows.values() if row.verdict == "unrun")


def test_an_error_in_put_or_get_is_the_frameworks(tmp_path):
    rows, _ = rows_of(LIARS / "dies_in_put.py", tmp_path, cases=[*CASES, case("wide", (2, 6), dilation=(1, 1))])
    assert rows["chosen"].cause == "RuntimeError: the kernel is not supported"
    assert rows["wide"].cause == "RuntimeError: the computation failed"
    assert {row.verdict for name, row in rows.items() if name in ("chosen", "wide")} == {"refuse"}
    assert {row.verdict for name, row in rows.items() if name not in ("chosen", "wide")} == {"pass"}


@pytest.mark.parametrize("hello", ["{}", '{"version": ""}', '{"routes": [{"name": "loops", "cost": 0}]}'])
def test_words_that_a_worker_leaves_out_have_defaults(hello, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LIAR_HELLO", hello)
    rows, session = rows_of(LIARS / "few_words", tmp_path)
    assert not session.dead
    assert [row.verdict for row in rows.values()] == ["pass"] * len(CASES)


@pytest.mark.parametrize(
    ("hello", "said"),
    [
        ({"name": "../evil"}, "letters, digits"),
        ({"name": "a/b"}, "letters, digits"),
        ({"name": ""}, "letters, digits"),
        ({"name": "e" * 101}, "letters, digits"),
        ({"name": "e" * 5_000_000}, "more than"),
        ({"name": "\u202ea"}, "letters, digits"),
        ({"name": 3}, "Expected `str`"),
        ({"protocol": 2}, "protocol 2"),
        ({"protocol": "left out"}, "protocol None"),
        ({"version": "left out"}, "neither a version"),
        ({"version": 1.0}, "Expected `str"),
        ({"routes": []}, "no route"),
        ({"routes": [{"name": "one"}, {"name": "one"}]}, "twice"),
        ({"routes": [{"name": f"r{n}"} for n in range(1001)]}, "1000"),
        ({"routes": [{}]}, "missing required field `name`"),
        ({"routes": [{"name": "a", "cost": 1e308}]}, "cost"),
        ({"routes": [{"name": "a", "cost": -1}]}, "cost"),
        ({"routes": [{"name": "a", "arithmetic": {"float32": {"accumulator": "float1"}}}]}, "declares 'accumulator'"),
        ({"routes": [{"name": "a", "arithmetic": {"float32": {"acumulator": "float32"}}}]}, "declares 'acumulator'"),
        ({"routes": [{"name": "a", "devices": ["cpu", "cpu"]}]}, "twice"),
        ({"devices": []}, "no device"),
        ({"devices": ["cpu", "a@b"]}, "letters, digits"),
        ({"devices": ["cpu", "cpu"]}, "twice"),
    ],
)
def test_a_hello_that_does_not_fit_is_said_in_plain_words(hello, said, tmp_path, monkeypatch):
    (tmp_path / "hello.json").write_text(json.dumps(hello), encoding="utf-8")  # an environment does not hold them all
    monkeypatch.setenv("CONVT_LIAR_HELLO", f"@{tmp_path / 'hello.json'}")
    rows, session = rows_of(LIARS / "few_words", tmp_path)
    assert rows == {}
    assert said in session.dead["few_words"]


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ({"seconds": "fast"}, "Expected `float | null`, got `str`"),
        ({"seconds": -1}, ">= 0.0"),
        ({"seconds": 10**400}, "out of range"),
        ({"outcome": "fine"}, "Invalid enum value 'fine'"),
        ({"outcome": None}, "outcome"),
        ({"id": "1"}, "carries id"),
        ({"outcome": "raised", "text": 3}, "Expected `str"),
    ],
)
def test_an_answer_that_does_not_fit_is_broken(says, said, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LIAR_SAYS", json.dumps(says))
    rows, _ = rows_of(LIARS / "few_words", tmp_path, cases=CASES[:1])
    assert rows["first"].verdict == "broken"
    assert said in rows["first"].cause


@pytest.mark.parametrize(
    "plan",
    [
        "call me",
        {},
        {"call": "x"},
        {"call": 5, "source": "y = 1"},
        {"call": "x", "source": "y", "layouts": {"x": "NCHH"}},
        {"call": "x", "source": "y", "layouts": {"x": "NCW"}},
        {"call": "x", "source": "y", "memory": {"x": "Q"}},
        {"call": "x", "source": "y", "memory": {"q": "NCHW"}},
        {"call": "x", "source": "y" * 60_000},
        {"call": "x", "source": "y", "arguments": {"a": "b" * 60_000}},
        {"call": "x", "source": "y", "arguments": {"a": json.loads("[" * 40 + "]" * 40)}},
    ],
)
def test_a_plan_that_does_not_fit_is_left_out_with_a_word(plan, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LIAR_SAYS", json.dumps({"plan": plan}))
    rows, _ = rows_of(LIARS / "few_words", tmp_path, cases=CASES[:1])
    assert rows["first"].verdict == "pass"
    assert "plan" not in rows["first"].detail
    assert "its plan is not one" in rows["first"].detail["no_plan"]


def test_what_a_plan_leaves_out_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVT_LIAR_SAYS", json.dumps({"plan": {"call": "f.g", "source": "y = f.g(x)"}}))
    rows, _ = rows_of(LIARS / "few_words", tmp_path, cases=CASES[:1])
    assert rows["first"].detail["plan"] == {
        "call": "f.g",
        "source": "y = f.g(x)",
        "arguments": {},
        "layouts": {"x": "NCHW", "w": "IOHW", "y": "NCHW"},
        "memory": {},
        "emulates": None,
        "define": "",
    }


def test_a_route_says_the_largest_case_that_it_takes_and_how_long_it_takes(tmp_path, monkeypatch):
    route = {"name": "loops", "largest": CASES[0].size, "deadline": 5.0}
    monkeypatch.setenv("CONVT_LIAR_HELLO", json.dumps({"routes": [route]}))
    rows, _ = rows_of(LIARS / "few_words", tmp_path)
    too_large = {each.id.partition("/")[2] for each in CASES if each.size > CASES[0].size}
    assert too_large
    assert {name for name, row in rows.items() if row.verdict == "unsupported"} == too_large


def test_last_bits_that_move_are_seen_by_asking_again(tmp_path):
    cases = [case("one", (3, 2), fills=("real",)), case("two", (2, 2), fills=("real",))]
    rows, _ = rows_of(LIARS / "other_last_bits.py", tmp_path, cases=cases)
    assert {row.verdict for row in rows.values()} == {"pass"}
    rows, _ = rows_of(LIARS / "other_last_bits.py", tmp_path, cases=cases, repeat=3)
    assert {row.verdict for row in rows.values()} == {"flaky"}
    rows, _ = rows_of(LIARS / "chatty.py", tmp_path, cases=cases, repeat=3)
    assert {row.verdict for row in rows.values()} == {"pass"}


def test_noise_on_standard_output_does_no_harm(tmp_path):
    rows, _ = rows_of(LIARS / "chatty.py", tmp_path)
    assert [row.verdict for row in rows.values()] == ["pass"] * len(CASES)


def test_an_adapter_that_dies_at_hello_is_said_to_be_dead_with_its_last_output(tmp_path):
    rows, session = rows_of(LIARS / "dies_at_hello.py", tmp_path)
    assert rows == {}
    assert "libeverything.so.7" in session.dead["dies_at_hello"]


@pytest.mark.parametrize(
    ("liar", "said"),
    [("flipped", "flipped"), ("shifted", ""), ("exchanged", "")],
)
def test_wrong_values_differ(liar, said, tmp_path):
    rows, _ = rows_of(LIARS / f"{liar}.py", tmp_path)
    assert {row.verdict for row in rows.values()} == {"differ"}
    for row in rows.values():
        assert said in row.cause
        first = row.detail["first_wrong"]
        assert first["expected"] != first["returned"]
        assert 0 < row.detail["wrong"] <= row.detail["of"]
        assert row.detail["error"] > 1


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, for a worker in JavaScript")
def test_a_worker_in_another_language_needs_nothing_of_ours(tmp_path):
    rows, session = rows_of(LIARS / "worker.js", tmp_path)
    assert session.hellos["javascript"]["version"].startswith("v")
    assert [row.verdict for row in rows.values()] == ["pass"] * len(CASES)


def test_an_interpreter_that_cannot_be_started_is_dead(tmp_path):
    program = Program("lies", LIARS / "crash.py", interpreter=str(tmp_path / "no-python"))
    session = Session.open([program], ledger=tmp_path)
    assert "cannot be started" in session.dead["lies"]
