"""The page in a real browser, from disk: views, filters, keyboard, drawings, accessibility, hostile text."""

from __future__ import annotations

import base64
import os
import random
import re
from pathlib import Path

import numpy as np
import pytest
from browser import CHROMIUM, Browser
from msgspec.structs import replace
from pages import CASE, DIFFERS, HOSTILE, PLAN, row, run

from conformance import folder
from conformance.case import Case
from conformance.oracle import answer
from conformance.oracle.error_map import error_map
from conformance.report import html
from conformance.report.findings import report
from conformance.run.row import Row

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
AXE = os.environ.get("AXE_CORE", "")  # the path of axe.min.js, from the npm package axe-core
VIEW = "#case=stride/one&route=tensorflow/nn@cpu&dtype=float32&check=forward&fill=exact"


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _quiet(browser):
    """No test leaves an error in the console or asks for anything that is not on this disk."""
    browser.errors.clear(), browser.requests.clear()
    browser.look()
    yield
    assert browser.errors == []
    assert [address for address in browser.requests if not address.startswith(("file:", "about:", "data:"))] == []


def wrong_row(**more) -> Row:
    """A row with two wrong elements of 2·3·9·6."""
    units = np.zeros((2, 3, 9, 6))
    units[0, 0, 0, 1], units[1, 2, 8, 5] = 3.0, np.inf
    elements = [([0, 0, 0, 1], 7.0, -5.0), ([1, 2, 8, 5], 1.0, "nan")]
    detail = DIFFERS.detail | {"wrong_elements": elements, "error_map": error_map(units, units > 0), "bits": "ab"}
    return replace(DIFFERS, detail=detail, **more)


def opened(browser: Browser, tmp_path: Path, rows: list[Row], fragment: str = "", cases: tuple[Case, ...] = ()) -> Path:
    path, ran = tmp_path / "page.html", run(rows)
    ran.cases.update({case.id: case for case in cases})
    html.write([report(ran)], path)
    browser.open(path, fragment)
    return path


ROWS = [
    wrong_row(),
    wrong_row(route="keras/layer"),
    row(route="torch/functional"),
    row(check="grad_input"),
    row("unsupported", route="jax/lax", case="groups/two", detail={"reason": "has no groups"}),
]


@pytest.mark.parametrize(
    ("fragment", "count"),
    [
        ("", 5),
        ("#rows&state=new", 2),
        ("#rows&text=ONE&check=grad_input", 1),
        ("#matrix&framework=keras", 1),
        ("#rows&family=groups", 1),
        ("#rows&verdict=unsupported&text=no groups", 1),
        ("#rows&rank=2-D", 4),
        ("#rows&dtype=float32", 5),
        ("#rows&device=cpu&route=tensorflow/nn@cpu", 2),
        ("#rows&finding=0", 3),
    ],
)
def test_a_fragment_filters_the_rows_and_the_matrix(browser, tmp_path, fragment, count):
    opened(browser, tmp_path, ROWS, fragment)
    assert browser.text("#found").startswith(f"{count} of 5 rows")
    assert browser.js("document.querySelectorAll('#rows tbody tr').length") == count
    assert counted(browser, ".matrix tr[data-group=''] td.whole a") == count
    assert counted(browser, ".matrix tr:not([data-family='']) td:not(.whole) a") == count


def counted(browser: Browser, cells: str) -> int:
    """The rows that some cells of the matrix count together."""
    said = browser.js(f'[...document.querySelectorAll("{cells}")].map((one) => one.ariaLabel)')
    return sum(int(number) for text in said for number in re.findall(r"\d+", text))


def test_filters_write_the_fragment_and_the_worst_comes_first(browser, tmp_path):
    opened(browser, tmp_path, ROWS)
    frameworks = browser.js(
        "[...document.querySelectorAll('.matrix th.whole[data-framework]')].map((one) => one.innerText)"
    )
    assert frameworks == ["keras", "tensorflow", "jax", "torch"]
    browser.js("""const select = document.querySelector('select[name=state]'); select.value = 'new';
                  select.dispatchEvent(new Event('input', { bubbles: true }))""")
    assert browser.js("location.hash") == "#matrix&state=new"
    browser.wait("document.getElementById('found').textContent.startsWith('2 of 5')")
    browser.js("document.querySelector('#filters button[type=reset]').click()")
    browser.wait("document.getElementById('found').textContent.startsWith('5 of 5')")


