"""`check`: a right function passes, a wrong one is told what is wrong with it, and what cannot be asked is said."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time

import operators
import pytest
from commands import ROOT

import conformance
from conformance import Wrong, cases, check
from conformance.adapter import Unsupported

torch_is_here = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs PyTorch")
jax_is_here = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs JAX")


@pytest.fixture(scope="module")
def wrong() -> Wrong:
    """What is said of the function that flips the kernel where there are groups and a stride of 3."""
    with pytest.raises(Wrong) as caught:
        check(operators.flipped_groups, ["groups/*", "stride/*", "cover/*"], fills=["exact"], seconds=4)
    return caught.value


def test_a_right_function_passes_and_says_what_was_left_out():
    done = check(operators.conv_transpose, "groups/*", ranks=(1, 2, 3))
    assert done.right >= 20
    assert str(done).startswith(f"conv_transpose: {done.right} questions answered, all of them rightly")
    assert any("padding crops both ends alike" in reason for reason in done.left_out)


def test_a_wrong_function_is_told_what_when_the_smallest_and_the_nearest_that_is_right(wrong):
    said = str(wrong)
    assert "1. as if the kernel were flipped\n   when groups > 1 and stride = 3 on some axis\n" in said
    assert "smallest that is wrong: 2-D, " in said
    assert "nearest that is right: with " in said
    (diagnosis,) = wrong.diagnoses
    assert diagnosis.fault == "kernel-flipped"
    assert len(wrong.rows) > 10
    assert all(row.verdict == "differ" for row in wrong.rows)


def test_the_script_of_a_message_shows_the_same_fault(wrong):
    lines = str(wrong).splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("       'as/"))
    script = "\n".join(line[7:] for line in lines[first:])
    assert "from operators import flipped_groups" in script
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run([sys.executable, "-"], input=script, text=True, capture_output=True, env=os.environ | path)
    assert done.returncode == 1
    assert "wrong, first at" in done.stderr


def test_the_line_that_asks_again_fails_too(wrong):
    again = next(line for line in str(wrong).splitlines() if "again: " in line).partition("again: ")[2]
    with pytest.raises(Wrong, match="as if the kernel were flipped"):
        eval(again, {"cases": cases, "flipped_groups": operators.flipped_groups})


def test_the_line_that_asks_again_repeats_what_was_said():
    def reversed_nhwc(x, w, b, c):
        return operators.channels_last(x, w[::-1, ::-1], b, c)

    words = {"x": "NHWC", "w": "HWOI", "dtypes": ("float64",), "fills": ("real",), "seed": 3}
    with pytest.raises(Wrong) as caught:
        check(reversed_nhwc, "stride/*", **words, seconds=0)
    again = next(line for line in str(caught.value).splitlines() if "again: " in line).partition("again: ")[2]
    assert again.endswith("dtypes=('float64',), fills=('real',), x='NHWC', w='HWOI', seed=3)")
    with pytest.raises(Wrong):
        eval(again, {"cases": cases, "reversed_nhwc": reversed_nhwc})


def test_a_function_that_takes_the_case_reads_its_own_layouts():
    words = {"x": "NHWC", "w": "HWOI", "fills": ["exact"], "where": {"batch": {"above": 0}}}
    done = check(operators.channels_last, ["padding/*", "rank/*"], ranks=(1, 2, 3), **words)
    assert done.left_out == {}
    with pytest.raises(Wrong, match=r"\n1\. as if the kernel were flipped\n"):
        check(lambda x, w, b, c: operators.channels_last(x, w[::-1, ::-1], b, c), "padding/*", **words, seconds=0)


def test_what_a_function_has_no_argument_for_is_left_out():
    def plain(x, w, stride=1, padding=0):
        return operators.conv_transpose(x, w, None, stride, padding)

    done = check(plain, ["groups/*", "stride/*"])
    assert "it has no argument groups" in done.left_out
    with pytest.raises(ValueError, match=r"plain was asked nothing that it can answer\n.*no argument groups"):
        check(plain, "groups/*", where={"groups": {"above": 1}})


def test_what_a_function_cannot_answer_is_left_out_and_an_error_is_not():
    def some(x, w, b, c):
        if c.groups > 1:
            raise Unsupported("no groups")
        if c.kernel[0] == 3:
            raise NotImplementedError
        return operators.conv_transpose(x, w, b, c.stride, [lo for lo, _ in c.padding], c.output_padding)

    def never(x, w, b, c):
        raise RuntimeError("no kernel for this")

    with pytest.raises(Wrong, match="RuntimeError: no kernel for this"):
        check(never, "groups/*", seconds=0)
    done = check(some, ["groups/*", "stride/*"], fills=["exact"])
    assert set(done.left_out) == {"no groups", "it says that this is not implemented"}


def test_a_function_that_answers_differently_the_second_time_is_flaky():
    calls = []

    def moody(x, w, b=None, **words):
        calls.append(1)
        return operators.conv_transpose(x, w, b, **words) + (len(calls) == 2)

    with pytest.raises(Wrong, match="asked twice, answered differently"):
        check(moody, "stride/*", arrays="numpy", seconds=0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"signature": "caffe"}, "there are torch, tf.nn"),
        ({"x": "NHHC"}, "each letter once"),
        ({"w": "HWIX"}, "each letter once"),
        ({"arrays": "cupy"}, "there are numpy"),
        ({"dtypes": ("float23",)}, "there is no 'float23'"),
        ({"checks": "forward"}, "give a tuple"),
        ({"where": {"strid": 2}}, "did you mean 'stride'"),
        ({"asked": "group/*"}, "no case is called 'group/\\*'"),
        ({"tier": "huge"}, "these cases have the tiers"),
    ],
)
def test_wrong_words_are_refused(words, said):
    with pytest.raises(ValueError, match=said):
        check(operators.conv_transpose, **words)


def test_float16_sums_are_told_unless_they_are_declared():
    """A half precision sum is what it is: the tolerance is derived from what is declared."""
    words = {"asked": "dtype/*", "dtypes": ("float16",), "fills": ("real",), "ranks": 2}
    with pytest.raises(Wrong, match="right under an accumulator of float16"):
        check(operators.conv_transpose, **words, seconds=0)
    assert check(operators.conv_transpose, **words, arithmetic={"float16": {"accumulator": "float16"}}).right


def test_gradients_of_numpy_come_from_a_function_of_its_own():
    def backward(x, w, b, g, case):
        return None, None, g.sum(axis=(0, 2, 3))

    words = {"asked": "bias/*", "checks": ("grad_bias",), "dtypes": ("float64",)}
    assert check(operators.conv_transpose, **words, backward=backward).right
    with pytest.raises(Wrong):
        check(operators.conv_transpose, **words, backward=lambda *given: (0, 0, given[3].sum(axis=(0, 2))), seconds=0)
    with pytest.raises(ValueError, match="give the function's own as backward="):
        check(operators.conv_transpose, **words)


@torch_is_here
def test_torch_tensors_are_found_out_and_differentiated():
    import torch

    def doubled_backward(x, w, b=None, **words):
        return torch.nn.functional.conv_transpose2d(x + (x - x.detach()), w, b, **words)

    words = {"asked": ["gradient/*"], "fills": ("exact",), "checks": ("forward", "grad_input", "grad_weight")}
    assert check(torch.nn.functional.conv_transpose2d, **words).right >= 20
    with pytest.raises(Wrong) as caught:
        check(doubled_backward, **words, seconds=0)
    assert {row.check for row in caught.value.rows} == {"grad_input"}


@torch_is_here
def test_what_torch_refuses_by_design_is_no_fault_of_a_function_with_its_signature():
    import torch

    done = check(torch.nn.functional.conv_transpose2d, "output_padding/*", fills=("exact",), arrays="torch")
    assert any("output padding must be smaller" in reason for reason in done.left_out)
    words = {"where": {"some_axis": {"padding_lo": {"below": 0}}}, "seconds": 0}
    with pytest.raises(ValueError, match="negative padding is not supported"):
        check(operators.conv_transpose, "padding/*", **words)
    with pytest.raises(Wrong):
        check(operators.conv_transpose, "padding/*", signature="case", **words)


def test_the_attributes_of_onnx():
    def attributes(x, w, b, strides, pads, output_padding, group, dilations):
        rank = len(strides)
        full = operators.conv_transpose(x, w, None, strides, 0, output_padding, group, dilations)
        ends = zip(pads[:rank], pads[rank:], strict=True)
        cut = (slice(lo, full.shape[2 + axis] - hi) for axis, (lo, hi) in enumerate(ends))
        y = full[(slice(None), slice(None), *cut)]
        return y if b is None else y + b.reshape(-1, *[1] * rank)

    words = {"signature": "onnx", "fills": ("exact",), "where": {"padding_lo": {"at_least": 0}}}
    words["where"] |= {"padding_hi": {"at_least": 0}}
    assert check(attributes, ["padding/*", "groups/*"], **words).right >= 20
    with pytest.raises(Wrong, match="padding"):
        check(
            lambda x, w, b, pads, **more: attributes(x, w, b, pads=pads[::-1], **more), "padding/*", **words, seconds=0
        )


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="needs Keras")
def test_keras_under_its_own_signature():
    import keras

    words = {"signature": "keras", "fills": ("exact",)}
    done = check(keras.ops.conv_transpose, ["stride/*", "same/keras-valid*", "same/keras-same-k*-s*"], **words)
    assert done.right >= 10
    with pytest.raises(ValueError, match="neither 'valid' nor 'same' crops so"):
        check(keras.ops.conv_transpose, "as/i3x4k3p2", **words)

    def other(x, w, output_padding, **more):
        return keras.ops.conv_transpose(x, w, output_padding=0, **more)

    with pytest.raises(Wrong, match="size"):
        check(other, "same/keras-valid*", **words, seconds=0)


@jax_is_here
def test_jax_under_its_own_signature():
    import jax

    words = {"fills": ("exact",), "signature": "jax.lax", "checks": ("forward", "grad_weight")}
    few = cases("stride/*", ranks=2)[:3]
    assert check(jax.lax.conv_transpose, few, **words).right == 6
    with pytest.raises(Wrong, match="as if the input channels were in reverse order"):
        check(lambda x, w, **more: jax.lax.conv_transpose(x, w[::-1], **more), few, **words, seconds=0)


def test_a_crash_and_silence_are_answers_in_a_process_of_its_own():
    def dies(x, w, b, c):
        if c.groups == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        if c.groups == 3:
            time.sleep(60)
        return operators.conv_transpose(x, w, b, c.stride, 0, 0, c.groups, c.dilation)

    asked = [*cases("groups/g2-4-8", "groups/g3-6-9", "groups/g4-8-20"), *cases("stride/*")[:1]]
    with pytest.raises(Wrong) as caught:
        check(dies, asked, isolate=True, deadline=0.5, seconds=0, fills=["exact"])
    found = {(row.verdict, row.cause) for row in caught.value.rows}
    assert found == {("crash", "killed by SIGSEGV"), ("hang", "no answer within 0.5 s")}
    assert len(caught.value.rows) == 2


def test_what_must_be_refused_is_asked_where_that_is_wished():
    with pytest.raises(Wrong, match="stride is not checked"):
        check(operators.conv_transpose, "invalid/*", invalid=True, seconds=0)


def test_the_library_imports_little_and_fast():
    heavy = ["torch", "tensorflow", "jax", "yaml", "rich", "click", "jinja2", "hypothesis", "packaging"]
    code = f"import sys; from conformance import cases, check; print(*(set(sys.modules) & set({heavy})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_package_offers_its_names():
    assert set(conformance.OFFERED) <= set(dir(conformance))
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = conformance.chekc
