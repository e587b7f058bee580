"""The options that write summaries, from a run and from run files: what is written, and what is refused."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from commands import CLEAN, FINDINGS, LIARS, USAGE, Said, honest

from conformance.report import findings
from conformance.report.summaries import WRITERS
from conformance.run import run_file

FILES = {"--junitxml": "out/j.xml", "--json": "out/s.json", "--markdown": "out/m.md", "--badge": "out/b.svg"}
ALL = [word for pair in FILES.items() for word in pair]


def flipped(*more: str) -> Said:
    liar = str(LIARS / "flipped.py")
    return Said("run", "--cases", "few.yaml", "--adapter", liar, "--fill", "exact", "-o", "run.jsonl", *more)


def test_a_run_and_its_run_file_write_the_same(room):
    said = flipped(*ALL)
    assert said.status == FINDINGS, said.err
    texts = {name: Path(name).read_text(encoding="utf-8") for name in FILES.values()}
    assert ElementTree.fromstring(texts["out/j.xml"]).get("failures") == "3"
    assert json.loads(texts["out/s.json"])["runs"][0]["counts"]["new"] == 3
    assert "3 new" in texts["out/m.md"].splitlines()[0]
    assert "3 new" in texts["out/b.svg"]
    shutil.rmtree("out")
    again = Said("report", "run.jsonl", *ALL)
    assert again.status == CLEAN, again.err
    assert again.out == "".join(f"wrote {name}\n" for name in FILES.values())
    assert {name: Path(name).read_text(encoding="utf-8") for name in FILES.values()} == texts


@pytest.mark.parametrize("option", FILES)
def test_one_output_is_enough_for_a_report(option, room):
    honest()
    assert Said("report", "run.jsonl", option, "x").status == CLEAN
    assert Path("x").stat().st_size > 100


@pytest.mark.parametrize("option", WRITERS)
def test_a_summary_may_go_to_standard_output_where_nothing_else_goes_then(option, room):
    ran = honest(f"--{option}", "-")
    assert ran.status == CLEAN, ran.err
    assert "6 rows" in ran.err
    reported = Said("report", "run.jsonl", f"--{option}", "-", "-o", "page.html")
    assert reported.out == ran.out
    assert ran.out == WRITERS[option]([findings.report(run_file.read("run.jsonl"))])
    assert reported.err == "wrote page.html\n"


def test_two_summaries_do_not_go_to_standard_output(room):
    said = honest("--json", "-", "--markdown", "-")
    assert said.status == USAGE
    assert "--json and --markdown: only one summary can be written to standard output" in said.err


def test_a_report_of_nothing_is_refused_with_what_there_is(room):
    honest()
    said = Said("report", "run.jsonl")
    assert said.status == USAGE
    assert "--output" in said.err
    assert "--junitxml" in said.err
    assert said.err.count("\n") == 1


def test_several_runs_are_in_every_summary(room):
    honest(output="a.jsonl")
    honest(output="b.jsonl")
    assert Said("report", "a.jsonl", "b.jsonl", *ALL).status == CLEAN
    assert len(json.loads(Path("out/s.json").read_text(encoding="utf-8"))["runs"]) == 2
    assert len(ElementTree.parse("out/j.xml").getroot()) == 4
    assert Path("out/m.md").read_text(encoding="utf-8").count("| route |") == 2


def test_github_gets_annotations_and_the_summary_of_its_step(room, monkeypatch):
    Path("summary.md").write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(room / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(room))
    said = flipped("--format", "github", "--markdown", "m.md")
    assert said.status == FINDINGS
    place = f"file=few.yaml,line={Path('few.yaml').read_text(encoding='utf-8').splitlines().index('  - id: first') + 1}"
    (line,) = (line for line in said.out.splitlines() if line.startswith("::"))
    assert line.startswith(f"::error title=new%3A lies,{place}::lies differs: as if the kernel were flipped%0A")
    assert Path("summary.md").read_text(encoding="utf-8") == "before\n" + Path("m.md").read_text(encoding="utf-8")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    again = Said("report", "run.jsonl", "--format", "github")
    assert (again.status, again.out) == (CLEAN, line + "\n")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(room.parent))
    assert f",file={room.name}/few.yaml,line=" in Said("report", "run.jsonl", "--format", "github").out
    monkeypatch.setenv("GITHUB_WORKSPACE", str(room / "elsewhere"))
    assert "file=" not in Said("report", "run.jsonl", "--format", "github").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--junitxml", "folder"], "--junitxml folder: this is a folder"),
        (["--json", "few.yaml/x.json"], "--json few.yaml/x.json: "),
        (["--markdown", "/proc/none/x.md"], "--markdown /proc/none/x.md: "),
        (["--badge", "other.jsonl"], "--badge other.jsonl: .jsonl is for run files"),
        (["--json", "few.yaml"], "--json few.yaml: .yaml is for case files"),
        (["--junitxml", "honest.py"], "--junitxml honest.py: .py is for programs"),
        (["--json", "same", "--badge", "same"], "--badge same: this is also the file of --json"),
        (["--format", "gitlab"], "--format"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "report"])
def test_a_path_that_cannot_be_is_one_sentence_before_anything_is_written(verb, words, says, room):
    (room / "folder").mkdir()
    if verb == "report":
        honest()
    before = {path.name: path.is_file() and path.read_bytes() for path in room.iterdir()}
    said = honest(*words) if verb == "run" else Said("report", "run.jsonl", *words)
    assert said.status == USAGE
    assert says in said.err
    assert said.err.count("\n") == 1
    assert {path.name: path.is_file() and path.read_bytes() for path in room.iterdir()} == before


@pytest.mark.parametrize("verb", ["run", "report"])
def test_a_summary_is_not_the_run_file_and_not_the_page(verb, room):
    honest()
    (room / "run.jsonl").rename("run")
    kept = Path("run").read_bytes()
    words = (
        ["run", "--cases", "few.yaml", "--adapter", "honest.py", "-o", "run"] if verb == "run" else ["report", "run"]
    )
    said = Said(*words, "--json", "./run")
    assert said.status == USAGE
    assert "this is also the run file" in said.err
    assert Path("run").read_bytes() == kept
    page = ["--report", "p.html"] if verb == "run" else ["-o", "p.html"]
    said = Said(*words[:-2] if verb == "run" else words, *page, "--badge", "p.html")
    assert said.status == USAGE
    assert "this is also the page" in said.err


@pytest.mark.parametrize("option", FILES)
def test_a_full_disk_costs_one_summary_and_not_the_run(option, room):
    other = next(name for name in FILES if name != option)
    said = honest(option, "/dev/full", other, "kept")
    assert said.status == USAGE
    assert said.err == f"convt: {option} /dev/full: No space left on device: name another file; the run file is kept\n"
    assert run_file.read("run.jsonl").footer["rows"] == 6
    assert Path("kept").exists()


def test_a_page_that_cannot_be_written_hides_no_finding(room):
    flipped = str(LIARS / "flipped.py")
    words = ("run", "--cases", "few.yaml", "--adapter", flipped, "--no-narrow", "-o", "run.jsonl")
    (room / "p.html").mkdir()
    said = Said(*words, "--report", "p.html")
    assert said.status == FINDINGS
    assert said.err == "convt: p.html: Is a directory: name another page; the run file is kept\n"
    assert "6 new" in said.out


@pytest.mark.parametrize("header", ['{"kind":"header"}', '{"kind":"header","adapters":[],"dead":3}'])
@pytest.mark.parametrize(
    "words", [["report", "x.jsonl", "--json", "x.json"], ["diff", "x.jsonl", "x.jsonl", "x.jsonl"]]
)
def test_a_run_file_without_its_facts_is_one_sentence(header, words, room):
    Path("x.jsonl").write_text(header + "\n", encoding="utf-8")
    said = Said(*words)
    assert said.status == USAGE
    assert said.err.startswith("convt: x.jsonl:1: not a line of a run file: ")