def test_the_matrix_unfolds_groups_of_families_and_routes_of_a_framework(browser, tmp_path):
    families = ["stride", "padding", "cover", "models-a", "models-b", *(f"own{number}" for number in range(30))]
    routes = [f"framework{number}/route{route}" for number in range(9) for route in range(3)]
    rows = [row(case=f"{family}/one", route=route) for family in families for route in routes]
    opened(browser, tmp_path, rows)
    seen = "[...document.querySelectorAll('.matrix {}')].filter((one) => one.checkVisibility())"
    seen += ".map((one) => one.innerText)"
    assert browser.js(seen.format("tbody th")) == ["all families", "cover", "other families", "real layers", "sizes"]
    assert browser.js(seen.format("thead th[data-framework]")) == [f"framework{number}" for number in range(9)]
    browser.js("document.querySelector('.matrix tr[data-group=sizes] button').click()")
    assert browser.js(seen.format("tbody th"))[-2:] == ["padding", "stride"]
    button = "document.querySelector('.matrix th[data-framework=framework3] button')"
    browser.js(f"{button}.click()")
    assert browser.js(f"{button}.ariaExpanded") == "true"
    assert browser.js(seen.format("thead th[data-framework]"))[3:7] == ["framework3", "route0", "route1", "route2"]


def test_twenty_five_engines_by_thirty_four_families_fit_the_window(browser, tmp_path):
    rows = [
        row(case=f"family{n}/one", route=f"engine{m}/route{k}") for n in range(34) for m in range(25) for k in range(2)
    ]
    opened(browser, tmp_path, rows)
    browser.js("document.querySelector('.matrix tr.whole button').click()")
    lines = "[...document.querySelectorAll('.matrix tbody tr')].filter((one) => one.checkVisibility()).length"
    assert browser.js(lines) == 36
    assert browser.js("document.querySelector('.matrix').getBoundingClientRect().right < 1400")
    assert browser.js("document.querySelector('.matrix').getBoundingClientRect().height < 1100")


def test_several_runs_are_columns_in_the_order_of_their_versions(browser, tmp_path):
    path, versions = tmp_path / "page.html", ("2.13.0", "2.9.0", "10.0")
    runs = [run([DIFFERS if version == "2.9.0" else row()], version=version) for version in versions]
    for one, version in zip(runs, versions, strict=True):
        one.path = f"{version}.jsonl"
    html.write([report(one) for one in runs], path)
    browser.open(path)
    heads = "[...document.querySelectorAll('.matrix th[data-framework]')].filter((one) => one.checkVisibility())"
    assert browser.js(f"{heads}.map((one) => one.innerText)") == [
        f"tensorflow {one}" for one in ("2.9.0", "2.13.0", "10.0")
    ]
    assert browser.text("h1") == "1 of 3 runs needs a look: 1 new, 2 pass."
    browser.js("document.querySelector('.matrix .m-look').click()")
    browser.wait("document.getElementById('found').textContent.startsWith('1 of 3')")
    assert "2.9.0.jsonl" in browser.text("#rows tbody tr")
    browser.js("document.querySelector('#rows tbody a').click()")
    browser.wait("document.querySelector('#case h2')")
    assert "as if the kernel were flipped" in browser.text("#case")


def test_the_case_view_tells_and_draws(browser, tmp_path):
    opened(browser, tmp_path, ROWS, VIEW)
    said = browser.text("#case")
    assert "(4 − 1)·2 + 3 = 9" in said
    assert "11 of 90 elements are wrong" in said
    assert "[1, 2, 8, 5]\t1\tnan\t–" in said
    assert "the same wrong answer, bit for bit" in said
    assert "numpy.transpose(w, (2, 3, 1, 0))" in said
    assert "the channels fit, but H = 2 instead of 3, W = 3 instead of 2" in said
    assert not browser.js("document.getElementById('matrix').checkVisibility()")
    assert browser.js("document.activeElement.textContent") == "Case stride/one"
    browser.go("#matrix")
    assert browser.js("document.getElementById('matrix').checkVisibility()")


