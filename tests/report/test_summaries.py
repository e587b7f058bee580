"""Summaries for machines: what they must hold, and that nothing which a framework says breaks them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
from msgspec.structs import replace
from runs import HOSTILE, LEDGER, case, new, report, row

from conformance.report import states
from conformance.report.summaries import WRITERS, badge, facts, github, junit, markdown

SVG = "{http://www.w3.org/2000/svg}"
CASES = (case("stride/one"), case("stride/two", line=20))
MIXED = report(
    [
        row(),
        new("stride/two"),
        row(verdict="differ", state="known", fill="real"),
        row(state="stale", fill="given", detail={"ledger": LEDGER}),
        row(verdict="unsupported", dtype="int8", detail={"reason": "has no int8"}),
        row(verdict="unrun", dtype="float64", detail={"reason": "the worker died three times"}),
        row(route="lies/other"),
    ],
    CASES,
)
BAD = report(
    [
        new("stride/" + HOSTILE, cause=HOSTILE),
        row(verdict="unsupported", detail={"reason": HOSTILE}),
        row(verdict="refuse", state="known", cause=HOSTILE, detail={"ledger": dict.fromkeys(LEDGER, HOSTILE)}),
    ],
    path=f"{HOSTILE}.jsonl",
    corpus=HOSTILE,
    platform=HOSTILE,
    dead={HOSTILE: HOSTILE},
    problems=[HOSTILE],
    adapters={HOSTILE: {"version": HOSTILE, "devices": []}},
    notes=[HOSTILE],
)


def suites(*runs) -> dict[str, ElementTree.Element]:
    return {suite.get("name"): suite for suite in ElementTree.fromstring(junit.text(runs))}


# JUnit XML


def test_a_suite_for_each_route_and_a_test_case_for_each_row():
    found = suites(MIXED)
    assert list(found) == ["lies/other@cpu", "lies/route@cpu", "run"]
    mine = found["lies/route@cpu"]
    assert [each.get("name") for each in mine.iter("testcase")] == [str(each.key) for each in MIXED.run.rows[:-1]]
    assert {each.get("classname") for each in mine.iter("testcase")} == {"lies/route"}
    assert (mine.get("tests"), mine.get("failures"), mine.get("skipped")) == ("6", "3", "2")
    properties = {each.get("name"): each.get("value") for each in mine.iter("property")}
    assert properties["lies"] == "1.0"
    assert properties["corpus"] == "abc123"
    assert properties["seed"] == "0"


def test_failures_and_skips_say_why():
    cases = {each.get("name"): each for each in suites(MIXED)["lies/route@cpu"].iter("testcase")}
    passed, failed, known, stale, unsupported, unrun = cases.values()
    assert len(passed) == 0
    assert failed.find("failure").get("type") == "new"
    assert "as if the kernel were flipped" in failed.find("failure").get("message")
    assert failed.find("failure").text.endswith(
        "convt show 'stride/two' --route lies/route --dtype float32 --check forward --fill exact"
    )
    assert LEDGER["link"] in known.find("skipped").get("message")
    assert LEDGER["where"] in stale.find("failure").text
    assert unsupported.find("skipped").get("message") == "has no int8"
    assert "died three times" in unrun.find("failure").text


#: Element → its attributes, those that must be there first, and its children: what the schema of Jenkins' xUnit plugin
#: has, as far as it is used here. Times there have at most three decimals.
SCHEMA = {
    "testsuites": ((), ("name", "time", "tests", "failures", "errors"), {"testsuite"}),
    "testsuite": (
        ("name", "tests", "failures", "errors"),
        ("time", "skipped", "timestamp"),
        {"properties", "testcase"},
    ),
    "properties": ((), (), {"property"}),
    "property": (("name", "value"), (), set()),
    "testcase": (("name",), ("classname", "time"), {"error", "failure", "skipped"}),
    "error": ((), ("type", "message"), set()),
    "failure": ((), ("type", "message"), set()),
    "skipped": ((), ("type", "message"), set()),
}


@pytest.mark.parametrize("runs", [[MIXED], [MIXED, BAD], [report([row(seconds=0.0123456)], whole=False)], [report([])]])
def test_it_has_what_the_usual_schema_allows_and_counts_right(runs):
    root = ElementTree.fromstring(junit.text(runs))
    for element in root.iter():
        must, may, children = SCHEMA[element.tag]
        assert set(must) <= set(element.attrib) <= {*must, *may}
        assert {child.tag for child in element} <= children
        if element.tag in ("testsuites", "testsuite"):
            assert re.fullmatch(r"\d+(\.\d{0,3})?", element.get("time"))
            cases = list(element.iter("testcase"))
            assert int(element.get("tests")) == len(cases)
            assert int(element.get("failures")) == sum(case.find("failure") is not None for case in cases)


def failing(**more) -> list[str]:
    whole = suites(report([row()], **more))["run"]
    return [each.get("name") for each in whole.iter("testcase") if each.find("failure") is not None]


def test_what_no_row_can_say_is_not_green():
    assert failing() == []
    assert failing(dead={"torch": "libeverything.so.7"}) == ["adapters answer"]
    assert failing(whole=False) == ["run is complete"]
    assert failing(problems=["orphan: known/x.yaml:3 matches no row"]) == ["ledger"]


def test_suites_of_several_runs_have_different_names():
    assert len(suites(report([row()], path="a/old.jsonl"), report([row()], path="a/new.jsonl"))) == 4
    assert len(suites(report([row()], path="a/run.jsonl"), report([row()], path="b/run.jsonl"))) == 4


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, 0x85, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x10FFFF, 0x1F642])
def test_xml_parses_whatever_a_text_holds(code):
    said = f"a{chr(code)}b"
    assert suites(report([row(verdict="unsupported", detail={"reason": said})], platform=said, dead={said: said}))
    junit.text([report([new(cause=said)])]).encode("utf-8")


# All of them


@pytest.mark.parametrize("option", WRITERS)
def test_hostile_texts_break_no_document(option):
    text = WRITERS[option]([BAD, BAD])
    text.encode("utf-8")
    assert "\x1b" not in text
    if option in ("junitxml", "badge"):
        ElementTree.fromstring(text)
    if option == "json":
        assert json.loads(text)["runs"][0]["dead"][HOSTILE] == HOSTILE


@pytest.mark.parametrize("option", WRITERS)
def test_a_run_of_nothing_is_told(option):
    assert WRITERS[option]([report([], adapters={})])


# JSON


def test_json_has_every_count_and_adds_up():
    (said,) = json.loads(facts.text([MIXED]))["runs"]
    assert list(said["counts"]) == list(states.STATES)
    assert sum(said["counts"].values()) == said["rows"] == len(MIXED.run.rows)
    for route in said["routes"]:
        for state, count in route["counts"].items():
            assert count == sum(family[state] for family in route["families"].values())
    assert [finding["state"] for finding in said["findings"]] == ["new", "stale", "unrun", "known"]
    assert said["findings"][0]["case"] == "stride/two"
    assert (said["findings"][0]["file"], said["findings"][0]["line"]) == ("cases/stride.yaml", 20)
    assert said["findings"][3]["links"] == [LEDGER["link"]]
    assert said["unsupported"] == [
        {"framework": "lies", "reason": "has no int8", "rows": 1, "routes": ["lies/route@cpu"]}
    ]
    assert said["clean"] is said["complete"] is False


def test_every_key_of_the_json_is_documented():
    def keys(value):
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    told = keys(json.loads(facts.text([report([new(), row("pad/x", "differ", "known")], CASES)])))
    told -= {"lies", "stride", "pad"}  # names, not keys
    assert {key for key in told if not re.search(rf"\b{key}\b", facts.__doc__)} - set(states.STATES) == set()


# Markdown


def test_markdown_says_the_verdict_first_then_routes_then_findings():
    said = markdown.text([MIXED])
    assert states.verdict(MIXED.run) in said.splitlines()[0]
    assert said.splitlines()[0].startswith("❌")
    assert markdown.text([report([row()])]).startswith("✅")
    assert "| `lies/route@cpu` | 1 | 1 | 1 |" in said
    assert said.index("**new**") < said.index("**stale**") < said.index("**unrun**")
    assert "```sh\nconvt show 'stride/two' --route lies/route\n```" in said
    assert f"<{LEDGER['link']}>" in said


def test_markdown_is_at_most_60_kB_and_says_what_is_missing():
    many = report([new(f"stride/{'ü' * 200}{n}", cause=f"cause {n} " + "ß" * 200) for n in range(500)])
    said = markdown.text([many])
    assert 30_000 < len(said.encode()) <= 60_000
    assert "left out" in said.splitlines()[-1]
    assert "left out" not in markdown.text([MIXED])


def test_a_text_of_others_is_neither_markup_nor_mention():
    rest = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", markdown.text([BAD]), flags=re.DOTALL)
    assert "@all" not in rest
    assert "<b>" not in rest


# The badge


@pytest.mark.parametrize(
    ("rows", "more", "said", "colour"),
    [
        ([row(), row("a/b", "differ", "known")], {}, "0 new · 1 known", badge.GREEN),
        ([new()], {}, "1 new · 0 known", badge.RED),
        ([row(state="stale", detail={"ledger": LEDGER})], {}, "0 new · 1 stale · 0 known", badge.RED),
        ([row()], {"problems": ["orphan"]}, "0 new · 0 known · 1 ledger", badge.RED),
        ([row()], {"whole": False}, "incomplete · 0 new · 0 known", badge.ORANGE),
        ([row(verdict="unrun")], {}, "incomplete · 0 new · 1 unrun · 0 known", badge.ORANGE),
    ],
)
def test_the_badge_says_it_in_colour_and_in_words(rows, more, said, colour):
    drawn = ElementTree.fromstring(badge.text([report(rows, **more)]))
    assert drawn.find(f"{SVG}title").text == drawn.get("aria-label") == f"conv-transpose: {said}"
    assert [each.text for each in drawn.iter(f"{SVG}text")] == ["conv-transpose", said]
    assert colour in {each.get("fill") for each in drawn.iter(f"{SVG}rect")}


def test_the_badges_texts_lie_inside_their_halves():
    drawn = ElementTree.fromstring(badge.text([MIXED]))
    halves = list(drawn.find(f"{SVG}g").iter(f"{SVG}rect"))[:2]
    for half, text in zip(halves, drawn.iter(f"{SVG}text"), strict=True):
        left = float(half.get("x", 0))
        assert left < float(text.get("x"))
        assert float(text.get("x")) + float(text.get("textLength")) < left + float(half.get("width"))


# GitHub's annotations

COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:]*)(?:,\w+=[^,:]*)*)::(.*)")


def commands(*runs) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands, read as the runner reads them."""

    def plain(said: str) -> str:
        for code, character in (("%2C", ","), ("%3A", ":"), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            said = said.replace(code, character)
        return said

    found = []
    for line in github.text(runs).splitlines():
        level, words, message = COMMAND.fullmatch(line).groups()
        told = dict(word.split("=", 1) for word in words.split(","))
        found.append((level, {word: plain(value) for word, value in told.items()}, plain(message)))
    return found


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with a ledger and an adapter of its own, and with a file that is called like one of our corpus."""
    monkeypatch.chdir(tmp_path)
    for name in ("known/lies.yaml", "k/x.yaml", "cases/stride.yaml", "mine/stride.yaml", "tests/lies_adapter.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("files", "adapter", "place"),
    [
        (["mine"], "tests/lies_adapter.py", ("mine/stride.yaml", "12")),
        (["mine/stride.yaml"], "tests/lies_adapter.py", ("mine/stride.yaml", "12")),
        ([], "tests/lies_adapter.py", ("tests/lies_adapter.py", "1")),
        ([], "elsewhere/lies_adapter.py", (None, None)),
        (["/elsewhere/mine"], "/elsewhere/lies_adapter.py", (None, None)),
    ],
)
def test_only_files_of_the_checkout_are_named(files, adapter, place, checkout):
    where = "cases/stride.yaml:12" if not files else "mine/stride.yaml:12"
    adapters = {"lies": {"version": "1.0", "devices": ["cpu"], "file": str(checkout / adapter)}}
    ran = report([new()], (replace(case("stride/one"), where=where),), adapters=adapters, selection={"files": files})
    ((_, told, _),) = commands(ran)
    assert (told.get("file"), told.get("line")) == place


def test_what_is_new_stands_beside_the_case_and_stale_beside_the_entry(checkout, monkeypatch):
    monkeypatch.setattr(github, "folder", lambda name: checkout / name)
    error, unrun, stale = commands(MIXED)
    assert error[0] == unrun[0] == "error"
    assert error[1] == {"title": "new: lies", "file": "cases/stride.yaml", "line": "20"}
    assert error[2].splitlines()[0] == "lies differs: as if the kernel were flipped"
    assert error[2].splitlines()[-1] == "convt show 'stride/two' --route lies/route"
    assert stale[0] == "warning"
    assert (stale[1]["file"], stale[1]["line"]) == ("known/lies.yaml", "7")


def test_the_ledger_and_what_died_are_annotated(checkout):
    (dead, ledger) = commands(
        report([row()], dead={"torch": "a, b: 100%\nc"}, problems=["orphan: k/x.yaml:3 matches no"])
    )
    assert dead == ("error", {"title": "dead: torch"}, "a, b: 100%\nc")
    assert ledger[:2] == ("warning", {"title": "ledger", "file": "k/x.yaml", "line": "3"})
    assert commands(report([row()])) == []


def test_at_most_ten_of_a_kind_and_a_word_on_the_rest():
    found = commands(report([new(f"stride/{n}", cause=f"cause {n}") for n in range(25)]))
    assert [level for level, *_ in found] == ["error"] * 10 + ["notice"]
    assert found[-1][2].startswith("15 ")


def test_nobody_writes_a_workflow_command_of_his_own():
    nowhere = report([new()], (replace(CASES[0], where=f"{HOSTILE}:3"),))
    assert len(github.text([nowhere]).splitlines()) == 1
    assert len(commands(BAD)) == len(github.text([BAD]).splitlines())
    assert not any(line.startswith("::error::") for line in github.text([BAD]).splitlines())
