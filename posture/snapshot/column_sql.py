"""From a table's columns to the SQL that reads them out of Graph's JSON, strictly.

DuckDB's JSON reader is lenient: it takes 1 for TRUE, 1.5 for 2 and an object for its text. A posture engine must
not guess, so scalars are read as JSON and converted here; lists and structures are read as their types.
"""

# Names in our SQL come from the dictionary and are quoted, texts are literals.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from duckdb.sqltypes import DuckDBPyType

from posture.tables.table import Column, Spelling

_SCALARS: Final = frozenset({"VARCHAR", "BOOLEAN", "BIGINT", "TIMESTAMP"})

_TEXTS: Final = frozenset({"VARCHAR", "TIMESTAMP"})
"""Types that are a text in JSON."""

_WHOLE: Final = "whole "
"""Begins the name under which a property is read a second time, as JSON."""

_TEXT: Final = "text "
"""Begins the name under which the text of a column is passed on."""

_MISFIT: Final = "error('a value does not fit its column')"

_Tree = dict[str, "str | _Tree"]


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def steps_of(field: str) -> tuple[str, ...]:
    """Return the properties on the way to a dotted field. ``@odata.type`` is one property."""
    return tuple(re.findall(r"(?:^|(?<=\.))(@odata\.[^.]+|[^.]+)", field))


def read_items(columns: Sequence[Column], *, path: str, largest_item: int) -> str:
    """Return the table function that reads the properties of ``columns`` from newline-delimited JSON."""
    options = f"format = 'newline_delimited', maximum_object_size = {max(largest_item, 1 << 20)}"

    def read(properties: Mapping[str, str]) -> str:
        typed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in properties.items())
        return f"read_json({literal(path)}, {options}, columns = {{{typed}}})"

    whole = {column.field: "JSON" for column in columns if column.beyond and column.field}
    renamed = ", ".join(f"{quoted(field)} as {quoted(_WHOLE + field)}" for field in whole)
    parts = [read(properties) for properties in [properties_of(columns)] if properties]
    parts += [f"(select {renamed} from {read(whole)})"] if whole else []
    return parts[0] if len(parts) == 1 else f"(from {' positional join '.join(parts)})"


def properties_of(columns: Sequence[Column]) -> Mapping[str, str]:
    """Return the DuckDB type of each top-level property, nested fields merged into one STRUCT."""
    tree: _Tree = {}
    for column in columns:
        if not column.beyond:
            _plant(tree, column)
    return {name: _type_of(kind) for name, kind in tree.items()}


def _plant(tree: _Tree, column: Column) -> None:
    *parents, last = steps_of(_field(column))
    for parent in parents:
        branch = tree.setdefault(parent, {})
        if isinstance(branch, str):
            raise ValueError(f"column {column.name}: {parent} is read whole by another column")
        tree = branch
    kind = "JSON" if column.type in _SCALARS else column.type
    if tree.setdefault(last, kind) != kind:
        raise ValueError(f"column {column.name}: {column.field} is read as another type by another column")


def _type_of(kind: str | _Tree) -> str:
    if isinstance(kind, str):
        return kind
    return "STRUCT(" + ", ".join(f"{quoted(name)} {_type_of(below)}" for name, below in kind.items()) + ")"


def _field(column: Column) -> str:
    if column.field is None:
        raise ValueError(f"column {column.name} has no Graph property")
    return column.field


def typed_rows(columns: Sequence[Column], *, items: str) -> str:
    """Return the SELECT of the columns over what ``read_items`` reads; it raises for a value that does not fit.

    A text is taken out of its JSON in an inner SELECT: DuckDB would do so anew at every place that names it.
    """
    values = ", ".join(f"{_value_of(column)} as {quoted(column.name)}" for column in columns)
    texts = [f"{_text_of(column)} as {_text_name(column)}" for column in columns if column.type in _TEXTS]
    return f"select {values} from " + (f"(select *, {', '.join(texts)} from {items})" if texts else items)


def _value_of(column: Column) -> str:
    if column.beyond:
        return _members_beyond(column)
    return _told(column, _spelled(column, _converted(column)))


