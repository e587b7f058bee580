"""Variants: settings under which a framework computes otherwise, each in a worker of its own, judged as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said

from conformance.run import run_file, variants
from conformance.run.row import Row

FAMILY = """\
why: one case with many terms, whose last bits depend on the order; one that the liar chooses
base: {batch: 1, in_channels: 60, out_channels: 2, input: [3, 4], stride: [2, 1]}
cases:
  - {id: plain, kernel: [3, 3]}
  - {id: chosen, kernel: [2, 3], fills: [exact]}
"""
KNOWN = """\
- routes: lies/route
  cases: two/chosen
  verdict: differ
  fault: kernel-flipped
  kind: bug
  link: https://example.org/race
  why: A race.
  place: {variant: threads=2}
"""


@pytest.fixture
def files(room):
    (room / "two.yaml").write_text(FAMILY, encoding="utf-8")
    return room


def asked(*words: str, output: str = "run.jsonl") -> tuple[Said, dict[tuple[str, str, str], Row]]:
    adapter = str(LIARS / "threaded.py")
    said = Said("run", "--cases", "two.yaml", "--adapter", adapter, "--output", output, "--no-narrow", *words)
    rows = run_file.read(output).rows if said.status in (CLEAN, FINDINGS) else []
    return said, {(variants.variant_of(row.route), row.case.partition("/")[2], row.fill): row for row in rows}


def test_one_thread_alone_compares_nothing(files):
    said, rows = asked("--threads", "1")
    assert said.status == CLEAN
    assert "beside" not in said.out
    assert {variant for variant, _, _ in rows} == {""}


def test_other_bits_are_said_and_accuse_nobody(files):
    said, rows = asked("two/plain", "--threads", "1,2")
    assert said.status == CLEAN, said.out
    assert "lies+threads=2 beside lies: 1 row with other bits, 1 row with the same bits\n" in said.out
    assert rows["", "plain", "real"].detail["bits"] != rows["threads=2", "plain", "real"].detail["bits"]


def test_what_differs_under_a_variant_is_a_finding_of_its_route(files):
    said, rows = asked("--variant", "threads=2")
    assert said.status == FINDINGS
    wrong = rows["threads=2", "chosen", "exact"]
    assert (wrong.route, wrong.verdict, wrong.state) == ("lies+threads=2/route", "differ", "new")
    assert rows["", "chosen", "exact"].verdict == "pass"
    assert "1 row on lies+threads=2/route@cpu" in said.out
    assert "1 row with another verdict" in said.out
    assert "convt show 'two/chosen' --route lies+threads=2/route --cases two.yaml --adapter" in said.out


def test_the_name_of_a_route_asks_its_variant_alone(files):
    _, rows = asked("--route", "lies+threads=2/*")
    assert {variant for variant, _, _ in rows} == {"threads=2"}
    said = Said("show", "two/chosen", "--cases", "two.yaml", "--adapter", str(LIARS / "threaded.py"), "--route",
                "lies+threads=2/route")  # fmt: skip
    assert "as if the kernel were flipped" in said.out


def test_a_rule_may_name_the_variant(files):
    (files / "known").mkdir()
    (files / "known" / "lies.yaml").write_text(KNOWN, encoding="utf-8")
    said, rows = asked("--variant", "threads=2", "--known", "known")
    assert said.status == CLEAN, said.out
    assert rows["threads=2", "chosen", "exact"].state == "known"
    assert rows["", "chosen", "exact"].state is None


def test_a_run_with_variants_can_be_resumed(files):
    asked("--threads", "1,2")
    whole = (files / "run.jsonl").read_bytes().splitlines(keepends=True)
    (files / "cut.jsonl").write_bytes(b"".join(whole[:3]))  # the header, a case and its first row
    said = Said("run", "--resume", "cut.jsonl", "--adapter", str(LIARS / "threaded.py"))
    assert said.status == FINDINGS
    again, before = ({row.key: row for row in run_file.read(name).rows} for name in ("cut.jsonl", "run.jsonl"))
    assert {key: row.verdict for key, row in again.items()} == {key: row.verdict for key, row in before.items()}


@pytest.mark.parametrize("text", ["0", "1,", "two", "1,-2", "", "1.5"])
def test_wrong_counts_are_one_sentence(text, files):
    said, _ = asked("--threads", text)
    assert said.status == USAGE
    assert f"--threads {text}: expected a number, or several" in said.err
    assert said.err.count("\n") == 1


def test_a_variant_that_nobody_has_is_one_sentence(files):
    said, _ = asked("--variant", "onednn=*")
    assert said.status == USAGE
    assert said.err == "convt: --variant onednn=*: no framework here has it; there are threads=N\n"


def test_all_variants_of_an_adapter_are_started_with_their_settings(files):
    (files / "set_adapter.py").write_text(ADAPTER, encoding="utf-8")
    words = ("--cases", "two.yaml", "--adapter", "set_adapter.py", "--no-narrow")
    said = Said("run", *words, "--variant", "all", "-o", "set.jsonl")
    assert said.status == FINDINGS, said.err
    found = run_file.read("set.jsonl")
    assert {row.route for row in found.rows} == {
        "set/route",
        "set+zero=yes/route",
        "set+late=yes/route",
        "set+threads=2/route",
    }
    assert {row.route for row in found.rows if row.verdict == "differ"} == {"set+zero=yes/route", "set+late=yes/route"}
    assert found.header["adapters"]["set+zero=yes"]["settings"]["TF_ZERO"] == "1"
    assert found.header["places"]["set+late=yes"]["variant"] == ["late=yes"]


#: The right answer, unless a variable of the environment or what is executed after loading says otherwise.
ADAPTER = f"""
import os, runpy, sys
from conformance.adapter import Framework, Plan, Route, Variant, serve
truth = runpy.run_path({str(LIARS / "truth.py")!r})

