"""What a run found, in the words and the order of every output: states, counts, causes, the sentence over all."""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.case import Case
from conformance.corpus.yaml_file import shown
from conformance.report.explain import sentence
from conformance.run.row import DIVERGENT, Row
from conformance.run.run_file import Run

#: What a row is: its standing where it has one, else its verdict; worst first.
STATES = ("new", "changed", "stale", "unrun", "known", "unsupported", "pass")
#: Standings that need somebody's eyes.
NEWS = STATES[:3]
#: What a line of text cannot hold: control characters, and halves of pairs that no encoding has.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def harmless(said: str) -> str:
    """The text of a framework or a file name as one line that can be printed: a control character could clear the
    terminal, and half a pair stops the printing."""
    return CONTROL.sub("\ufffd", said)


def state(row: Row) -> str:
    """One of STATES."""
    return row.state or ("new" if row.verdict in DIVERGENT else row.verdict)


def place(row: Row) -> str:
    """The route with its device: `torch/functional@cpu`."""
    return f"{row.route}@{row.device}"


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows are in each state; every state is named, in the order of STATES."""
    found = Counter(map(state, rows))
    return {name: found[name] for name in STATES}


def complete(run: Run) -> bool:
    """Whether every row that was asked for has an answer, and every adapter that was started spoke."""
    return bool(run.footer) and not run.header.get("dead") and not any(row.verdict == "unrun" for row in run.rows)


def problems(run: Run) -> list[str]:
    """What is wrong with the ledger, in sentences; known only of a run that came to its end."""
    return (run.footer or {}).get("problems", [])


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each of several runs: its file's, with the folders where two files are called alike."""
    names = [Path(run.path).name for run in runs]
    return [name if names.count(name) == 1 else run.path for name, run in zip(names, runs, strict=True)]


def clean(run: Run) -> bool:
    """Whether nothing about the run needs a look."""
    return complete(run) and not problems(run) and not any(state(row) in NEWS for row in run.rows)


def verdict(run: Run) -> str:
    """The run in one sentence: counts over all rows, nothing dropped."""
    found, footer = counts(run.rows), run.footer or {}
    shown = [name for name in ("known", *NEWS) if found[name] or name in ("known", "new")]
    shown += [name for name in ("unsupported", "unrun") if found[name]]
    parts = [f"{found['pass']} pass"] + [f"{found[name]} {name}" for name in shown]
    if wrong := problems(run):
        parts.append(f"{len(wrong)} ledger problem{'s' * (len(wrong) > 1)}")
    took = f" in {footer['seconds']:.0f} s" if "seconds" in footer else ""
    begin = "" if complete(run) else "incomplete: " if run.footer else "incomplete, cut short: "
    return f"{begin}{len(run.rows)} rows{took}: {', '.join(parts)}"


@dataclass
class Cause:
    """Rows of one framework that are in one state for one reason; `rows`: the smallest case first, never empty."""

    state: str
    framework: str
    rows: list[Row]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def routes(self) -> list[str]:
        return sorted(set(map(place, self.rows)))

    @property
    def ledger(self) -> dict[str, Any]:
        """The entry that speaks of these rows: where it stands, its link, kind and why; empty where none does."""
        return self.first.detail.get("ledger") or {}

    @property
    def sentence(self) -> str:
        return told(self.first)


def told(row: Row) -> str:
    """One line on a row; one that contradicts the ledger names the entry."""
    where = shown((row.detail.get("ledger") or {}).get("where", "the ledger"))
    more = {"stale": f", and {where} says that it diverges", "changed": f"; {where} says otherwise"}
    return harmless(sentence(row) + more.get(row.state, ""))


def causes(rows: Iterable[Row], cases: Mapping[str, Case], states: Iterable[str] = STATES[:4]) -> list[Cause]:
    """Rows in one of `states` by cause: the worst state first, causes with a name before others, then the frequent."""
    wanted = set(states)
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if state(row) in wanted:
            grouped[(state(row), *reason(row))].append(row)
    for mine in grouped.values():
        mine.sort(key=lambda row: (cases[row.case].size if row.case in cases else 0, row.key))
    found = [Cause(kind, framework, mine) for (kind, framework, *_), mine in grouped.items()]
    found.sort(key=lambda each: (STATES.index(each.state), "causes" not in each.first.detail, -len(each.rows)))
    return found


def reason(row: Row) -> tuple[str, str, str]:
    """Framework, verdict, and the cause without what varies from case to case; for a stale row, its entry."""
    cause = row.cause or row.detail.get("reason") or ""
    if row.state == "stale":
        cause = (row.detail.get("ledger") or {}).get("where", "")
    elif row.verdict != "differ":  # what a framework says of its own accord repeats the case's numbers
        cause = re.sub(r"\d+", "#", cause)
    return row.route.partition("/")[0], row.verdict, cause


def command(row: Row, header: Mapping[str, Any], exactly: bool = False, case: str | None = None) -> str:
    """The line to paste that explains a row: with the adapter, interpreter and case files that the run was given.

    `exactly`: only this row, not all that the case asks of the route; `case`: the id of another case to be asked so.
    """
    framework, asked = row.route.partition("/")[0], header.get("selection", {})
    file = header.get("adapters", {}).get(framework, {}).get("file", "")
    route = row.route if row.device == "cpu" else place(row)
    words = ["--route", route]
    words += _options("--cases", asked.get("files"))
    words += _options("--adapter", (name for name in asked.get("adapters") or () if Path(name).name == Path(file).name))
    words += _options("--python", (pair for pair in asked.get("pythons") or () if pair.startswith(f"{framework}=")))
    words += _options("--seed", [header["seed"]] if header.get("seed") else [])
    verb = "show"
    if row.fill == "related":  # a relation between answers is no question that can be shown
        verb = "run --metamorphic"
        words += ["--dtype", row.dtype, "--check", row.check]
    elif exactly:
        words += ["--dtype", row.dtype, "--check", row.check, "--fill", row.fill]
    case = shlex.quote(case or row.case)
    quoted = case if case.startswith("'") else f"'{case}'"
    return harmless(f"convt {verb} {quoted} {shlex.join(words)}")


def _options(option: str, values: Iterable[Any] | None) -> list[str]:
    return [word for value in values or () for word in (option, str(value))]


def where(run: Run, case: str) -> tuple[str, int] | None:
    """File and line of a case, the file as the run was given it; None where neither is known."""
    path, _, line = (run.cases[case].where if case in run.cases else "").rpartition(":")
    if not path or not line.isdigit():
        return None
    for given in run.header.get("selection", {}).get("files") or ():
        name = Path(path).name
        if Path(given).name == name:
            return Path(given).as_posix(), int(line)
        if Path(given).name == Path(path).parent.name:
            return (Path(given) / name).as_posix(), int(line)
    return path, int(line)
