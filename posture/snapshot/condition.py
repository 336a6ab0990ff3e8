"""A condition of an action as SQL: one expression, whatever is written in it."""

# The table's name is quoted, and the condition is one expression in parentheses or refused.
# ruff: noqa: S608

from __future__ import annotations

import duckdb

from posture.snapshot.column_sql import quoted


class NotOneExpression(ValueError):
    """The text closes a parenthesis that it did not open: it would say more than one expression."""


def rows_of(table: str, *, of_resource: bool) -> str:
    """Return the rows of a table as SQL, with ``of_resource`` those whose id is the parameter ``resource_id``.

    A small table is read whole, with the rows of others beside the resource's.
    """
    if not of_resource:
        return quoted(table)
    return f"(from {quoted(table)} where lower(id) = lower($resource_id)) as {quoted(table)}"


def truth_of(condition: str, *, over: str) -> str:
    """Return the SELECT of the condition's value, as ``truth``, for each row of what is given as SQL.

    Raises:
        NotOneExpression: it would end the expression and go on.
    """
    _require_balanced(condition)
    # On a line of its own, so that a comment at the condition's end does not take the parenthesis with it.
    return f"select (\n{condition}\n) as truth from {over}"


def _require_balanced(condition: str) -> None:
    """Refuse what could break out of the parentheses around it. DuckDB says what is a quote and what a comment."""
    text = condition.encode()
    depth = 0
    for start, kind in duckdb.tokenize(condition):
        if kind == duckdb.token_type.operator:
            depth += {b"(": 1, b")": -1}.get(text[start : start + 1], 0)
        if depth < 0:
            break
    if depth:
        raise NotOneExpression("it is not a single expression: its parentheses do not match")
