"""YAML files read safely and with positions: what a line seems to say is what it says, and every error names its line.

The grammar is a small part of YAML, so that no value can be read in two ways: mappings with different string keys,
lists, strings, true, false, null, decimal integers and decimal numbers with a point; among operands also .inf, -.inf
and .nan, which stay as they are written. Anchors, aliases, tags, merge keys and the words and numbers that YAML 1.1 and
1.2 read differently (yes, 010, 1:30 …) are refused.

The data are built from the parser's events, so nothing is ever constructed from a tag or expanded from an alias.
"""

from __future__ import annotations

import difflib
import inspect
import os
import re
import types
import typing
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

from conformance.case import NONFINITE
from conformance.plain import regular

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LARGEST_FILE = 1 << 20
DEEPEST = 20
TOO_DEEP = f"nested deeper than {DEEPEST} levels: flatten it"
INTEGERS = range(-(2**63), 2**63)

#: Steps from the top of a document to one of its values: keys and list indices.
Steps = tuple[str | int, ...]

#: "No value given, take the whole document": None is a value.
WHOLE: Any = object()


class FileError(Exception):
    """One sentence about one place of a file: what is wrong, where, and what to do.

    `line` is None for a whole file, `path` too where what was asked of the files is wrong.
    """

    def __init__(self, path: str | Path | None, line: int | None, message: str):
        self.path, self.line, self.message = path and Path(path), line, message
        where = f"{shown(path)}:{line}: " if path and line else f"{shown(path)}: " if path else ""
        super().__init__(where + message)


def shown(path: str | Path) -> str:
    """The path as a reader knows it: relative to the working directory when it is inside."""
    try:
        return Path(os.path.abspath(path)).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


class Document:
    """A file's data as plain dict, list, str, int, float, bool and None, and the line that each of them stands on."""

    def __init__(self, path: Path, data: Any, lines: dict[Steps, int]):
        self.path, self.data, self._lines = path, data, lines

    def line(self, steps: Steps = ()) -> int:
        """The line of a key or a list item, or of the nearest thing around it that the file has."""
        steps = tuple(steps)
        while steps and steps not in self._lines:
            steps = steps[:-1]
        return self._lines.get(steps, 1)

    def at(self, steps: Steps) -> Any:
        """The value at some steps from the top."""
        value = self.data
        for step in steps:
            value = value[step]
        return value

    def error(self, steps: Steps, message: str) -> FileError:
        """A FileError at that place, to be raised."""
        return FileError(self.path, self.line(steps), message)


def read(path: str | Path) -> Document:
    """The file at `path`. Raises FileError where it cannot be read, or says what could be read in two ways."""
    path = Path(path)
    text = _text(path)
    reader = _Reader(path, last=len(text.splitlines()))
    try:
        data = reader.document(yaml.parse(text, Loader=Loader))
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or str(error)
        if "nesting depth" in problem:  # PyYAML from 6.0.4 on has a limit of its own, and reads ahead of ours
            raise reader.error(getattr(error, "problem_mark", None), TOO_DEEP) from None
        raise reader.error(getattr(error, "problem_mark", None), f"not YAML: {problem}; look here and above") from None
    return Document(path, data, reader.lines)


