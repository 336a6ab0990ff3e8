"""Ad-hoc SQL over a snapshot, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.errors import QueryRefused
from posture.snapshot.connection import time_limit
from posture.snapshot.statement import NotOneSelect, single_select
from posture.snapshot.values import json_value

_BATCH = 1000
_LONGEST_LINE = 1000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer to a query. ``rows`` is read once, as it comes; it raises QueryRefused if the query fails late."""

    columns: Sequence[str]
    rows: Iterator[Sequence[Value]]


def ask(connection: duckdb.DuckDBPyConnection, sql: str, *, seconds: float, hidden: Path) -> Answer:
    """Run one SELECT on a locked connection.

    ``hidden`` is a directory whose path no sentence may show.

    Raises:
        QueryRefused: it is not one SELECT, it is wrong, or it asks for what is not allowed.
    """
    own = connection.cursor()
    with _sentences(seconds, hidden):
        if single_select(sql).named_parameters:
            raise QueryRefused("a query has no parameters: write the values into it")
        with time_limit(own, seconds=seconds):
            own.execute(sql)
        columns = [str(column[0]) for column in own.description]
    return Answer(columns=columns, rows=_rows(own, seconds=seconds, hidden=hidden))


def _rows(cursor: duckdb.DuckDBPyConnection, *, seconds: float, hidden: Path) -> Iterator[Sequence[Value]]:
    while True:
        with _sentences(seconds, hidden), time_limit(cursor, seconds=seconds):
            batch = cursor.fetchmany(_BATCH)
        if not batch:
            return
        for row in batch:
            yield [json_value(value) for value in row]


@contextmanager
def _sentences(seconds: float, hidden: Path) -> Iterator[None]:
    try:
        yield
    except NotOneSelect as error:
        raise QueryRefused(f"{error}; nothing else can be run here") from error
    except duckdb.InterruptException as error:
        raise QueryRefused(f"it was stopped after {seconds:g} seconds: ask for less") from error
    except (duckdb.Error, TypeError) as error:
        told = str(error).strip().replace(str(hidden), "…")
        # DuckDB's picture of the place has lines of its own; what it quotes may come from a directory.
        lines = [printable(line, longest=_LONGEST_LINE) for line in told.split("\n")]
        if 'schema "previous" does not exist' in told:
            lines.append("there is no snapshot before this one; the next scan makes this one the previous")
        elif isinstance(error, duckdb.BinderException | duckdb.CatalogException):
            lines.append("a snapshot holds the tables and columns that the enabled checks read, no others")
        raise QueryRefused("\n".join(lines)) from error
