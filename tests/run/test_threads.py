"""What depends on the number of threads is said: bits in the summary, verdicts with the count in their cause."""

from __future__ import annotations

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said

from conformance.run import run_file, threads
from conformance.run.row import Row

FAMILY = """\
why: one case with many terms, whose last bits depend on the order; one that the liar chooses
base: {batch: 1, in_channels: 60, out_channels: 2, input: [3, 4], stride: [2, 1]}
cases:
  - {id: plain, kernel: [3, 3]}
  - {id: chosen, kernel: [2, 3], fills: [exact]}
"""


@pytest.fixture
def files(room):
    (room / "two.yaml").write_text(FAMILY, encoding="utf-8")
    return room


def asked(*words: str, output: str = "run.jsonl") -> tuple[Said, dict[tuple[str, str], Row]]:
    adapter = str(LIARS / "threaded.py")
    said = Said("run", "--cases", "two.yaml", "--adapter", adapter, "--output", output, *words)
    rows = run_file.read(output).rows if said.status in (CLEAN, FINDINGS) else []
    return said, {(row.case.partition("/")[2], row.fill): row for row in rows}


def test_one_count_alone_compares_nothing(files):
    said, rows = asked("--threads", "1")
    assert said.status == CLEAN
    assert "threads" not in said.out
    assert all("threads" not in row.detail for row in rows.values())


def test_other_bits_are_said_and_accuse_nobody(files):
    said, rows = asked("two/plain", "--threads", "1,2")
    assert said.status == CLEAN, said.out
    assert "bits depend on the number of threads: lies/route 1 row\n" in said.out
    bits = rows["plain", "real"].detail["threads"]
    assert set(bits) == {"1", "2"}
    assert bits["1"] == rows["plain", "real"].detail["bits"] != bits["2"]
    assert "threads" not in rows["plain", "exact"].detail, "exact sums have one spelling"


def test_what_differs_under_one_count_differs_with_the_count_in_its_cause(files):
    said, rows = asked("--threads", "1,2")
    assert said.status == FINDINGS
    wrong = rows["chosen", "exact"]
    assert (wrong.verdict, wrong.state) == ("differ", "new")
    assert wrong.cause == "with 2 threads: as if the kernel were flipped"
    assert wrong.detail["threads"] == {"1": "pass", "2": "differ"}
    assert "3 rows in" in said.out
    assert "2 pass, 0 known, 1 new" in said.out


def test_the_first_count_is_the_one_whose_rows_are_kept(files):
    _, rows = asked("two/plain", "--threads", "2,1")
    bits = rows["plain", "real"].detail
    assert bits["bits"] == bits["threads"]["2"]
    _, alone = asked("two/plain", "--threads", "2", output="two.jsonl")
    assert alone["plain", "real"].detail["bits"] == bits["bits"]


def test_a_run_under_several_counts_can_be_resumed(files):
    asked("--threads", "1,2")
    whole = (files / "run.jsonl").read_bytes().splitlines(keepends=True)
    (files / "cut.jsonl").write_bytes(b"".join(whole[:3]))  # the header, a case and its first row
    said = Said("run", "--resume", "cut.jsonl")
    assert said.status == FINDINGS
    again, before = ({row.key: row for row in run_file.read(name).rows} for name in ("cut.jsonl", "run.jsonl"))
    assert {key: (row.verdict, row.cause, row.detail.get("threads")) for key, row in again.items()} == {
        key: (row.verdict, row.cause, row.detail.get("threads")) for key, row in before.items()
    }


@pytest.mark.parametrize("text", ["0", "1,", "two", "1,-2", "", "1.5"])
def test_wrong_counts_are_one_sentence(text, files):
    said, _ = asked("--threads", text)
    assert said.status == USAGE
    assert f"--threads {text}: expected a number, or several" in said.err
    assert said.err.count("\n") == 1


def row(verdict: str, cause: str | None = None, **detail) -> Row:
    words = {"case": "a/b", "route": "lies/route", "device": "cpu", "dtype": "float32", "check": "forward"}
    return Row(**words, fill="real", outcome="returned", verdict=verdict, cause=cause, detail=detail)


def test_rows_that_say_the_same_are_the_first():
    one, two = row("pass", bits="a", plan="one"), row("pass", bits="a", plan="two")
    assert threads.together({1: one, 2: two}) is one
    assert threads.together({1: row("differ", "wrong"), 2: row("differ", "wrong")}).cause == "wrong"


def test_all_counts_that_go_wrong_are_named():
    found = threads.together({1: row("differ", "this"), 2: row("pass"), 4: row("crash", "killed by SIGSEGV")})
    assert (found.verdict, found.state) == ("differ", None)
    assert found.cause == "with 1 thread: this; with 4 threads: killed by SIGSEGV"
    assert found.detail["threads"] == {"1": "differ", "2": "pass", "4": "crash"}
