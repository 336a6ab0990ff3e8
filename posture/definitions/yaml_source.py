"""YAML text turned into plain values that remember where they stood.

Read more strictly than YAML 1.1 asks: only ``true`` and ``false`` are booleans, times stay text (``no`` and
``12:30`` mean what they say), and anchors are refused, because a few lines of them can unfold into gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from posture.definitions.yaml_spans import Span, span_of, written
from posture.errors import DefinitionError, Location

Step = str | int
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+")
_WORDS: Final[dict[str, Plain]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class YamlDocument:
    """One YAML file whose top is a mapping. A path is a sequence of keys and list positions from the top."""

    path: Path
    text: str
    value: dict[str, Plain]
    spans: dict[tuple[Step, ...], Span]
    key_spans: dict[tuple[Step, ...], Span]

    def locate(self, steps: Sequence[Step]) -> Location:
        """Return where a value stands, or the nearest thing around it that exists."""
        span = self._nearest(tuple(steps), self.spans)
        return Location(path=self.path, line=span.line + 1, column=span.column + 1)

    def locate_key(self, steps: Sequence[Step]) -> Location:
        """Return where the key of a value stands, or the nearest value around it."""
        span = self.key_spans.get(tuple(steps))
        if span is None:
            return self.locate(steps)
        return Location(path=self.path, line=span.line + 1, column=span.column + 1)

    def locate_within(self, steps: Sequence[Step], offset: int) -> Location:
        """Return where the character at ``offset`` of a text value stands in the file.

        Folding and indentation change white space only, so the black characters are counted. After an escape
        in a quoted text the answer may be a few columns off.
        """
        value = self.at(steps)
        span = self.spans.get(tuple(steps))
        if not isinstance(value, str) or span is None:
            return self.locate(steps)
        wanted = sum(1 for character in value[:offset] if not character.isspace())
        for line, column, character in written(self.text, span):
            if character.isspace():
                continue
            if wanted == 0:
                return Location(path=self.path, line=line + 1, column=column + 1)
            wanted -= 1
        return self.locate(steps)

    def at(self, steps: Sequence[Step]) -> Plain:
        """Return the value at a path, None if there is none."""
        value: Plain = self.value
        for step in steps:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
                value = value[step]
            else:
                return None
        return value

    def error(self, problem: str, *, at: Sequence[Step], advice: str) -> DefinitionError:
        """Return the error that says where in this file the problem is."""
        return DefinitionError(problem, at=self.locate(at), advice=advice)

    def _nearest(self, steps: tuple[Step, ...], spans: dict[tuple[Step, ...], Span]) -> Span:
        while steps and steps not in spans:
            steps = steps[:-1]
        return spans[steps]


def read_yaml(path: Path) -> YamlDocument:
    """Read one YAML file.

    Raises:
        DefinitionError: see ``read_text`` and ``parse_yaml``.
    """
    return parse_yaml(read_text(path), path=path)


def read_text(path: Path) -> str:
    """Read the text of a file.

    Raises:
        DefinitionError: the file cannot be read, is too large, or is no UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise _at_start(path, f"the file cannot be read ({problem.strerror})", "Check path and rights.") from problem
    if len(raw) > MAX_BYTES:
        raise _at_start(path, f"the file is larger than {MAX_BYTES:,} bytes", "Split it.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        column = problem.start - (raw.rfind(b"\n", 0, problem.start) + 1) + 1
        raise DefinitionError(
            "the file is not UTF-8", at=Location(path=path, line=line, column=column), advice="Save it as UTF-8."
        ) from problem


def parse_yaml(text: str, *, path: Path) -> YamlDocument:
    """Read YAML from a text; ``path`` is only for messages. Raises as ``read_yaml`` does."""
    composer = _Composer(path)
    try:
        value = composer.compose(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        raise DefinitionError(
            f"this is not YAML: {problem.problem or problem.context}",
            at=Location(path=path, line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1),
            advice=_yaml_advice(problem.problem or ""),
        ) from problem
    except yaml.reader.ReaderError as problem:
        before = text[: problem.position]
        at = Location(path=path, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
        raise DefinitionError(
            "a control character stands in the file", at=at, advice="Remove it, or write it as an escape in quotes."
        ) from problem
    if not isinstance(value, dict):
        raise _at_start(path, "the file is not a mapping of keys to values", 'Begin with "key: value" lines.')
    return YamlDocument(path=path, text=text, value=value, spans=composer.spans, key_spans=composer.key_spans)


class _Composer:
    """Builds plain values out of parser events and notes where each began."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.spans: dict[tuple[Step, ...], Span] = {}
        self.key_spans: dict[tuple[Step, ...], Span] = {}

    def compose(self, events: Iterator[yaml.Event]) -> Plain:
        value: Plain = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "a second document begins here", "Put it into a file of its own")
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, events, ())
        return value

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], steps: tuple[Step, ...]) -> Plain:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refuse(event, "anchors and aliases are not supported", "Write the value out")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise self._refuse(event, f"the tag {tag} is not supported", "Leave it out")
        if len(steps) > MAX_DEPTH:
            raise self._refuse(event, f"values are nested more than {MAX_DEPTH} deep", "Flatten them")
        self.spans[steps] = span_of(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, steps)
        return self._mapping(events, steps)

    def _scalar(self, event: yaml.ScalarEvent) -> Plain:
        return resolve_plain(event.value) if event.implicit[0] else event.value

    def _sequence(self, events: Iterator[yaml.Event], steps: tuple[Step, ...]) -> list[Plain]:
        items: list[Plain] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, (*steps, len(items))))
        return items

    def _mapping(self, events: Iterator[yaml.Event], steps: tuple[Step, ...]) -> dict[str, Plain]:
        values: dict[str, Plain] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refuse(event, "a key must be a word", "Write the key as plain text")
            key = event.value
            place = (*steps, key)
            if key in values:
                first = self.key_spans[place].line + 1
                raise self._refuse(event, f'the key "{key}" stands here twice, first in line {first}', "Keep one")
            self.key_spans[place] = span_of(event)
            values[key] = self._value(next(events), events, place)
        return values

    def _refuse(self, event: yaml.Event, problem: str, advice: str) -> DefinitionError:
        span = span_of(event)
        at = Location(path=self._path, line=span.line + 1, column=span.column + 1)
        return DefinitionError(problem, at=at, advice=f"{advice}.")


def resolve_plain(text: str) -> Plain:
    """Return what an unquoted word means: null, a boolean, a number, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    # Longer digits are identifiers, and Python refuses to convert thousands of them.
    if len(text) <= 20 and _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= 40 and _NUMBER.fullmatch(text) and not (text[0] == "0" and text[1:].isdigit()):
        return float(text)
    return text


def _at_start(path: Path, problem: str, advice: str) -> DefinitionError:
    return DefinitionError(problem, at=Location(path=path, line=1, column=1), advice=advice)


def _yaml_advice(problem: str) -> str:
    if "\\t" in problem or "cannot start any token" in problem:
        return "Indent with spaces, not tabs, and quote values that begin with a special character."
    return "Check indentation, quotes and brackets; quote texts that contain a colon or a #."