class State:
    late = False

def conv(x, w, b, **arguments):
    y = truth["conv_transpose"](x, w, b, **arguments)
    return y * 0 if State.late or os.environ.get("TF_ZERO") else y

def lower(case, checks):
    return Plan("conv", truth["lower"](case, checks).arguments)

def load():
    variants = {{"zero=yes": Variant({{"TF_ZERO": "1"}}), "late=yes": Variant(setup="State.late = True")}}
    return Framework("1.0", {{"conv": conv, "State": State}}, variants=variants)

serve("set", [Route("route", lower, ("float32",))], load, put=lambda a, d, v: a, get=lambda a: (str(a.dtype), a))
"""


def test_names():
    assert variants.framework_of("torch+onednn=avx2/functional") == "torch"
    assert variants.variant_of("torch+onednn=avx2/functional") == "onednn=avx2"
    assert variants.plain("torch+onednn=avx2/functional@cpu") == "torch/functional@cpu"
    assert variants.variant_of("torch/functional") == ""
    assert variants.is_meant("torch+onednn=avx2/functional", "torch/*")
    assert not variants.is_meant("torch/functional", "torch+*/*")


LIBRARY = """\
import os
import numpy as np

FACTOR = float(os.environ.get("MINE_FACTOR", 1))
OFFSET = 0.0


def scaled(x, w, b):
    return FACTOR * np.einsum("nihw,iohw->nohw", x, w) + OFFSET
"""
OF_IT = """\
import mine
from conformance.adapter import Framework, Plan, Route, Variant, serve

VARIANTS = {"factor=3": Variant({"MINE_FACTOR": "3"}), "offset=1": Variant(setup="mine.OFFSET = 1.0")}


def load():
    return Framework("1.0", {"mine": mine}, variants=VARIANTS)


serve(
    "mine",
    [Route("route", lambda case, checks: Plan("mine.scaled", {}), dtypes=("float64",))],
    load,
    put=lambda array, dtype, device: array,
    get=lambda array: (str(array.dtype), array),
)
"""
ONE = """\
why: one element
base: {batch: 1, in_channels: 2, out_channels: 2, input: [1, 1], kernel: [1, 1], bias: false}
cases:
  - {id: only, dtypes: [float64], fills: [exact]}
"""


@pytest.fixture
def mine(room):
    for name, text in (("mine.py", LIBRARY), ("adapter.py", OF_IT), ("one.yaml", ONE)):
        (room / name).write_text(text, encoding="utf-8")
    return room


def run_script(room: Path, script: str) -> str:
    (room / "again.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "again.py"], cwd=room, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("variant", ["factor=3", "offset=1"])
def test_a_script_makes_the_setting_of_its_variant(mine, variant):
    words = ("--cases", "one.yaml", "--adapter", "adapter.py")
    script = Said("show", "one/only", "--route", f"mine+{variant}/route", *words, "--script").out
    assert f"# the variant {variant}" in script
    assert run_script(mine, script).startswith("2 of 2 wrong")
    plain = Said("show", "one/only", "--route", "mine/route", *words, "--script").out
    assert run_script(mine, plain) == "all 2 values are right\n"


@pytest.mark.parametrize("variant", ["factor=3", "offset=1"])
def test_a_setting_out_of_a_run_file_counts_when_it_has_been_read(mine, variant):
    Said("run", "--cases", "one.yaml", "--adapter", "adapter.py", "-o", "run.jsonl", "--variant", variant)
    route = f"mine+{variant}/route"
    script = Said("show", "one/only", "--route", route, "--run", "run.jsonl", "--script").out
    assert "I_HAVE_READ_THEM = True" in run_script(mine, script)
    read = script.replace("I_HAVE_READ_THEM = False", "I_HAVE_READ_THEM = True")
    assert run_script(mine, read).startswith("2 of 2 wrong")
