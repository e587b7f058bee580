"""The command line: what it says, where it says it, and with which exit status."""

from __future__ import annotations

import json
import os
import re

import pytest
import yaml
from commands import CLEAN, FAMILY, FINDINGS, INCOMPLETE, LIARS, ROOT, USAGE, Said, honest, process

from conformance.run import run_file

WHY = "as if the kernel were flipped"
FLIPPED = ("--cases", "few.yaml", "--adapter", str(LIARS / "flipped.py"), "--fill", "exact")


# Exit status


def test_a_run_of_an_honest_adapter_is_clean_and_leaves_a_run_file_and_a_page(room):
    said = honest()
    assert said.status == CLEAN, said.err
    assert said.err == ""
    assert "6 rows" in said.out
    assert "6 pass, 0 known, 0 new" in said.out
    run = run_file.read("run.jsonl")
    assert run.footer["verdicts"] == {"pass": 6}
    assert run.header["adapters"]["lies"]["version"] == "1.0"
    assert "page: run.html" in said.out


def test_a_finding_is_exit_1_with_a_sentence_and_a_line_to_paste(room):
    said = Said("run", *FLIPPED, "-o", "r.jsonl")
    assert said.status == FINDINGS
    assert "new: lies differs: as if the kernel were flipped\n  3 rows on lies/route@cpu; 3 cases, the" in said.out
    assert re.search(r"^  convt show '(as|few)/\S+' --route lies/route ", said.out, re.MULTILINE)
    assert "0 pass, 0 known, 3 new" in said.out


def test_a_worker_that_dies_at_hello_is_exit_3_with_its_last_output(room):
    said = Said("run", "--cases", "few.yaml", "--adapter", str(LIARS / "dies_at_hello.py"), "-o", "r.jsonl")
    assert said.status == INCOMPLETE
    assert "libeverything.so.7" in said.out
    assert "incomplete" in said.out.splitlines()[-3]


def test_a_worker_that_dies_with_every_question_has_answered_them_all(room):
    (room / "mortal.py").write_text(
        f"import os, runpy\ntruth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "truth['lie'](lower=lambda case, checks: os._exit(9))\n",
        encoding="utf-8",
    )
    said = Said("run", "--cases", "few.yaml", "--adapter", "mortal.py", "-o", "r.jsonl")
    assert said.status == FINDINGS
    assert [row.verdict for row in run_file.read("r.jsonl").rows] == ["crash"] * 6


def test_a_worker_that_says_no_hello_any_more_leaves_the_run_incomplete(room):
    (room / "mortal.py").write_text(
        "import os, pathlib, runpy\n"
        "if pathlib.Path('started').exists():\n    os._exit(9)\n"
        "pathlib.Path('started').touch()\n"
        f"truth = runpy.run_path({str(LIARS / 'truth.py')!r})\n"
        "truth['lie'](lower=lambda case, checks: os._exit(9))\n",
        encoding="utf-8",
    )
    said = Said("run", "--cases", "few.yaml", "--adapter", "mortal.py", "-o", "r.jsonl")
    assert said.status == INCOMPLETE
    assert "incomplete" in said.out
    rows = run_file.read("r.jsonl").rows
    assert sorted(row.verdict for row in rows) == ["crash"] + ["unrun"] * 5
    assert "does not start any more: ended with exit status 9" in said.out


# Frameworks that are not there


def test_a_framework_that_is_not_installed_is_absent_and_said(bare):
    said = Said("run", "--cases", "few.yaml", "-o", "run.jsonl")
    assert said.status == CLEAN, said.err
    for name in ("torch", "tensorflow", "jax"):
        assert f"absent: {name}: " in said.out
    assert {row.route.partition("/")[0] for row in run_file.read("run.jsonl").rows} == {"numpy"}


@pytest.mark.parametrize("words", [["--adapter", "torch"], ["--route", "torch/functional"], ["--route", "torch/*"]])
def test_a_framework_that_is_named_must_be_there(words, bare):
    said = Said("run", "--cases", "few.yaml", "-o", "run.jsonl", *words)
    assert said.status == USAGE
    assert "torch was asked for and is not installed" in said.err
    assert said.err.count("\n") == 1


# The other verbs


