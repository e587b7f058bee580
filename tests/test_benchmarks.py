"""Every benchmark runs, in a short form, and prints the figures that it is there for."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from commands import ROOT

#: Benchmark → the words that make it short, what it needs, and a figure: how a line of its output begins or goes on,
#: and the least that stands there as a number. An empty table has no such line.
SHORT = {
    "arithmetic": (["--cases", "12"], "torch", r"^torch/functional +float16 .* (\d+) +\d+\.\d+ +\d+\.\d+ \S", 1),
    "causes": (["--every", "24", "--cases", "gradient/*"], None, r"^(\d+) lies: differ \d+ \(100", 10),
    "converters": (["3"], "onnx2torch", r"^onnx2torch: .*?(\d+) right", 1),
    "diagnosis": (
        ["--mutant", "kernel-flipped-at-*", "--pairs", "0", "--cases", "stride/*", "--narrow", "2"],
        None,
        r"^(\d+) faults: 1.00 findings each",
        1,
    ),
    "ledger": (["--rules", "50", "--cases", "20"], None, r"^our ledger: \d+ rules, (\d+) rows: \d+\.\d µs a row", 100),
    "metamorphic": (["--every", "6"], None, r"^together (\d+) of the \d+ that the oracle shows on these 2 cases", 50),
    "oracle": (["--layers", "models-audio/*", "--every", "9"], "torch", r"^forward: median .* over (\d+) layers", 1),
    "page": (["200"], None, r"^(\d+) rows, 10% divergent", 200),
    "peers": ([], None, r"^can happen +(\d+)", 5),
    "places": (["--tier", "smoke", "numpy+threads=2"], None, r"^numpy\+threads=2 +\d+ +(\d+) ", 100),
    "porting": (["3", "torch", "numpy"], "torch", r"^(\d+) ports asked again as modules: 0 unequal", 3),
    "smoke": (["--cases", "gradient/*"], None, r"^(\d+) of \d+ pairs of mutant and check", 50),
    "throughput": (["20", "--route", "numpy/*"], None, r"^numpy/scatter +bare loop +\d\.\d+ +(\d+)", 10),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_benchmark_runs_in_a_short_form_and_prints_its_figures(name):
    words, needs, figure, least = SHORT[name]
    if needs and importlib.util.find_spec(needs) is None:
        pytest.skip(f"it needs {needs}")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / f"{name}.py", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    found = re.search(figure, done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) >= least


def test_no_benchmark_is_left_out():
    assert sorted(SHORT) == sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
