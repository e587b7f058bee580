"""Known divergences → the standing of a row. The only place in the project that may expect a divergence.

An entry says which rows diverge how, why, where that is documented, and how many there are: exactly. Rows are always
run; one that passes makes its entry stale, one that diverges in another way is changed, another number is a problem of
the run, and an entry that no row of the whole corpus could match is an orphan.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any, Literal

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.corpus.globs import matches, may_mean
from conformance.corpus.yaml_file import Document, FileError, convert, read
from conformance.run.row import DIVERGENT, Key, Row, Verdict

UNFINISHED = "FINISH ME"


class Entry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One known divergence. Globs know * and ?; an empty list of dtypes, checks, fills or devices means all, but only
    an entry whose fills name `related` speaks of relations.

    Several verdicts are for answers that depend on chance, such as what happens to lie in memory.
    """

    cases: str | list[str]
    routes: str | list[str]
    verdict: Verdict | list[Verdict]
    cause: str
    covers: int
    kind: Literal["bug", "by-design", "precision", "not-implemented"]
    link: str
    why: str
    versions: str = ""
    dtypes: list[str] = []
    checks: list[str] = []
    fills: list[str] = []
    devices: list[str] = []


class Known(msgspec.Struct, kw_only=True):
    """An entry with the place where it stands and its version range, read."""

    entry: Entry
    where: str
    versions: SpecifierSet

    def matches(self, key: Key, version: str) -> bool:
        """Whether a row is the entry's business."""
        entry = self.entry
        return (
            any(matches(key.route, glob) for glob in _listed(entry.routes))
            and any(matches(key.case, glob) for glob in _listed(entry.cases))
            and (not entry.dtypes or key.dtype in entry.dtypes)
            and (not entry.checks or key.check in entry.checks)
            and (key.fill in entry.fills if entry.fills or key.fill == "related" else True)
            and (not entry.devices or key.device in entry.devices)
            and _within(version, self.versions)
        )

    def explains(self, row: Row) -> bool:
        """Whether the row diverges in the way that the entry says."""
        return row.verdict in _listed(self.entry.verdict) and self.entry.cause.lower() in (row.cause or "").lower()


class Ledger:
    """All known divergences."""

    def __init__(self, entries: list[Known]):
        self.entries = entries
        self._cache: dict[tuple, Known | None] = {}

    @classmethod
    def load(cls, folder: str | Path) -> Ledger:
        """The entries of every YAML file of a folder. Raises FileError with file:line for anything wrong in them."""
        entries = []
        for path in sorted(Path(folder).glob("*.yaml")):
            document = read(path)
            for index, entry in enumerate(convert(document, list[Entry])):
                entries.append(_checked(document, index, entry))
        return cls(entries)

    def judge(self, row: Row, version: str) -> Row:
        """The row with its standing, and what the ledger knows about it in its detail."""
        if row.verdict in ("unsupported", "unrun"):
            return row
        known = self._entry_of(row.key, version)
        if known is None:
            return msgspec.structs.replace(row, standing="new") if row.verdict in DIVERGENT else row
        entry = known.entry
        told = {"where": known.where, "link": entry.link, "kind": entry.kind, "why": entry.why}
        standing = "stale" if row.verdict == "pass" else "known" if known.explains(row) else "changed"
        return msgspec.structs.replace(row, standing=standing, detail=row.detail | {"ledger": told})

    def settle(
        self,
        rows: Iterable[Row],
        whole: Iterable[Key],
        selected: set[Key],
        versions: dict[str, str],
        unread: Set[str] = frozenset(),
    ) -> list[str]:
        """What is wrong with the entries after a run, in sentences.

        `whole`: the keys of the complete default run on the same adapters; `selected`: those of this run. An entry is
        judged only where its framework answered, in a version that it speaks of, and all its rows were selected; so
        never where it may speak of an `unread` family, which has cases that `whole` lacks.
        """
        known = Counter(
            row.detail["ledger"]["where"] for row in rows if row.standing == "known" and "ledger" in row.detail
        )
        mine: dict[str, list[Key]] = defaultdict(list)
        for key in whole:
            version = versions.get(key.route.partition("/")[0])
            if version is not None and (found := self._entry_of(key, version)):
                mine[found.where].append(key)
        problems = []
        for each in self.entries:
            if any(may_mean(glob, family) for glob in _listed(each.entry.cases) for family in unread):
                continue
            keys = mine[each.where]
            if not keys and self._is_spoken_of(each, versions):
                problems.append(f"orphan: {each.where} matches no row: correct its globs, or delete it")
            elif keys and all(key in selected for key in keys) and known[each.where] != each.entry.covers:
                problems.append(
                    f"changed: {each.where} covers {each.entry.covers} rows, {known[each.where]} diverged that way"
                )
        return problems

    def _is_spoken_of(self, each: Known, versions: dict[str, str]) -> bool:
        """Whether a framework of this run is one that the entry means, so that matching nothing says something."""
        return not each.entry.devices and any(
            glob.partition("/")[0] == name and _within(version, each.versions)
            for name, version in versions.items()
            for glob in _listed(each.entry.routes)
        )

    def _entry_of(self, key: Key, version: str) -> Known | None:
        """The one entry that speaks of a row. Raises FileError where two do."""
        if (key, version) not in self._cache:
            found = [each for each in self.entries if each.matches(key, version)]
            if len(found) > 1:
                raise FileError(None, None, f"{found[0].where} and {found[1].where} both speak of {key}: narrow one")
            self._cache[key, version] = found[0] if found else None
        return self._cache[key, version]


