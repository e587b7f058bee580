"""The state of every row, how many rows are in each, and a run in one sentence: the same in every output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.run.row import DIVERGENT, UNANSWERED, Row, place
from conformance.run.run_file import Run

#: What a row is: its state against the ledger where it has one, else its verdict; worst first.
STATES = ("new", "changed", "stale", "unrun", "known", "unsupported", "pass")
#: States that need somebody's eyes. A row that is unrun needs an answer first: it makes the run incomplete.
NEEDS_A_LOOK = STATES[:3]
#: Routes without a result that are named in a sentence.
NAMED = 3


def state(row: Row) -> str:
    """One of STATES."""
    return row.state or ("new" if row.verdict in DIVERGENT else row.verdict)


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
    if once := sum("unconfirmed" in row.detail for row in run.rows):
        words.append(f"{number(once, 'divergence')} not confirmed")
    return words


def complete(run: Run) -> bool:
    """Whether nothing is missing."""
    return not missing(run)


def silent(run: Run) -> dict[str, int]:
    """Routes that were asked and answered none of their rows, with the number of these."""
    asked = Counter(place(row) for row in run.rows if row.verdict != "unrun")
    answered = {place(row) for row in run.rows if row.verdict not in UNANSWERED}
    return {name: asked[name] for name in sorted(asked.keys() - answered)}


def without_result(run: Run) -> list[str]:
    """Why the run says nothing, or not what was demanded of it: routes without an answer, no row that passed, fewer
    answers than there had to be. Empty where it has a result."""
    lost = silent(run)
    named = [f"{name} answered none of its {number(count, 'row')}" for name, count in list(lost.items())[:NAMED]]
    more = [f"nor did {number(len(lost) - NAMED, 'other route')}"] if len(lost) > NAMED else []
    found = counts(run.rows)
    told = lost or any(found[name] for name in ("pass", "unrun", *NEEDS_A_LOOK))
    return [*named, *more, *([] if told else ["no row passed"]), *too_few(run)]


def too_few(run: Run) -> list[str]:
    """Which floors of the command the run did not reach, in words; see run/floors.py."""
    return (run.footer or {}).get("too_few", [])


def worse(run: Run) -> list[str]:
    """What diverges and passed in the run that this one was measured against, in words; see run/floors.py."""
    return (run.footer or {}).get("worse", [])


def about_documents(run: Run) -> bool:
    """Whether claims of documents and disputed questions are told: not where somebody asks about a library of their
    own, who would take a refuted document for a fault of the library."""
    return run.header.get("claims", True)


def problems(run: Run) -> list[str]:
    """What is wrong with the ledger, in sentences; known only of a run that came to its end."""
    return (run.footer or {}).get("problems", [])


def needs_a_look(run: Run) -> bool:
    """Whether some row is in a state that needs a look."""
    return any(state(row) in NEEDS_A_LOOK for row in run.rows)


def clean(run: Run) -> bool:
    """Whether nothing about the run needs a look."""
    return not (missing(run) or without_result(run) or problems(run) or worse(run) or needs_a_look(run))


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
    parts += worse(run)
    took = f" in {footer['seconds']:.0f} s" if "seconds" in footer else ""
    return f"{_reservations(run)}{number(len(run.rows), 'row')}{took}: {', '.join(parts)}"


def _reservations(run: Run) -> str:
    """What stands before every sentence about a run that is not whole or has no result."""
    incomplete = f"incomplete ({'; '.join(missing(run))}): " if missing(run) else ""
    nothing = f"no result ({'; '.join(without_result(run))}): " if without_result(run) else ""
    return incomplete + nothing


def headline(run: Run) -> str:
    """The same counts as a heading: what needs a look comes first."""
    found = counts(run.rows)
    rows = [f"{found[name]} {name}" for name in NEEDS_A_LOOK if found[name]]
    rest = [f"{found[name]} {name}" for name in STATES[3:] if found[name]]
    need = [f"{', '.join(rows)} of {number(len(run.rows), 'row')}"] if rows else []
    need += [number(len(problems(run)), "ledger problem")] if problems(run) else []
    one = sum(found[name] for name in NEEDS_A_LOOK) + len(problems(run)) == 1
    what = [f"{' and '.join(need)} {'needs' if one else 'need'} a look"] if need else []
    what += worse(run)
    if not what and not without_result(run):
        what = ["nothing needs a look"]
    text = _reservations(run) + ": ".join([*what, ", ".join(rest) or "no other row"])
    return f"{text[0].upper()}{text[1:]}."


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each of several runs: its file's, with the folders where two files are called alike."""
    names = [Path(run.path).name for run in runs]
    return [name if names.count(name) == 1 else run.path for name, run in zip(names, runs, strict=True)]
