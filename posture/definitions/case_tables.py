"""The rows of an inline test: those of the base, changed, replaced or taken away. Every mistake has its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from posture.definitions.case_rows import fitting_row
from posture.definitions.check_model import CaseRowsModel
from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.judgement import Value
from posture.errors import DefinitionError, Location

Row = Mapping[str, Value]
Rows = Mapping[str, tuple[Row, ...]]


class CaseTables:
    """Unfolds the rows in the tests of one file. ``tables`` are those that may be filled, ``whose`` file it is."""

    def __init__(self, document: YamlDocument, *, dictionary: Dictionary, tables: frozenset[str], whose: str) -> None:
        self._document = document
        self._dictionary = dictionary
        self._tables = tables
        self._whose = whose

    def given(self, model: Mapping[str, Row | Sequence[Row]], steps: tuple[Step, ...]) -> Rows:
        """Return rows that are written out in full, one or several for each table.

        Raises:
            DefinitionError: a table or column does not exist, or a value does not fit.
        """
        tables: dict[str, tuple[Row, ...]] = {}
        for table, rows in model.items():
            at = (*steps, table)
            self._require_table(table, at)
            if isinstance(rows, Mapping):
                tables[table] = (self._row(table, rows, at),)
            else:
                tables[table] = tuple(self._row(table, row, (*at, number)) for number, row in enumerate(rows))
        return tables

    def changed(self, case: CaseRowsModel, base: Rows, steps: tuple[Step, ...]) -> Rows:
        """Return the rows of a case: the base with what the case says.

        Raises:
            DefinitionError: as ``given`` does; or a table is changed in two ways, or its one row is not one.
        """
        rows = dict(base)
        for table, change in case.change.items():
            at = (*steps, "change", table)
            row = self._only_row(table, base, at)
            rows[table] = ({**row, **self._row(table, change, at)},)
        rows |= self.replaced(case.rows, base, (*steps, "rows"))
        for table in case.rows:
            if table in case.change:
                raise self._error((*steps, "rows", table), f"{table} is changed and replaced", "Keep one of the two.")
        for number, table in enumerate(case.empty):
            self._require_table(table, (*steps, "empty", number))
            if table in case.change or table in case.rows:
                raise self._error((*steps, "empty", number), f"{table} is emptied and given rows", "Keep one.")
            rows[table] = ()
        return rows

    def replaced(self, given: Mapping[str, Sequence[Row]], base: Rows, steps: tuple[Step, ...]) -> Rows:
        """Return the tables given, each of their rows filled up from the first one of the base.

        Raises:
            DefinitionError: as ``given`` does.
        """
        found: dict[str, tuple[Row, ...]] = {}
        for table, rows in given.items():
            at = (*steps, table)
            self._require_table(table, at)
            start = base[table][0] if base.get(table) else {}
            found[table] = tuple({**start, **self._row(table, row, (*at, number))} for number, row in enumerate(rows))
        return found

    def _only_row(self, table: str, base: Rows, at: tuple[Step, ...]) -> Row:
        self._require_table(table, at)
        rows = base.get(table, ())
        if len(rows) != 1:
            problem = f"{table} has {len(rows)} rows in the base, so it is not said which one changes"
            raise self._error(at, problem, 'Give all rows of the table under "rows".')
        return rows[0]

    def _row(self, table: str, row: Row, at: tuple[Step, ...]) -> Row:
        return fitting_row(row, self._dictionary.columns(table), table=table, document=self._document, at=at)

    def _require_table(self, table: str, at: tuple[Step, ...]) -> None:
        if table not in self._tables:
            known = ", ".join(sorted(self._tables))
            raise DefinitionError(
                f'{self._whose} does not read a table "{table}"',
                at=self._document.locate_key(at),
                advice=did_you_mean(table, self._tables, otherwise=f"It reads {known}."),
            )

    def _error(self, at: tuple[Step, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)


def case_time(document: YamlDocument, text: str, steps: tuple[Step, ...]) -> datetime:
    """Return a time that tests are set in.

    Raises:
        DefinitionError: it is no time, or has no zone.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as problem:
        advice = "Write it as 2026-03-01T00:00:00Z."
        raise document.error(f'"{text}" is not a time', at=steps, advice=advice) from problem
    if time.tzinfo is None:
        raise document.error("the time has no zone", at=steps, advice="Write it as 2026-03-01T00:00:00Z.")
    return time.astimezone(UTC)


def refuse_same_names(cases: Sequence[tuple[str, Location]]) -> None:
    """Hold the names of cases, each with its place, apart.

    Raises:
        DefinitionError: two are the same.
    """
    seen: set[str] = set()
    for name, at in cases:
        if name in seen:
            raise DefinitionError(f'two cases are called "{name}"', at=at, advice="Rename one.")
        seen.add(name)
