"""What `convt show` does, once its arguments are read: answers in words, or the script that repeats one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from conformance.case import Case
from conformance.cli.run import check_words, insist, named_by
from conformance.cli.say import say
from conformance.cli.status import CLEAN, FINDINGS, INCOMPLETE, UsageError
from conformance.corpus import globs, spelled
from conformance.corpus.choose import corpus
from conformance.corpus.random_cases import named as drawn
from conformance.oracle.compare import Expected
from conformance.report import explain, repeat, states
from conformance.run import programs, run_file
from conformance.run.questions import Narrow, select
from conformance.run.row import DIVERGENT, UNANSWERED, Row, place
from conformance.run.run_file import Run
from conformance.run.session import Session
from conformance.run.variants import is_meant

#: Keys of right answers that are named below the one that is told.
ALIKE = 6


def show(asked: dict[str, Any]) -> int:
    """`convt show`; returns the exit status: 1 where an answer is wrong, known or not, 3 where there is none."""
    check_words(asked)
    run = _read(asked) if asked["run_path"] else ask(asked)
    wrong = [row for row in run.rows if row.verdict in DIVERGENT]
    if asked["script"]:
        _script(run, wrong)
    else:
        answers: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in run.rows:
            answers[row.case, place(row)].append(row)
        (_list if len(answers) > 1 else _explain)(run, answers)
    if wrong:
        return FINDINGS
    return INCOMPLETE if all(row.verdict in UNANSWERED for row in run.rows) else CLEAN


def _read(asked: dict[str, Any]) -> Run:
    """The rows that are meant, of a run file."""
    run = run_file.read(asked["run_path"])
    run.rows = [row for row in run.rows if globs.matches(row.case, asked["case_id"]) and _wanted(row, asked)]
    if not run.rows:
        where = asked["route"] or "any route"
        raise UsageError(f"{asked['run_path']} has no row for {asked['case_id']} on {where}")
    return run


def ask(asked: dict[str, Any]) -> Run:
    """The rows that are meant, asked now. Raises ProgramError where the adapter is dead, UsageError where there are
    none."""
    cases = {case.id: case for case in _cases(asked)}
    routes = (asked["route"],) if asked["route"] else ()
    pythons, settings = programs.pairs(asked["pythons"]), programs.settings(asked["environments"])
    chosen = programs.choose(tuple(asked["adapters"]), routes, pythons, 1, settings)
    session = Session.open(chosen, seed=asked["seed"], under=named_by(routes))
    try:
        insist(session, asked | {"routes": routes, "devices": ()})
        narrow = Narrow(routes, (), *(tuple(asked[word]) for word in ("dtypes", "checks", "fills")))
        rows = list(session.rows(select(cases.values(), session.hellos, narrow)))
    finally:
        session.close()
    for name, reason in session.dead.items():
        raise programs.ProgramError(f"the adapter {name} is dead: {reason}")
    if not rows:
        raise UsageError(f"nothing to show: no route takes {asked['case_id']} with these dtypes, checks and fills")
    selection = {word: asked[word] for word in ("files", "adapters", "pythons", "environments")}
    header = {"adapters": session.hellos, "selection": selection, "seed": asked["seed"]}
    return Run("", header, cases, rows)


def _cases(asked: dict[str, Any]) -> list[Case]:
    """The cases that the first word means: by an id that spells one, or those of the corpus."""
    name = asked["case_id"]
    if case := drawn(name) or spelled.named(name):
        return [case]
    return globs.select(corpus(asked["files"], [name]), [name])


def _wanted(row: Row, asked: Mapping[str, Any]) -> bool:
    return (
        (not asked["route"] or is_meant(row.route, asked["route"].partition("@")[0]))
        and (not asked["dtypes"] or row.dtype in asked["dtypes"])
        and (not asked["checks"] or row.check in asked["checks"])
        and (not asked["fills"] or row.fill in asked["fills"])
    )


def _list(run: Run, answers: Mapping[tuple[str, str], list[Row]]) -> None:
    """A line for each case on each route, and how one of them is explained: a wrong one, where one is."""
    first = next((row for row in run.rows if row.verdict in DIVERGENT), run.rows[0])
    for (case, route), rows in answers.items():
        found = {state: count for state, count in states.counts(rows).items() if count}
        counts = ", ".join(f"{count} {state}" for state, count in found.items())
        told = next((row for row in rows if row.verdict in DIVERGENT), rows[0])
        why = told.cause or (told.detail.get("reason") if told.verdict == "unsupported" else None)
        say(f"{case}  {route.removesuffix('@cpu')}  {counts}" + (f": {explain.first_line(why)}" if why else ""))
    say(f"\nexplain one: {repeat.command(first, run.header)}")


def _explain(run: Run, answers: Mapping[tuple[str, str], list[Row]]) -> None:
    """All that is known of one case on one route; right answers of the same call once."""
    (rows,) = answers.values()
    alike: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        source = (row.detail.get("plan") or {}).get("source")
        alike[(row.verdict, row.detail.get("reason"), source, row.key if row.verdict in DIVERGENT else None)].append(
            row
        )
    for first, *others in alike.values():
        say(explain.paragraph(first, run.cases[first.case]))
        if others:
            named = "; ".join(f"{row.dtype} {row.check} {row.fill}" for row in others[:ALIKE])
            more = f"; and {len(others) - ALIKE} more" if len(others) > ALIKE else ""
            say(f"  alike: {named}{more}")
        say("")
    if any(row.fill == "related" for row in rows):
        say(_of_relations(next(row for row in rows if row.fill == "related"), run))
    elif any(row.detail.get("plan") for row in rows):
        say("--script prints a program that repeats it without the suite")


def _of_relations(row: Row, run: Run) -> str:
    return f"# A relation is between several calls; ask for them by: {repeat.command(row, run.header)}"


def _script(run: Run, wrong: list[Row]) -> None:
    """The script of the first wrong answer, or of the first that was asked at all."""
    if len({row.case for row in run.rows}) > 1:
        raise UsageError("--script repeats one case; these are several: name one of them")
    asked = [row for row in run.rows if row.detail.get("plan")]
    row = (wrong or asked or run.rows)[0]
    if row.fill == "related":
        say(_of_relations(row, run))
        return
    case = run.cases[row.case]
    expected = Expected(case, row.check, row.dtype, row.fill, run.header.get("seed", 0))
    if expected.picks is not None:
        say(f"# A script that repeats it would be too long; ask for it by: {repeat.command(row, run.header)}")
        return
    answer = expected.answer if case.expect == "answer" else None
    say(explain.script(row, case, expected.operands, answer, run.header, run.path or None))