def _checked(document: Document, index: int, entry: Entry) -> Known:
    def wrong(word: str, said: str) -> FileError:
        return document.error((index, word), said)

    for word in ("why", "link", "cause"):
        text = getattr(entry, word)
        if not text.strip() or UNFINISHED in text:
            raise wrong(word, f"{word} is not written yet: a person has to say it")
    for verdict in _listed(entry.verdict):
        if verdict not in DIVERGENT:
            raise wrong("verdict", f"{verdict} is no divergence: use one of {', '.join(sorted(DIVERGENT))}")
    if entry.covers < 1:
        raise wrong("covers", "covers must be the number of rows, at least 1")
    try:
        versions = SpecifierSet(entry.versions)
    except InvalidSpecifier:
        raise wrong("versions", f"{entry.versions!r} is no version range: write one like '>=2.0,<3'") from None
    where = f"{document.path}:{document.line((index,))}"
    return Known(entry=entry, where=where, versions=versions)


def _listed(globs: str | list[str]) -> list[str]:
    return [globs] if isinstance(globs, str) else globs


def _within(version: str, versions: SpecifierSet) -> bool:
    try:
        return versions.contains(Version(version), prereleases=True)
    except InvalidVersion:  # "nightly": an entry for all versions speaks of it, one for a range does not
        return not str(versions)


def draft(rows: Iterable[Row]) -> str:
    """YAML entries for the new and changed rows, grouped by framework, verdict, cause and family; a person finishes
    them, and until then they are refused. Together they speak of these rows and of no other row that was answered."""
    rows = [row for row in rows if row.verdict not in ("unsupported", "unrun")]
    grouped: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.standing in ("new", "changed"):
            cause = (row.cause or "").splitlines()[0] if row.cause else ""
            grouped[row.route.partition("/")[0], row.verdict, cause, row.case.partition("/")[0]].append(row)
    narrowed = ("dtypes", "checks", "fills") + ("devices",) * (len({row.device for row in rows}) > 1)
    return "\n".join(
        _drafted(verdict, cause, part, narrowed)
        for (_, verdict, cause, _), mine in grouped.items()
        for part in _parts(mine, rows, ("device", "dtype", "fill", "check", "route", "case"))
    )


def _parts(mine: list[Row], rows: list[Row], words: tuple[str, ...]) -> Iterator[list[Row]]:
    """`mine`, divided as far as needed for entries that match no other of the `rows`."""
    sets = [set(values) for values in zip(*(row.key for row in mine), strict=True)]
    matched = sum(all(value in known for value, known in zip(row.key, sets, strict=True)) for row in rows)
    if matched == len(mine) or not words:
        yield mine
        return
    divided: dict[str, list[Row]] = defaultdict(list)
    for row in mine:
        divided[getattr(row, words[0])].append(row)
    for part in divided.values():
        yield from _parts(part, rows, words[1:])


def _drafted(verdict: str, cause: str, rows: list[Row], narrowed: tuple[str, ...]) -> str:
    def listed(values: Iterable[str]) -> str:
        return "[" + ", ".join(_quoted(value) for value in dict.fromkeys(values)) + "]"

    words: dict[str, Any] = {
        "cases": listed(row.case for row in rows),
        "routes": listed(row.route for row in rows),
        "verdict": verdict,
        "cause": _quoted(cause),
        "covers": len(rows),
        "kind": "bug",
        "link": UNFINISHED,
        "why": UNFINISHED,
    }
    for word in narrowed:
        words[word] = listed(getattr(row, word[:-1]) for row in rows)
    lines = [f"  {word}: {value}" for word, value in words.items()]
    return "- " + "\n".join(lines)[2:] + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