def convert(document: Document, type: Any, value: Any = WHOLE, locate: Callable[[Steps], Steps] = tuple) -> Any:
    """The document's data as `type` (anything msgspec.convert takes), without guessing: "3" is not 3.

    `value` is checked in place of the document's data where given; `locate` then says where in the document the steps
    inside that value stand. Raises FileError with the line; an unknown key comes with the nearest known one.
    """
    value = document.data if value is WHOLE else value
    try:
        return msgspec.convert(value, type, strict=True)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `")
        text = re.sub(r"`([a-z| ]+)`", _kinds, text)
        steps, known = _steps(place.rstrip("`")), _known(type, _steps(place.rstrip("`")))
        if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", text):
            raise document.error(locate((*steps, unknown[1])), unknown_key(unknown[1], known)) from None
        if wrong := re.fullmatch(r"Invalid enum value '?(.*?)'?", text):
            text = f"there is no {wrong[1]!r}" + nearest(wrong[1], known, of="there are")
        name = next((step for step in reversed(steps) if isinstance(step, str)), None)
        raise document.error(locate(steps), (f"{name}: " if name else "") + text[0].lower() + text[1:]) from None


#: What msgspec calls the kinds of values, in the words of somebody who writes YAML.
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "int": "an integer",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "null": "null",
}


def _kinds(match: re.Match) -> str:
    """`int | object | null` → an integer or a mapping; null is not offered where something else is expected."""
    names = [name for name in match[1].split(" | ") if name != "null" or match[1] == "null"]
    words = [_KINDS.get(name, f"`{name}`") for name in names]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def unknown_key(key: str, known: list[str]) -> str:
    """The sentence for a key that is not one of `known`."""
    return f"unknown key {key!r}{nearest(key, known)}"


def nearest(word: str, known: list[str], of: str = "the known ones are") -> str:
    """ ", did you mean …?" or, where nothing is near and the list is short, the list; to be put behind a sentence."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    if near:
        return ", did you mean " + " or ".join(repr(one) for one in near) + "?"
    return f", {of} " + ", ".join(known) if 0 < len(known) <= 40 else ""


def _text(path: Path) -> str:
    try:
        regular(path)
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise FileError(path, None, "no such file: check the path") from None
    except OSError as error:
        raise FileError(path, None, f"cannot be read ({error.strerror}): name a readable file") from None
    if len(raw) > LARGEST_FILE:
        raise FileError(path, None, f"larger than {LARGEST_FILE} bytes: split it into several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(path, line, "not UTF-8: save the file in UTF-8") from None
    # The parser would count a vertical tab or a Unicode line separator as a line or refuse it without a position.
    odd = re.search("[\\x00-\\x09\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\u2028\u2029\ufeff\ufffe\uffff]", text)
    if odd:
        what = "a tab: write spaces" if odd[0] == "\t" else f"the invisible character U+{ord(odd[0]):04X}: delete it"
        raise FileError(path, text.count("\n", 0, odd.start()) + 1, what)
    return text


class _Reader:
    """Events → plain data; `lines` remembers where every key and item stands, `last` is the file's last line."""

    def __init__(self, path: Path, last: int):
        self.path, self.last, self.lines = path, last, {}

    def document(self, events: Iterator[Any]) -> Any:
        data, found = None, False
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found:
                    raise self.error(event, "a second document (---): keep one document in a file")
                found = True
                data = self.value(next(events), events, ())
        if not found:
            raise FileError(self.path, 1, "the file is empty: write at least one key")
        return data

    def value(self, event: Any, events: Iterator[Any], steps: Steps) -> Any:
        self.lines.setdefault(steps, min(event.start_mark.line + 1, self.last))
        self.refuse_magic(event)
        if isinstance(event, yaml.ScalarEvent):
            return event.value if "operands" in steps and event.value in NONFINITE else self.scalar(event)
        if len(steps) >= DEEPEST:
            raise self.error(event, TOO_DEEP)
        return (self.mapping if isinstance(event, yaml.MappingStartEvent) else self.sequence)(events, steps)

    def sequence(self, events: Iterator[Any], steps: Steps) -> list:
        items: list = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self.value(event, events, (*steps, len(items))))
        return items

    def mapping(self, events: Iterator[Any], steps: Steps) -> dict:
        items: dict = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            self.refuse_magic(event)
            key = self.scalar(event) if isinstance(event, yaml.ScalarEvent) else None
            if not isinstance(key, str):
                written = f' {event.value}: write "{event.value}"' if isinstance(event, yaml.ScalarEvent) else ""
                raise self.error(event, f"a key must be a word{written}")
            if key == "<<" and not event.style:
                raise self.error(event, "merge keys (<<) are not read: write the keys out")
            here = (*steps, key)
            if key in items:
                raise self.error(event, f"{key!r} is already given on line {self.lines[here]}: keep one of them")
            self.lines[here] = event.start_mark.line + 1
            items[key] = self.value(next(events), events, here)
        return items

    def refuse_magic(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self.error(event, f"the alias *{event.anchor} is not read: write the value out")
        if event.anchor is not None:
            raise self.error(event, f"the anchor &{event.anchor} is not read: delete it")
        if event.tag is not None:
            raise self.error(event, f"the tag {event.tag} is not read: delete it")

    def scalar(self, event: Any) -> Any:
        """A quoted or block scalar is a string; a plain one is what everybody reads in it, or refused."""
        text = event.value
        if event.style:
            return text
        if text in PLAIN:
            return PLAIN[text]
        if INTEGER.fullmatch(text):
            if len(text) > 20 or int(text) not in INTEGERS:
                raise self.error(event, f"{text[:30]} is beyond 64 bits: write a smaller number")
            return int(text)
        if DECIMAL.fullmatch(text):
            return float(text)
        for pattern, instead in TRAPS:
            if pattern.fullmatch(text):
                said = f"{text} means different things to different readers" if text else "no value"
                raise self.error(event, f"{said}: {instead(text)}")
        return text

    def error(self, place: Any, message: str) -> FileError:
        """At an event or a mark; what is missing at the end is missing on the last line."""
        mark = getattr(place, "start_mark", place)
        return FileError(self.path, min(mark.line + 1, self.last) if mark else 1, message)


PLAIN = {"true": True, "false": False, "null": None}
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,300})\.[0-9]+")


def _number(text: str) -> str:
    """What to write for a number in one of YAML's other spellings."""
    digits = text.replace("_", "").lstrip("+")
    try:
        value = str(int(digits, 10 if re.fullmatch("-?[0-9]+", digits) else 0))
    except ValueError:
        try:
            value = f"{number:f}" if abs((number := Decimal(digits)).adjusted()) < 20 else ""
        except ArithmeticError:
            value = ""
        value += ".0" if value and "." not in value else ""
    return f'write {value} for the number or "{text}" for the text' if value else f'write "{text}" for the text'


TRAPS: list[tuple[re.Pattern, Callable[[str], str]]] = [
    (re.compile(r"true|yes|on|y", re.I), lambda text: f'write true or "{text}"'),
    (re.compile(r"false|no|off|n", re.I), lambda text: f'write false or "{text}"'),
    (re.compile(r"null|~", re.I), lambda text: f'write null or "{text}"'),
    (re.compile(r""), lambda text: 'write null, "" or the value that is missing'),
    # Base 60, a date, the default key.
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), lambda text: f'write "{text}"'),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?|="), lambda text: f'write "{text}"'),
    (
        re.compile(r"[-+]?\.(inf|nan)", re.I),
        lambda text: f'write "{text}" for the text; .inf and .nan are for operands',
    ),
    (re.compile(r"[-+]?0[xXoObB][0-9a-fA-F_]+"), _number),
    (re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)([eE][-+]?[0-9]+)?"), _number),
]


def _steps(place: str) -> Steps:
    """msgspec's path ($.cases[0].stride) as steps; behind an unnamed key ([...]) the place is not known."""
    steps: list[str | int] = []
    for match in re.finditer(r"\.([^.\[\]]+)|\[([0-9]+)\]|(\[\.\.\.\])", place):
        if match[3]:
            break
        steps.append(match[1] if match[1] is not None else int(match[2]))
    return tuple(steps)


def _known(type: Any, steps: Steps) -> list[str]:
    """What may stand at `steps` of a value of this type, for suggestions: keys of a mapping, words of a Literal."""
    here = _alternatives(type)
    for step in steps:
        inner: list[Any] = []
        for one in here:
            arguments = typing.get_args(one)
            if _is_struct(one):
                inner += [field.type for field in msgspec.structs.fields(one) if field.encode_name == step]
            elif arguments:
                inner.append(arguments[-1] if isinstance(step, str) else arguments[0])
        here = [alternative for one in inner for alternative in _alternatives(one)]
    keys = [field.encode_name for one in here if _is_struct(one) for field in msgspec.structs.fields(one)]
    words = [inner for one in here for inner in (one, *typing.get_args(one)[:1])]  # a Literal, or a dict's keys
    return keys + [word for one in words if typing.get_origin(one) is typing.Literal for word in typing.get_args(one)]


def _is_struct(type: Any) -> bool:
    return inspect.isclass(type) and issubclass(type, msgspec.Struct)


def _alternatives(type: Any) -> list[Any]:
    if typing.get_origin(type) is typing.Annotated:
        return _alternatives(typing.get_args(type)[0])
    if typing.get_origin(type) in (typing.Union, types.UnionType):
        return [alternative for one in typing.get_args(type) for alternative in _alternatives(one)]
    return [type]
