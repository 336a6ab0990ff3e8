"""Which tables and columns a piece of SQL reads: lineage on the syntax tree, against the data dictionary.

Every name is resolved as DuckDB would resolve it. A name that cannot be found is an error of the definition, so
a check never asks Graph for something that does not exist, and never forgets to ask for something that it reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.relations import derived_relation, generated_relation, renamed, same_names, united
from posture.definitions.scope import Output, Relation, Scope, TableName
from posture.definitions.sql_text import ParsedSql, SqlRefused

_PREVIOUS = "previous"
_FROM_PARTS = frozenset({"from_", "joins", "with_"})


class SqlReader:
    """Resolves the names of one or more pieces of SQL and gathers what they read in ``columns_read``.

    ``columns_matched`` are those of them by which rows find each other: compared for equality with another column.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self.columns_read: dict[TableName, set[str]] = {}
        self.columns_matched: dict[TableName, set[str]] = {}

    def read_select(self, parsed: ParsedSql) -> Output:
        """Gather what a SELECT reads and return the columns that it gives.

        Raises:
            SqlRefused: a table or a column does not exist.
        """
        return _Resolver(self._dictionary, self, parsed).query(parsed.tree, outer=None, ctes={})

    def read_condition(self, parsed: ParsedSql, *, over: Output) -> None:
        """Gather what a condition over the columns of a query reads beyond them.

        Raises:
            SqlRefused: a table or a column does not exist.
        """
        resolver = _Resolver(self._dictionary, self, parsed)
        rows = Relation(name="resources", columns=same_names(over.columns), table=None, is_open=over.is_open)
        resolver.visit(parsed.tree, Scope(outer=None, ctes={}, relations=[rows]))


