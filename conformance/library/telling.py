"""What becomes of questions to a function: the counts of a check, or what goes wrong and when."""

from __future__ import annotations

import functools
import sys
import unittest
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from conformance import folder
from conformance.case import CHECKS, DTYPES, FILLS, Check, Dtype, Fill
from conformance.corpus.conditions import ALWAYS
from conformance.corpus.spelled import FAMILY
from conformance.library.cases import Case, cases, named, of
from conformance.library.checking import Checked, Wrong
from conformance.library.function import Function, questions
from conformance.library.signatures import SIGNATURES
from conformance.report import explain
from conformance.report.findings import first_line
from conformance.report.states import number
from conformance.report.told import told
from conformance.run import narrow, rules
from conformance.run.diagnose import Diagnosis, diagnose, stored
from conformance.run.infer import Asked
from conformance.run.row import DIVERGENT, Key, Row

#: Multiply-adds of the largest case that is asked in a person's own process.
LARGEST = 2**20
#: Things that go wrong of which a message has all details; lines and characters of a script in it.
DETAILED, LINES, CHARACTERS = 3, 60, 2500
#: A version behind all others.
LATEST = "9999"
#: Reasons why a question was not asked that are told.
REASONS = 3


def many(
    asking: Function,
    chosen: Sequence[Case],
    dtypes: Sequence[Dtype],
    checks: Sequence[Check],
    fills: Sequence[Fill] | None,
    seconds: float,
) -> Checked:
    """Ask about cases; see `conformance.check`."""
    _known(dtypes, checks, fills)
    large = [case for case in chosen if case.size > LARGEST]
    put = questions(asking, (case for case in chosen if case.size <= LARGEST), dtypes, checks, fills)
    by_key, rows = _asked(asking, put)
    left_out = Counter(_reason(row) for row in rows if row.verdict == "unsupported")
    left_out.update({f"more than {LARGEST} multiply-adds": len(large)} if large else {})
    wrong = [row for row in rows if row.verdict in DIVERGENT]
    right = sum(row.verdict == "pass" for row in rows)
    if wrong:
        raise _wrong(asking, rows, wrong, by_key, left_out, (tuple(dtypes), tuple(checks)), seconds)
    if not right:
        why = list(reasons(left_out)) or ["  there is no such question in these cases"]
        raise ValueError("\n".join([f"{asking.name} was asked nothing that it can answer", *why]))
    return Checked(asking.name, right, dict(left_out.most_common()))


def one(
    asking: Function, case: Case, dtypes: Sequence[Dtype] | None, checks: Sequence[Check], fills: Sequence[Fill] | None
) -> None:
    """Ask about one case; see `Case.check`."""
    _known(dtypes or (), checks, fills)
    put = questions(asking, [case], dtypes, checks, fills)
    by_key, rows = _asked(asking, put)
    for row in rows:
        if row.verdict in DIVERGENT:
            asked = by_key[row.key]
            lines = [explain.paragraph(_bare(row), asked.case), *_script(row, asked, asking)]
            raise Wrong("\n".join(lines), [each for each in rows if each.verdict in DIVERGENT])
    if all(row.verdict == "unsupported" for row in rows):
        why = "; ".join(dict.fromkeys(map(_reason, rows))) or "no such question makes sense for this case"
        _skip(f"{asking.name}: {why}")


def _asked(asking: Function, put: Sequence[Asked]) -> tuple[dict[Key, Asked], list[Row]]:
    """Questions by key, and their rows. What the signature's own framework does not answer is not asked."""
    beyond = {asking.key(each): why for each in put if (why := _beyond(each, asking))}
    by_key = {asking.key(each): each for each in put}
    rows = list(asking.rows([each for key, each in by_key.items() if key not in beyond]))
    for key, reason in beyond.items():
        rows.append(Row(**key._asdict(), outcome="unsupported", verdict="unsupported", detail={"reason": reason}))
    return by_key, rows


def _beyond(one: Asked, asking: Function) -> str | None:
    """Why a question is none for a function of this signature, or None."""
    route = SIGNATURES[asking.signature].route if asking.signature in SIGNATURES else ""
    for rule in _refusals(route) if route else ():
        if rule.on(one.case) == ALWAYS:  # whatever the dtype, the check and the fill
            return f"{route} does not answer this either: {' or '.join(rule.causes)} ({rule.link})"
    return None


