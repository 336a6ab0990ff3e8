"""One check file: read, held to its model, its SQL resolved, its messages and tests unfolded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from posture.definitions.check_model import CheckModel
from posture.definitions.check_sql import judgement_sql
from posture.definitions.check_words import (
    OWN_PARAMETER,
    KnownActions,
    declared_parameters,
    require_fitting_actions,
    require_known,
    require_words,
)
from posture.definitions.dictionary import did_you_mean
from posture.definitions.home_rows import REQUIRED_COLUMNS, home_rows
from posture.definitions.inline_tests import CaseReader
from posture.definitions.lineage import SqlReader
from posture.definitions.loaded import LoadedCheck
from posture.definitions.message import Message, MessageRefused, parse_message
from posture.definitions.model_errors import validate
from posture.definitions.parameters import integers_of, texts_of
from posture.definitions.reads import Lineage
from posture.definitions.scope import Output, TableName
from posture.definitions.sql_rules import refuse_closing_unknown, refuse_forbidden
from posture.definitions.sql_text import ParsedSql, SqlRefused, parse_condition, parse_select
from posture.definitions.unfolded_check import unfolded_check
from posture.definitions.yaml_source import Step, YamlDocument, parse_yaml, read_text
from posture.domain.check import Check, Parameter
from posture.errors import DefinitionError
from posture.tables.table import ResourceType

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class _Sql:
    """The SQL parts of a check, parsed. ``rows`` may be written by us, for want of the author's."""

    rows: ParsedSql
    applies_when: ParsedSql
    fail_when: ParsedSql
    critical_when: ParsedSql | None

    @property
    def parts(self) -> tuple[ParsedSql, ...]:
        found = (self.rows, self.applies_when, self.fail_when, self.critical_when)
        return tuple(part for part in found if part is not None)


def load_check(path: Path, *, lineage: Lineage, actions: KnownActions, is_local: bool) -> LoadedCheck:
    """Load one check file. ``actions`` are those that it may offer.

    Raises:
        DefinitionError: anything in the file is wrong: where, what, and what to do.
    """
    loaded = _load_text(read_text(path), path, lineage, is_local)
    require_fitting_actions(loaded.document, loaded.check, actions)
    return loaded


# A service reads its settings anew while it runs, and a check takes ten milliseconds to load: those whose text has
# not changed are not loaded again.
@lru_cache(maxsize=2000)
def _load_text(text: str, path: Path, lineage: Lineage, is_local: bool) -> LoadedCheck:
    document = parse_yaml(text, path=path)
    return _Loading(document, validate(CheckModel, document), lineage).load(is_local=is_local)


