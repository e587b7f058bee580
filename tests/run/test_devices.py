"""Devices beside the CPU: an adapter with two, and JAX with a second one that XLA makes of this machine's cores."""

from __future__ import annotations

import importlib.util

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said

from conformance.run import run_file

CASES = """\
why: a case for two devices
base: {batch: 1, in_channels: 1, out_channels: 1, input: [3], kernel: [2], checks: [forward], dtypes: [float32]}
cases:
  - {id: two, stride: [2], fills: [exact]}
"""
#: Right on both devices, but every third answer of the second one.
ADAPTER = f"""
import runpy
from conformance.adapter import Framework, Plan, Route, serve
truth = runpy.run_path({str(LIARS / "truth.py")!r})

class Chip:
    calls = 0

def conv(x, w, b, **arguments):
    Chip.calls += Chip.on
    return truth["conv_transpose"](x, w, b, **arguments) + (Chip.on and Chip.calls % 3 == 0)

def put(array, dtype, device):
    Chip.on = device == "chip"
    return array

def lower(case, checks):
    return Plan("conv", truth["lower"](case, checks).arguments)

serve("two", [Route("route", lower, ("float32",))], lambda: Framework("1.0", {{"conv": conv}}, ["cpu", "chip"]),
      put=put, get=lambda a: (str(a.dtype), a))
"""


@pytest.fixture
def files(room):
    (room / "two_adapter.py").write_text(ADAPTER, encoding="utf-8")
    for family in ("stride", "other"):
        (room / f"{family}.yaml").write_text(CASES, encoding="utf-8")
    return room


def asked(family: str, *words: str) -> tuple[Said, dict[str, str]]:
    words = ("--cases", f"{family}.yaml", "--adapter", "two_adapter.py", "--no-narrow", *words)
    said = Said("run", *words, "-o", f"{family}.jsonl")
    rows = run_file.read(f"{family}.jsonl").rows if said.status in (CLEAN, FINDINGS) else []
    return said, {row.device: row.verdict for row in rows}


def test_every_device_is_asked_by_default_and_by_all(files):
    said, found = asked("other")
    assert (said.status, found) == (CLEAN, {"cpu": "pass", "chip": "pass"})
    (files / "other.jsonl").unlink()
    assert asked("other", "--device", "all")[1] == found


def test_one_device_and_one_that_is_not_there(files):
    assert asked("other", "--device", "chip")[1] == {"chip": "pass"}
    said, _ = asked("stride", "--device", "cuda")
    assert said.status == USAGE
    assert said.err == "convt: --device cuda: no framework reports it, only chip, cpu\n"


def test_a_gpu_that_is_not_there_is_told_with_what_it_needs(room):
    said = Said("run", "stride/*", "--route", "numpy/*", "--device", "cuda")
    assert said.status == USAGE
    assert "no framework reports it, only cpu (numpy " in said.err
    assert "a build of the framework for it: docs/places.md says what to install" in said.err
    assert said.err.count("\n") == 1


def test_a_device_is_asked_again_about_one_family_because_it_may_choose_anew(files):
    said, found = asked("stride")
    assert (said.status, found) == (FINDINGS, {"cpu": "pass", "chip": "flaky"})


RELEASING = f"""
import runpy, weakref
import numpy as np
from conformance.adapter import Framework, Plan, Route, serve
truth = runpy.run_path({str(LIARS / "truth.py")!r})
there = weakref.WeakSet()

class Array(np.ndarray):
    __hash__ = object.__hash__
    __eq__ = object.__eq__

def conv(x, w, b, **arguments):
    if x.shape[-1] == 4:
        raise RuntimeError("out of memory")
    return truth["conv_transpose"](x, w, b, **arguments)

def put(array, dtype, device):
    array = array.view(Array)
    there.add(array)
    return array

def release(device):
    with open("released", "a") as file:
        print(device, len(there), file=file)

def lower(case, checks):
    return Plan("conv", truth["lower"](case, checks).arguments)

serve("two", [Route("route", lower, ("float32",))], lambda: Framework("1.0", {{"conv": conv}}, ["cpu", "chip"]),
      put=put, get=lambda a: (str(a.dtype), np.asarray(a)), release=release)
"""


def test_the_memory_of_a_device_is_given_back_after_each_answer(files):
    """The operands and the answer are gone by then, also where the framework has raised."""
    (files / "two_adapter.py").write_text(RELEASING, encoding="utf-8")
    (files / "other.yaml").write_text(CASES + "  - {id: four, input: [4], fills: [exact]}\n", encoding="utf-8")
    asked("other")
    found = {(row.device, row.case, row.verdict) for row in run_file.read("other.jsonl").rows}
    assert {("chip", "other/two", "pass"), ("chip", "other/four", "refuse")} <= found
    lines = (files / "released").read_text(encoding="utf-8").splitlines()
    assert len(lines) >= 2
    assert set(lines) == {"chip 0"}


@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
def test_the_second_host_device_of_jax(room):
    words = ("stride/*", "--tier", "smoke", "--route", "jax+devices=2/conv_general_dilated@cpu:1", "--no-narrow")
    assert Said("run", *words, "-o", "jax.jsonl").status == CLEAN
    rows = run_file.read("jax.jsonl").rows
    assert {(row.route, row.device) for row in rows} == {("jax+devices=2/conv_general_dilated", "cpu:1")}
    assert "pass" in {row.verdict for row in rows}
