"""Ports are proved by asking, and what is unequal is never called a port."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from commands import LIARS, ROOT

from conformance.cli.main import main
from conformance.corpus import spelled
from conformance.corpus.random_cases import drawn
from conformance.oracle.operands import make_operands
from conformance.port import compose, module, target
from conformance.port.layer import of_case
from conformance.port.target import Porter, chosen

TORCH = "torch.nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)"


def needs(*names: str) -> pytest.MarkDecorator:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def convt(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["port", *words])
    return done.exit_code, done.output


def test_a_framework_that_answers_otherwise_is_no_port():
    """The adapter flips every kernel: no call of it is a port, and what is wrong with it is said."""
    status, said = convt("as/i5x4k3s2c4m6b", "--adapter", str(LIARS / "flipped.py"))
    assert status == 1
    assert "cannot be said\n    as if the kernel were flipped" in said
    assert said.rstrip().endswith("1 not at all")


def test_a_framework_that_answers_rightly_is_one(tmp_path):
    honest = tmp_path / "honest.py"
    honest.write_text(f"import runpy\nrunpy.run_path({str(LIARS / 'truth.py')!r})['lie']()\n", encoding="utf-8")
    status, said = convt("as/i5x4k3s2c4m6b", "--adapter", str(honest))
    assert status == 0, said
    assert "lies 1.0: one call; equal in 10 questions" in said


def test_every_composition_gives_the_definition_s_answer():
    """Around the right answer to its inner case, in NumPy: what is composed is right whoever makes the inner call."""
    import numpy as np

    from conformance import oracle

    tried = set()
    for case in drawn(1, 120):
        if not case.batch:
            continue
        arrays = make_operands(case, "forward", "float64", "exact").arrays
        for found in compose.compositions(case):
            inner = found.inner

            def call(x, w, b, inner=inner):
                return oracle.answer(inner, "forward", {"x": x, "w": w} | ({} if b is None else {"b": b}))

            space = {1: "W", 2: "HW", 3: "DHW"}[inner.rank]
            plan = {"source": "y = call(x, w, b)", "layouts": {"x": f"NC{space}", "w": f"IO{space}", "y": f"NC{space}"}}
            names = {"np": np, "call": call, "b": None, **arrays}
            exec(compose.statements(case, found, "numpy", plan).body, names)
            assert np.array_equal(names["y"], oracle.answer(case, "forward", arrays)), (case.id, found.steps)
            tried.add(found.steps)
    assert len(tried) == 7


@needs("torch")
def test_zeros_inserted_and_a_forward_convolution_give_the_definition_s_answer():
    import torch

    from conformance import oracle

    tried = 0
    for case in drawn(3, 60):
        if case.batch and (found := compose.inserted(case, "torch")):
            arrays = make_operands(case, "forward", "float64", "exact").arrays
            said = compose.statements(case, found[0], "torch", found[1])
            names = {"torch": torch, "b": None, **{name: torch.from_numpy(each) for name, each in arrays.items()}}
            names["w"] = names["w"].permute(*(f"IO{said.w[2:]}".index(letter) for letter in said.w))
            exec(said.body, names)
            assert torch.equal(names["y"], torch.from_numpy(oracle.answer(case, "forward", arrays))), case.id
            tried += 1
    assert tried > 40


@needs("torch", "tensorflow", "jax")
def test_a_layer_of_torch_in_tensorflow_and_jax():
    status, said = convt(TORCH, "--input", "5,4", "--json")
    assert status == 0, said
    (layer,) = json.loads(said)
    assert layer["source"] == {"equal": 40, "asked": 40, "why": "", "wrong": ""}
    ways = {port["framework"]: (port["way"], port["equal"], port["asked"]) for port in layer["ports"]}
    assert ways == {"tensorflow": ("composition", 40, 40), "jax": ("native", 40, 40)}


@needs("torch")
def test_a_written_module_passes_its_own_test_and_a_spoiled_one_does_not(tmp_path):
    """The first layer's kernel is turned round, the second is a composition."""
    path = tmp_path / "ported.py"
    layers = ["flax.linen.ConvTranspose(6, (3, 2), (2, 2), 'VALID')", "as/i5x4k3s2p0:1c4m6b"]
    words = ["--channels", "4", "--input", "5,4", "--to", "torch", "-o", str(path)]
    status, said = convt(*layers, *words)
    assert status == 0, said
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_ported.py"]
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    done = subprocess.run(test, cwd=tmp_path, capture_output=True, text=True, env=env)
    assert "2 passed" in done.stdout, done.stdout
    path.write_text(path.read_text().replace("weight.flip((0, 1))", "weight"))
    done = subprocess.run(test, cwd=tmp_path, capture_output=True, text=True, env=env)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "as if the kernel were flipped" in done.stdout
    status, said = convt(*layers, *words)
    assert status == 2
    assert "exists: name another file" in said


@needs("torch", "tensorflow", "jax")
def test_random_layers_are_ported_or_have_a_reason(monkeypatch):
    monkeypatch.setattr(target, "SEEDS", 2)
    layers = [of_case(case) for case in drawn(2, 8)]
    with Porter(chosen(("torch", "tensorflow", "jax"), (), ())) as porter:
        ported = porter.ports(layers, ["torch", "tensorflow", "jax"])
    assert len(ported) == 24
    for each in ported:
        assert each.plan is not None or each.reasons, each.layer.says
        assert each.equal == each.asked
        assert each.plan is None or each.asked >= 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["torch.nn.ConvTranspose2d(8, 6)"], "missing a required argument: 'kernel_size'"),
        (["torch.nn.ConvTranspose2d(8, 6, 3)"], "--input gives none"),
        (["torch.nn.ConvTranspose2d(8, 6, 3)", "--input", "5;4"], "expected numbers with commas"),
        (["as/i3k2", "-o", "x.py"], "a module is for one framework"),
        (["as/i3k2", "-o", "x.txt", "--to", "torch"], "the name of a module ends in .py"),
        (["as/i3k2", "--to", "trch"], "did you mean torch?"),
        (["nowhere/at-all"], "no case is called"),
        (["invalid/stride-0"], ""),
        (["missing.onnx"], "no such file"),
        (["missing.yaml"], "no such file"),
    ],
)
def test_bad_words_are_one_sentence(words, said):
    status, output = convt(*words)
    assert status == 2
    assert output.startswith("convt: ")
    assert len(output.splitlines()) == 1
    assert said in output


def test_names_of_functions_are_names():
    one = of_case(spelled.named("as/i3"))
    layers = [dataclasses.replace(one, name=name) for name in ("up.1", "up 1", "3d", "class", "")]
    assert module.names(layers) == ["up_1", "up_1_2", "layer_3d", "layer_class", "layer"]
