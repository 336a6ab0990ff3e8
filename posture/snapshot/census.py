"""How many resources of a kind a snapshot knows, and which one somebody means."""

# Names in the SQL here come from the dictionary and are quoted, texts are literals.

from __future__ import annotations

from posture.definitions.dictionary import Dictionary
from posture.domain.judgement import Resource
from posture.errors import QueryRefused
from posture.snapshot.column_sql import literal, quoted
from posture.snapshot.reader import PublishedSnapshot


class Census:
    """The resources of one snapshot. What its tables do not tell is None, never zero."""

    def __init__(self, snapshot: PublishedSnapshot, dictionary: Dictionary) -> None:
        self._snapshot = snapshot
        self._dictionary = dictionary

    def population(self, kind: str) -> int | None:
        """Return how many resources of a kind there are; None if their table was not read to its end."""
        found = self._ask(kind, "select count(*)", "true")
        return None if found is None else int(str(found[0][0]))

    def find(self, kind: str, text: str) -> tuple[Resource, ...]:
        """Return the resources of a kind with this id or, without regard to case, this name; none if unknown."""
        resource = self._dictionary.resource_type(kind)
        if resource is None:
            return ()
        id_column, name_column = quoted(self._dictionary.id_column(resource.table)), quoted(resource.name_column)
        named = f"lower({id_column}) = lower({literal(text)}) or lower({name_column}) = lower({literal(text)})"
        found = self._ask(kind, f"select {id_column}, {name_column}", named)
        if found is None:
            # Names are read only if a check wants them.
            found = self._ask(kind, f"select {id_column}, null", f"lower({id_column}) = lower({literal(text)})")
        return tuple(
            Resource(type=kind, id=str(id), name=None if name is None else str(name)) for id, name in found or ()
        )

    def _ask(self, kind: str, what: str, condition: str) -> list[list[object]] | None:
        resource = self._dictionary.resource_type(kind)
        if resource is None:
            return None
        try:
            answer = self._snapshot.query(f"{what} from {quoted(resource.table)} where {condition}")
            return [list(row) for row in answer.rows]
        except QueryRefused:
            return None
