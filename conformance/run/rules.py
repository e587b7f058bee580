"""A rule of the ledger: what diverges, when, where. Read from YAML, and asked whether it speaks of a row.

    - routes: [torch/functional, torch/module]
      when: {not: {output_padding: {below: [stride, dilation]}}}
      verdict: refuse
      cause: output padding must be smaller than either stride or dilation
      kind: by-design
      link: https://github.com/pytorch/pytorch/issues/8826
      why: PyTorch refuses what the arithmetic would allow.

What several rules share is said once: below `also` stand those that say the same but for the words that they give.

It is exact in both ways: each row of which a rule speaks diverges as it says. Two things may pass all the same: a row
on which the named `fault` cannot show, because the wrong answer is the right one there; and rows of a rule that says
`sometimes`, for what depends on chance, such as what happens to be in memory.

A rule that some question be refused speaks of no question that must be refused, nor of a disputed one that may be; one
that it be answered, of no question but those that must be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_type_hints

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.case import Case
from conformance.corpus.conditions import ALWAYS, NEVER, Condition, Property
from conformance.corpus.globs import matches
from conformance.corpus.when import Others, parse
from conformance.corpus.yaml_file import Document, FileError, Steps, convert, nearest, read
from conformance.mutants.shown import FAULTS
from conformance.run.place import NAMES, Place
from conformance.run.row import DIVERGENT, REMARKS, Remark, Row, Verdict
from conformance.run.variants import is_meant

UNFINISHED = "FINISH ME"

#: After these there is nothing more to be seen of a question.
STOPS = frozenset({"refuse", "accept", "crash", "hang", "broken"})


class Said(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands in a file of one rule. `routes` and `cases` are globs with * and ?.

    Exactly one of `cause` (part of the row's cause, or several parts of which one is there) and `fault` (the name of a
    mutant) is given. Several verdicts are for answers that depend on chance.
    """

    routes: str | list[str]
    verdict: Verdict | Remark | list[Verdict | Remark]
    kind: Literal["bug", "by-design", "precision", "not-implemented"]
    link: str
    why: str
    cause: str | list[str] | None = None
    fault: str | None = None
    when: dict[str, Any] | list[dict[str, Any]] | None = None
    cases: str | list[str] | None = None
    versions: str = ""
    place: dict[str, str | list[str] | Others] = {}
    sometimes: bool = False


#: The same words, of which any may be left out.
Otherwise = msgspec.defstruct(
    "Otherwise",
    [(name, kind | msgspec.UnsetType, msgspec.UNSET) for name, kind in get_type_hints(Said).items()],
    kw_only=True,
    forbid_unknown_fields=True,
)


class RawRule(Said, kw_only=True, forbid_unknown_fields=True):
    """A rule as it stands in a file, with those that follow it and say the same but for a few words."""

    also: list[Otherwise] = []  # type: ignore[valid-type]


class Rule(msgspec.Struct, kw_only=True):
    """A rule that has been read. `where`: file and line; `order`: its place among all rules."""

    where: str
    order: int
    routes: tuple[str, ...]
    verdicts: frozenset[str]
    when: Condition
    versions: SpecifierSet
    kind: str
    link: str
    why: str
    causes: tuple[str, ...] = ()
    fault: str | None = None
    cases: tuple[str, ...] = ()
    place: dict[str, tuple[frozenset[str], bool]] = {}
    sometimes: bool = False

    @property
    def file(self) -> str:
        return self.where.rpartition(":")[0]

    @property
    def stops(self) -> bool:
        return self.verdicts <= STOPS

    @property
    def remarks(self) -> bool:
        """Whether it speaks of answers that pass."""
        return self.verdicts <= REMARKS

    def is_of(self, route: str, version: str, place: Place) -> bool:
        """Whether it speaks of a route at all, in this version and place."""
        return (
            any(is_meant(route, glob) for glob in self.routes)
            and within(version, self.versions)
            and all(
                bool(place.get(name, frozenset()) & words) != negated for name, (words, negated) in self.place.items()
            )
        )

    def on(self, case: Case) -> Condition:
        """The rows of a case of which it speaks, as a condition on check, dtype, fill and device."""
        if self.verdicts <= impossible(case):
            return NEVER
        if self.cases and not any(matches(case.id, glob) for glob in self.cases):
            return NEVER
        return self.when.on(case)

    def is_of_relations(self) -> bool:
        """Whether it speaks of relations between answers, which it does only where it names them."""
        return any(
            isinstance(atom, Property) and atom.name == "fill" and "related" in atom.words
            for atoms in self.when.alternatives
            for atom in atoms
        )

    def explains(self, row: Row) -> bool:
        """Whether a row diverges in the way that the rule says. Real operands name no fault: there it is enough that
        the answer differs."""
        if row.verdict not in self.verdicts:
            return False
        if self.fault is None or row.verdict != "differ":
            return any(cause.lower() in (row.cause or "").lower() for cause in self.causes)
        return row.fill in ("real", "related") or self.fault in row.detail.get("faults", ())

    def told(self) -> dict[str, Any]:
        """What a row's detail says of it."""
        told = {"where": self.where, "link": self.link, "kind": self.kind, "why": self.why, "when": str(self.when)}
        return told | ({"fault": self.fault} if self.fault else {})

    def __str__(self) -> str:
        """The rule in one sentence."""
        what = {
            "rough": "is rough",
            "differ": "answers otherwise",
            "refuse": "refuses",
            "accept": "answers what must be refused",
        }
        verdicts = " or ".join(what.get(verdict, verdict) for verdict in sorted(self.verdicts))
        sometimes = "sometimes " if self.sometimes else ""
        where = [f"version {self.versions}"] if str(self.versions) else []
        where += [
            f"{name} {'other than ' * no}{' or '.join(sorted(words))}" for name, (words, no) in self.place.items()
        ]
        cause = str(FAULTS[self.fault].says) if self.fault else " or ".join(self.causes)
        when = f" where {self.when}" if self.when != ALWAYS else ""
        cases = f" in {', '.join(self.cases)}" if self.cases else ""
        places = f" ({'; '.join(where)})" if where else ""
        return f"{', '.join(self.routes)} {sometimes}{verdicts}{when}{cases}: {cause}{places}"


