"""Deliberately wrong or broken adapters, each with the verdict that it must get, on exactly its own question."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commands import LIARS

from conformance.case import Case
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
    file: Path, tmp_path: Path, deadline: float = 20.0, repeat: int = 1, cases: list[Case] = CASES
) -> tuple[dict[str, Row], Session]:
    session = Session.open(
        [Program(file.stem, file, environment=environment(1))],
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
    return {row.case.partition("/")[2]: row for row in rows}, session


@pytest.mark.parametrize(
    ("liar", "verdict", "said"),
    [
        ("crash", "crash", "SIGSEGV"),
        ("hang", "hang", "no answer within"),
        ("garbled", "broken", "where a message should start"),
        ("wrong_id", "broken", "carries id"),
        ("wrong_dtype", "differ", "float64 instead of float32"),
        ("short_tensor", "broken", "not a message"),
        ("right_the_second_time", "flaky", "asked twice"),
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
