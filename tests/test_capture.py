"""Running programs whose transposed convolutions are recorded: the numbers, given to the oracle with the operands that
the program used, give what the framework returned."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT

from conformance import oracle
from conformance.capture import capture
from conformance.corpus import load
from conformance.corpus.yaml_file import FileError

PROGRAMS = Path(__file__).parent / "captured"
RUNS = [
    ("with_torch.py", {}, ("torch",), 5),
    ("with_tensorflow.py", {}, ("tensorflow",), 7),
    ("with_tensorflow_kinds.py", {}, ("tensorflow",), 3),
    ("with_jax.py", {}, ("jax",), 6),
    ("with_jax_kinds.py", {}, ("jax",), 4),
    ("with_equinox.py", {}, ("equinox",), 2),
    ("with_flax.py", {}, ("flax",), 3),
    ("with_keras.py", {"KERAS_BACKEND": "tensorflow"}, ("keras", "tensorflow"), 4),
    ("with_keras.py", {"KERAS_BACKEND": "jax"}, ("keras", "jax"), 4),
    ("with_keras.py", {"KERAS_BACKEND": "torch"}, ("keras", "torch"), 4),
]


def run(program, more, folder):
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"} | more
    done = subprocess.run(
        [sys.executable, PROGRAMS / program], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("program", "more", "needs", "count"), RUNS, ids=[" on ".join(run[2]) for run in RUNS])
def test_what_is_recorded_is_what_ran(program, more, needs, count, tmp_path):
    for name in needs:
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    run(program, more, tmp_path)
    cases, arrays = load.load_family(tmp_path / "found.yaml"), np.load(tmp_path / "calls.npz")
    assert len(cases) == count
    for number, case in enumerate(cases):
        operands = {name: arrays[f"{name}{number}"] for name in "xwb" if f"{name}{number}" in arrays}
        assert case.bias == ("b" in operands)
        answer = oracle.answer(case, "forward", {name: array.astype(float) for name, array in operands.items()})
        np.testing.assert_array_equal(answer, arrays[f"y{number}"], err_msg=case.why)
        assert program in case.why or more, case.why


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_a_pytorch_program_runs_as_before_and_is_seen_however_it_runs(tmp_path):
    """The program compares its own answers in the block with those outside, twenty ways of running a layer."""
    run("with_torch_kinds.py", {}, tmp_path)


def test_nothing_recorded_is_said(tmp_path):
    with (
        pytest.raises(FileError, match="nothing to write: no transposed convolution was found"),
        capture(tmp_path / "none.yaml"),
    ):
        pass
    assert not (tmp_path / "none.yaml").exists()


def test_an_error_of_the_program_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError), capture(tmp_path / "none.yaml"):
        1 / 0  # noqa: B018


def test_a_name_that_is_no_good_is_said_before_the_model_runs(tmp_path):
    with pytest.raises(FileError, match=r"ends in \.yaml"), capture(tmp_path / "model.yml"):
        pytest.fail("the block ran")