def _skip(why: str) -> None:
    """Skip the test; inside a Hypothesis test only the example."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is not None and hypothesis.currently_in_test_context():
        hypothesis.reject()
    raise unittest.SkipTest(why)


def _known(dtypes: Sequence[str], checks: Sequence[str], fills: Sequence[str] | None) -> None:
    for name, said, there in (("dtypes", dtypes, DTYPES), ("checks", checks, CHECKS), ("fills", fills or (), FILLS)):
        if isinstance(said, str):
            raise ValueError(f"{name}={said!r}: give a tuple, as in {name}=({said!r},)")
        for word in said:
            if word not in there:
                raise ValueError(f"{name}: there is no {word!r}; there are {', '.join(there)}")


def chosen(
    asked: str | Case | Iterable[str | Case],
    tier: str | None,
    ranks: int | Iterable[int],
    where: Mapping[str, Any] | None,
    invalid: bool,
) -> list[Case]:
    said = [asked] if isinstance(asked, (str, Case)) else list(asked)
    patterns = [each for each in said if isinstance(each, str)]
    found = [each for each in said if isinstance(each, Case)]
    if patterns or not said:
        found += cases(*patterns, tier=tier, ranks=ranks, where=where, invalid=invalid)
    return found


def _reason(row: Row) -> str:
    return first_line(row.detail.get("reason") or row.cause or "no reason given")


def reasons(left_out: Mapping[str, int]) -> Iterator[str]:
    most = sorted(left_out.items(), key=lambda each: -each[1])
    for reason, count in most[:REASONS]:
        yield f"  left out: {number(count, 'question')}: {reason}"
    if rest := sum(count for _, count in most[REASONS:]):
        yield f"  left out: {number(rest, 'question')} for other reasons"


@functools.cache
def _refusals(route: str) -> list[rules.Rule]:
    """What the latest version of a route refuses, and not by mistake, as the ledger knows."""
    path = folder("cases") / "known" / f"{route.partition('/')[0]}.yaml"
    found = rules.load(path) if path.exists() else []
    return [
        rule
        for rule in found
        if rule.kind != "bug"
        and "refuse" in rule.verdicts
        and rules.within(LATEST, rule.versions)
        and any(rules.matches(route, glob) for glob in rule.routes)
    ]


def _bare(row: Row) -> Row:
    """The row without what a message says in another way."""
    left = {word: value for word, value in row.detail.items() if word not in ("plan", "error_text")}
    return msgspec.structs.replace(row, detail=left)


def _wrong(
    asking: Function,
    rows: Sequence[Row],
    wrong: Sequence[Row],
    by_key: Mapping[Key, Asked],
    left_out: Counter[str],
    offered: tuple[tuple[str, ...], tuple[str, ...]],
    seconds: float,
) -> Wrong:
    """What goes wrong and when."""
    by_id = {one.case.id: one.case for one in by_key.values()}
    found = diagnose(rows, by_id, seed=asking.seed)
    ranks = {case.rank for case in by_id.values()}

    def ask(asked: Sequence[Asked]) -> list[Row]:
        return list(asking.rows([one for one in asked if one.case.rank in ranks]))

    route = narrow.Route(ask, *offered)
    share = seconds / max(len(found), 1)
    found = [narrow.narrow(each, route, share, asking.seed) if seconds > 0 else each for each in found]
    said = [stored(each, by_id) for each in found]
    right = sum(row.verdict == "pass" for row in rows)
    lines = [f"{asking.name}: {len(wrong)} of {number(right + len(wrong), 'question')} answered wrongly"]
    lines += reasons(left_out)
    for index, (each, diagnosed) in enumerate(zip(found, said, strict=True)):
        if index == DETAILED:
            lines += ["", *(f"{place}. {more.says}" for place, more in enumerate(said[index:], index + 1))]
            break
        lines += ["", f"{index + 1}. {first_line(diagnosed.says)}"]
        lines += [f"   when {diagnosed.when}"] if each.when not in (None, ALWAYS) else []
        lines += [f"   {line}" for line in told(diagnosed)]
        lines += [f"   {line}" for line in _smallest(each, asking, by_key)]
    return Wrong("\n".join(lines), wrong, said)


def _smallest(diagnosis: Diagnosis, asking: Function, by_key: Mapping[Key, Asked]) -> list[str]:
    """The smallest question that fails, to be asked again, with a script."""
    smallest = diagnosis.smallest or by_key[diagnosis.rows[0].key]
    (row,) = asking.rows([smallest])
    again = [f"again: {of(smallest.case)!r}.check({', '.join([asking.name, *_words(smallest, asking)])})"]
    there = smallest.case.family != FAMILY or named(smallest.case.id)  # how operands are stored no id spells
    return [*(again if there else ()), *_script(row, smallest, asking)]


def _words(one: Asked, asking: Function) -> Iterator[str]:
    """What has to be said to ask a question again, beside the function."""
    plain = {"dtypes": "float32", "checks": "forward", "fills": "exact"}
    for word, value in zip(plain, (one.dtype, one.check, one.fill), strict=True):
        if value != plain[word]:
            yield f"{word}=({value!r},)"
    yield from (f"{word}={value!r}" for word, value in asking.given.items())


def _script(row: Row, one: Asked, asking: Function) -> list[str]:
    """A program that repeats a row, where it is short enough to be read."""
    if "plan" not in row.detail:
        return []
    case, expected = one.case, asking.expected(one)
    right = expected.answer if case.expect == "answer" and case.problem() is None else None
    lines = explain.script(row, case, expected.operands, right).rstrip().splitlines()
    if len(lines) > LINES or sum(map(len, lines)) > CHARACTERS:
        return []
    return ["", *(f"    {line}".rstrip() for line, before in zip(lines, ["", *lines], strict=False) if line or before)]