def test_the_stamps_stand_side_by_side_and_what_differs_bears_a_sign(browser, tmp_path):
    stamp = {"input": [0, 1], "channel": 2, "at": [0, 3], "expected": [[1, 2], [3, 4]], "returned": [[1, 9], [3, 4]]}
    opened(browser, tmp_path, [replace(DIFFERS, detail=DIFFERS.detail | {"stamp": stamp})], VIEW)
    tables = browser.js("[...document.querySelectorAll('.beside table')].map((one) => one.innerText)")
    assert [table.split() for table in tables] == [
        ["expected", "1", "2", "3", "4"],
        ["returned", "1", "9", "≠", "3", "4"],
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {
                "input": (4,),
                "kernel": (3,),
                "stride": (2,),
                "dilation": (1,),
                "padding": ((2, 0),),
                "output_padding": (1,),
            },
            "9 − 2 − 0 + 1 = 8",
        ),
        (
            {
                "input": (2, 3, 4),
                "kernel": (1, 2, 3),
                "stride": (1, 2, 3),
                "dilation": (1, 1, 2),
                "padding": ((0, 0),) * 3,
                "output_padding": (0, 0, 1),
            },
            "Axes H and W",
        ),
        ({"stride": (0, 1), "expect": "refuse"}, "must be refused: stride is 0 on axis 0"),
        ({"input": (0, 5)}, "Nothing to draw"),
        ({"input": (300, 300), "kernel": (9, 9)}, "Only its beginning is drawn"),
    ],
    ids=["1-D", "3-D", "refused", "empty", "large"],
)
def test_every_kind_of_configuration_is_told(browser, tmp_path, change, words):
    opened(browser, tmp_path, [row(case="drawn/one")], "#case=drawn/one", (replace(CASE, id="drawn/one", **change),))
    assert words in browser.text("#case")
    assert browser.js("document.querySelectorAll('#case svg rect').length") < 10_000


def test_the_map_shows_which_elements_are_wrong_slice_by_slice(browser, tmp_path):
    opened(browser, tmp_path, ROWS, VIEW)
    wrong = "[...document.querySelectorAll('.maps .wrong-here title')].map((title) => title.textContent)"
    assert browser.js(wrong) == ["[0, 0, 0, 1]: wrong, by 3.4 units"]
    browser.js("document.querySelectorAll('.sliders input')[0].focus()")
    browser.press("ArrowRight")
    assert browser.js(wrong) == []
    browser.js("document.querySelectorAll('.sliders input')[1].focus()")
    browser.press("End")
    assert browser.js(wrong) == ["[1, 2, 8, 5]: wrong, not by a finite number"]


def test_what_is_not_a_number_and_must_not_be_one_is_right(browser, tmp_path):
    units = np.zeros((1, 1, 2, 3))
    units[0, 0, 0, :], units[0, 0, 1, 0] = np.nan, np.nan
    wrong = np.zeros(units.shape, bool)
    wrong[0, 0, 1, 0] = True
    detail = DIFFERS.detail | {"error_map": error_map(units, wrong), "region": "the first column of the last row"}
    opened(browser, tmp_path, [replace(DIFFERS, detail=detail)], VIEW)
    said = browser.js("[...document.querySelectorAll('.maps rect title')].map((one) => one.textContent.split(': ')[1])")
    assert said == ["right", "right", "right", "wrong, not by a finite number", "right", "right"]
    assert browser.js("document.querySelectorAll('.maps .wide .shade6').length") == 1
    assert browser.js("document.querySelectorAll('.maps .dot').length") == 3
    assert "Wrong: the first column of the last row" in browser.text("#case")


