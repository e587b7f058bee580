"""Which cases a pattern means. `*` and `?` are special; brackets are literal, since ids contain them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from conformance.case import Case
from conformance.corpus.yaml_file import FileError, convert, nearest, read


def matches(name: str, glob: str) -> bool:
    """Whether `glob` fits all of `name`; `*` goes across slashes."""
    return _pattern(glob).match(name) is not None


def may_mean(glob: str, family: str) -> bool:
    """Whether `glob` could fit the id of some case of a family, whatever its cases are called."""
    plain, wild = re.match(r"([^*?]*)(.*)", glob, re.DOTALL).groups()
    return plain.startswith(f"{family}/") or bool(wild and f"{family}/".startswith(plain))


@lru_cache(4096)
def _pattern(glob: str) -> re.Pattern:
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))


def select(cases: Sequence[Case], globs: Iterable[str]) -> list[Case]:
    """The cases that any of the globs means, in the order of `cases`; all of them where there is no glob.

    Raises FileError for a glob that means none, with the ids that are near.
    """
    globs = list(globs)
    for glob in globs:
        if not any(matches(case.id, glob) for case in cases):
            raise FileError(None, None, _no_case(glob, cases))
    return [case for case in cases if not globs or any(matches(case.id, glob) for glob in globs)]


def load_tiers(path: str | Path, cases: Sequence[Case]) -> dict[str, list[str]]:
    """The tiers of a tiers.yaml ({name: [globs]}) as ids, in the order of `cases`.

    Raises FileError for anything but that, and for a glob that means no case.
    """
    document = read(path)
    tiers: dict[str, list[str]] = convert(document, dict[str, list[str]])
    chosen = {}
    for name, globs in tiers.items():
        if not globs:
            raise document.error((name,), f"the tier {name!r} is empty: name at least one case")
        for index, glob in enumerate(globs):
            if not any(matches(case.id, glob) for case in cases):
                raise document.error((name, index), _no_case(glob, cases))
        chosen[name] = [case.id for case in select(cases, globs)]
    return chosen


def _no_case(glob: str, cases: Sequence[Case]) -> str:
    families = list(dict.fromkeys(f"{case.family}/*" for case in cases))
    near = nearest(glob, [*families, *(case.id for case in cases)])
    return f"no case is called {glob!r}" + (near or ", list them with `convt cases`")
