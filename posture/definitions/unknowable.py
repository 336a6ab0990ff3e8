"""Which columns Graph may keep from us: those that the probes set to NULL."""

from __future__ import annotations

from collections.abc import Collection

from posture.definitions.dictionary import Dictionary
from posture.tables.table import Column, SourceTable


def unknowable_columns(
    table: str, dictionary: Dictionary, *, read: Collection[str], matched: Collection[str]
) -> tuple[Column, ...]:
    """Return the columns among those ``read`` whose values may be NULL though something is there.

    Keys are left out, and object ids by which rows find each other (``matched``): a row without them does not exist.
    """
    found = dictionary.table(table)
    keys = found.key if isinstance(found, SourceTable) else ()
    is_derived = not isinstance(found, SourceTable)
    return tuple(
        column
        for name, column in dictionary.columns(table).items()
        if name in read and name not in keys and not (_is_id(name) and (is_derived or name in matched))
    )


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")
