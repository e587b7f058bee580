"""The workers' halves in JavaScript and C++: every dtype, layouts, noise on standard output, refusals and mistakes."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from commands import Said

from conformance import adapter

HERE = Path(__file__).parent
CASE = {
    "batch": 2,
    "in_channels": 4,
    "out_channels": 6,
    "groups": 2,
    "input": [3, 4],
    "kernel": [2, 5],
    "stride": [1, 1],
    "dilation": [1, 1],
    "padding": [[0, 0], [-1, 2]],
    "output_padding": [0, 0],
    "output": [4, 9223372036854775807],
    "bias": False,
    "convention": None,
    "output_size": None,
    "input_layout": None,
    "kernel_layout": None,
    "options": {},
    "shapes": {},
}


@pytest.fixture(scope="module")
def js() -> list[str]:
    """What starts the odd adapter in JavaScript."""
    if shutil.which("node") is None:
        pytest.skip("needs node")
    return ["node", str(HERE / "odd_adapter.js")]


@pytest.fixture(scope="module")
def cpp(tmp_path_factory) -> list[str]:
    """What starts the odd adapter in C++."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    program = str(tmp_path_factory.mktemp("cpp") / "odd_adapter")
    words = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", str(HERE / "odd_adapter.cpp"), "-o", program]
    subprocess.run(words, check=True, timeout=120)
    return [program]


@pytest.fixture(scope="module", params=["js", "cpp"])
def command(request) -> list[str]:
    return request.getfixturevalue(request.param)