def test_of_three_axes_any_two_are_drawn(browser, tmp_path):
    three = {"input": (2, 3, 4), "kernel": (1, 2, 3), "stride": (1, 2, 3), "dilation": (1, 1, 2)}
    case = replace(CASE, id="drawn/one", padding=((0, 0),) * 3, output_padding=(0, 0, 1), **three)
    units = np.zeros((1, 1, *case.output))
    units[0, 0, 1, 2, 3] = 1.0
    detail = DIFFERS.detail | {"error_map": error_map(units, units > 0)}
    opened(browser, tmp_path, [replace(DIFFERS, case="drawn/one", detail=detail)], "#case=drawn/one", (case,))
    cells = "document.querySelectorAll('.maps rect.cell:not(.key *)').length"
    depth, height, width = case.output
    assert browser.js(cells) == height * width
    for choice, count in ((1, depth * height), (2, depth * width)):
        browser.js(f"""var list = document.querySelector('.sliders select'); list.selectedIndex = {choice};
                       list.dispatchEvent(new Event('change'))""")
        assert browser.js(cells) == count
        assert browser.js("document.querySelectorAll('.maps .wrong-here').length") == 1
    browser.js("""var list = document.querySelector('section[aria-label="The configuration"] select');
                  list.selectedIndex = 1; list.dispatchEvent(new Event('change'))""")
    assert "Axes D and H" in browser.text("#case")


def test_every_route_shows_what_becomes_of_the_kernel_and_those_without_a_call_are_one_line(browser, tmp_path):
    stays = PLAN | {"layouts": {"x": "NCHW", "w": "IOHW", "y": "NCHW"}, "source": "torch(x, w)"}
    rows = [wrong_row(), row(route="torch/one", detail={"plan": stays})]
    rows += [row("unsupported", route=f"jax/{name}", detail={"reason": "has no groups"}) for name in ("a", "b")]
    opened(browser, tmp_path, rows, VIEW)
    assert "The kernel stays IOHW: no axis moves" in browser.text("#case")
    assert browser.js("document.querySelectorAll('#case .wire').length") > 8
    assert "No native call: jax/a@cpu, jax/b@cpu" in browser.text("#case")
    assert browser.js("document.querySelectorAll('#case .call').length") == 2


def test_the_script_is_one_click_from_the_picture(browser, tmp_path):
    opened(browser, tmp_path, ROWS, VIEW)
    browser.js("[...document.querySelectorAll('#case .jump')].find((one) => one.textContent === 'Script').click()")
    assert browser.js("document.activeElement.textContent") == "Script"
    assert "import tensorflow as tf" in browser.text("#case")


@pytest.mark.parametrize("seed", range(12))
def test_the_drawing_counts_what_the_oracle_adds(browser, tmp_path, seed):
    """With ones everywhere the definition's answer is, element by element, the number that is drawn there."""
    some = random.Random(seed).randint
    case = replace(
        CASE,
        id="drawn/one",
        input=(some(1, 4), some(1, 4)),
        kernel=(some(1, 3), some(1, 3)),
        in_channels=1,
        out_channels=1,
        stride=(some(1, 3), some(1, 4)),
        dilation=(some(1, 3), some(1, 2)),
        padding=((some(0, 1), some(0, 1)), (some(0, 1), 0)),
        output_padding=(some(0, 2), some(0, 1)),
    )
    if case.problem():
        case = replace(case, padding=((0, 0), (0, 0)))
    ones = {"x": np.ones(case.x_shape), "w": np.ones(case.w_shape)}
    terms = answer(case, "forward", ones)[0, 0].astype(int)
    opened(browser, tmp_path, [row(case="drawn/one")], "#case=drawn/one", (case,))
    plane = "document.querySelector('#case svg[role=img]')"
    titles = browser.js(f"[...{plane}.querySelectorAll('title')].map((one) => one.textContent)")
    drawn = np.zeros(terms.shape, int)
    seen = 0
    for title in titles:
        if found := re.match(r"output (\d+), (\d+).*?: (?:(\d+) taps|no tap)", title):
            drawn[int(found[1]), int(found[2])] = int(found[3] or 0)
            seen += 1
    assert seen == terms.size
    assert (drawn == terms).all()


