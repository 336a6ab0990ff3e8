"""A check as the engine uses it: loaded, linted, its meaning fixed. Data needs are derived elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NewType

from posture.domain.severity import Severity

CheckId = NewType("CheckId", str)

ParameterValue = bool | int | float | str | tuple[str, ...]


class Maturity(StrEnum):
    EXPERIMENTAL = "experimental"
    STABLE = "stable"
    DEPRECATED = "deprecated"


class ParameterType(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    OBJECT_ID = "object_id"
    LIST = "list"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One setting of a check or an action. ``choices`` closes the vocabulary of a string or of a list's items; empty
    is open. ``default`` is None if a value has to be given, which only actions ask for.
    """

    name: str
    type: ParameterType
    default: ParameterValue | None
    unit: str | None
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    help: str


@dataclass(frozen=True, kw_only=True)
class SeverityRule:
    """``critical_when`` is a SQL condition over the check's rows; None if the severity never varies."""

    default: Severity
    critical_when: str | None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check file. The SQL fields are DuckDB's; ``rows`` is None if the home table is judged as it is.

    ``path`` is where the file was read; ``is_local`` tells a user's own directory from the shipped ones.
    """

    id: CheckId
    title: str
    resource: str
    severity: SeverityRule
    maturity: Maturity
    deprecated_because: str | None
    tags: tuple[str, ...]
    why: str
    fix: str
    references: tuple[str, ...]
    false_positives: tuple[str, ...]
    frameworks: Mapping[str, tuple[str, ...]]
    parameters: tuple[Parameter, ...]
    rows: str | None
    identity: tuple[str, ...]
    applies_when: str
    fail_when: str
    message_fail: str
    message_unknown: str
    evidence: tuple[str, ...]
    actions: tuple[str, ...]
    path: Path
    is_local: bool
