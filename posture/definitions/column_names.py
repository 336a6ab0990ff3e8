"""Which column of which relation a name means, and which columns of the dictionary were read by names so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from posture.definitions.dictionary import did_you_mean
from posture.definitions.scope import Relation, Scope, TableName
from posture.definitions.sql_text import ParsedSql, SqlRefused

PREVIOUS = "previous"


@dataclass(frozen=True, kw_only=True)
class ColumnsRead:
    """Columns of the dictionary that SQL reads. ``matched`` are those by which rows find each other."""

    all: dict[TableName, set[str]] = field(default_factory=dict)
    matched: dict[TableName, set[str]] = field(default_factory=dict)

    def add_table(self, table: TableName) -> None:
        """Note a table; it is read even where none of its columns is named."""
        self.all.setdefault(table, set())

    def add(self, relation: Relation, column: str, *, is_matching: bool) -> None:
        """Note a visible column of a relation; one of a subquery was noted where the subquery reads it."""
        if relation.table is None:
            return
        own_name = relation.columns[column]
        self.all.setdefault(relation.table, set()).add(own_name)
        if is_matching:
            self.matched.setdefault(relation.table, set()).add(own_name)


class ColumnNames:
    """Resolves the column names of one piece of SQL and notes in ``read`` what they mean."""

    def __init__(self, parsed: ParsedSql, read: ColumnsRead, *, past: str | None) -> None:
        self._parsed = parsed
        self._read = read
        self._past = past

    def resolve(self, node: exp.Column, scope: Scope, *, is_matching: bool = False) -> None:
        """Note the column that a name means; ``is_matching`` if it is compared for equality with another.

        Raises:
            SqlRefused: nothing in reach is called so.
        """
        parts = [part.name.lower() for part in node.parts]
        if parts[0] in scope.bound:
            return
        if len(parts) > 2 and parts[0] == self._past and scope.relation(parts[1]) is not None:
            parts = parts[1:]
        relation = scope.relation(parts[0]) if len(parts) > 1 else None
        if relation is None:
            self._unqualified(node, parts[0], scope, is_matching=is_matching)
        elif relation.has(parts[1]):
            self._read.add(relation, parts[1], is_matching=is_matching)
        elif not relation.is_open:
            raise self.unknown(node.parts[-1], "column", relation.columns, of=relation)

    def resolve_using(self, name: exp.Identifier, scope: Scope) -> None:
        """Note a column named by USING in every relation that has it.

        Raises:
            SqlRefused: it is not on both sides.
        """
        column = name.name.lower()
        holders = [relation for relation in scope.relations if relation.has(column)]
        if len(holders) < 2 and not any(relation.is_open for relation in scope.relations):
            problem = f'the column "{name.name}" is not on both sides'
            raise self._parsed.refuse(name, problem, "Write the comparison out with ON.")
        for relation in holders:
            self._read.add(relation, column, is_matching=True)

    def resolve_star(self, star: exp.Star, qualifier: exp.Identifier | None, scope: Scope) -> tuple[list[str], bool]:
        """Note the columns that a star means; return the names they get, and whether there may be others.

        Raises:
            SqlRefused: the relation before the star does not exist.
        """
        relations = scope.relations
        if qualifier is not None:
            found = scope.relation(qualifier.name.lower())
            if found is None:
                raise self.unknown(qualifier, "relation", {relation.name for relation in scope.relations})
            relations = [found]
        replaced = {alias.alias.lower() for alias in star.args.get("replace") or ()}
        left_out = {part.name.lower() for part in star.args.get("except_") or ()} - replaced
        new_names = {alias.this.name.lower(): alias.alias.lower() for alias in star.args.get("rename") or ()}
        names: list[str] = []
        for relation in relations:
            for visible in relation.columns:
                if visible not in left_out:
                    self._read.add(relation, visible, is_matching=False)
                    names.append(new_names.get(visible, visible))
        return names, any(relation.is_open for relation in relations)

    def unknown(self, node: exp.Expr, what: str, known: Iterable[str], *, of: Relation | None = None) -> SqlRefused:
        """Return the refusal of a name that does not exist, with the nearest one that does."""
        where = f" in {of.table.name if of.table else of.name}" if of is not None else ""
        advice = did_you_mean(node.name.lower(), known, otherwise="posture tables list shows what there is.")
        return self._parsed.refuse(node, f'there is no {what} "{node.name}"{where}', advice)

    def _unqualified(self, node: exp.Column, name: str, scope: Scope, *, is_matching: bool) -> None:
        around: Scope | None = scope
        while around is not None:
            holders = [relation for relation in around.relations if relation.has(name)]
            for relation in holders:
                self._read.add(relation, name, is_matching=is_matching)
            if holders or name in around.aliases or name in around.bound:
                return
            whole = next((relation for relation in around.relations if relation.name == name), None)
            if whole is not None:
                for column in whole.columns:
                    self._read.add(whole, column, is_matching=is_matching)
                return
            if any(relation.is_open for relation in around.relations):
                return
            around = around.outer
        raise self.unknown(node.parts[0], "column", scope.visible_columns())