def fits(column: Column) -> str:
    """Return the condition that a property's value, if there is one, is of the column's type."""
    place = place_of(column)
    condition = {
        "VARCHAR": f"json_type({place}) = 'VARCHAR'",
        "TIMESTAMP": f"json_type({place}) = 'VARCHAR' and is_graph_time({place} ->> '$')",
        "BOOLEAN": f"json_type({place}) = 'BOOLEAN'",
        "BIGINT": f"json_type({place}) in ('BIGINT', 'UBIGINT') and try_cast({place} as bigint) is not null",
    }.get(column.type, "true")
    return f"({place} is null or ({condition}))"


def place_of(column: Column) -> str:
    """Return the expression of the property that a column is read from."""
    if column.beyond:
        return quoted(_WHOLE + _field(column))
    return ".".join(quoted(step) for step in steps_of(_field(column)))


def _text_of(column: Column) -> str:
    # A look at the first character of the JSON is what strictness costs here. Asking for the JSON type of every
    # value would take twice the CPU of everything else that publishing does.
    place = place_of(column)
    return f"case when not starts_with(cast({place} as varchar), '\"') then {_MISFIT} else {place} ->> '$' end"


def _text_name(column: Column) -> str:
    return quoted(_TEXT + column.name)


def _converted(column: Column) -> str:
    place = place_of(column)
    return {
        "VARCHAR": _text_name(column),
        "TIMESTAMP": f"graph_time({_text_name(column)})",
        "BOOLEAN": f"case cast({place} as varchar) when 'true' then true when 'false' then false "
        f"else case when {place} is not null then {_MISFIT} end end",
        "BIGINT": f"case when {fits(column)} then cast({place} as bigint) else {_MISFIT} end",
    }.get(column.type, place)


def _spelled(column: Column, value: str) -> str:
    if column.spelling is Spelling.AS_IS:
        return value
    return f"list_transform({value}, lambda x: lower(x))" if column.type == "VARCHAR[]" else f"lower({value})"


def _told(column: Column, value: str) -> str:
    """Return the value, or NULL where Graph says that it will not tell; of a list, if it says so of one member."""
    if not column.unknown:
        return value
    spelled = (text.lower() if column.spelling is Spelling.LOWER else text for text in column.unknown)
    unknown = ", ".join(literal(text) for text in sorted(spelled))
    if column.type == "VARCHAR[]":
        return f"case when not list_has_any({value}, [{unknown}]) then {value} end"
    return f"case when ({value}) not in ({unknown}) then {value} end"


def _members_beyond(column: Column) -> str:
    """Return the names of what is set in an object and has no place in the column's structure; none if it is null.

    Annotations, which have an @ in their names, do not count. The objects are a list and not an expression each,
    which DuckDB would need as long to plan as for all other tables together.
    """
    place = place_of(column)
    objects = ", ".join(_known_object(*found) for found in _objects(DuckDBPyType(column.beyond), ()))
    pointer = "o['at'] || '/' || replace(replace(k, '~', '~0'), '/', '~1')"
    is_set = f"cast(json_extract({place}, {pointer}) as varchar) not in ('null', '[]', '{{}}', '\"\"')"
    is_strange = f"not list_contains(o['known'], k) and not contains(k, '@') and {is_set}"
    strange = f"list_filter(json_keys(json_extract({place}, o['at'])), lambda k: {is_strange})"
    names = f"coalesce(list_transform({strange}, lambda k: o['prefix'] || k), [])"
    return f"case when {place} is null then [] else flatten(list_transform([{objects}], lambda o: {names})) end"


def _objects(kind: DuckDBPyType, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the way to each object of a structure, itself first, with the names of its members."""
    members = [(str(name), inner) for name, inner in kind.children]
    yield steps, tuple(name for name, _ in members)
    for name, inner in members:
        if isinstance(inner, DuckDBPyType) and inner.id == "struct":
            yield from _objects(inner, (*steps, name))


def _known_object(steps: tuple[str, ...], members: Sequence[str]) -> str:
    """Return where an object stands, as a JSON pointer and as the beginning of a name, and what it may hold."""
    at = literal("".join(f"/{step}" for step in steps))
    prefix = literal("".join(f"{step}." for step in steps))
    return f"{{'at': {at}, 'prefix': {prefix}, 'known': [{', '.join(map(literal, members))}]}}"