class _Loading:
    """The steps of loading one file, in order."""

    def __init__(self, document: YamlDocument, model: CheckModel, lineage: Lineage) -> None:
        self._document = document
        self._model = model
        self._lineage = lineage
        self._dictionary = lineage.dictionary

    def load(self, *, is_local: bool) -> LoadedCheck:
        require_words(self._document, self._model)
        resource = self._resource_type()
        parameters = declared_parameters(
            self._document, {name: (shape, shape.default) for name, shape in self._model.params.items()}
        )
        rows_text = (
            self._model.rows if self._model.rows is not None else home_rows(self._model, resource, self._dictionary)
        )
        check = unfolded_check(self._model, parameters, path=self._document.path, is_local=is_local)
        sql = self._parse(check, rows_text)
        reader = SqlReader(self._dictionary)
        output = self._resolve(sql, reader, resource)
        used = self._parameters_used(sql, parameters)
        self._require_columns(output)
        reads = self._lineage.reads(reader.columns_read)
        tables = frozenset({table.name for table in reader.columns_read} | {*reads.source_columns, *reads.derived})
        cases = CaseReader(self._document, check, dictionary=self._dictionary, tables=tables)
        return LoadedCheck(
            check=check,
            sql=judgement_sql(
                rows=rows_text, applies_when=check.applies_when, fail_when=check.fail_when, severity=check.severity
            ),
            reads=reads,
            columns_read=_of_this_snapshot(reader.columns_read),
            columns_matched=_of_this_snapshot(reader.columns_matched),
            parameters_used=used,
            message_fail=self._message("fail", check.message_fail, output),
            message_unknown=self._message("unknown", check.message_unknown, output),
            cases=cases.cases(self._model.tests),
            strings=frozenset(text for part in sql.parts for text in part.strings) | texts_of(parameters),
            integers=frozenset(number for part in sql.parts for number in part.integers) | integers_of(parameters),
            document=self._document,
        )

    def _resource_type(self) -> ResourceType:
        found = self._dictionary.resource_type(self._model.resource)
        if found is None:
            names = [kind.name for kind in self._dictionary.resource_types]
            advice = did_you_mean(self._model.resource, names, otherwise=f"Use one of: {', '.join(names)}.")
            raise self._error(("resource",), f'there is no resource type "{self._model.resource}"', advice)
        return found

    def _parse(self, check: Check, rows: str) -> _Sql:
        critical = check.severity.critical_when
        return _Sql(
            rows=self._at(("rows",), lambda: _checked(parse_select(rows))),
            applies_when=self._at(("applies_when",), lambda: _judging(check.applies_when)),
            fail_when=self._at(("fail_when",), lambda: _judging(check.fail_when)),
            critical_when=self._at(("severity", "critical_when"), lambda: _checked(parse_condition(critical)))
            if critical is not None
            else None,
        )

    def _resolve(self, sql: _Sql, reader: SqlReader, resource: ResourceType) -> Output:
        output = self._at(("rows",), lambda: reader.read_select(sql.rows))
        if self._model.rows is None:
            # Those that the file names are among the rows; all are listed so that a typing error finds its word.
            columns = tuple(self._dictionary.columns(resource.table))
            output = Output(columns=(*REQUIRED_COLUMNS, *columns), is_open=False)
        steps: list[tuple[tuple[Step, ...], ParsedSql | None]] = [
            (("applies_when",), sql.applies_when),
            (("fail_when",), sql.fail_when),
            (("severity", "critical_when"), sql.critical_when),
        ]
        for place, part in steps:
            if part is not None:
                self._at(place, lambda part=part: reader.read_condition(part, over=output))  # type: ignore[misc]
        return output

    def _parameters_used(self, sql: _Sql, parameters: Iterable[Parameter]) -> frozenset[str]:
        known = {parameter.name for parameter in parameters} | {OWN_PARAMETER}
        places: list[tuple[tuple[Step, ...], ParsedSql | None]] = [
            (("rows",), sql.rows),
            (("applies_when",), sql.applies_when),
            (("fail_when",), sql.fail_when),
            (("severity", "critical_when"), sql.critical_when),
        ]
        used: set[str] = set()
        for place, part in places:
            for name, offset in (part.parameters if part is not None else {}).items():
                if name not in known:
                    advice = did_you_mean(name, known, otherwise='Declare it under "params".')
                    location = self._document.locate_within(place, offset)
                    raise DefinitionError(f"there is no parameter ${name}", at=location, advice=advice)
                used.add(name)
        for name in sorted(known - used - {OWN_PARAMETER}):
            raise self._error(("params", name), f'the parameter "{name}" is never used', f"Use ${name}, or drop it.")
        return frozenset(used)

    def _require_columns(self, output: Output) -> None:
        for column in output.columns:
            if column.startswith("_"):
                raise self._error(("rows",), f'the column "{column}" begins with _', "Those names are the engine's.")
            if output.columns.count(column) > 1:
                raise self._error(("rows",), f'two columns are called "{column}"', 'Rename one with "as".')
        if output.is_open:
            return
        for name in REQUIRED_COLUMNS:
            if name not in output.columns:
                raise self._error(("rows",), f"rows return no {name}", f'Name a column with "as {name}".')
        for key, names in (("identity", self._model.identity), ("evidence", self._model.evidence)):
            require_known(self._document, names, output.columns, "column", (key,))

    def _message(self, which: str, text: str, output: Output) -> Message:
        try:
            return parse_message(text, None if output.is_open else output.columns)
        except MessageRefused as refused:
            line_start = sum(len(line) + 1 for line in text.split("\n")[: refused.line - 1])
            location = self._document.locate_within(("message", which), line_start)
            raise DefinitionError(refused.problem, at=location, advice=refused.advice) from refused

    def _at(self, steps: tuple[Step, ...], read: Callable[[], _T]) -> _T:
        """Return what ``read`` does; a refusal is told with its place in the file."""
        try:
            return read()
        except SqlRefused as refused:
            location = self._document.locate_within(steps, refused.offset)
            raise DefinitionError(refused.problem, at=location, advice=refused.advice) from refused

    def _error(self, at: tuple[Step, ...], problem: str, advice: str) -> DefinitionError:
        return self._document.error(problem, at=at, advice=advice)


def _of_this_snapshot(columns: Mapping[TableName, set[str]]) -> dict[str, frozenset[str]]:
    return {table.name: frozenset(names) for table, names in columns.items() if not table.is_previous}


def _checked(parsed: ParsedSql) -> ParsedSql:
    refuse_forbidden(parsed)
    return parsed


def _judging(text: str) -> ParsedSql:
    parsed = _checked(parse_condition(text))
    refuse_closing_unknown(parsed)
    return parsed
