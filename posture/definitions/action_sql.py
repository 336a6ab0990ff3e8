"""The SQL in an action file: held to the rules of conditions, its names resolved against the tables it may read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.lineage import SqlReader
from posture.definitions.scope import TableName
from posture.definitions.sql_places import refusals_at
from posture.definitions.sql_rules import refuse_closing_unknown, refuse_forbidden
from posture.definitions.sql_text import ParsedSql, SqlRefused, parse_condition, parse_select
from posture.definitions.yaml_source import Step, YamlDocument
from posture.tables.declare import text
from posture.tables.table import DerivedTable

OWN_PARAMETERS: Final = frozenset({"resource_id", "now", "approved_at", "started_at"})
"""What the SQL of every action may name besides its parameters."""

BEFORE: Final = "before"
ANSWERS: Final = "answers"
_KEEP_UNKNOWN: Final = "An unknown value must stay NULL here: what is not known is never a reason to act."


@dataclass(frozen=True, kw_only=True)
class SqlFindings:
    """What the SQL of an action, or of undoing it, was found to read and name."""

    columns: dict[TableName, set[str]] = field(default_factory=dict)
    matched: dict[TableName, set[str]] = field(default_factory=dict)
    parameters: set[str] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)
    integers: set[int] = field(default_factory=set)


class ActionSql:
    """Takes in one piece of SQL after the other and gathers what they read in ``found``.

    ``home`` is the table over whose row conditions are read, ``tables`` all those that may be read; ``past_tables``
    those that may be read as they were before acting, which is possible in undoing only.
    """

    def __init__(
        self,
        document: YamlDocument,
        dictionary: Dictionary,
        *,
        home: str,
        tables: Collection[str],
        parameters: Collection[str],
        past_tables: Collection[str] = (),
    ) -> None:
        self._document = document
        self._dictionary = dictionary
        self._home = home
        self._tables = tables
        self._parameters = frozenset(parameters) | OWN_PARAMETERS
        self._past_tables = past_tables
        self.found = SqlFindings()

    def condition(self, given: str | bool, steps: tuple[Step, ...]) -> str:
        """Return a condition over the home row as SQL.

        Raises:
            DefinitionError: it is no condition, closes what is unknown, or names something that is not there.
        """
        sql = str(given).lower() if isinstance(given, bool) else given
        with refusals_at(self._document, steps):
            parsed = parse_condition(sql)
            refuse_forbidden(parsed)
            refuse_closing_unknown(parsed, advice=_KEEP_UNKNOWN)
            reader = self._reader()
            reader.read_over(parsed, table=self._home)
            self._take(parsed, reader)
        return sql

    def select(self, sql: str, steps: tuple[Step, ...]) -> tuple[str, ...]:
        """Return the columns that a SELECT gives.

        Raises:
            DefinitionError: it is no SELECT, names something that is not there, or hides its columns.
        """
        with refusals_at(self._document, steps):
            parsed = parse_select(sql)
            refuse_forbidden(parsed)
            reader = self._reader()
            output = reader.read_select(parsed)
            self._take(parsed, reader)
        if output.is_open:
            raise self._document.error("nobody can say which columns this gives", at=steps, advice="Name them.")
        return output.columns

    def _reader(self) -> SqlReader:
        # The objects that an action is about are named by parameters: an id compared with one finds a row.
        return SqlReader(self._dictionary, past=BEFORE if self._past_tables else None, matches_parameters=True)

    def _take(self, parsed: ParsedSql, reader: SqlReader) -> None:
        for table in reader.columns_read:
            known = self._past_tables if table.is_previous else self._tables
            if table.name not in known:
                advice = did_you_mean(table.name, known, otherwise=f'Add it to "read": [{table.name}].')
                offset = parsed.offset_of_word((table.name,))
                raise SqlRefused(f'"read" does not name the table {table.name}', offset=offset, advice=advice)
        for name, offset in parsed.parameters.items():
            if name not in self._parameters:
                advice = did_you_mean(name, self._parameters, otherwise='Declare it under "params".')
                raise SqlRefused(f"there is no parameter ${name}", offset=offset, advice=advice)
        _merge(self.found.columns, reader.columns_read)
        _merge(self.found.matched, reader.columns_matched)
        self.found.parameters.update(parsed.parameters)
        self.found.strings.update(parsed.strings)
        self.found.integers.update(parsed.integers)


def with_answers(dictionary: Dictionary, kept: Collection[str]) -> Dictionary:
    """Return the dictionary with the table of what steps kept: ``step_id`` and a text for each property."""
    names = ("step_id", *sorted({name.lower() for name in kept}))
    columns = tuple(text(name, None, "Kept of the answer to a step.") for name in names)
    none = ", ".join(f"null::varchar as {name}" for name in names)
    answers = DerivedTable(name=ANSWERS, doc="What steps kept.", sql=f"select {none} where false", columns=columns)
    return dictionary.with_tables((answers,))


def _merge(into: dict[TableName, set[str]], found: Mapping[TableName, set[str]]) -> None:
    for table, names in found.items():
        into.setdefault(table, set()).update(names)
