"""The page's search box: it understands conditions in the words in which they are printed, and means the same."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from browser import CHROMIUM, Browser
from pages import row, run

from conformance import folder
from conformance.corpus import choose, load
from conformance.corpus.conditions import Compare, Condition, Not, Numbers, Property
from conformance.report import html
from conformance.report.findings import report
from conformance.report.html import matrix
from conformance.run import rules
from conformance.run.row import Row

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
CASES = {case.id: case for case in choose.corpus(tier="smoke")}


def _rows() -> list[Row]:
    """Each case in some dtype, check and fill that a rule may name."""
    words = [
        ("float32", "forward", "exact"),
        ("float16", "grad_input", "special"),
        ("bfloat16", "forward", "special_second"),
        ("int32", "forward", "real"),
        ("float64", "grad_weight", "given"),
    ]
    return [row(case=id, dtype=dtype, check=check, fill=fill) for id in CASES for dtype, check, fill in words]


ROWS = _rows()
CONDITIONS = [
    rule.when for path in sorted((folder("cases") / "known").glob("*.yaml")) for rule in rules.load(path) if rule.when
] + [
    Condition(((Numbers((Compare("stride", "is", (2, 3)),), some=True), Property("bias", (True,))),)),
    Condition(
        ((Numbers((Compare("kernel", "other_than", (2, 3)),)), Property("dtype", ("float16", "float64"), True)),)
    ),
    Condition(((Not(Condition(((Property("depthwise", (True,)),), (Numbers((Compare("rank", "is", (2,)),)),)))),),)),
    Condition(((Numbers((Compare("stride", "above", (1,)), Compare("input", "above", ("kernel",))), some=True),),)),
    Condition(((Numbers((Compare("out_channels", "multiple_of", ("groups",)),)),),)),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    path, ran = tmp_path_factory.mktemp("page") / "page.html", run(ROWS)
    ran.cases.update(CASES)
    html.write([report(ran)], path)
    with Browser() as opened:
        opened.open(path)
        yield opened
        assert opened.errors == []


def searched(browser: Browser, text: str) -> int:
    """How many rows a search leaves."""
    browser.go(f"#rows&q={quote(text)}")
    return int(browser.text("#found").split(" of ")[0].replace(",", ""))


def test_every_condition_of_the_ledger_finds_the_rows_on_which_it_holds(browser):
    """All at once: the page's own reader against the package's."""
    said = list(dict.fromkeys(map(str, CONDITIONS)))
    found = browser.js(f"""(async () => {{
        const data = await readRows(), read = reader(data, derived(data), await unpackJson("conditions"));
        return {json.dumps(said)}.map((text) => {{
            let rows = 0; const {{ test }} = read(text);
            for (let row = 0; row < data.count; row++) rows += test(row);
            return rows;
        }});
    }})()""")
    by_text = {str(condition): condition for condition in CONDITIONS}
    held = [sum(by_text[text].holds(CASES[row.case], row) for row in ROWS) for text in said]
    assert [(text, count) for text, count in zip(said, found, strict=True)] == list(zip(said, held, strict=True))
    assert len(said) > 60
    assert sum(0 < count < len(ROWS) for count in held) > 40


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("stride = 3", lambda case, row: 3 in case.stride),
        ("stride=3, groups > 1", lambda case, row: 3 in case.stride and case.groups > 1),
        ("stride 3 on every axis", lambda case, row: set(case.stride) == {3}),
        ("dtype float16", lambda case, row: row.dtype == "float16"),
        ("dtype = float16 or float64, with bias", lambda case, row: row.dtype in ("float16", "float64") and case.bias),
        ("grad weight", lambda case, row: row.check == "grad_weight"),
        ("family stride", lambda case, row: case.family == "stride"),
        ("case stride/*", lambda case, row: case.family == "stride"),
        ("family ≠ stride", lambda case, row: case.family != "stride"),
        ("rank 3-D", lambda case, row: case.rank == 3),
        ("output_padding > 0 on some axis", lambda case, row: max(case.output_padding) > 0),
        ("not (groups = 1)", lambda case, row: case.groups != 1),
        ("groups = 1; or stride = 2", lambda case, row: case.groups == 1 or 2 in case.stride),
        ('"pointwise"', lambda case, row: "pointwise" in case.id),
        ("POINTWISE", lambda case, row: "pointwise" in case.id),
    ],
)
def test_what_people_type(browser, text, means):
    expected = sum(bool(means(CASES[row.case], row)) for row in ROWS)
    assert 0 < expected < len(ROWS)
    assert searched(browser, text) == expected


def test_what_was_understood_is_said_in_the_printed_words(browser):
    searched(browser, "stride=3,groups>1,float16")
    assert ": stride = 3 on some axis and groups > 1 and float16." in browser.text("#found")


def test_nothing_found_says_how_to_get_back(browser):
    assert searched(browser, "stride = 3, groups > 1000") == 0
    assert "No row is so." in browser.text("#back")
    browser.js(
        "[...document.querySelectorAll('#back button')].find((one) => one.innerText.includes('stride = 3')).click()"
    )
    browser.wait("document.getElementById('back').hidden")
    assert browser.js("document.getElementById('search').value") == "stride = 3"
    searched(browser, "groups > 1000")
    browser.js("[...document.querySelectorAll('#back button')].pop().click()")
    browser.wait(f"document.getElementById('found').textContent.startsWith('{len(ROWS):,} of')")


def test_completions_have_counts_and_are_taken_by_keyboard(browser):
    browser.go("#matrix")
    browser.js("""const box = document.getElementById('search'); box.focus(); box.value = 'groups > 1, dtype fl';
                  box.dispatchEvent(new Event('input', { bubbles: true }))""")
    browser.wait("!document.getElementById('offers').hidden")
    expected = sum(CASES[row.case].groups > 1 and row.dtype == "float16" for row in ROWS)
    assert f"dtype float16\n{expected:,} rows" in browser.text("#offers")
    browser.press("ArrowDown")
    chosen = browser.js(
        "document.getElementById(document.getElementById('search').getAttribute('aria-activedescendant')).dataset.word"
    )
    browser.press("Enter")
    browser.wait("document.getElementById('offers').hidden")
    assert browser.js("document.getElementById('search').value") == f"groups > 1, {chosen}"


def test_rows_are_turned_page_by_page(browser):
    assert searched(browser, "") == len(ROWS)
    first = browser.text("#rows tbody tr a")
    browser.js(
        "[...document.querySelectorAll('.pages button')].find((one) => one.innerText.startsWith('Next')).click()"
    )
    assert browser.text(".pages span") == f"51 to 100 of {len(ROWS):,}"
    assert browser.js("document.querySelectorAll('#rows tbody tr').length") == 50
    browser.js("document.querySelector('.pages button').click()")
    assert browser.text("#rows tbody tr a") == first


def test_nearly_every_family_of_the_corpus_belongs_to_a_group():
    """A new one may stand apart for a while."""
    families = {path.stem for path in load.files(folder("cases"))}
    assert len(families) > 40
    assert sum(matrix.group_of(family) == matrix.OTHERS for family in families) <= 3
