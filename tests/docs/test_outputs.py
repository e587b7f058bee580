"""Documents whose output is real print today what they say."""

from __future__ import annotations

import importlib.util

import operators
import pytest
from documents import ROOT, blocks

import conformance

spec = importlib.util.spec_from_file_location("outputs", ROOT / "docs" / "outputs.py")
outputs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(outputs)


@pytest.mark.parametrize("name", outputs.DOCUMENTS)
def test_the_output_in_a_document_is_that_of_its_programs(name):
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert outputs.alike(outputs.text(name)) == outputs.alike(written), "run: python docs/outputs.py"
    if missing := outputs.missing(name):
        pytest.skip(f"all but what needs {', '.join(missing)}")


@pytest.mark.parametrize(
    ("block", "printed"),
    [
        ("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "2\n"),
        ("```python\nassert 1 > 2, 'no'\n```\n\n```text\n```\n", "AssertionError: no\n"),
        ("```console\n$ convt cases nowhere\n```\n", "convt: no case is called 'nowhere'"),
    ],
)
def test_what_is_not_so_is_written_anew(block, printed, tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "FOLDER", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "a.md").write_text(f"Before.\n\n{block}\nAfter.\n", encoding="utf-8")
    assert outputs.main(["--check", "a.md"]) == 1
    assert outputs.main(["a.md"]) == 0
    text = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert printed in text
    assert text.startswith("Before.\n\n```")
    assert text.endswith("```\n\nAfter.\n")
    assert outputs.main(["--check", "a.md"]) == 0


def test_only_counts_may_differ():
    one = "f: 5 of 20 questions answered wrongly, in all 1,200 rows and in 7 further questions; padding 3"
    other = "f: 6 of 21 questions answered wrongly, in all 1,300 rows and in 8 further questions; padding 3"
    assert outputs.alike(one) == outputs.alike(other)
    assert outputs.alike(one) != outputs.alike(other.replace("padding 3", "padding 4"))


def test_the_lines_with_functions_run(monkeypatch):
    """With few questions instead of all."""
    (text,) = (block.text for block in blocks("docs/start/backend.md", "python", None) if "my_nhwc" in block.text)

    whole = conformance.check

    def few(function, **words):
        return whole(function, "groups/bias", fills=("exact",), **(words | {"tier": None}))

    monkeypatch.setitem(vars(conformance), "check", few)
    exec(text, {"my_conv_transpose2d": operators.conv_transpose, "my_nhwc": operators.channels_last})