class _Resolver:
    """Walks one syntax tree."""

    def __init__(self, dictionary: Dictionary, reader: SqlReader, parsed: ParsedSql) -> None:
        self._dictionary = dictionary
        self._read = reader.columns_read
        self._matched = reader.columns_matched
        self._is_matching = False
        self._parsed = parsed

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
        if isinstance(node, exp.Column):
            self._column(node, scope)
        elif isinstance(node, exp.Query):
            self.query(node, outer=scope, ctes=scope.ctes)
        elif isinstance(node, exp.Lambda):
            names = frozenset(part.name.lower() for part in node.expressions)
            self.visit(node.this, scope.with_bound(names))
        elif isinstance(node, exp.Comprehension):
            self._comprehension(node, scope)
        elif isinstance(node, exp.PropertyEQ):
            self.visit(node.expression, scope)
        elif isinstance(node, exp.EQ) and isinstance(node.left, exp.Column) and isinstance(node.right, exp.Column):
            self._match(node.left, scope)
            self._match(node.right, scope)
        elif isinstance(node, exp.In) and node.args.get("query") is not None and isinstance(node.this, exp.Column):
            self._match(node.this, scope)
            self.visit(node.args["query"], scope)
        else:
            for child in node.iter_expressions():
                self.visit(child, scope)

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
        sources = [node.args["from_"].this] if node.args.get("from_") else []
        for source in sources:
            self._source(source, scope)
        self._joins(node.args.get("joins") or (), scope)
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
        relations = scope.relations
        if qualifier is not None:
            found = scope.relation(qualifier.name.lower())
            if found is None:
                raise self._unknown(qualifier, "relation", {relation.name for relation in scope.relations})
            relations = [found]
        left_out = {part.name.lower() for part in star.args.get("except_") or ()}
        renamed: dict[str, str] = {}
        for alias in star.args.get("rename") or ():
            renamed[alias.this.name.lower()] = alias.alias.lower()
        for alias in star.args.get("replace") or ():
            self.visit(alias.this, scope)
            left_out.discard(alias.alias.lower())
        names: list[str] = []
        for relation in relations:
            for visible in relation.columns:
                if visible not in left_out:
                    self._mark(relation, visible)
                    names.append(renamed.get(visible, visible))
        return names, any(relation.is_open for relation in relations)

    def _joins(self, joins: Sequence[exp.Expr], scope: Scope) -> None:
        for join in joins:
            if str(join.args.get("method") or "").upper() == "NATURAL":
                raise self._parsed.refuse(join, "NATURAL JOIN hides what is compared", "Write ON or USING.")
            self._source(join.this, scope)
            if join.args.get("on") is not None:
                self.visit(join.args["on"], scope)
            for name in join.args.get("using") or ():
                self._using(name, scope)

    def _using(self, name: exp.Identifier, scope: Scope) -> None:
        column = name.name.lower()
        holders = [relation for relation in scope.relations if relation.has(column)]
        if len(holders) < 2 and not any(relation.is_open for relation in scope.relations):
            problem = f'the column "{name.name}" is not on both sides'
            raise self._parsed.refuse(name, problem, "Write the comparison out with ON.")
        self._is_matching = True
        for relation in holders:
            self._mark(relation, column)
        self._is_matching = False

    def _source(self, node: exp.Expr, scope: Scope) -> None:
        if isinstance(node, exp.Lateral):
            inner = node.this
            alias = node.args.get("alias")
            if isinstance(inner, exp.Subquery):
                output = self.query(inner, outer=scope, ctes=scope.ctes)
                scope.relations.append(derived_relation(output, alias, "lateral"))
                return
            self.visit(inner, scope)
            scope.relations.append(generated_relation(inner, alias or inner.args.get("alias")))
        elif isinstance(node, exp.Table):
            self._table(node, scope)
        elif isinstance(node, exp.Unnest):
            for part in node.expressions:
                self.visit(part, scope)
            scope.relations.append(generated_relation(node, node.args.get("alias")))
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            self._source(node.this, scope)
        elif isinstance(node, exp.Query | exp.Values):
            output = self.query(node, outer=scope, ctes=scope.ctes)
            scope.relations.append(derived_relation(output, node.args.get("alias"), "subquery"))
        else:
            raise self._parsed.refuse(node, "this cannot be read from", "Read tables of the dictionary.")
        self._joins(node.args.get("joins") or (), scope)

    def _values(self, node: exp.Values, scope: Scope) -> Output:
        for row in node.expressions:
            self.visit(row, scope)
        width = len(node.expressions[0].expressions) if isinstance(node.expressions[0], exp.Tuple) else 1
        return Output(columns=tuple(f"col{number}" for number in range(width)), is_open=False)

    def _table(self, node: exp.Table, scope: Scope) -> None:
        alias = node.args.get("alias")
        if isinstance(node.this, exp.Func):
            self.visit(node.this, scope)
            scope.relations.append(generated_relation(node.this, alias))
            return
        name, schema = node.name.lower(), node.db.lower()
        if not schema and name in scope.ctes:
            scope.relations.append(derived_relation(scope.ctes[name], alias, name))
            return
        if node.catalog or schema not in ("", _PREVIOUS):
            raise self._parsed.refuse(
                node, f'there is no schema "{node.db}"', 'Read a table by its name, or one of the schema "previous".'
            )
        if self._dictionary.table(name) is None:
            known = {table.name for table in self._dictionary.tables} | set(scope.ctes)
            raise self._unknown(node.this, "table", known)
        table = TableName(name, schema == _PREVIOUS)
        self._read.setdefault(table, set())
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

    def _comprehension(self, node: exp.Comprehension, scope: Scope) -> None:
        self.visit(node.args["iterator"], scope)
        inside = scope.with_bound(frozenset({node.expression.name.lower()}))
        self.visit(node.this, inside)
        if node.args.get("condition") is not None:
            self.visit(node.args["condition"], inside)

    def _match(self, node: exp.Column, scope: Scope) -> None:
        self._is_matching = True
        self._column(node, scope)
        self._is_matching = False

    def _column(self, node: exp.Column, scope: Scope) -> None:
        if isinstance(node.this, exp.Star):
            self._star(node.this, node.args.get("table"), scope)
            return
        parts = [part.name.lower() for part in node.parts]
        if parts[0] in scope.bound:
            return
        if len(parts) > 2 and parts[0] == _PREVIOUS and scope.relation(parts[1]) is not None:
            parts = parts[1:]
        relation = scope.relation(parts[0]) if len(parts) > 1 else None
        if relation is None:
            self._unqualified(node, parts[0], scope)
        elif relation.has(parts[1]):
            self._mark(relation, parts[1])
        elif not relation.is_open:
            raise self._unknown(node.parts[-1], "column", relation.columns, of=relation)

    def _unqualified(self, node: exp.Column, name: str, scope: Scope) -> None:
        around: Scope | None = scope
        while around is not None:
            holders = [relation for relation in around.relations if relation.has(name)]
            for relation in holders:
                self._mark(relation, name)
            if holders or name in around.aliases or name in around.bound:
                return
            whole = next((relation for relation in around.relations if relation.name == name), None)
            if whole is not None:
                for column in whole.columns:
                    self._mark(whole, column)
                return
            if any(relation.is_open for relation in around.relations):
                return
            around = around.outer
        raise self._unknown(node.parts[0], "column", scope.visible_columns())

    def _mark(self, relation: Relation, column: str) -> None:
        if relation.table is not None:
            self._read.setdefault(relation.table, set()).add(relation.columns[column])
            if self._is_matching:
                self._matched.setdefault(relation.table, set()).add(relation.columns[column])

    def _unknown(
        self, node: exp.Expr, what: str, known: Mapping[str, str] | set[str], *, of: Relation | None = None
    ) -> SqlRefused:
        where = f" in {of.table.name if of.table else of.name}" if of is not None else ""
        advice = did_you_mean(node.name.lower(), known, otherwise="posture tables list shows what there is.")
        return self._parsed.refuse(node, f'there is no {what} "{node.name}"{where}', advice)


def _star_of(item: exp.Expr) -> exp.Star | None:
    if isinstance(item, exp.Star):
        return item
    return item.this if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else None


def _star_relation(item: exp.Expr) -> exp.Identifier | None:
    return item.args.get("table") if isinstance(item, exp.Column) else None