@pytest.fixture
def worker(command):
    """A function that asks a message and gives back the answer and its tensors, of one process."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as process:

        def ask(message, tensors=None):
            process.stdin.write(adapter.pack(message, tensors))
            process.stdin.flush()
            return adapter.read_message(process.stdout)

        yield ask
        process.stdin.close()
        assert process.wait(timeout=20) == 0
        assert process.stdout.read() == b""


def operands(dtype: str) -> dict[str, tuple[str, np.ndarray]]:
    """x and w of CASE, every element with other bits."""
    found = {}
    for name, shape in (("x", (2, 4, 3, 4)), ("w", (4, 3, 2, 5))):
        kind = np.dtype(adapter.DTYPES[adapter.NAMES[dtype]])
        size = kind.itemsize
        counted = np.arange(1, int(np.prod(shape)) + 1, dtype="<u8")
        bits = np.zeros((counted.size, max(size, 8)), np.uint8)
        bits[:, :8] = counted.view(np.uint8).reshape(-1, 8)
        found[name] = (dtype, np.ascontiguousarray(bits[:, :size]).view(kind).reshape(shape))
    return found


def question(*checks: str, **changed) -> dict:
    return {"do": "run", "id": 7, "route": "all", "device": "cpu", "checks": checks, "case": CASE | changed}


def same(one: tuple[str, np.ndarray], other: tuple[str, np.ndarray]) -> bool:
    return one[0] == other[0] and one[1].shape == other[1].shape and one[1].tobytes() == other[1].tobytes()


def test_hello(worker):
    hello, tensors = worker({"do": "hello", "id": 3})
    (route,) = hello.pop("routes")
    assert hello == {
        "id": 3,
        "protocol": 1,
        "name": "odd",
        "version": "1.2",
        "devices": ["cpu", "other"],
        "builds": {"blas": "none"},
    }
    assert route == {
        "name": "all",
        "dtypes": ["float32"],
        "checks": ["forward"],
        "unasked": {"groups": "said in the kernel"},
    }
    assert tensors == {}


@pytest.mark.parametrize("dtype", adapter.NAMES)
def test_every_dtype_comes_in_the_layout_that_was_asked_for_and_goes_back(dtype, worker):
    given = operands(dtype)
    said, found = worker(question("grad_input", "grad_weight", "grad_bias"), given)
    assert said["outcome"] == "returned"
    assert said["id"] == 7
    assert said["seconds"] >= 0
    assert same(found["grad_input"], given["x"])
    assert same(found["grad_weight"], given["w"])
    apart = given["w"][1].reshape(2, 2, 3, 2, 5).transpose(0, 3, 4, 2, 1)  # GIOHW as GHWOI
    assert same(found["grad_bias"], (dtype, np.ascontiguousarray(apart).reshape(-1)))
    assert said["plan"]["layouts"] == {"x": "NHWC", "w": "GHWOI", "y": "NHWC"}
    assert said["plan"]["arguments"] == {"groups": 2}
    assert said["plan"]["source"].startswith("y = odd.call(x, w, ")


def test_operands_without_elements_and_of_another_rank_arrive(worker):
    given = operands("float32") | {"x": ("float32", np.zeros((0, 4, 3), "<f4"))}
    said, found = worker(question("forward"), given)
    assert said["outcome"] == "returned"
    assert same(found["forward"], given["x"])


def test_groups_that_cannot_be_an_axis_are_unsupported(worker):
    for groups in (0, 3):
        said, _ = worker(question("forward", groups=groups), operands("float32"))
        assert said == {"id": 7, "outcome": "unsupported", "reason": "the number of groups is an axis of the kernel"}


@pytest.mark.parametrize(
    ("changed", "outcome", "says"),
    [
        ({"convention": "unsupported"}, "unsupported", "said so"),
        ({"convention": "late"}, "unsupported", "seen late"),
        ({"options": {"unheard": 1.5, "known": ["é\n", None, True]}}, "unsupported", "has no unheard"),
        ({"options": {"memory": {"w": "expanded"}}}, "unsupported", "w would not be stored as expanded"),
        ({"convention": "refused"}, "raised", "no such thing\nat "),
        ({"convention": "slip"}, "broken", "a slip of the pen"),
        ({"convention": "nothing"}, "broken", "forward"),
    ],
)
def test_each_outcome_has_its_word(changed, outcome, says, worker):
    said, tensors = worker(question("forward", **changed), operands("float32"))
    assert said["outcome"] == outcome
    assert says in (said["reason"] if outcome == "unsupported" else said["text"])
    assert tensors == {}
    assert outcome == "unsupported" or said["type"]
    after, _ = worker(question("forward", options={"known": 1}), operands("float32"))
    assert after["outcome"] == "returned"


def test_a_signal_is_seen_outside(command):
    given = adapter.pack(question("forward", convention="exit"), operands("float32"))
    done = subprocess.run(command, input=given, capture_output=True, timeout=20, check=False)
    assert done.returncode == -11
    assert done.stdout == b""


def test_what_is_thrown_without_a_word_is_a_refusal(cpp):
    assert b"what was thrown is no std::exception" in _said(cpp, question("forward", convention="thrown"))


def test_what_is_not_here_says_so_in_a_line(js, monkeypatch):
    monkeypatch.setenv("ODD_ABSENT", "1")
    assert b'\\"absent\\":\\"no module odd\\"' in _said(js, {"do": "hello", "id": 0})


def test_a_variable_of_the_environment_reaches_the_adapter_that_it_names(js):
    said = Said("adapters", "--adapter", js[1], "--env", "odd:ODD_ABSENT=1")
    assert said.out.startswith("odd absent: no module odd")
    assert Said("adapters", "--adapter", js[1]).out.startswith("odd 1.2 on cpu, other")


@pytest.mark.parametrize("word", ["transposed", "channels_last", "reversed", "sliced", "misaligned"])
def test_operands_behind_other_strides_have_the_same_values(word, cpp):
    said = _said(cpp, question("grad_bias"), question("grad_bias", options={"memory": {"w": word}}))
    stream = io.BytesIO(said)
    (_, plain), (_, stored) = adapter.read_message(stream), adapter.read_message(stream)
    assert same(plain["grad_bias"], stored["grad_bias"])


def _said(command: list[str], *messages: dict) -> bytes:
    """All that a process of its own answers."""
    given = b"".join(adapter.pack(each, operands("float32") if each["do"] == "run" else {}) for each in messages)
    return subprocess.run(command, input=given, capture_output=True, timeout=20, check=True).stdout
