"""What a check said in one run: about each resource, and as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from posture.domain.check import CheckId
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict

Value = bool | int | float | str | None | list["Value"] | dict[str, "Value"]
"""A JSON value. Times are ISO 8601 text in UTC, ending in Z."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """The thing judged. ``name`` comes from the directory and is hostile text."""

    type: str
    id: str
    name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """One verdict about one resource, or about the finer thing that ``identity`` names."""

    check: CheckId
    resource: Resource
    identity: Mapping[str, Value]
    verdict: Verdict
    severity: Severity
    message: str
    evidence: Mapping[str, Value]
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class VerdictCounts:
    """How many things a check judged, before exemptions are looked at."""

    passed: int
    failed: int
    unknown: int
    not_applicable: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many things a check judged. An exempted failure is counted as ``exempted`` and not as ``fail``."""

    passed: int
    failed: int
    unknown: int
    not_applicable: int
    exempted: int


class SkipKind(StrEnum):
    PERMISSION_MISSING = "permission_missing"
    LICENCE_MISSING = "licence_missing"
    TABLE_INCOMPLETE = "table_incomplete"
    NOT_IN_THIS_CLOUD = "not_in_this_cloud"
    SWITCHED_OFF = "switched_off"


@dataclass(frozen=True, kw_only=True)
class SkipReason:
    """Why a check was not evaluated. ``detail`` is a sentence for people."""

    kind: SkipKind
    detail: str


class CheckOutcome(StrEnum):
    EVALUATED = "evaluated"
    SKIPPED = "skipped"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """The end of one check in one run.

    ``counts`` is None unless the check was evaluated; ``skipped`` is set only if it was skipped and ``error``
    only if it broke.
    """

    check: CheckId
    severity: Severity
    outcome: CheckOutcome
    skipped: SkipReason | None
    error: str | None
    counts: Counts | None
