"""Markdown for a pull request: the verdict first, a table of the routes, then findings with the command to paste.

At most 60 kB (GitHub takes 65 536 characters in a comment). Names and messages of others stand in code spans, so that
nothing in them becomes a link, a mention or a tag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from conformance.plain import harmless
from conformance.report import remarks, repeat, states
from conformance.report.findings import TO_TELL, Finding, Report
from conformance.report.states import number
from conformance.run.row import Row, place
from conformance.run.run_file import Run

LARGEST = 60_000  # bytes
LONGEST = 500  # characters of one text
COLUMNS = ("pass", "known", "new", "changed", "stale", "unsupported", "unrun")


def text(reports: Sequence[Report]) -> str:
    """The document; what does not fit is left out from the end, with a word on it."""
    runs = [report.run for report in reports]
    names = states.labels(runs) if len(runs) > 1 else [""]
    blocks = [block for run, name in zip(runs, names, strict=True) for block in _head(run, name)]
    blocks += [block for report in reports for block in _findings(report)]
    blocks += [f"- remark: {code(remark.sentence)}\n" for run in runs for remark in remarks.remarks(run)]
    rest = "… more is left out here; the run file has everything.\n"
    said, size = [], len(rest.encode())
    for block in blocks:
        size += len(block.encode()) + 1
        if size > LARGEST:
            said.append(rest)
            break
        said.append(block)
    return "\n".join(said)


def _head(run: Run, name: str) -> Iterator[str]:
    """The verdict, what is wrong with the run as a whole, and the table."""
    mark = "✅" if states.clean(run) else "❌"
    before = f"{code(name)}: " if name else ""
    yield f"{mark} {before}**{states.verdict(run)}**\n"
    for name, why in sorted(run.header["dead"].items()):
        yield f"- dead: {code(name)}: {code(why)}\n"
    for problem in states.problems(run):
        yield f"- ledger: {code(problem)}\n"
    versions = ", ".join(f"{name} {said['version']}" for name, said in sorted(run.header["adapters"].items()))
    yield f"{code(versions or 'no framework answered')}, corpus {code(run.header['corpus'])}\n"
    yield _table(run.rows)


def _table(rows: list[Row]) -> str:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[place(row)].append(row)
    total = states.counts(rows)
    columns = [name for name in COLUMNS if total[name] or name in ("pass", "known", "new")]
    lines = [["route", *columns, "rows"], ["---", *["--:"] * (len(columns) + 1)]]
    for route, mine in sorted(grouped.items()):
        found = states.counts(mine)
        cells = [str(found[name]) if found[name] else "·" for name in columns]
        lines.append([code(route).replace("|", r"\|"), *cells, str(len(mine))])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _findings(report: Report) -> Iterator[str]:
    for finding in report.in_states(TO_TELL):
        lines = "".join(f"- {code(line)}\n" for line in finding.evidence)
        yield f"**{finding.state}**: {code(finding.sentence)}\n\n{lines}"
        yield fenced(repeat.of_finding(finding, report.run.header))
    if known := report.in_states(["known"]):
        lines = [f"- {code(each.sentence)}; {number(len(each.rows), 'row')}; {_links(each)}" for each in known]
        rows = sum(len(each.rows) for each in known)
        title = f"{number(rows, 'known row')}, {number(len(known), 'finding')}"
        yield f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>\n"


def _links(finding: Finding) -> str:
    """The links of the ledger's entries that speak of a finding."""
    links = list(dict.fromkeys(str(entry["link"]) for entry in finding.entries)) or ["no link"]
    return ", ".join(f"<{link}>" if re.fullmatch(r"https?://[^\s<>]+", link) else code(link) for link in links)


def code(said: str) -> str:
    """A code span of one line that shows the text as it is, whatever it holds."""
    said = harmless(" ".join(str(said).split()))[:LONGEST] or " "
    ticks = "`" * (max(map(len, re.findall("`+", said)), default=0) + 1)
    edge = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{ticks}{edge}{said}{edge}{ticks}"


def fenced(said: str) -> str:
    """A block of code, with the button that copies it."""
    ticks = "`" * max(3, max(map(len, re.findall("`+", said)), default=0) + 1)
    return f"{ticks}sh\n{said}\n{ticks}\n"
