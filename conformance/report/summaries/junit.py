"""JUnit XML: one test suite per route and device, one test case per row; a last suite says whether the run is whole.

Only what the schema of Jenkins' xUnit plugin knows, which refuses a whole file for one attribute more: no file and line
of a test case, milliseconds at the finest.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Sequence

from conformance.plain import CONTROL
from conformance.report import explain, repeat, states
from conformance.report.findings import Report
from conformance.run.row import Row, place
from conformance.run.run_file import Run

#: Characters that XML 1.0 cannot carry, not even escaped, and those that no text should hold.
UNSPEAKABLE = re.compile(f"(?![\t\n\r])(?:{CONTROL.pattern}|[\ufffe\uffff])")
LONGEST = 2000  # characters of one text


def text(reports: Sequence[Report]) -> str:
    """The document. A row that is new, changed, stale or unrun is a failure with the command that repeats it; one that
    is known or unsupported is skipped, with its link or reason. All rows of a finding have its sentence as their
    message. Where there are several runs, the name of its file stands before each suite's name."""
    runs = [report.run for report in reports]
    root = ElementTree.Element("testsuites", name="convt")
    for report, label in zip(reports, states.labels(runs), strict=True):
        run = report.run
        name = f"{label}: " if len(runs) > 1 else ""
        routes: dict[str, list[Row]] = defaultdict(list)
        for row in run.rows:
            routes[place(row)].append(row)
        for route, rows in sorted(routes.items()):
            suite = _suite(root, name + route, run)
            for row in rows:
                _testcase(suite, row, report)
        _whole(_suite(root, f"{name}run", run), run)
    for suite in root:
        _count(suite, list(suite.iter("testcase")))
    _count(root, list(root.iter("testcase")))
    del root.attrib["skipped"]
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def clean(said: object) -> str:
    """A text that XML can carry and a person can bear: forbidden characters as `\\x1b`, the end cut off."""
    cut = str(said)[:LONGEST]
    return UNSPEAKABLE.sub(lambda found: ascii(found[0])[1:-1], cut)


def _suite(root: ElementTree.Element, name: str, run: Run) -> ElementTree.Element:
    suite = ElementTree.SubElement(root, "testsuite", name=clean(name), timestamp=clean(run.header["started"][:19]))
    properties = ElementTree.SubElement(suite, "properties")
    facts = {name: said["version"] for name, said in sorted(run.header["adapters"].items())}
    facts |= {word: run.header[word] for word in ("suite", "corpus", "seed", "platform", "python")}
    for word, value in facts.items():
        ElementTree.SubElement(properties, "property", name=clean(word), value=clean(value))
    return suite


def _testcase(suite: ElementTree.Element, row: Row, report: Report) -> None:
    words = {"classname": row.route, "name": str(row.key), "time": f"{row.seconds or 0:.6f}"}
    case = ElementTree.SubElement(suite, "testcase", {word: clean(value) for word, value in words.items()})
    finding = report.of(row)
    if row.verdict == "unsupported":
        ElementTree.SubElement(case, "skipped", message=clean(row.detail.get("reason") or "unsupported"))
    elif finding and finding.state == "known":
        link = (row.detail.get("ledger") or {}).get("link", "")
        ElementTree.SubElement(case, "skipped", message=clean(f"known: {finding.sentence} {link}".rstrip()))
    elif finding:
        message = f"{finding.state}: {finding.sentence}"
        failure = ElementTree.SubElement(case, "failure", type=finding.state, message=clean(message))
        command = repeat.command(row, report.run.header, exactly=True)
        failure.text = clean(f"{message}\n{explain.sentence(row)}\n{command}")


def _whole(suite: ElementTree.Element, run: Run) -> None:
    """What no row can say: that adapters died, that the run was cut short, that nothing was answered, that the ledger
    is wrong."""
    dead = [f"{name}: {why}" for name, why in sorted(run.header["dead"].items())]
    cut = [] if run.footer else ["the run was cut short: go on with convt run --resume"]
    for name, tag, wrong in (
        ("adapters answer", "failure", dead),
        ("run is complete", "failure", cut),
        ("routes have results", "error", states.without_result(run)),
        ("nothing is worse than the baseline", "failure", states.worse(run)),
        ("ledger", "failure", states.problems(run)),
    ):
        case = ElementTree.SubElement(suite, "testcase", classname="run", name=name, time="0.000000")
        if wrong:
            found = ElementTree.SubElement(case, tag, type=name, message=clean(wrong[0]))
            found.text = clean("\n".join(wrong))


def _count(element: ElementTree.Element, cases: list[ElementTree.Element]) -> None:
    found = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for word, tag in {"tests": None, **found}.items():
        element.set(word, str(sum(tag is None or case.find(tag) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")