def test_diff_in_four_words(room):
    honest(output="a.jsonl")
    Said("run", "few/second", "few/third", *FLIPPED, "-o", "b.jsonl")
    said = Said("diff", "a.jsonl", "b.jsonl")
    assert said.status == FINDINGS
    assert said.out.splitlines()[-1] == "0 added, 4 removed, 2 changed, 0 same"
    changed = [line for line in said.out.splitlines() if line.startswith("changed ")]
    assert len(changed) == 2
    assert "few/second lies/route@cpu float32 forward exact: pass -> differ (new)" in changed[0]
    backwards = Said("diff", "b.jsonl", "a.jsonl")
    assert backwards.out.splitlines()[-1] == "4 added, 0 removed, 2 changed, 0 same"
    same = Said("diff", "a.jsonl", "a.jsonl")
    assert (same.status, same.out) == (CLEAN, "0 added, 0 removed, 0 changed, 6 same\n")


def test_show_tells_a_row_and_prints_a_script(room):
    words = ("show", "few/first", *FLIPPED)
    said = Said(*words)
    assert said.status == FINDINGS
    assert said.out.startswith("few/first lies/route@cpu float32 forward exact: differ (new)\n")
    assert "as if the kernel were flipped" in said.out
    script = Said(*words, "--script").out
    assert script.startswith("'few/first ")
    assert "import numpy" not in said.out
    assert "--script prints" in said.out
    compile(script, "script", "exec")


def test_show_lists_several_answers_and_says_how_one_is_explained(room):
    said = Said("show", "few/*", *FLIPPED)
    assert said.status == FINDINGS
    lines = said.out.splitlines()
    assert lines[:3] == [f"few/{name}  lies/route  1 new: {WHY}" for name in ("first", "second", "third")]
    flipped = str(LIARS / "flipped.py")
    assert lines[3:] == [
        "",
        f"explain one: convt show 'few/first' --route lies/route --cases few.yaml --adapter {flipped}",
    ]
    assert "name one of them" in Said("show", "few/*", *FLIPPED, "--script").err


def test_show_tells_right_answers_of_one_call_once(room):
    said = Said("show", "few/first", "--cases", "few.yaml", "--adapter", "honest.py")
    assert said.status == CLEAN
    assert said.out.count("native call") == 1
    assert "  alike: float32 forward real\n" in said.out


def test_show_says_where_nothing_was_answered(room):
    words = ("show", "few/first", "--cases", "few.yaml", "--adapter", str(LIARS / "modest.py"))
    said, script = Said(*words), Said(*words, "--script")
    assert (said.status, script.status) == (INCOMPLETE, INCOMPLETE)
    assert "few/first cannot be expressed: nothing can be expressed here" in said.out
    assert script.out.startswith(
        "# few/first lies/route@cpu float32 forward exact: no native call was made: nothing can"
    )


def test_show_from_a_run_file_asks_nobody(room):
    honest()
    (room / "honest.py").unlink()
    said = Said("show", "few/second", "--run", "run.jsonl", "--fill", "real")
    assert said.status == CLEAN, said.err
    assert said.out.startswith("few/second lies/route@cpu float32 forward real: pass\n")
    assert "first" not in said.out
    assert Said("show", "few/fourth", "--run", "run.jsonl").status == USAGE


def test_cases_lists_ids_and_sizes_and_json(room):
    said = Said("cases", "few/s*", "--cases", "few.yaml")
    assert [line.split("  ")[0] for line in said.out.splitlines()] == ["few/second"]
    assert "[3, 4] -> [5, 5]" in said.out  # (3 − 1)·2 + 2 − 1 and 4 − 1 + 3 − 1
    assert said.err == "1 case\n"
    (line,) = Said("cases", "few/second", "--cases", "few.yaml", "--json").out.splitlines()
    assert json.loads(line)["padding"] == [[1, 0], [0, 1]]
    assert len(Said("cases", "--cases", "few.yaml").out.splitlines()) == 3
    assert len(Said("cases", "stride/*").out.splitlines()) > 20


def test_cases_show_prints_the_arithmetic(room):
    said = Said("cases", "show", "few/third", "--cases", "few.yaml")
    assert said.out.startswith("few/third\n  dilated\n")
    assert "axis 0: K_e = (2 − 1)·2 + 1 = 3; F = (3 − 1)·2 + 3 = 7; O = 7 − 0 − 0 + 0 = 7" in said.out
    assert f"few.yaml:{FAMILY[: FAMILY.index('- id: third')].count(chr(10)) + 1}" in said.out


