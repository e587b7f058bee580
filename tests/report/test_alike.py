"""Every output tells the same findings: the same names, the same numbers of rows, in the same order."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter
from html import unescape
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from runs import LEDGER, case, new, report, row

from conformance.report import html, terminal
from conformance.report.findings import Report
from conformance.report.history import lines
from conformance.report.summaries import facts, github, junit, markdown
from conformance.run.draft import draft
from conformance.run.row import Diagnosed

CASES = (
    case("stride/one"),
    case("stride/two", 5),
    case("cover/r2-i[1,4]", 2),
    case("invalid/column", shapes={"b": (1, 1)}, bias=True, expect="refuse"),
    case("invalid/long", shapes={"b": (7,)}, bias=True, expect="refuse"),
    case("invalid/stride", stride=(0, 1), expect="refuse"),
    case("known/one"),
)
ROUNDED = "beyond what rounding can do under the declared arithmetic"
OTHER = LEDGER | {"where": "known/lies.yaml:30"}
KNOWN = {"causes": ["as if rows were shifted"], "ledger": LEDGER}
ROWS = [
    row(check="grad_weight"),
    # One fault: three cases with exact operands, which name it, and with real ones, which do not.
    *(new(each.id, dtype=dtype) for each in CASES[:3] for dtype in ("float32", "float64")),
    *(
        row(each.id, "differ", "new", cause=ROUNDED, fill="real", dtype=dtype)
        for each in CASES[:3]
        for dtype in ("float32", "float64")
    ),
    # Refusals with numbers of the case in them, and of the rank.
    row("stride/one", "refuse", "new", cause="ValueError: 3 is odd, in [2, 3]", check="grad_input"),
    row("stride/two", "refuse", "new", cause="ValueError: 5 is odd, in [2, 3, 4]", check="grad_input"),
    # Accepted: two ways to have a wrong bias, one wrong stride.
    row("invalid/column", "accept", "new", cause="answered with shape [2, 6, 9, 6]: b has shape [1, 1], …"),
    row("invalid/long", "accept", "new", cause="answered with shape [2, 6, 9, 6]: b has shape [7], …"),
    row("invalid/stride", "accept", "new", cause="answered with shape [0]: stride is 0 on axis 0, …"),
    # Against the ledger.
    row("stride/one", "differ", "changed", cause="shape [1] instead of [2]", fill="given", detail={"ledger": LEDGER}),
    row("stride/two", state="stale", fill="given", detail={"ledger": LEDGER}),
    row("stride/one", state="stale", fill="fresh", detail={"ledger": LEDGER}),
    row("stride/one", state="stale", fill="fresh", dtype="int8", detail={"ledger": OTHER}),
    row("stride/two", "unrun", check="grad_bias", cause="the worker of lies died too often"),
    row("known/one", "differ", "known", cause="as if rows were shifted", detail=KNOWN),
    row("known/one", "differ", "known", cause=ROUNDED, fill="real"),
    row("stride/two", "unsupported", dtype="int8", detail={"reason": "has no int8"}),
]
TO_TELL = [
    ("new", "lies differs: as if the kernel were flipped", 12),
    ("new", "lies refuses: ValueError: 3 is odd, in [2, 3]", 2),
    ("new", "lies does not refuse: shape of b is not checked", 2),
    ("new", "lies does not refuse: stride is not checked", 1),
    ("changed", "lies differs: shape [1] instead of [2]; known/lies.yaml:7 says otherwise", 1),
    ("stale", "lies is right: known/lies.yaml:7 says that it diverges", 2),
    ("stale", "lies is right: known/lies.yaml:30 says that it diverges", 1),
    ("unrun", "lies was not asked: the worker of lies died too often", 1),
]
LISTED = [("known", "lies differs: as if rows were shifted", 2)]

WRONG = [each for each in ROWS if each.state in ("new", "changed")]
DIAGNOSES = [
    Diagnosed(
        framework="lies",
        verdict=verdict,
        says=says,
        when=when,
        condition={},
        fault=fault,
        routes=["lies/route@cpu"],
        rows=[each.key for each in WRONG if each.verdict == verdict and each.state == state],
    )
    for state, verdict, says, when, fault in (
        ("new", "differ", "as if the kernel were flipped", "stride > 1", "kernel-flipped"),
        ("new", "refuse", "is odd, in", None, None),
        ("new", "accept", "nothing is checked", "always", None),
        ("changed", "differ", "another shape", "the fill is given", None),
    )
]
#: The same rows where they have been diagnosed.
DIAGNOSED = [
    ("new", "lies differs: as if the kernel were flipped, where stride > 1", 12),
    ("new", "lies does not refuse: nothing is checked", 3),
    ("new", "lies refuses: is odd, in", 2),
    ("changed", "lies differs: another shape, where the fill is given; known/lies.yaml:7 says otherwise", 1),
    *TO_TELL[5:],
]


class Told(NamedTuple):
    """A report, and what every output must tell of it: (state, sentence, number of rows)."""

    report: Report
    one_by_one: list[tuple[str, str, int]]


@pytest.fixture(params=["by cause", "diagnosed"])
def told(request):
    if request.param == "by cause":
        return Told(report(ROWS, CASES), TO_TELL)
    return Told(report(ROWS, CASES, diagnoses=DIAGNOSES), DIAGNOSED)


def test_the_terminal(told, capsys):
    terminal.summary(told.report)
    said = capsys.readouterr().out
    states = "|".join(dict.fromkeys(state for state, *_ in told.one_by_one))
    found = re.findall(rf"^({states}): (.+)\n  (\d+) rows? on", said, re.MULTILINE)
    assert [(state, sentence, int(count)) for state, sentence, count in found] == told.one_by_one


def test_json(told):
    (said,) = json.loads(facts.text([told.report]))["runs"]
    assert [(one["state"], one["sentence"], one["rows"]) for one in said["findings"]] == told.one_by_one + LISTED


def test_junit(told):
    root = ElementTree.fromstring(junit.text([told.report]))
    messages = Counter(
        element.get("message")
        for tag in ("failure", "skipped")
        for element in root.iterfind(f"testsuite[@name='lies/route@cpu']/testcase/{tag}")
    )
    del messages["has no int8"]
    wanted = {f"{state}: {sentence}": count for state, sentence, count in told.one_by_one}
    wanted |= {f"{state}: {sentence} {LEDGER['link']}": count for state, sentence, count in LISTED}
    assert messages == wanted


def test_markdown(told):
    said = markdown.text([told.report])
    found = re.findall(r"^\*\*(\w+)\*\*: `(.+)`\n\n- `(\d+) rows? on", said, re.MULTILINE)
    assert [(state, sentence, int(count)) for state, sentence, count in found] == told.one_by_one
    listed = re.findall(r"^- `(.+)`; (\d+) rows?; ", said, re.MULTILINE)
    assert [("known", sentence, int(count)) for sentence, count in listed] == LISTED


def test_github(told):
    found = re.findall(
        r"^::\w+ title=(\w+)%3A lies(?:,[^:]*)?::(.+?)%0A(\d+) row", github.text([told.report]), re.MULTILINE
    )
    found = [(state, sentence, int(count)) for state, sentence, count in found]
    assert sorted(found) == sorted(told.one_by_one)  # errors stand before warnings


def _of_a_card(card: str) -> tuple[str, str, int]:
    """What a card tells in its parts, put together as the other outputs say it."""
    state, what = re.search(r'<h3><span class="n s-\w+">(\w+)</span> <bdi>(.+?)</bdi>', card).groups()
    when = re.search(r"<dt>when</dt><dd><b>(.+?)</b>", card)
    rows = re.search(r"<dt>how many</dt><dd>(\d+)", card)[1]
    entry = re.search(r'<p class="ledger">.+<small>\((.+?)\)</small>', card)
    said = what + (f", where {when[1]}" if when else "")
    said += f"; {entry[1]} says otherwise" if state == "changed" else ""
    return state, unescape(said), int(rows)


def test_the_page_and_its_data(told, tmp_path):
    html.write([told.report], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert [_of_a_card(card) for card in re.findall(r"<article .+?</article>", page, re.DOTALL)] == told.one_by_one
    listed = re.findall(r"<summary><bdi>(.+?)</bdi> <small>(\d+) rows?</small>", page)
    assert [("known", f"lies differs: {cause}", int(count)) for cause, count in listed] == LISTED

    def part(name: str) -> bytes:
        return zlib.decompress(base64.b64decode(re.search(rf'id="{name}">([^<]*)<', page)[1]))

    words = json.loads(part("words"))
    columns = np.frombuffer(part("numbers"), "<u4").reshape(len(words["columns"]), words["count"])
    column = dict(zip(words["columns"], columns, strict=True))
    counts = Counter(
        (words["words"]["state"][state], words["findings"][finding - 1])
        for state, finding in zip(column["state"], column["finding"], strict=True)
        if finding
    )
    assert counts == {(state, sentence): count for state, sentence, count in told.one_by_one + LISTED}


def test_several_runs(told):
    found = lines([told.report, told.report])
    wanted = [each for each in told.one_by_one + LISTED if each[0] in ("new", "changed", "known")]
    for line, (_, sentence, count) in zip(found, wanted, strict=True):
        assert line.cause in sentence
        assert line.rows == [count, count]


def test_a_draft_of_rules():
    told = report(ROWS, CASES, diagnoses=DIAGNOSES)
    drafted = yaml.safe_load(draft(told.run))
    found = told.in_states(("new", "changed"))
    assert Counter(rule["verdict"] for rule in drafted) == Counter(one.verdict for one in found)
    assert [rule.get("fault") for rule in drafted] == ["kernel-flipped", None, None, None]
