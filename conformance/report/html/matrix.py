"""Where rows are right and where not: families, in groups, by frameworks and their routes, or by several runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.releases.catalogue import age
from conformance.report.states import NEEDS_A_LOOK, STATES, labels, state
from conformance.run.row import place
from conformance.run.run_file import Run
from conformance.run.variants import worker_of

#: Groups of families and their parts: a family belongs to the first group that names it, or the word before its dash.
GROUPS = {
    "sizes": "stride padding output_padding dilation groups bias rank same tails grid",
    "combinations": "cover random fuzz as",
    "gradients": "gradient cover-gradients",
    "numbers": "dtype special numbers",
    "storage": "layout memory empty",
    "real layers": "models large beyond",
    "reported bugs": "reports found",
    "must be refused": "invalid broken",
    "documents": "claims disputes",
}
OTHERS = "other families"
#: Columns and lines up to which everything is unfolded from the start.
UNFOLDED = 22


@dataclass
class Column:
    """A framework (with its variant) or one of its routes, of all runs or of one of several."""

    framework: str
    route: str = ""
    run: str = ""
    label: str = ""
    version: str = ""
    hidden: bool = False


@dataclass
class Line:
    """A family, or a whole group of them; `cells`: counts by state for each column, None where nothing was asked."""

    group: str
    family: str = ""
    cells: list[dict[str, int] | None] = field(default_factory=list)
    hidden: bool = False


def group_of(family: str) -> str:
    """The group that a family belongs to."""
    for name in (family, family.partition("-")[0]):
        for group, families in GROUPS.items():
            if name in families.split():
                return group
    return OTHERS


def matrix(runs: Sequence[Run]) -> tuple[list[Column], list[Line]]:
    """Columns and lines, the worst first; of several runs, frameworks together and their versions in order."""
    counted, several = _counted(runs), len(runs) > 1
    columns, lines = _columns(runs, counted, several), _lines(counted)
    for line in lines:
        line.cells = [counted.get((line.group, line.family, *_key(column))) for column in columns]
    return columns, lines


def _key(column: Column) -> tuple[str, str, str]:
    return column.run, column.framework, column.route


def _counted(runs: Sequence[Run]) -> dict[tuple[str, ...], dict[str, int]]:
    """(group, family or "" for all, run, framework or "" for all, route or "" for all) → counts by state."""
    found: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    names = labels(runs) if len(runs) > 1 else [""]
    for name, run in zip(names, runs, strict=True):
        each = Counter((row.case.partition("/")[0], place(row), state(row)) for row in run.rows)
        for (family, route, is_in), count in each.items():
            group, framework = group_of(family), worker_of(route)
            for lines in ((group, family), (group, ""), ("", "")):
                for of in ((framework, route), (framework, ""), ("", "")):
                    found[(*lines, name, *of)][is_in] += count
    return {key: {name: counts[name] for name in STATES if counts[name]} for key, counts in found.items()}


def worst(counts: dict[str, int] | None) -> tuple[float, ...]:
    """A key that sorts the worst first: rows that need a look, those without an answer, the share that is known."""
    found = counts or {}
    answered = sum(found.values()) - found.get("unsupported", 0)
    look = sum(found.get(name, 0) for name in NEEDS_A_LOOK)
    return -look, -found.get("unrun", 0), -found.get("known", 0) / max(answered, 1)


def _columns(runs: Sequence[Run], counted: dict[tuple[str, ...], Any], several: bool) -> list[Column]:
    names, devices = labels(runs) if several else [""], {row.device for run in runs for row in run.rows} | {"cpu"}
    found = []
    for name, run in zip(names, runs, strict=True):
        routes = sorted({place(row) for row in run.rows})
        for framework in dict.fromkeys(map(worker_of, routes)):
            version = str(run.header["adapters"].get(framework, {}).get("version", "")) if several else ""
            column = Column(framework, "", name, f"{framework} {version}".strip(), version)
            found.append(column)
            mine = [route for route in routes if worker_of(route) == framework]
            mine.sort(key=lambda route, of=(name, framework): worst(counted[("", "", *of, route)]))
            for route in mine:
                said = route.partition("/")[2]
                found.append(Column(framework, route, name, said if devices > {"cpu"} else said[:-4], version, True))
    order = {}
    for column in found:
        mine = worst(counted["", "", column.run, column.framework, ""])
        order[column.framework] = min(order.get(column.framework, mine), mine)
    found.sort(key=lambda column: (order[column.framework], column.framework, age(column.version)))
    if (len(found) <= UNFOLDED or len(order) == 1) and not several:
        for column in found:
            column.hidden = False
    return found


def _lines(counted: dict[tuple[str, ...], Any]) -> list[Line]:
    """All families together, then the groups, the worst first, each followed by its families."""
    total: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (group, family, _, framework, _), counts in counted.items():
        if not framework:
            total[group, family].update(counts)
    key = {line: worst(counts) for line, counts in total.items()}
    found = [Line("")]
    for group in sorted({group for group, _ in total} - {""}, key=lambda group: (key[group, ""], group)):
        families = sorted(
            (name for of, name in total if of == group and name), key=lambda name: (key[group, name], name)
        )
        calm = not any(key[group, ""][:2]) and len(total) > UNFOLDED
        alone = len(families) == 1
        found.append(Line(group, families[0] if alone else ""))
        found += [Line(group, name, hidden=calm) for name in families if not alone]
    return found


def said(counts: dict[str, int] | None) -> str:
    """A cell in words."""
    if not counts:
        return "not asked"
    return ", ".join(f"{counts[name]:,} {name}" for name in STATES if name in counts)


def look(counts: dict[str, int]) -> str:
    """What a cell looks like, as classes of the style; the page's script has the same."""
    answered = sum(counts.values()) - counts.get("unsupported", 0)
    if any(counts.get(name) for name in (*NEEDS_A_LOOK, "unrun")):
        return "m-look"
    if counts.get("known"):
        return f"m-known h{_step(counts['known'] / answered)}"
    return f"m-pass q{_step(answered / sum(counts.values()))}" if answered else "m-none"


def _step(share: float) -> int:
    """A share as one of four steps."""
    return 1 if share <= 0.25 else 2 if share <= 0.5 else 3 if share < 0.9 else 4


def sign(counts: dict[str, int]) -> str:
    """What stands in a cell: how many rows need a look, a dash where none could be answered."""
    wrong = sum(counts.get(name, 0) for name in (*NEEDS_A_LOOK, "unrun"))
    if wrong:
        return str(wrong) if wrong < 1000 else f"{wrong // 1000}k" if wrong < 1_000_000 else "1M+"
    return "" if counts.get("known") or counts.get("pass") else "–"


def totals(runs: Sequence[Run]) -> list[tuple[str, str, dict[str, int]]]:
    """(run, route, counts) of every route, the worst first."""
    counted = _counted(runs)
    found = [(run, route, counts) for (group, family, run, _, route), counts in counted.items() if route and not group]
    return sorted(found, key=lambda each: (worst(each[2]), each[:2]))