def test_adapters_says_what_is_here(bare):
    told = Said("adapters")
    assert told.status == CLEAN
    assert re.search(r"^numpy \d+\.\d+", told.out, re.M)
    assert "  numpy/scatter: float64, float32, float16, int64, int32, int8, complex64; forward, " in told.out
    assert re.search(r"^torch absent: ", told.out, re.M)
    said = json.loads(Said("adapters", "--json").out)
    assert list(said["adapters"]) == ["numpy"]
    engines = yaml.safe_load((ROOT / "adapters" / "engines.yaml").read_text(encoding="utf-8"))
    assert set(said["absent"]) == set(engines) - {"numpy"}
    assert "scatter" in [route["name"] for route in said["adapters"]["numpy"]["routes"]]


def test_known_lists_each_rule_with_its_reason_link_and_place():
    said = Said("known")
    assert said.status == CLEAN
    blocks = [block.splitlines() for block in said.out.strip().split("\n\n")]
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "cases" / "known").glob("*.yaml")]
    entries = [entry for text in texts for entry in yaml.safe_load(text)]
    assert len(blocks) == sum(1 + len(entry.get("also", ())) for entry in entries)
    for says, why, link in blocks:
        assert re.match(r"\w+/\S+ .*: \S", says)
        assert re.match(r"  (bug|by-design|precision|not-implemented): .{20}", why)
        assert re.match(r"  https?://\S+  \S+\.yaml:\d+$", link)


def test_known_drafts_entries_for_the_new_rows_of_a_run(room):
    nothing_to_flip = "  - id: pointwise\n    why: it passes\n    kernel: [1, 1]\n"
    (room / "few.yaml").write_text(FAMILY + nothing_to_flip, encoding="utf-8")
    Said("run", *FLIPPED, "-o", "r.jsonl")
    draft = Said("known", "--draft", "r.jsonl").out
    (room / "known").mkdir()
    (room / "known" / "lies.yaml").write_text(draft, encoding="utf-8")
    words = ("run", *FLIPPED, "--known", "known")
    said = Said(*words, "-o", "again.jsonl")
    assert said.status == USAGE
    assert "lies.yaml:" in said.err
    assert "a person" in said.err
    (room / "known" / "lies.yaml").write_text(draft.replace("FINISH ME", "https://example.org"), encoding="utf-8")
    said = Said(*words, "-o", "again.jsonl")
    assert said.status == CLEAN, said.out + said.err
    assert "1 pass, 3 known, 0 new" in said.out


# Green for something


def test_a_call_that_does_not_exist_is_broken_and_the_run_has_no_result(room):
    typo = str(LIARS / "typo.py")
    outputs = ("--markdown", "m.md", "--badge", "b.svg", "--junitxml", "j.xml", "--json", "s.json")
    said = Said("run", "--cases", "few.yaml", "--adapter", typo, "-o", "r.jsonl", *outputs)
    assert said.status == INCOMPLETE
    assert "version 1.0 has no truth.conv_transpos: correct the call" in said.out
    assert "no result (lies/route@cpu answered none of its 6 rows): 6 rows" in said.out
    assert {row.verdict for row in run_file.read("r.jsonl").rows} == {"broken"}
    assert (room / "m.md").read_text(encoding="utf-8").startswith("❌")
    assert "no result" in (room / "b.svg").read_text(encoding="utf-8")
    assert re.search('<h1 class="bad">(<a [^>]+>)?No result', (room / "r.html").read_text(encoding="utf-8"))
    assert 'errors="1"' in (room / "j.xml").read_text(encoding="utf-8").partition(">")[2].partition(">")[0]
    assert not json.loads((room / "s.json").read_text(encoding="utf-8"))["runs"][0]["clean"]


def test_a_run_in_which_nothing_can_be_expressed_has_no_result_and_says_why(room):
    said = Said("run", "--cases", "few.yaml", "--adapter", str(LIARS / "modest.py"), "-o", "r.jsonl")
    assert said.status == INCOMPLETE
    assert "unsupported: 6 rows of lies: nothing can be expressed here" in said.out
    assert "no result (lies/route@cpu answered none of its 6 rows): 6 rows" in said.out


def test_a_run_of_known_divergences_only_is_not_clean(room):
    Said("run", *FLIPPED, "-o", "r.jsonl")
    (room / "known").mkdir()
    draft = Said("known", "--draft", "r.jsonl").out.replace("FINISH ME", "https://example.org")
    (room / "known" / "lies.yaml").write_text(draft, encoding="utf-8")
    said = Said("run", *FLIPPED, "--known", "known", "-o", "again.jsonl")
    assert said.status == INCOMPLETE
    assert "no result (no row passed): 3 rows" in said.out


