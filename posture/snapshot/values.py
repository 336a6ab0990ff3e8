"""DuckDB's values as JSON values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from posture.domain.judgement import Value

_UNCHANGED = frozenset({"VARCHAR", "BOOLEAN", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT"})

RowReader = Callable[[Sequence[object]], dict[str, Value]]


def row_reader(names: Sequence[str], types: Sequence[str]) -> RowReader:
    """Return the function that makes a dict of JSON values from a tuple of DuckDB's.

    Only columns of ``types`` that are not JSON already are looked at: a million rows go through here.
    """
    foreign = [name for name, kind in zip(names, types, strict=True) if kind not in _UNCHANGED]

    def read(row: Sequence[object]) -> dict[str, Value]:
        values: dict[str, object] = dict(zip(names, row, strict=True))
        for name in foreign:
            values[name] = json_value(values[name])
        return values  # type: ignore[return-value]  # the rest is JSON by its DuckDB type

    return read


def json_value(value: object) -> Value:
    """Return a value as JSON: times as ISO 8601 in UTC ending in Z, whole decimals as integers, NaN as None."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    return _text(value)


def _number(value: Decimal) -> Value:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        in_utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return f"{in_utc.isoformat()}Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():g}S"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
