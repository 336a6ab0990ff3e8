"""Rows written by hand in a check's tests, held to the types of their table's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.judgement import Value
from posture.errors import DefinitionError
from posture.tables.table import Column


def fitting_row(
    row: Mapping[str, object],
    columns: Mapping[str, Column],
    *,
    table: str,
    document: YamlDocument,
    at: Sequence[Step],
) -> dict[str, Value]:
    """Return a row with times written in UTC.

    Raises:
        DefinitionError: a column does not exist, or its value is of another type.
    """
    fitted: dict[str, Value] = {}
    for name, value in row.items():
        if name not in columns:
            raise DefinitionError(
                f'{table} has no column "{name}"',
                at=document.locate_key((*at, name)),
                advice=did_you_mean(name, columns, otherwise=f"See posture tables show {table}."),
            )
        kind = columns[name].type.upper()
        if not fits(value, kind):
            problem = f"{table}.{name} is {kind}, which {_written(value)} is not"
            raise document.error(problem, at=(*at, name), advice=_advice(kind))
        fitted[name] = _in_utc(value) if kind == "TIMESTAMP" and isinstance(value, str) else value  # type: ignore[assignment]
    return fitted


def fits(value: object, kind: str) -> bool:
    """Say whether a value that YAML gave can stand in a column of a DuckDB type. Null always can."""
    if value is None:
        return True
    if kind.endswith("[]"):
        return isinstance(value, list) and all(fits(item, kind[:-2]) for item in value)
    if kind.startswith("STRUCT"):
        return isinstance(value, dict)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind in ("BIGINT", "INTEGER"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "DOUBLE":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "TIMESTAMP":
        return isinstance(value, str) and _is_time(value)
    return isinstance(value, str)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _in_utc(text: str) -> str:
    time = datetime.fromisoformat(text)
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _written(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"


def _advice(kind: str) -> str:
    if kind == "TIMESTAMP":
        return "Write it as 2026-03-01T00:00:00Z."
    if kind == "VARCHAR":
        return "Put it in quotes."
    return "posture tables show tells the types."
