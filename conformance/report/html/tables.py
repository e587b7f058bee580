"""The page's tables: routes by families, accuracy, claims, and several runs side by side."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Any

from conformance.releases.catalogue import age
from conformance.report import accuracy as measures
from conformance.report.html.texts import fragment
from conformance.report.states import clean, complete, counts, labels, state
from conformance.run import disputes
from conformance.run.row import Row
from conformance.run.run_file import Run, diff
from conformance.run.variants import framework_of


def ran(runs: Sequence[Run]) -> str:
    """What ran, in one line: frameworks with their versions, when, how long."""
    versions: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        for name, said in run.header["adapters"].items():
            if said["version"] not in versions[framework_of(name)]:
                versions[framework_of(name)].append(said["version"])
    named = ", ".join(f"{name} {_listed(sorted(found, key=age))}" for name, found in versions.items())
    seconds = sum((run.footer or {}).get("seconds", 0.0) for run in runs)
    days = sorted({run.header["started"][:10] for run in runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"{named or 'no framework answered'} · {when} · {seconds:,.0f} s"


def _listed(versions: Sequence[str]) -> str:
    shown = versions if len(versions) < 6 else [versions[0], "…", versions[-1]]
    return ", ".join(shown) + (f" ({len(versions)} versions)" if shown is not versions else "")


def over_all(runs: Sequence[Run]) -> str:
    """Several runs in one sentence: how many of them need a look, and the counts of all."""
    found = counts(row for run in runs for row in run.rows)
    bad = sum(not clean(run) for run in runs)
    what = f"{bad} of {len(runs)} runs {'needs' if bad == 1 else 'need'} a look" if bad else "Nothing needs a look"
    told = ", ".join(f"{count} {name}" for name, count in found.items() if count)
    return f"{what}{'' if bad else f' in {len(runs)} runs'}: {told or 'no row'}."


def facts(run: Run) -> list[tuple[str, str]]:
    """(word, value): what ran, where, on what, for how long. Folders of the machine stay away."""
    header, footer = run.header, run.footer or {}
    found = [f"{name} {said['version']} on {', '.join(said['devices'])}" for name, said in header["adapters"].items()]
    command = " ".join(PurePath(word).name if PurePath(word).is_absolute() else word for word in header["argv"])
    told = [
        ("frameworks", "; ".join(found) or "none answered"),
        ("platform", f"{header['platform']}, {header['cpu']}, {header['cores']} cores, Python {header['python']}"),
        ("suite", f"{header['suite']}, corpus {header['corpus']}, seed {header['seed']}"),
        ("run", f"{header['started']}, {footer.get('seconds', '?')} s: {command}"),
    ]
    told += [("absent", f"{name}: {why}") for name, why in header["absent"].items()]
    told += [("dead", f"{name}: {why}") for name, why in header["dead"].items()]
    return told + [("note", note) for note in header["notes"]]


def accuracy(run: Run) -> list[dict[str, Any]]:
    """Per route and dtype, over rows with real operands: the share of the bound that they used, and how they lean.

    `bins`: how many rows used up to 10 %, 20 %, … 100 % of their bound, the last one more than that. `declared`: what
    the adapter says of the route's arithmetic; `observed`: what the answers beyond the bound would fit instead.
    """
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in measures.measured(run.rows):
        found[row.route, row.dtype].append(row)
    lines = []
    for (route, dtype), mine in sorted(found.items()):
        worst = max(mine, key=lambda row: row.detail["share"])
        lean = measures.lean(mine)
        shares = sorted(row.detail["share"] for row in mine)
        bins = Counter(max(0, min(math.ceil(min(share, 2.0) * 10) - 1, 10)) for share in shares)
        lines.append(
            {
                "route": route,
                "dtype": dtype,
                "rows": len(mine),
                "share": shares[-1],
                "lean": lean,
                "worst": worst.case,
                "fragment": fragment(worst),
                "median": shares[len(mine) // 2],
                "bins": [bins[number] for number in range(11)],
                "declared": _declared(run, route, dtype),
                "observed": _observed(mine),
            }
        )
    return lines


def _declared(run: Run, route: str, dtype: str) -> str:
    """The arithmetic that an adapter declares for a route, in words."""
    framework, _, name = route.partition("/")
    for offered in run.header["adapters"].get(framework, {}).get("routes", ()):
        if offered["name"] == name and (declared := (offered.get("arithmetic") or {}).get(dtype)):
            return ", ".join(f"{word} {value}" for word, value in declared.items())
    return f"all in {dtype}"


def _observed(rows: Iterable[Row]) -> str:
    """Whether the answers fit what is declared, and what the others would fit."""
    beyond = [row.cause or "" for row in rows if row.verdict == "differ"]
    fits = sorted({cause.partition("within it under ")[2] for cause in beyond} - {""})
    instead = f"; within it under {' or '.join(fits)}" if fits else ""
    return f"{len(beyond)} beyond the bound{instead}" if beyond else "as declared"


def claims(run: Run) -> list[dict[str, Any]]:
    """Each statement of the documents with what came out and who said so."""
    found: dict[tuple, list[str]] = defaultdict(list)
    for row in run.rows:
        if claim := row.detail.get("claim"):
            found[claim["number"], row.case, claim["verdict"], claim["came_out"]].append(framework_of(row.route))
    lines = []
    for (number, case, verdict, came_out), frameworks in sorted(found.items()):
        claim = run.cases[case].claim
        words = {"number": number, "case": case, "verdict": verdict, "came_out": came_out, "says": claim.says}
        lines.append(words | {"who": ", ".join(dict.fromkeys(frameworks)), "note": claim.note, "source": claim.source})
    return lines


def disputed(run: Run) -> list[dict[str, Any]]:
    """Each reading of each disputed question with its source and those who follow it; [] where nothing was asked."""
    who = {(side.case, side.reading): ", ".join(side.who) for side in disputes.disputes(run.rows)}
    return [
        {
            "case": case.id,
            "question": case.dispute.question,
            "reading": reading.name,
            "source": reading.source,
            "who": who.get((case.id, reading.name), ""),
        }
        for case in run.cases.values()
        if case.dispute
        for reading in case.dispute.readings
    ]


def side_by_side(runs: list[Run]) -> list[dict[str, Any]]:
    """Each run with its counts, and what changed since the one before, in four words."""
    lines = []
    for label, before, run in zip(labels(runs), [None, *runs], runs, strict=False):
        versions = ", ".join(f"{name} {said['version']}" for name, said in run.header["adapters"].items())
        line = {"path": label, "versions": versions, "counts": counts(run.rows), "changes": None}
        line |= {"started": run.header["started"], "complete": complete(run)}
        if before is not None:
            found = diff(before, run)
            line["changes"] = {word: len(getattr(found, word)) for word in ("added", "removed", "changed", "same")}
            told = ((str(new.key), state(old), state(new), new.cause or "") for old, new in found.changed)
            line["changed"] = list(islice(told, 200))
        lines.append(line)
    return lines
