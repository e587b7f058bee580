"""docs/ci.md: its YAML is YAML, its commands are commands, and no option is forgotten."""

from __future__ import annotations

import inspect
import re
import shlex

import click
import pytest
import yaml
from documents import ROOT, blocks

from conformance import pytest_plugin
from conformance.cli.main import main
from conformance.report.summaries import WRITERS

TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
YAML = {block.line: yaml.safe_load(block.text) for block in blocks("docs/ci.md", "yaml")}
#: The commands in the text, each up to the end of its line or code span, or the gap before its explanation.
COMMANDS = [shlex.split(found) for found in re.findall(r"convt (?:run|report|diff)(?: [^`|'#\s]+)+", TEXT)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_understood(words):
    if words != ["convt", "report", "-o", "F"]:  # the table's short form
        above = click.Context(main, **main.context_settings)
        main.get_command(above, words[1]).make_context(words[1], words[2:], parent=above)


def test_there_is_a_workflow_and_a_pipeline_with_their_outputs_kept():
    workflow = next(each for each in YAML.values() if "convt" in each.get("jobs", {}))
    pipeline = next(each for each in YAML.values() if "convt" in each)
    steps = workflow["jobs"]["convt"]["steps"]
    (run,) = (shlex.split(step["run"]) for step in steps if "convt run" in step.get("run", ""))
    kept = next(step["with"]["path"].split() for step in steps if "upload-artifact" in step.get("uses", ""))
    written = {word for word in run if re.search(r"\.(jsonl|xml|svg)$", word)}
    assert set(kept) == written | {"run.html"}
    assert pipeline["convt"]["artifacts"]["reports"]["junit"] in pipeline["convt"]["script"][-1]


def test_every_option_of_pytest_is_in_the_table():
    options = re.findall(r'addoption\("(--convt[\w-]*)"', inspect.getsource(pytest_plugin))
    assert len(options) >= 8
    for option in options:
        assert re.search(rf"^\| (`[^|]*`, )?`{option}[ `]", TEXT, re.MULTILINE), option


def test_every_option_is_in_the_table():
    for option in [*WRITERS, "format"]:
        assert re.search(rf"^\| `--{option} ", TEXT, re.MULTILINE)