def impossible(case: Case) -> frozenset[str]:
    """Verdicts that no answer to a case can get."""
    if case.expect == "refuse":
        return frozenset({"differ", "refuse"})
    may_be_refused = case.dispute is not None and any(reading.refuse for reading in case.dispute.readings)
    return frozenset({"accept", "refuse"} if may_be_refused else {"accept"})


def within(version: str, versions: SpecifierSet) -> bool:
    """Whether a version is in a range; one that is no version ("nightly") is in the range of all only."""
    try:
        return versions.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return not str(versions)


def load(path: Any, first: int = 0) -> list[Rule]:
    """The rules of a YAML file; `first`: how many there are before. Raises FileError with the line of any mistake."""
    document = read(path)
    found: list[Rule] = []
    for index, raw in enumerate(convert(document, list[RawRule])):
        found.append(_checked(document, (index,), raw, {}, first + len(found)))
        for number, otherwise in enumerate(raw.also):
            steps = (index, "also", number)
            given = {name: getattr(otherwise, name) for name in document.at(steps)}
            if given.keys() & {"cause", "fault"}:  # one stands for the other
                given = {"cause": None, "fault": None} | given
            changed = msgspec.structs.replace(raw, **given)
            found.append(_checked(document, steps, changed, document.at(steps), first + len(found)))
    return found


def _checked(document: Document, steps: Steps, raw: Said, given: Mapping[str, Any], order: int) -> Rule:
    """The rule that stands at `steps`; what is not among the `given` words is said by the entry to which it belongs."""

    def at(word: str) -> Steps:
        return (*(steps if word in given else steps[:1]), word)

    def wrong(word: str, said: str) -> FileError:
        return document.error(at(word), said)

    def inside(word: str) -> Callable[[Steps], Steps]:
        return lambda deeper: (*at(word), *deeper)

    if (raw.cause is None) == (raw.fault is None):
        raise wrong("cause", "write either cause, a part of the message, or fault, the name of a mutant")
    causes = [] if raw.cause is None else listed(raw.cause)
    for word, texts in (("why", [raw.why]), ("link", [raw.link]), ("cause", causes)):
        if any(not text.strip() or UNFINISHED in text for text in texts) or (word == "cause" and raw.cause == []):
            raise wrong(word, f"{word} is not written yet: a person has to write it")
    if raw.fault is not None and raw.fault not in FAULTS:
        near = nearest(raw.fault, [*FAULTS]) or ", list them with `convt mutants --mutant '*'`"
        raise wrong("fault", f"there is no fault {raw.fault!r}{near}")
    verdicts = listed(raw.verdict)
    for verdict in verdicts:
        if verdict not in DIVERGENT | REMARKS:
            raise wrong("verdict", f"{verdict} is no divergence: use one of {', '.join(sorted(DIVERGENT | REMARKS))}")
    if REMARKS & set(verdicts) and len(verdicts) > 1:
        raise wrong("verdict", f"{' or '.join(sorted(REMARKS & set(verdicts)))} stands alone: write two rules")
    for name in raw.place:
        if name not in NAMES:
            raise document.error((*at("place"), name), f"there is no place {name!r}{nearest(name, [*NAMES])}")
    try:
        versions = SpecifierSet(raw.versions)
    except InvalidSpecifier:
        raise wrong("versions", f"{raw.versions!r} is no version range: write one like '>=2.0,<3'") from None
    condition = ALWAYS
    if raw.when is not None:
        condition = parse(document, document.at(at("when")), inside("when"))
    if raw.when is None and raw.cases is None:
        raise wrong("routes", "the rule does not say when: write a condition under when")
    return Rule(
        where=f"{document.path}:{document.line(steps)}",
        order=order,
        routes=tuple(listed(raw.routes)),
        verdicts=frozenset(verdicts),
        when=condition,
        versions=versions,
        kind=raw.kind,
        link=raw.link,
        why=raw.why,
        causes=tuple(causes),
        fault=raw.fault,
        cases=tuple(listed(raw.cases or [])),
        place={name: _words(said) for name, said in raw.place.items()},
        sometimes=raw.sometimes,
    )


def listed(said: Any) -> list[Any]:
    """One or several as a list."""
    return said if isinstance(said, list) else [said]


def _words(said: str | list[str] | Others) -> tuple[frozenset[str], bool]:
    """(words, whether none of them may be there)"""
    negated = isinstance(said, Others)
    return frozenset(listed(said.other_than if negated else said)), negated
