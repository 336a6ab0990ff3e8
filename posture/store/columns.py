"""Column types that mean the same in SQLite and in PostgreSQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

# NUL is refused by PostgreSQL, half a surrogate pair by every UTF-8 encoder.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, in UTC on the way out. A naive time is refused: nobody knows what it means."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


# Ordered by code points, as Python and SQLite do, wherever the database is.
SortedText: Final = Text().with_variant(Text(collation="C"), "postgresql")


class DirectoryText(TypeDecorator[str]):
    """Text that may come from a directory: characters that no database holds become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect  # the same everywhere
        return None if value is None else storable_text(value)


def storable_text(text: str) -> str:
    """Return the text as ``DirectoryText`` keeps it."""
    return _NOT_STORABLE.sub("\ufffd", text)


def is_storable(text: str) -> bool:
    """Say whether a database can hold the text at all: to ask PostgreSQL for any other is an error."""
    return _NOT_STORABLE.search(text) is None
