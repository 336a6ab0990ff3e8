"""What stands in a FROM clause: tables, subqueries, laterals and generated rows become relations of a scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlglot import exp

from posture.definitions.column_names import ColumnNames, ColumnsRead
from posture.definitions.dictionary import Dictionary
from posture.definitions.relations import derived_relation, generated_relation, renamed
from posture.definitions.scope import Output, Relation, Scope, TableName
from posture.definitions.sql_text import ParsedSql


class Walker(Protocol):
    """Reads what can stand inside a FROM clause."""

    def query(self, node: exp.Expr, *, outer: Scope | None, ctes: Mapping[str, Output]) -> Output: ...

    def visit(self, node: exp.Expr, scope: Scope) -> None: ...


class FromClause:
    """Adds the relations of one piece of SQL to their scopes, in the order in which they are written."""

    def __init__(
        self,
        dictionary: Dictionary,
        parsed: ParsedSql,
        read: ColumnsRead,
        names: ColumnNames,
        walker: Walker,
        *,
        past: str | None,
    ) -> None:
        self._dictionary = dictionary
        self._parsed = parsed
        self._read = read
        self._names = names
        self._walker = walker
        self._past = past

    def add_all(self, select: exp.Select, scope: Scope) -> None:
        """Add what a SELECT reads from.

        Raises:
            SqlRefused: a table does not exist, or something cannot be read from.
        """
        if select.args.get("from_"):
            self._source(select.args["from_"].this, scope)
        self._joins(select.args.get("joins") or (), scope)

    def _joins(self, joins: Sequence[exp.Expr], scope: Scope) -> None:
        for join in joins:
            if str(join.args.get("method") or "").upper() == "NATURAL":
                raise self._parsed.refuse(join, "NATURAL JOIN hides what is compared", "Write ON or USING.")
            self._source(join.this, scope)
            if join.args.get("on") is not None:
                self._walker.visit(join.args["on"], scope)
            for name in join.args.get("using") or ():
                self._names.resolve_using(name, scope)

    def _source(self, node: exp.Expr, scope: Scope) -> None:
        alias = node.args.get("alias")
        if isinstance(node, exp.Lateral):
            self._lateral(node, scope)
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
            self._walker.visit(node.this, scope)
            scope.relations.append(generated_relation(node.this, alias))
        elif isinstance(node, exp.Table) and node.this is not None:
            self._table(node, scope)
        elif isinstance(node, exp.Unnest):
            for part in node.expressions:
                self._walker.visit(part, scope)
            scope.relations.append(generated_relation(node, alias))
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            self._source(node.this, scope)
        elif isinstance(node, exp.Query | exp.Values):
            output = self._walker.query(node, outer=scope, ctes=scope.ctes)
            scope.relations.append(derived_relation(output, alias, "subquery"))
        else:
            raise self._parsed.refuse(node, "this cannot be read from", "Read tables of the dictionary.")
        self._joins(node.args.get("joins") or (), scope)

    def _lateral(self, node: exp.Lateral, scope: Scope) -> None:
        inner = node.this
        alias = node.args.get("alias")
        if isinstance(inner, exp.Subquery):
            output = self._walker.query(inner, outer=scope, ctes=scope.ctes)
            scope.relations.append(derived_relation(output, alias, "lateral"))
        else:
            self._walker.visit(inner, scope)
            scope.relations.append(generated_relation(inner, alias or inner.args.get("alias")))

    def _table(self, node: exp.Table, scope: Scope) -> None:
        alias = node.args.get("alias")
        name, schema = node.name.lower(), node.db.lower()
        if not schema and name in scope.ctes:
            scope.relations.append(derived_relation(scope.ctes[name], alias, name))
            return
        if node.catalog or schema not in ("", self._past):
            advice = f', or one of the schema "{self._past}"' if self._past is not None else ""
            raise self._parsed.refuse(node, f'there is no schema "{node.db}"', f"Read a table by its name{advice}.")
        if self._dictionary.table(name) is None:
            known = {table.name for table in self._dictionary.tables} | set(scope.ctes)
            raise self._names.unknown(node.this, "table", known)
        table = TableName(name, is_previous=schema != "")
        self._read.add_table(table)
        columns = tuple(self._dictionary.columns(name))
        visible = renamed(Output(columns=columns, is_open=False), alias).columns
        scope.relations.append(
            Relation(
                name=node.alias_or_name.lower(),
                columns=dict(zip(visible, columns, strict=True)),
                table=table,
                is_open=False,
            )
        )
