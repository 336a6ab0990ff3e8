"""Addresses of the first requests. What follows them comes from Graph and is used as it came."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from posture.tables.table import Column, WantedTable

# Everything that OData queries are written with; quoted are spaces, '#', '"' and what is not ASCII.
_SAFE = "/?&=$'(),:;@!*+%~"


def selected_properties(wanted: WantedTable) -> tuple[str, ...]:
    """Return the Graph properties behind the wanted columns and the key, each once, in the table's order."""
    key = set(wanted.table.key)
    names = {column.name for column in wanted.columns} | key
    columns = [column for column in wanted.table.columns if column.name in names]
    return tuple(dict.fromkeys(name for column in columns for name in _properties(column)))


def _properties(column: Column) -> tuple[str, ...]:
    """Return what to select for a column: nothing for an annotation such as ``@odata.type``, which comes unasked."""
    if column.field is None or column.field.startswith("@"):
        return ()
    return (column.field.partition(".")[0],)


def table_url(wanted: WantedTable, *, graph_root: str, part: int, page_size: int | None) -> str:
    """Return the address of a table's first page; ``part`` is the index into the source's repeated values."""
    source = wanted.table.source
    path = source.path
    if source.for_each:
        path = path.replace("{}", source.for_each[part])
    select = selected_properties(wanted) if source.selectable else ()
    return url_of(path, graph_root=graph_root, select=select, page_size=page_size)


def url_of(path: str, *, graph_root: str, select: Sequence[str] = (), page_size: int | None = None) -> str:
    """Join the version root, a path that may hold query options, ``$select`` and ``$top``."""
    options = [f"$select={','.join(select)}"] if select else []
    if page_size is not None:
        options.append(f"$top={page_size}")
    joint = "&" if "?" in path else "?"
    whole = path + (joint + "&".join(options) if options else "")
    return f"{graph_root.rstrip('/')}/v1.0/{quote(whole.lstrip('/'), safe=_SAFE)}"
