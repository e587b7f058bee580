"""What people write first: the error has the line, and what it proposes is right where it is tried."""

from __future__ import annotations

import re

import pytest

from conformance.corpus import load
from conformance.corpus.yaml_file import FileError

CASE = """\
why: a question
cases:
  - id: a
    why: b
    batch: 1
    in_channels: 4
    out_channels: 3
    kernel: 3
"""


def family(tmp_path, *lines: str):
    path = tmp_path / "family.yaml"
    path.write_text(CASE + "".join(f"    {line}\n" for line in lines))
    return load.load_family(path)


@pytest.mark.parametrize(
    ("lines", "at", "says"),
    [
        (("stride: 2", "input: [5, 5]", "padding: same"), 11, "'same' is no number: each framework means its own"),
        (("input: [5, 5]", "padding: VALID"), 10, "one of tensorflow_valid (with output_size), jax_valid, keras_valid"),
        (("input: [5, 5]", "padding: SAME_UPPER"), 10, "onnx_same_upper"),
        (("input: [5, 5]", "padding: reflect"), 10, "'reflect' is no number: words are conventions"),
        (("input: 5",), 9, "write [5] for one, [5, 5] for two"),
        (("input: [1, 4, 5, 6]",), 9, "batch: 1, in_channels: 4, input: [5, 6]"),
        (("input: [5, 5]", "padding: [1, 0, 0, 1]"), 10, "are [[1, 0], [0, 1]]"),
    ],
)
def test_the_sentence_helps(lines, at, says, tmp_path):
    with pytest.raises(FileError) as raised:
        family(tmp_path, *lines)
    assert raised.value.line == at
    assert says in raised.value.message


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (("input: [12, 12]", "stride: 2", "padding: 1"), [24, 24]),
        (("input: [12, 11]", "stride: 2"), [22, 23]),
        (("input: [4, 6]", "stride: 3"), [12, 17]),
    ],
)
def test_what_is_proposed_gives_the_size(lines, size, tmp_path):
    with pytest.raises(FileError, match=f"output size {re.escape(str(size))} was asked for") as raised:
        family(tmp_path, *lines, f"output_size: {size}")
    proposed = re.search(r"(output_padding|padding): (\[.*?\]+) gives it", raised.value.message)
    others = [line for line in lines if not line.startswith(proposed[1])]
    (case,) = family(tmp_path, *others, f"{proposed[1]}: {proposed[2]}")
    assert list(case.output) == size
    if "convention" in raised.value.message:
        (case,) = family(tmp_path, *lines, "convention: torch_output_size", f"output_size: {size}")
        assert list(case.output) == size


def test_a_size_beyond_all_is_said(tmp_path):
    with pytest.raises(FileError, match="it cannot be reached by cropping"):
        family(tmp_path, "input: [5, 5]", "output_size: [50, 50]")
