"""Markdown for a pull request: the verdict first, a table of the routes, then causes with the command to paste.

At most 60 kB (GitHub takes 65 536 characters in a comment). Names and messages of others stand in code spans, so that
nothing in them becomes a link, a mention or a tag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from conformance.report import findings
from conformance.run.row import Row
from conformance.run.run_file import Run

LARGEST = 60_000  # bytes
LONGEST = 500  # characters of one text
COLUMNS = ("pass", "known", "new", "changed", "stale", "unsupported", "unrun")


def text(runs: Sequence[Run]) -> str:
    """The document; what does not fit is left out from the end, with a word on it."""
    names = findings.labels(runs) if len(runs) > 1 else [""]
    blocks = [block for run, name in zip(runs, names, strict=True) for block in _head(run, name)]
    blocks += [block for run in runs for block in _causes(run)]
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
    mark = "✅" if findings.clean(run) else "❌"
    before = f"{code(name)}: " if name else ""
    yield f"{mark} {before}**{findings.verdict(run)}**\n"
    for name, why in sorted(run.header["dead"].items()):
        yield f"- dead: {code(name)}: {code(why)}\n"
    for problem in findings.problems(run):
        yield f"- ledger: {code(problem)}\n"
    versions = ", ".join(f"{name} {said['version']}" for name, said in sorted(run.header["adapters"].items()))
    yield f"{code(versions or 'no framework answered')}, corpus {code(run.header['corpus'])}\n"
    yield _table(run.rows)


def _table(rows: list[Row]) -> str:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[findings.place(row)].append(row)
    total = findings.counts(rows)
    columns = [name for name in COLUMNS if total[name] or name in ("pass", "known", "new")]
    lines = [["route", *columns, "rows"], ["---", *["--:"] * (len(columns) + 1)]]
    for route, mine in sorted(grouped.items()):
        found = findings.counts(mine)
        cells = [str(found[name]) if found[name] else "·" for name in columns]
        lines.append([code(route).replace("|", r"\|"), *cells, str(len(mine))])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _causes(run: Run) -> Iterator[str]:
    for cause in findings.causes(run.rows, run.cases):
        routes = ", ".join(map(code, cause.routes))
        count = f"{len(cause.rows)} row{'s' * (len(cause.rows) != 1)}"
        yield f"**{cause.state}**: {code(cause.framework)}: {code(cause.sentence)}; {count} on {routes}\n"
        yield fenced(findings.command(cause.first, run.header))
    known = findings.causes(run.rows, run.cases, ["known"])
    if known:
        lines = [f"- {code(cause.sentence)}; {len(cause.rows)} rows; {_link(cause)}" for cause in known]
        rows = sum(len(cause.rows) for cause in known)
        title = f"{rows} known row{'s' * (rows != 1)}, {len(known)} cause{'s' * (len(known) != 1)}"
        yield f"<details><summary>{title}</summary>\n\n" + "\n".join(lines) + "\n\n</details>\n"


def _link(cause: findings.Cause) -> str:
    link = str(cause.ledger.get("link") or "no link")
    return f"<{link}>" if re.fullmatch(r"https?://[^\s<>]+", link) else code(link)


def code(said: str) -> str:
    """A code span of one line that shows the text as it is, whatever it holds."""
    said = findings.harmless(" ".join(str(said).split()))[:LONGEST] or " "
    ticks = "`" * (max(map(len, re.findall("`+", said)), default=0) + 1)
    edge = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{ticks}{edge}{said}{edge}{ticks}"


def fenced(said: str) -> str:
    """A block of code, with the button that copies it."""
    ticks = "`" * max(3, max(map(len, re.findall("`+", said)), default=0) + 1)
    return f"{ticks}sh\n{said}\n{ticks}\n"
