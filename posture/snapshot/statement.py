"""SQL from anywhere: exactly one SELECT, or nothing is run."""

from __future__ import annotations

from functools import lru_cache

import duckdb


class NotOneSelect(ValueError):
    """The text is not a single SELECT statement."""


def single_select(sql: str) -> duckdb.Statement:
    """Return the statement in a text that is a single SELECT.

    Raises:
        NotOneSelect: it is something else, or several statements.
        duckdb.Error: it is not SQL.
    """
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise NotOneSelect("only a single SELECT is allowed")
    return statements[0]


# Every scan asks the same of the same checks, and parsing is a tenth of judging a small tenant. Only the names are
# kept: DuckDB complains of statements that are left when a process ends.
@lru_cache(maxsize=1024)
def parameters_named(sql: str) -> frozenset[str]:
    """Return the names of the parameters in a single SELECT.

    Raises:
        NotOneSelect: it is something else, or several statements.
        duckdb.Error: it is not SQL.
    """
    return frozenset(single_select(sql).named_parameters)