@pytest.mark.parametrize("to", ["HWOI", "OHWI", "HWIO"])
def test_what_a_forgotten_permutation_does_is_what_numpy_says(browser, tmp_path, to):
    opened(browser, tmp_path, ROWS)
    for shape in [(1, 1, 1, 1), (3, 3, 3, 3), (2, 3, 2, 3), (2, 1, 1, 1), (2, 2, 1, 1), (2, 3, 4, 5), (3, 2, 2, 3)]:
        said = browser.js(f"forgotten('IOHW', '{to}', {dict(zip('IOHW', shape, strict=True))})")
        kernel = np.arange(np.prod(shape)).reshape(shape)
        read = kernel.transpose([to.index(letter) for letter in "IOHW"])  # as it is, its axes taken for those of `to`
        if read.shape[0] != shape[0]:
            assert "refuses" in said
        elif read.shape != shape:
            assert "another output shape" in said
        else:
            assert ("silently wrong" if (read != kernel).any() else "harmless") in said


def test_every_link_field_and_button_is_reached_by_tab(browser, tmp_path):
    opened(browser, tmp_path, ROWS, VIEW)
    wanted = "a[href], select, input:not(:disabled), button, summary, pre, .wide"
    browser.js(f"""window.wanted = [...document.querySelectorAll('{wanted}')].filter((one) => one.checkVisibility());
                   window.reached = new Set(); document.activeElement.blur(); 0""")
    for _ in range(browser.js("wanted.length") * 3):
        browser.press("Tab")
        browser.js("reached.add(document.activeElement); 0")
    assert browser.js("wanted.filter((one) => !reached.has(one)).map((one) => one.outerHTML.slice(0, 200))") == []


def test_another_row_of_the_case_is_chosen_by_keyboard(browser, tmp_path):
    opened(browser, tmp_path, ROWS, VIEW)
    browser.js("document.querySelector('.chooser select').focus()")
    browser.press("End")
    assert browser.js("location.hash") == VIEW  # nothing moves before it is asked to
    browser.press("Tab")
    browser.press("Enter")
    browser.wait("location.hash.includes('grad_input')")


def test_enter_opens_a_row(browser, tmp_path):
    opened(browser, tmp_path, ROWS, "#rows")
    browser.js("document.querySelector('#rows tbody a').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('#case h2')")
    assert browser.js("location.hash").startswith("#case=stride%2Fone")


@pytest.mark.parametrize("fragment", ["", VIEW, "#layouts", "#rows&q=groups = 1", "#rows&q=groups > 99"])
@pytest.mark.parametrize(("width", "dark"), [(1400, False), (1400, True), (420, False)])
def test_no_serious_violation(browser, tmp_path, fragment, width, dark):
    """axe-core, where AXE_CORE names it; and nothing is wider than the window."""
    browser.look(width, 1000, dark)
    opened(browser, tmp_path, ROWS, fragment)
    browser.screenshot(tmp_path / f"{width}-{dark}.png")
    assert (tmp_path / f"{width}-{dark}.png").stat().st_size > 10_000
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")
    if not AXE:
        pytest.skip("AXE_CORE does not name axe.min.js (npm pack axe-core); contrast and names are tested without it")
    browser.js(Path(AXE).read_text(encoding="utf-8") + "; 0")
    browser.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = browser.js("axe.run().then(({ violations, passes }) => [passes.length, violations.map((one) => one.id)])")
    assert found[0] > 10
    assert found[1] == []


