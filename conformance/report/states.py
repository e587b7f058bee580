"""The state of every row, how many rows are in each, and a run in one sentence: the same in every output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.run.row import DIVERGENT, Row
from conformance.run.run_file import Run

#: What a row is: its state against the ledger where it has one, else its verdict; worst first.
STATES = ("new", "changed", "stale", "unrun", "known", "unsupported", "pass")
#: States that need somebody's eyes. A row that is unrun needs an answer first: it makes the run incomplete.
NEEDS_A_LOOK = STATES[:3]


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


def number(count: int, what: str) -> str:
    """`1 row`, `2 rows`: a count with its noun, which takes an s."""
    return f"{count} {what}{'s' * (count != 1)}"


def missing(run: Run) -> list[str]:
    """Why the run is incomplete, in words; empty where every row has an answer and every adapter that was started
    spoke."""
    words = [] if run.footer else ["cut short"]
    if dead := run.header.get("dead"):
        words.append(number(len(dead), "dead adapter"))
    if unrun := counts(run.rows)["unrun"]:
        words.append(f"{number(unrun, 'row')} without an answer")
    return words


def complete(run: Run) -> bool:
    """Whether nothing is missing."""
    return not missing(run)


def problems(run: Run) -> list[str]:
    """What is wrong with the ledger, in sentences; known only of a run that came to its end."""
    return (run.footer or {}).get("problems", [])


def needs_a_look(run: Run) -> bool:
    """Whether some row is in a state that needs a look."""
    return any(state(row) in NEEDS_A_LOOK for row in run.rows)


def clean(run: Run) -> bool:
    """Whether nothing about the run needs a look."""
    return complete(run) and not problems(run) and not needs_a_look(run)


def verdict(run: Run) -> str:
    """The run in one sentence: counts over all rows, nothing dropped."""
    found, footer = counts(run.rows), run.footer or {}
    named = [name for name in ("known", *NEEDS_A_LOOK) if found[name] or name in ("known", "new")]
    named += [name for name in ("unsupported", "unrun") if found[name]]
    parts = [f"{found['pass']} pass"] + [f"{found[name]} {name}" for name in named]
    if elsewhere := sum(state(row) == "new" and "unseen" in row.detail for row in run.rows):
        parts[1 + named.index("new")] += f" ({elsewhere} not seen on this kind of machine before)"
    if wrong := problems(run):
        parts.append(number(len(wrong), "ledger problem"))
    took = f" in {footer['seconds']:.0f} s" if "seconds" in footer else ""
    begin = f"incomplete ({'; '.join(missing(run))}): " if missing(run) else ""
    return f"{begin}{number(len(run.rows), 'row')}{took}: {', '.join(parts)}"


def headline(run: Run) -> str:
    """The same counts as a heading: what needs a look comes first."""
    found = counts(run.rows)
    rows = [f"{found[name]} {name}" for name in NEEDS_A_LOOK if found[name]]
    rest = [f"{found[name]} {name}" for name in STATES[3:] if found[name]]
    need = [f"{', '.join(rows)} of {number(len(run.rows), 'row')}"] if rows else []
    need += [number(len(problems(run)), "ledger problem")] if problems(run) else []
    one = sum(found[name] for name in NEEDS_A_LOOK) + len(problems(run)) == 1
    what = f"{' and '.join(need)} {'needs' if one else 'need'} a look" if need else "nothing needs a look"
    begin = [f"incomplete ({'; '.join(missing(run))})"] if missing(run) else []
    text = ": ".join([*begin, what, ", ".join(rest) or "no other row"])
    return f"{text[0].upper()}{text[1:]}."


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each of several runs: its file's, with the folders where two files are called alike."""
    names = [Path(run.path).name for run in runs]
    return [name if names.count(name) == 1 else run.path for name, run in zip(names, runs, strict=True)]
