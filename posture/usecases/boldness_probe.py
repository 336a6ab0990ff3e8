"""The boldness probe: on less knowledge an action does no more.

Every value of every row of a case is taken away in turn. Unless the action then refuses, it must do the same for
every value that could have stood there; at most it repeats something harmless: it acts where, knowing the value, it
would have said that all is as wished already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from posture.definitions.action_cases import ActionCase
from posture.definitions.case_tables import Rows
from posture.definitions.dictionary import Dictionary
from posture.domain.judgement import Value
from posture.errors import ActionBroken, LiveDataUnfit
from posture.tables.table import Column
from posture.usecases.action_trial import ActionTrial, Deed
from posture.usecases.candidate_values import candidate_values
from posture.usecases.null_probe import Violation, probed_columns


def probe_boldness(case: ActionCase, trial: ActionTrial, dictionary: Dictionary) -> Iterator[Violation]:
    """Yield, for each value of the case, the first way in which the action ignores that it is not known."""
    for is_before, rows in ((False, case.rows), (True, case.before or {})):
        for table, given in rows.items():
            for column in probed_columns(table, trial.loaded, dictionary):
                for number in range(len(given)):
                    place = _Place(table=table, number=number, column=column, is_before=is_before)
                    sentence = _first_violation(case, trial, place)
                    if sentence is not None:
                        yield Violation(case=case.name, sentence=sentence)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One value of a case: which row of which table, live or from before, and which column."""

    table: str
    number: int
    column: Column
    is_before: bool

    def __str__(self) -> str:
        table = f"before.{self.table}" if self.is_before else self.table
        return f"{table}.{self.column.name}" + (f" (row {self.number + 1})" if self.number else "")

    def value(self, case: ActionCase) -> Value:
        return self._rows(case)[self.table][self.number].get(self.column.name)

    def deed(self, case: ActionCase, trial: ActionTrial, value: Value) -> Deed:
        """Return what is done with another value here."""
        rows = self._rows(case)
        changed = list(rows[self.table])
        changed[self.number] = {**changed[self.number], self.column.name: value}
        filled = {**rows, self.table: tuple(changed)}
        return trial.deed(case, case.rows, filled) if self.is_before else trial.deed(case, filled, case.before)

    def _rows(self, case: ActionCase) -> Rows:
        return (case.before or {}) if self.is_before else case.rows


@dataclass(frozen=True, kw_only=True)
class _Compared:
    """What values of a column are compared with: in the action's SQL and parameters, and in those of the case."""

    strings: frozenset[str]
    integers: frozenset[int]


def _first_violation(case: ActionCase, trial: ActionTrial, place: _Place) -> str | None:
    value: Value = None
    try:
        without = place.deed(case, trial, None)
        if without.outcome == "refused":
            return None
        for value in _values(case, trial, place):
            deed = place.deed(case, trial, value)
            if not (without.does_as(deed) or (without.outcome == "done" and deed.outcome == "already_done")):
                return f"without {place} {_said(without)}, but with {value!r} there {_said(deed)}"
    except (ActionBroken, LiveDataUnfit) as broken:
        return f"with {value!r} in {place} the action breaks: {broken}"
    return None


def _values(case: ActionCase, trial: ActionTrial, place: _Place) -> Iterator[Value]:
    own = place.value(case)
    if own is not None:
        yield own
    given = {text for value in case.parameters.values() for text in _texts(value)}
    compared = _Compared(strings=trial.loaded.strings | given, integers=trial.loaded.integers)
    yield from candidate_values(place.column, compared, now=case.now)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else ()


def _said(deed: Deed) -> str:
    if deed.outcome == "done":
        return f"it sends {', '.join(deed.calls) or 'nothing'}"
    return "it refuses" if deed.outcome == "refused" else "it is done already"
