"""Relations of a FROM clause that are no tables of the dictionary, and the names that aliases give."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from posture.definitions.scope import Output, Relation


def alias_columns(alias: exp.Expr | None) -> tuple[str, ...]:
    """Return the column names that an alias such as ``t(a, b)`` gives."""
    columns = alias.args.get("columns") if alias is not None else None
    return tuple(column.name.lower() for column in columns or ())


def renamed(output: Output, alias: exp.Expr | None) -> Output:
    """Return the columns under the names that an alias gives to the first of them."""
    names = alias_columns(alias)
    return Output(columns=names + output.columns[len(names) :], is_open=output.is_open)


def derived_relation(output: Output, alias: exp.Expr | None, otherwise: str) -> Relation:
    """Return the relation that a subquery or a common table makes under its alias."""
    output = renamed(output, alias)
    name = alias.name.lower() if alias is not None and alias.name else otherwise
    return Relation(name=name, columns=same_names(output.columns), table=None, is_open=output.is_open)


def generated_relation(node: exp.Expr, alias: exp.Expr | None) -> Relation:
    """Return the relation that unnest or a series makes: one column, named by the alias or the function."""
    names = alias_columns(alias)
    own = "unnest" if isinstance(node, exp.Unnest) else "range"
    name = alias.name.lower() if alias is not None and alias.name else own
    # Fields of unnested structs can be named like columns; their names are not in the dictionary.
    return Relation(name=name, columns=same_names(names or (own,)), table=None, is_open=not names)


def united(left: Output, right: Output, *, by_name: bool) -> Output:
    """Return the columns of a UNION: those of the left side, with BY NAME those of both."""
    columns = left.columns
    if by_name:
        columns += tuple(column for column in right.columns if column not in left.columns)
    return Output(columns=columns, is_open=left.is_open or right.is_open)


def same_names(columns: Sequence[str]) -> dict[str, str]:
    """Return columns that are visible under their own names."""
    return {column: column for column in columns}
