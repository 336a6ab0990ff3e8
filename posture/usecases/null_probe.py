"""The null probe: an answer without a value is only allowed where the value cannot matter.

Every value of every row of a case is taken away in turn. If the check still answers, it must give the same answer
for every value that could have stood there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from posture.definitions.case_tables import Rows
from posture.definitions.compiled import Reads
from posture.definitions.dictionary import Dictionary
from posture.definitions.inline_tests import Case
from posture.definitions.unknowable import unknowable_columns
from posture.domain.judgement import Value
from posture.errors import CheckBroken
from posture.tables.table import Column
from posture.usecases.candidate_values import candidate_values
from posture.usecases.trial import Answer, Thing, Trial


class Reading(Protocol):
    """What was found out about a definition, check or action, on loading it."""

    @property
    def reads(self) -> Reads: ...

    @property
    def columns_read(self) -> Mapping[str, frozenset[str]]: ...

    @property
    def columns_matched(self) -> Mapping[str, frozenset[str]]: ...


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One case in which a check promises more than it knows. ``sentence`` says which value and what happened."""

    case: str
    sentence: str


def probe_nulls(case: Case, trial: Trial, dictionary: Dictionary) -> Iterator[Violation]:
    """Yield, for each value of the case, the first way in which the check ignores that it is not known."""
    for table, rows in case.rows.items():
        for column in probed_columns(table, trial.loaded, dictionary):
            for number in range(len(rows)):
                sentence = _first_violation(case, trial, _Place(table=table, number=number, column=column))
                if sentence is not None:
                    yield Violation(case=case.name, sentence=sentence)


def probed_columns(table: str, loaded: Reading, dictionary: Dictionary) -> tuple[Column, ...]:
    """Return the columns whose values Graph may keep from us and which the definition reads."""
    read = loaded.columns_read.get(table, frozenset()) | loaded.reads.source_columns.get(table, frozenset())
    return unknowable_columns(table, dictionary, read=read, matched=loaded.columns_matched.get(table, frozenset()))


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One value of a case: which row of which table, which column."""

    table: str
    number: int
    column: Column

    def __str__(self) -> str:
        return f"{self.table}.{self.column.name}" + (f" (row {self.number + 1})" if self.number else "")

    def filled(self, rows: Rows, value: Value) -> Rows:
        """Return the rows with another value here."""
        changed = list(rows[self.table])
        changed[self.number] = {**changed[self.number], self.column.name: value}
        return {**rows, self.table: tuple(changed)}


def _first_violation(case: Case, trial: Trial, place: _Place) -> str | None:
    try:
        without = trial.answers(case, place.filled(case.rows, None))
    except CheckBroken as broken:
        return f"without {place} the check breaks: {broken}"
    if without and all(answer.is_unknown for answer in without):
        return None
    own = case.rows[place.table][place.number].get(place.column.name)
    values = candidate_values(place.column, trial.loaded, now=case.now)
    for value in (*([own] if own is not None else []), *values):
        try:
            answers = trial.answers(case, place.filled(case.rows, value))
        except CheckBroken as broken:
            return f"with {value!r} in {place} the check breaks: {broken}"
        difference = _difference(without, answers)
        if difference is not None:
            return f"without {place} {difference[0]}, but with {value!r} there {difference[1]}"
    return None


def _difference(without: Sequence[Answer], answers: Sequence[Answer]) -> tuple[str, str] | None:
    """Return what is said without and with the value, if the one promises what the other denies."""
    before, after = _by_thing(without), _by_thing(answers)
    if before.keys() != after.keys():
        # Rows came or went, or the value is part of their identity: compare what is said of each resource.
        before, after = _by_resource(without), _by_resource(answers)
    for thing in sorted(before.keys() | after.keys(), key=str):
        known = before.get(thing)
        if known == "unknown":
            continue
        if (known == "fail") != (after.get(thing) == "fail"):
            name = "/".join(map(str, thing))
            return _said(name, known), _said(name, after.get(thing))
    return None


def _said(name: str, verdict: str | None) -> str:
    return f"{name} is not judged" if verdict is None else f"{name} is {verdict}"


def _by_thing(answers: Sequence[Answer]) -> Mapping[Thing, str]:
    return {answer.thing: answer.verdict for answer in answers}


def _by_resource(answers: Sequence[Answer]) -> Mapping[Thing, str]:
    """Return the worst that is said of each resource."""
    worst: dict[Thing, str] = {}
    for word in ("not_applicable", "pass", "unknown", "fail"):
        worst.update({(answer.resource_id,): word for answer in answers if answer.verdict == word})
    return worst
