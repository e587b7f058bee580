"""The page as a file: it says what a run found, stays light, and harms nobody."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT
from msgspec.structs import replace
from pages import CASE, DIFFERS, HOSTILE, PLAN, row, run

from conformance.case import Dispute, Reading
from conformance.oracle.error_map import error_map
from conformance.report import html
from conformance.report.findings import report
from conformance.report.html import glossary, layouts, packed, pictures, tables, telling, texts
from conformance.run.run_file import Run

GLOSSARY = ROOT / "docs" / "glossary.md"


def page(tmp_path: Path, *runs: Run) -> str:
    html.write([report(run) for run in runs], tmp_path / "page.html")
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def text(page: str) -> str:
    """What a reader without style and script sees."""
    page = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_divergence_is_told_with_all_that_is_known(tmp_path):
    rows = [DIFFERS, row(), row("unsupported", detail={"reason": "has no groups"})]
    said = text(page(tmp_path, run(rows, problems=["orphan: known.yaml:3 matches no row"])))
    assert "1 new of 3 rows and 1 ledger problem need a look: 1 unsupported, 1 pass." in said
    assert "as if the kernel were flipped" in said
    assert "11 of 90 elements are wrong, the worst by 1.23e+06 u·Σ|x||w|; first at [0, 1, 2, 3]" in said
    assert "expected 7, returned -5" in said
    assert "1 of 2 rows that tensorflow answered; 1 case, on tensorflow/nn@cpu" in said
    assert "2-D, channels 2 → 3, input 4×5, kernel 3×2, stride 2×1" in said
    assert "O = 9 − 0 − 0 + 0 = 9" in said
    assert "the kernel goes from IOHW to HWOI by numpy.transpose(w, (2, 3, 1, 0))" in said
    assert "tf.nn.conv2d_transpose(x, w)" in said
    assert "import tensorflow as tf" in said
    assert "has no groups" in said
    assert "absent jax: No module named" in said
    assert "Ledger: orphan: known.yaml:3" in said
    assert "corpus abc123, seed 3" in said


def test_nothing_new_is_said_and_nothing_is_dropped_from_the_count(tmp_path):
    told = {"where": "known/tf.yaml:7", "link": "https://example.org/1", "kind": "bug", "why": "it is so"}
    known = replace(DIFFERS, state="known", detail=DIFFERS.detail | {"ledger": told})
    written = page(tmp_path, run([known, row(), row("unsupported")]))
    assert "Nothing needs a look: 1 known, 1 unsupported, 1 pass." in text(written)
    assert 'href="https://example.org/1"' in written


def test_a_card_draws_the_wrong_elements_among_what_is_cropped_and_added(tmp_path):
    """A picture of cells, one for each position of the full length, with a cross on each wrong element."""
    case = replace(CASE, id="drawn/one", stride=(2, 1), padding=((1, 0), (0, 0)), output_padding=(1, 0))
    units = np.zeros((1, 3, *case.output))
    units[0, 2, -1, :] = 5.0
    detail = DIFFERS.detail | {"error_map": error_map(units, units > 0), "region": "the last row of channel 2"}
    ran = run([replace(DIFFERS, case="drawn/one", detail=detail)])
    ran.cases["drawn/one"] = case
    picture = pictures.miniature(ran.rows[0], case)
    cells = {name: path.count("M") for name, path in re.findall(r'class="([^"]+)" d="([^"]+)"', picture)}
    width = case.output[1]
    assert cells["cell cropped"] == width
    assert cells["cross light"] == width
    assert sum(count for name, count in cells.items() if "shade" in name) == width
    assert sum(cells.values()) - cells["cross light"] == (case.output[0] + 1) * width
    assert 'aria-label="channel 2: 6 wrong elements, crossed"' in picture
    assert "channel 2, wrong: the last row of channel 2" in text(page(tmp_path, ran))


def test_no_folder_of_the_machine_is_told(tmp_path):
    ran = run([DIFFERS], argv=["convt", "run", "-o", "/home/somebody/run.jsonl"])
    ran.path = "/home/somebody/else/run.jsonl"
    assert "home/some" not in text(page(tmp_path, ran))


def test_a_count_has_its_separators_and_a_name_keeps_its_digits():
    assert texts.thousands("12345 new of 1234567 rows") == "12,345 new of 1,234,567 rows"
    assert texts.thousands("run-20260101 has 10 rows, seed 1234567.") == "run-20260101 has 10 rows, seed 1234567."
    assert texts.thousands(1364) == "1,364"


def test_an_incomplete_run_says_so(tmp_path):
    assert "Incomplete (cut short): nothing needs a look: 1 pass." in text(page(tmp_path, run([row()], complete=False)))


def test_several_runs_stand_side_by_side(tmp_path):
    said = text(page(tmp_path, run([row()], version="2.15.1"), run([DIFFERS])))
    assert "tensorflow 2.15.1" in said
    assert "0 added, 0 removed, 1 changed, 0 same" in said
    assert "pass → new" in said


def test_hostile_names_errors_and_logs_do_no_harm(tmp_path):
    bad = row(
        "refuse",
        state="new",
        cause=HOSTILE,
        case="stride/" + HOSTILE,
        outcome="raised",
        detail={
            "log": HOSTILE * 1000,
            "trace": HOSTILE,
            "error_text": HOSTILE,
            "plan": PLAN | {"source": HOSTILE},
            "ledger": {"where": HOSTILE, "link": "javascript:alert(3)", "kind": "bug", "why": HOSTILE},
        },
    )
    written = page(tmp_path, run([bad, row("unsupported", detail={"reason": HOSTILE})]))
    assert "<script>alert" not in written
    assert "<img" not in written
    assert 'href="javascript' not in written
    assert len(re.findall(r"<script\b", written)) == 5  # four of data, one of code
    assert "characters more" in written


def test_many_rows_stay_light(tmp_path):
    rows = [row(case=f"stride/{number}", dtype=dtype) for number in range(10000) for dtype in ("float32", "float64")]
    assert len(page(tmp_path, run(rows))) < 600_000


def test_an_unwritable_page_is_one_sentence(tmp_path):
    from conformance.run.run_file import RunFileError

    (tmp_path / "page.html").mkdir()
    with pytest.raises(RunFileError, match="name another page; the run file is kept"):
        html.write([report(run([row()]))], tmp_path / "page.html")


def test_it_needs_nothing_from_a_network(tmp_path):
    written = page(tmp_path, run([DIFFERS]))
    assert not re.findall(r"(?:src|@import|url\()\s*=?\s*[\"']?(?:https?:)?//", written)
    assert "<link" not in written


def test_one_fault_is_one_cause_though_integers_name_it_and_reals_do_not(tmp_path):
    blurred = row("differ", fill="real", state="new", cause="beyond what rounding can do", detail={"plan": PLAN})
    said = text(page(tmp_path, run([DIFFERS, blurred])))
    assert (
        "tensorflow differs: as if the kernel were flipped how many 2 of 2 rows that tensorflow answered; 1 case"
        in said
    )
    assert "beyond what rounding can do" not in said.partition("Where")[0]


def test_it_says_who_gave_the_same_wrong_answer_and_who_the_right_one():
    wrong = replace(DIFFERS, detail=DIFFERS.detail | {"bits": "ab"})
    twin = replace(wrong, route="keras/layer")
    other = replace(wrong, route="jax/other", detail=wrong.detail | {"bits": "cd"})
    right, dead = row(route="torch/functional"), row("crash", route="onnx/one")
    assert telling.agreement(wrong, [right, dead, other, wrong, twin]) == [
        ("the same wrong answer, bit for bit", ["keras/layer@cpu"]),
        ("right", ["torch/functional@cpu"]),
        ("crashed", ["onnx/one@cpu"]),
        ("another wrong answer", ["jax/other@cpu"]),
    ]


def test_what_no_size_tells_is_found_by_brute_force():
    """A confusion goes unnoticed where the array read in the wrong order has the right shape and other elements."""
    shapes = list(np.ndindex(3, 3, 3, 3))
    cases = {
        str(n): replace(CASE, id=str(n), in_channels=i + 1, out_channels=o + 1, kernel=(h + 1, w + 1))
        for n, (i, o, h, w) in enumerate(shapes)
    }
    for line in layouts.unnoticed(Run("", {}, cases)):
        silent = set()
        for case in cases.values():
            kernel = np.arange(np.prod(case.w_shape)).reshape(case.w_shape)
            stored = kernel.transpose(["IOHW".index(letter) for letter in line["stored"]])
            read = stored.transpose([line["read"].index(letter) for letter in "IOHW"])
            if read.shape == kernel.shape and (read != kernel).any():
                silent.add(case.id)
        assert set(line["cases"]) == silent
        assert silent


def test_accuracy_shows_the_spread_what_is_declared_and_what_is_so(tmp_path):
    shares = (0.05, 0.31, 1.0)
    real = [
        row(fill="real", detail={"share": share, "sum": 0.0, "squares": 1.0}, case=f"stride/{share}")
        for share in shares
    ]
    cause = "beyond what rounding can do under the declared arithmetic; within it under multiplicands rounded to TF32"
    far = row("differ", fill="real", state="new", cause=cause, detail={"share": 900.0, "sum": 0.0, "squares": 1.0})
    ran = run([*real, far])
    offered = {"name": "nn", "arithmetic": {"float32": {"accumulator": "float64"}}}
    ran.header["adapters"]["tensorflow"]["routes"] = [offered]
    [line] = tables.accuracy(ran)
    assert line["bins"] == [1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1]
    said = text(page(tmp_path, ran))
    assert "accumulator float64 1 beyond the bound; within it under multiplicands rounded to TF32" in said


@pytest.mark.parametrize(
    ("stored", "read", "when"),
    [
        ("IOHW", "HWOI", "H = I = O = W"),
        ("IOHW", "HWIO", "H = I and O = W"),
        ("IOHW", "OIHW", "I = O"),
    ],
)
def test_when_a_confusion_goes_unnoticed(stored, read, when):
    said = {(line["stored"], line["read"]): line["when"] for line in layouts.unnoticed(Run("", {}))}
    assert said[stored, read] == when


def test_details_stop_where_the_page_would_grow_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "ROOM", 5000)
    rows = [replace(DIFFERS, case=f"stride/{n}", detail=DIFFERS.detail | {"log": "x" * 900}) for n in range(50)]
    ran = report(run(rows))
    parts = packed.packed([ran], telling.told([ran]))
    details = json.loads(zlib.decompress(base64.b64decode(parts["details"])))
    assert 0 < len(details["told"]) < 10
    words = json.loads(zlib.decompress(base64.b64decode(parts["words"])))
    assert words["count"] == 50


def test_what_came_and_went_stands_beside_the_runs(tmp_path):
    said = text(page(tmp_path, run([row()], version="1"), run([DIFFERS], version="2"), run([row()], version="3")))
    assert re.search(r"What came and went .* as if the kernel were flipped stride/one 0 1 0 ", said)
    assert "What came and went" not in text(page(tmp_path, run([DIFFERS]), run([DIFFERS])))


def test_each_reading_of_a_dispute_says_who_follows_it(tmp_path):
    numbers = {"padding": ((0, 0), (0, 0)), "output_padding": (0, 0)}
    sources = {"the end": "a paper", "the beginning": "a manual"}
    readings = tuple(Reading(name=name, source=source, **numbers) for name, source in sources.items())
    asked = replace(CASE, dispute=Dispute(question="who gets the odd pixel", readings=readings))
    ran = run([row(detail={"follows": ["the end"]})])
    ran.cases["stride/one"] = asked
    said = text(page(tmp_path, ran))
    assert "who gets the odd pixel one the end a paper tensorflow " in said
    assert "the beginning a manual no framework of this run" in said


def test_ledger_entries_stand_without_the_folders_of_the_machine(tmp_path):
    told = {
        "where": "/home/somebody/cases/known/tf.yaml:7",
        "link": "https://a.org/1",
        "kind": "bug",
        "why": "so",
    }
    known = replace(DIFFERS, state="known", detail=DIFFERS.detail | {"ledger": told})
    written = page(tmp_path, run([known]))
    details = zlib.decompress(base64.b64decode(re.search(r'id="details">([^<]*)<', written)[1])).decode()
    assert "(known/tf.yaml:7)" in text(written)
    assert "known/tf.yaml:7" in details
    assert "somebody" not in written + details


def test_every_entry_that_speaks_of_a_finding_is_named(tmp_path):
    entries = [{"where": f"k.yaml:{n}", "link": f"https://a.org/{n}", "kind": "bug", "why": "so"} for n in (3, 9)]
    rows = [
        replace(DIFFERS, state="changed", dtype=dtype, detail=DIFFERS.detail | {"ledger": entry})
        for dtype, entry in zip(("float32", "float64"), entries, strict=True)
    ]
    written = page(tmp_path, run(rows))
    assert "2 of 2 rows that tensorflow answered; 1 case" in text(written)
    assert written.count('href="https://a.org/3"') == written.count('href="https://a.org/9"') == 1


def test_the_command_on_the_page_has_what_the_run_was_given(tmp_path):
    adapters = {"tensorflow": {"version": "2", "devices": ["cpu"], "file": "/somewhere/my_tf.py"}}
    given = {"adapters": ["my_tf.py"], "files": ["c.yaml"]}
    written = page(tmp_path, run([replace(DIFFERS, detail={})], adapters=adapters, selection=given))
    options = "--route tensorflow/nn --cases c.yaml --adapter my_tf.py --seed 3"
    assert f"convt show &#39;stride/one&#39; {options}" in written
    words = json.loads(zlib.decompress(base64.b64decode(re.search(r'id="words">([^<]*)<', written)[1])))
    assert words["given"] == {"tensorflow/nn@cpu": options}


def test_the_page_explains_its_words(tmp_path):
    said = text(page(tmp_path, run([row()]))).replace("&#39;", "'")
    assert 15 <= len(glossary.TERMS) <= 20
    for term, meaning in glossary.TERMS.items():
        assert f"{term} {meaning}" in said


@pytest.mark.skipif(not GLOSSARY.exists(), reason="there is no docs/glossary.md")
@pytest.mark.parametrize("term", glossary.TERMS)
def test_each_term_has_a_place_in_the_glossary_of_the_documents(term):
    """As a heading, a row of a table, or a point of a list."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    assert any(re.match(rf"[#|*\-\s]*[*`]*{term}\b", line, re.IGNORECASE) for line in lines)


def test_a_page_of_several_runs_begins_with_what_differs_between_them(tmp_path):
    one, other = run([row()], cpu="one"), run([row()], cpu="two")
    said = page(tmp_path, one, other)
    section = said[said.index('<section id="between">') : said.index('<section id="findings">')]
    assert "CPU" in section
    assert section.index("one") < section.index("two")
    assert "Nothing: the same was asked in the same place." in page(tmp_path, one, one)
    assert 'id="between"' not in page(tmp_path, one)
