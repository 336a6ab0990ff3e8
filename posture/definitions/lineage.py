"""Which tables and columns a piece of SQL reads: lineage on the syntax tree, against the data dictionary.

Every name is resolved as DuckDB would resolve it. A name that cannot be found is an error of the definition, so
a check never asks Graph for something that does not exist, and never forgets to ask for something that it reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from posture.definitions.column_names import PREVIOUS, ColumnNames, ColumnsRead
from posture.definitions.dictionary import Dictionary
from posture.definitions.from_clause import FromClause
from posture.definitions.relations import renamed, same_names, united
from posture.definitions.scope import Output, Relation, Scope, TableName
from posture.definitions.sql_text import ParsedSql

_FROM_PARTS = frozenset({"from_", "joins", "with_"})


class SqlReader:
    """Resolves the names of one or more pieces of SQL and gathers what they read in ``columns_read``.

    ``columns_matched`` are those of them by which rows find each other: compared for equality with another column,
    and with ``matches_parameters`` with a parameter too. ``past`` is the schema in which the tables can be read as
    they were before; None if there is none.
    """

    def __init__(
        self, dictionary: Dictionary, *, past: str | None = PREVIOUS, matches_parameters: bool = False
    ) -> None:
        self._dictionary = dictionary
        self._past = past
        self._matchable = (exp.Column, exp.Placeholder) if matches_parameters else (exp.Column,)
        self._read = ColumnsRead()

    @property
    def columns_read(self) -> dict[TableName, set[str]]:
        return self._read.all

    @property
    def columns_matched(self) -> dict[TableName, set[str]]:
        return self._read.matched

    def read_select(self, parsed: ParsedSql) -> Output:
        """Gather what a SELECT reads and return the columns that it gives.

        Raises:
            SqlRefused: a table or a column does not exist.
        """
        return self._resolver(parsed).query(parsed.tree, outer=None, ctes={})

    def read_condition(self, parsed: ParsedSql, *, over: Output) -> None:
        """Gather what a condition over the columns of a query reads beyond them.

        Raises:
            SqlRefused: a table or a column does not exist.
        """
        rows = Relation(name="resources", columns=same_names(over.columns), table=None, is_open=over.is_open)
        self._resolver(parsed).visit(parsed.tree, Scope(outer=None, ctes={}, relations=[rows]))

    def read_over(self, parsed: ParsedSql, *, table: str) -> None:
        """Gather what a condition over the rows of a table reads, of that table and beyond.

        Raises:
            SqlRefused: a table or a column does not exist.
        """
        name = TableName(table, is_previous=False)
        self._read.add_table(name)
        columns = same_names(tuple(self._dictionary.columns(table)))
        rows = Relation(name=table, columns=columns, table=name, is_open=False)
        self._resolver(parsed).visit(parsed.tree, Scope(outer=None, ctes={}, relations=[rows]))

    def _resolver(self, parsed: ParsedSql) -> _Resolver:
        return _Resolver(self._dictionary, self._read, parsed, past=self._past, matchable=self._matchable)


class _Resolver:
    """Walks one syntax tree."""

    def __init__(
        self,
        dictionary: Dictionary,
        read: ColumnsRead,
        parsed: ParsedSql,
        *,
        past: str | None,
        matchable: tuple[type[exp.Expr], ...],
    ) -> None:
        self._parsed = parsed
        self._matchable = matchable
        self._names = ColumnNames(parsed, read, past=past)
        self._from = FromClause(dictionary, parsed, read, self._names, self, past=past)

    def query(self, node: exp.Expr, *, outer: Scope | None, ctes: Mapping[str, Output]) -> Output:
        """Resolve a query with everything inside it and return its columns."""
        ctes = self._common_tables(node, outer=outer, ctes=ctes)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, outer=outer, ctes=ctes)
        if isinstance(node, exp.SetOperation):
            left = self.query(node.this, outer=outer, ctes=ctes)
            right = self.query(node.expression, outer=outer, ctes=ctes)
            return united(left, right, by_name=bool(node.args.get("by_name")))
        if isinstance(node, exp.Select):
            return self._select(node, outer=outer, ctes=ctes)
        if isinstance(node, exp.Values):
            return self._values(node, Scope(outer=outer, ctes=ctes))
        raise self._parsed.refuse(node, "this kind of query is not supported", "Write a plain SELECT.")

    def visit(self, node: exp.Expr, scope: Scope) -> None:
        """Resolve every name in an expression."""
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            self._star(node.this, node.args.get("table"), scope)
        elif isinstance(node, exp.Column):
            self._names.resolve(node, scope)
        elif isinstance(node, exp.Query):
            self.query(node, outer=scope, ctes=scope.ctes)
        elif isinstance(node, exp.Lambda):
            names = frozenset(part.name.lower() for part in node.expressions)
            self.visit(node.this, scope.with_bound(names))
        elif isinstance(node, exp.Comprehension):
            self._comprehension(node, scope)
        elif isinstance(node, exp.PropertyEQ):
            self.visit(node.expression, scope)
        elif isinstance(node, exp.EQ | exp.In):
            self._comparison(node, scope)
        else:
            for child in node.iter_expressions():
                self.visit(child, scope)

    def _comparison(self, node: exp.EQ | exp.In, scope: Scope) -> None:
        """Resolve a comparison; columns by which rows find each other are noted as such."""
        if isinstance(node, exp.In):
            finds_rows = node.args.get("query") is not None
        else:
            finds_rows = isinstance(node.left, self._matchable) and isinstance(node.right, self._matchable)
        for part in node.iter_expressions():
            if finds_rows and isinstance(part, exp.Column):
                self._names.resolve(part, scope, is_matching=True)
            else:
                self.visit(part, scope)

    def _common_tables(
        self, node: exp.Expr, *, outer: Scope | None, ctes: Mapping[str, Output]
    ) -> Mapping[str, Output]:
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for cte in clause.expressions:
            name = cte.alias.lower()
            if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                start = self.query(cte.this.this, outer=outer, ctes=known)
                known[name] = renamed(start, cte.args["alias"])
            known[name] = renamed(self.query(cte.this, outer=outer, ctes=known), cte.args["alias"])
        return known

    def _select(self, node: exp.Select, *, outer: Scope | None, ctes: Mapping[str, Output]) -> Output:
        scope = Scope(outer=outer, ctes=ctes)
        self._from.add_all(node, scope)
        scope.aliases.update(item.alias.lower() for item in node.expressions if item.alias)
        output = self._projections(node.expressions, scope)
        for key, value in node.args.items():
            if key not in _FROM_PARTS and key != "expressions":
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, exp.Expr):
                        self.visit(part, scope)
        return output

    def _projections(self, items: Sequence[exp.Expr], scope: Scope) -> Output:
        columns: list[str] = []
        is_open = False
        for item in items:
            star = _star_of(item)
            if star is not None:
                names, star_is_open = self._star(star, _star_relation(item), scope)
                columns.extend(names)
                is_open = is_open or star_is_open
                continue
            self.visit(item, scope)
            is_open = is_open or isinstance(item, exp.Explode)
            columns.append(item.output_name.lower())
        return Output(columns=tuple(name for name in columns if name), is_open=is_open)

    def _star(self, star: exp.Star, qualifier: exp.Identifier | None, scope: Scope) -> tuple[list[str], bool]:
        for replacement in star.args.get("replace") or ():
            self.visit(replacement.this, scope)
        return self._names.resolve_star(star, qualifier, scope)

    def _values(self, node: exp.Values, scope: Scope) -> Output:
        for row in node.expressions:
            self.visit(row, scope)
        width = len(node.expressions[0].expressions) if isinstance(node.expressions[0], exp.Tuple) else 1
        return Output(columns=tuple(f"col{number}" for number in range(width)), is_open=False)

    def _comprehension(self, node: exp.Comprehension, scope: Scope) -> None:
        self.visit(node.args["iterator"], scope)
        inside = scope.with_bound(frozenset({node.expression.name.lower()}))
        self.visit(node.this, inside)
        if node.args.get("condition") is not None:
            self.visit(node.args["condition"], inside)


def _star_of(item: exp.Expr) -> exp.Star | None:
    if isinstance(item, exp.Star):
        return item
    return item.this if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else None


def _star_relation(item: exp.Expr) -> exp.Identifier | None:
    return item.args.get("table") if isinstance(item, exp.Column) else None