def test_a_route_must_answer_as_much_as_the_command_demands(room):
    words = ("--dtype", "float64", "--dtype", "float16")  # the second is not offered
    assert honest(*words, "--at-least", "0.5").status == CLEAN
    said = honest(*words, "--at-least", "0.6", output="more.jsonl")
    assert said.status == INCOMPLETE
    assert "no result (lies/route@cpu answered 6 of its 12 rows, less than 60%)" in said.out


def test_a_baseline_must_still_be_reached(room):
    assert honest(output="old.jsonl").status == CLEAN
    assert honest("--baseline", "old.jsonl", output="same.jsonl").status == CLEAN
    modest = Said(*_as_honest("modest.py"), "-o", "less.jsonl")
    assert modest.status == INCOMPLETE
    assert "lies/route@cpu answered 6 more in old.jsonl, such as few/first lies/route@cpu float32" in modest.out
    said = Said(*_as_honest("flipped.py"), "-o", "worse.jsonl", "--fail-on", "stale")
    assert said.status == FINDINGS
    assert "6 of lies/route@cpu passed in old.jsonl, such as few/first" in said.out


def _as_honest(liar: str) -> tuple[str, ...]:
    return ("run", "--cases", "few.yaml", "--adapter", str(LIARS / liar), "--baseline", "old.jsonl")


@pytest.mark.parametrize(("states", "status"), [("new", FINDINGS), ("changed, stale", CLEAN), ("nwe", USAGE)])
def test_the_command_says_which_states_fail(states, status, room):
    said = Said("run", *FLIPPED, "-o", "r.jsonl", "--fail-on", states)
    assert said.status == status
    assert status != USAGE or "'nwe' is no state; there are new, changed, stale, unrun, known, unsupported" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--adapter", "numpy"], True),
        (["--adapter", "honest.py"], False),
        (["--adapter", "numpy", "--adapter", "honest.py"], False),
        (["--adapter", "honest.py", "--claims"], True),
    ],
)
def test_what_documents_claim_is_told_of_our_adapters_or_where_it_is_asked_for(words, told, room):
    said = Said("run", "claims/c02-stamps", "disputes/output-padding-of-the-stride", "-o", "r.jsonl", *words)
    page = (room / "r.html").read_text(encoding="utf-8")
    found = ["claims of the documents:" in said.out, "disputed questions, and who" in said.out]
    assert [*found, '<section id="claims">' in page, '<section id="disputes">' in page] == [told] * 4


# The terminal


@pytest.mark.parametrize("words", [["cases"], ["known"], ["cases", "--json"]])
def test_a_reader_that_has_seen_enough_ends_it_quietly(words):
    running = process(*words)
    assert running.stdout.readline()
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=20) in (0, 1)
    assert "Traceback" not in err
    assert "Broken" not in err
    assert "Exception" not in err


def test_a_run_whose_reader_leaves_is_finished_with_its_own_exit_status(room):
    running = process("run", *FLIPPED, "-o", "run.jsonl")
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=20) == FINDINGS
    assert err == ""
    assert run_file.read("run.jsonl").footer
    assert (room / "run.html").exists()


@pytest.mark.parametrize(("colours", "env"), [(False, {"NO_COLOR": "1"}), (True, {}), (False, None)])
def test_colours_are_for_terminals_only(colours, env, room):
    """On a pseudo-terminal, with NO_COLOR and without; and on a pipe (env None)."""
    words = ["run", *FLIPPED, "-o", "run.jsonl"]
    if env is None:
        done = process(*words)
        text = "".join(done.communicate())
    else:
        leader, follower = os.openpty()
        for name in ("NO_COLOR", "FORCE_COLOR"):
            os.environ.pop(name, None)
        done = process(*words, stdout=follower, stderr=follower, env={"TERM": "xterm-256color"} | env)
        os.close(follower)
        text = b""
        while chunk := read(leader):
            text += chunk
        os.close(leader)
        done.wait()
        text = text.decode()
    assert done.returncode == FINDINGS
    assert "as if the kernel were flipped" in text
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", text)) is colours


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize(
    "verb", [[], ["run"], ["show"], ["report"], ["diff"], ["cases"], ["adapters"], ["mutants"], ["known"]]
)
def test_every_verb_has_help(verb):
    said = Said(*verb, "--help")
    assert said.status == CLEAN
    assert "convt" in said.out
    assert "options:" in said.out.lower()


def test_help_tells_every_option_of_a_run_in_a_group():
    said = Said("run", "--help").out
    groups, _, others = said.partition("\nOther options:\n")
    assert groups.count("\n\n") >= 7
    assert others.split() == ["-h,", "--help", "Show", "this", "message", "and", "exit."]
