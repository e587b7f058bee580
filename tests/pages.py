"""A run made by hand for the tests of the page: one case on a route of TensorFlow, wrong in a way with a name."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.case import Case
from conformance.run.row import Row
from conformance.run.run_file import Run

#: What must stay text wherever it is shown.
HOSTILE = "</script><script>alert(1)</script>\"'<img src=x onerror=alert(2)>\u202eevil\udcff"
CASE = Case(
    id="stride/one",
    input=(4, 5),
    kernel=(3, 2),
    in_channels=2,
    out_channels=3,
    batch=1,
    groups=1,
    stride=(2, 1),
    dilation=(1, 1),
    padding=((0, 0), (0, 0)),
    output_padding=(0, 0),
    bias=False,
    why="unequal strides",
)
PLAN = {
    "call": "tf.nn.conv2d_transpose",
    "arguments": {},
    "source": "y = tf.nn.conv2d_transpose(x, w)",
    "define": "",
    "layouts": {"x": "NHWC", "w": "HWOI", "y": "NHWC"},
    "memory": {},
    "emulates": None,
}


def row(verdict: str = "pass", **more) -> Row:
    words = {
        "case": "stride/one",
        "route": "tensorflow/nn",
        "device": "cpu",
        "dtype": "float32",
        "check": "forward",
        "fill": "exact",
        "outcome": "returned",
    }
    return Row(**(words | {"verdict": verdict} | more))


DIFFERS = row(
    "differ",
    state="new",
    cause="as if the kernel were flipped",
    detail={
        "mismatch": "values",
        "first_wrong": {"index": [0, 1, 2, 3], "expected": 7.0, "returned": -5.0},
        "wrong": 11,
        "of": 90,
        "error": 1234567.0,
        "causes": ["as if the kernel were flipped"],
        "plan": PLAN,
    },
)


def run(rows: list[Row], complete: bool = True, version: str = "2.21.0", problems: Sequence[str] = (), **header) -> Run:
    header = {
        "suite": "0.1.0",
        "corpus": "abc123",
        "adapters": {
            "tensorflow": {"version": version, "devices": ["cpu"], "script": {"imports": "import tensorflow as tf"}}
        },
        "absent": {"jax": "No module named 'jax'"},
        "dead": {},
        "platform": "Linux",
        "cpu": "some",
        "cores": 2,
        "python": "3.11",
        "argv": ["convt", "run"],
        "seed": 3,
        "started": "2026-11-21T10:00:00",
        "notes": [],
    } | header
    footer = {"rows": len(rows), "seconds": 12.5, "problems": list(problems)}
    return Run("some/run.jsonl", header, {"stride/one": CASE}, rows, footer=footer if complete else None)