def _luminance(colour: str) -> float:
    """WCAG 2's relative luminance of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_text_has_the_contrast_that_wcag_asks_for(scheme):
    style = (folder("reports") / "report.css").read_text(encoding="utf-8")
    light, dark = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)]
    colours = light | dark if scheme else light
    states = ("text", "soft", "link", "new", "changed", "stale", "unrun", "known", "unsupported", "pass")
    pairs = [(ink, paper) for ink in states for paper in ("page", "box")]
    pairs += [("text", paper) for paper in ("cell", "extra", "bare", "cropped")]
    for ink, paper in pairs:
        one, other = sorted((_luminance(colours[ink]), _luminance(colours[paper])), reverse=True)
        assert (one + 0.05) / (other + 0.05) >= 4.5, f"{ink} on {paper}"


def test_the_verdict_leads_to_the_first_card_and_its_picture_to_the_case(browser, tmp_path):
    """One click to the picture of the smallest failing case, one more to its script."""
    opened(browser, tmp_path, ROWS)
    assert browser.js("document.querySelector('#finding-1').getBoundingClientRect().top < innerHeight")
    browser.js("document.querySelector('h1 a').click()")
    assert browser.js("location.hash") == "#finding-1"
    browser.js("document.querySelector('#finding-1 .mini a').click()")
    browser.wait("document.querySelector('#case svg')")


def test_what_is_folded_opens_for_whoever_goes_there(browser, tmp_path):
    opened(browser, tmp_path, ROWS, "#glossary")
    assert browser.js("document.getElementById('glossary').checkVisibility()")
    assert not browser.js("document.getElementById('accuracy').checkVisibility()")
    browser.go("#accuracy")
    assert browser.js("document.getElementById('accuracy').checkVisibility()")


def test_a_command_is_copied(browser, tmp_path):
    opened(browser, tmp_path, ROWS)
    browser.js("""window.copied = null;
                  Object.defineProperty(navigator, 'clipboard',
                    { value: { writeText: (text) => { window.copied = text; return Promise.resolve(); } } });
                  document.querySelector('.card button.copy').click()""")
    browser.wait("document.querySelector('.card button.copy').textContent === 'Copied'")
    assert browser.js("copied").startswith("convt show 'stride/one' --route ")


def test_hostile_text_stays_text_in_every_view(browser, tmp_path):
    detail = {
        "log": HOSTILE * 50_000,
        "trace": HOSTILE,
        "error_text": HOSTILE,
        "plan": PLAN | {"source": HOSTILE * 99},
        "ledger": {"where": HOSTILE, "link": "javascript:alert(3)", "kind": HOSTILE, "why": HOSTILE},
    }
    words = {"case": "stride/" + HOSTILE, "route": "evil/" + HOSTILE, "cause": HOSTILE}
    case = replace(CASE, id=words["case"], why=HOSTILE, where=HOSTILE)
    rows = [row("refuse", state="new", outcome="raised", detail=detail, **words), *ROWS]
    opened(browser, tmp_path, rows, "", (case,))
    browser.js("window.alert = (said) => { throw new Error(said); }; 0")
    browser.js("document.querySelector('#rows tbody a').click()")
    browser.wait("document.querySelector('#case h2')")
    assert "<img src=x onerror=alert(2)>" in browser.text("#case h2")
    assert browser.js("document.querySelectorAll('img, script[src], a[href^=\"javascript\"], iframe').length") == 0
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")


def test_without_its_script_the_page_still_says_what_is_wrong(browser, tmp_path):
    path = opened(browser, tmp_path, ROWS)
    plain = tmp_path / "plain.html"
    plain.write_text(re.sub(r"<script\b.*?</script>", "", path.read_text(encoding="utf-8"), flags=re.S), "utf-8")
    browser._ask("Page.navigate", url=plain.as_uri())
    browser.wait("document.querySelector('footer, main')")
    said = browser.text("body")
    assert "2 new of 5 rows need a look" in said
    assert "as if the kernel were flipped" in said
    assert "tf.nn.conv2d_transpose(x, w)" in said


def test_printed_it_has_no_controls_and_takes_two_pages(browser, tmp_path):
    words = {f"as if fault {number}": f"stride/{number}" for number in range(40)}
    many = [wrong_row(case=case, cause=cause) for cause, case in words.items()]
    cases = tuple(replace(CASE, id=case) for case in words.values())
    detail = many[0].detail
    many = [replace(one, detail=detail | {"causes": [one.cause]}) for one in many]
    opened(browser, tmp_path, [*ROWS, *many], "", cases)
    browser.look(media="print")
    assert not browser.js("document.getElementById('filters').checkVisibility()")
    assert browser.js("document.getElementById('matrix').checkVisibility()")
    assert browser.js("document.getElementById('totals').checkVisibility({ contentVisibilityAuto: true })")
    assert pages(browser) <= 3
    opened(browser, tmp_path, ROWS)
    assert pages(browser) <= 2


def pages(browser: Browser) -> int:
    """Sheets of A4 on which the page is printed."""
    pdf = base64.b64decode(browser._ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
