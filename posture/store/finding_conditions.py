"""Which findings a list has, as conditions that both databases understand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)

from posture.domain.check import CheckId
from posture.domain.finding import FindingState
from posture.domain.finding_view import Standing
from posture.domain.severity import Severity
from posture.store.columns import storable_text
from posture.store.tables import FINDINGS


@dataclass(frozen=True, kw_only=True)
class FindingConditions:
    """``tenant_ids`` are exactly those whose findings may be seen. ``checks`` None: of any check. ``severities`` and
    ``standings`` empty: of any. ``text`` is part of the resource's id or name or of the message, in any case.
    ``exempted`` are the fingerprints of all open findings in these tenants that are exempted now.
    """

    tenant_ids: tuple[str, ...]
    checks: tuple[CheckId, ...] | None
    severities: tuple[Severity, ...]
    standings: frozenset[Standing]
    text: str | None
    exempted: frozenset[str]


COUNTED_BY: Final = frozenset({"tenant_id", "check_id", "state"})
"""The columns of the index that counts."""


def conditions(
    connection: Connection, wanted: FindingConditions, *, by: Collection[str]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions. ``by`` names the columns that an index may be chosen by; others are only looked at."""

    def column(name: str) -> ColumnElement[Any]:
        return FINDINGS.c[name] if name in by else passed_over(connection, FINDINGS.c[name])

    yield column("tenant_id").in_(wanted.tenant_ids)
    if wanted.checks is not None:
        yield column("check_id").in_(wanted.checks)
    if wanted.severities:
        yield column("severity_rank").in_([severity.rank for severity in wanted.severities])
    yield from _standing(connection, wanted, state=column("state"), fingerprint=column("fingerprint"))
    if wanted.text:
        text = storable_text(wanted.text).casefold()
        find = func.strpos if connection.dialect.name == "postgresql" else func.instr
        yield find(FINDINGS.c.search_text, text) > 0


def listed(connection: Connection, values: Collection[str]) -> Select[Any]:
    """Return the values as a query: one parameter however many there are, where databases bound the number."""
    text = literal(json.dumps(sorted(values)), Text)
    if connection.dialect.name == "postgresql":
        return select(func.json_array_elements_text(cast(text, JSON)).column_valued("value"))
    return select(func.json_each(text).table_valued("value").c.value)


def together(connection: Connection, columns: Sequence[Column[Any]]) -> ColumnElement[Any]:
    """Return columns of all rows as one list of lists, for text and numbers alone.

    Python's driver of SQLite lets other threads run at each row, and waits for its turn again: of a busy page, that
    is longer than the rest.
    """
    if connection.dialect.name == "postgresql":
        return type_coerce(func.json_agg(func.json_build_array(*columns)), JSON)
    return type_coerce(func.json_group_array(func.json_array(*columns)), JSON)


def passed_over(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return a column by which SQLite does not choose an index. It has no statistics and takes any column that is
    compared for a narrow one; then it sorts half the table. PostgreSQL knows better.

    Source: https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    """
    if connection.dialect.name == "postgresql":
        return column
    return literal_column(f"+{column.table.name}.{column.name}", column.type)


def _standing(
    connection: Connection, wanted: FindingConditions, *, state: ColumnElement[str], fingerprint: ColumnElement[str]
) -> Iterator[ColumnElement[bool]]:
    standings = wanted.standings or frozenset(Standing)
    is_open = state == FindingState.OPEN.value
    is_resolved = state == FindingState.RESOLVED.value
    exempted = fingerprint.in_(listed(connection, wanted.exempted))
    # Without exemptions nothing is compared with an empty list for each finding.
    not_exempted = [~exempted] if wanted.exempted else []
    match Standing.OPEN in standings, Standing.EXEMPTED in standings, Standing.RESOLVED in standings:
        case True, False, False:
            yield from (is_open, *not_exempted)
        case True, True, False:
            yield is_open
        case True, False, True:
            yield from not_exempted
        case False, True, False:
            yield from (is_open, exempted)
        case False, False, True:
            yield is_resolved
        case False, True, True:
            yield or_(is_resolved, exempted)
