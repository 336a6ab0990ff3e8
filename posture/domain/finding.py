"""Findings: a failing judgement followed through time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from posture.domain.check import CheckId
from posture.domain.judgement import Judgement, Resource, Value
from posture.domain.severity import Severity


class FindingState(StrEnum):
    """What is stored. Whether an open finding is exempted depends on the clock and is told when it is read."""

    OPEN = "open"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """The evidence that resolved a finding; all three need a check that was evaluated on complete tables."""

    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"
    GONE = "gone"


class FindingChange(StrEnum):
    """What one judgement did to its finding, as reports say it."""

    NEW = "new"
    OPEN = "open"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    EXEMPTED = "exempted"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One problem on one thing, the same across runs as long as its fingerprint is.

    Times are snapshot times, aware and in UTC. ``judged_at`` is the newest snapshot that gave an answer, of a
    resolved finding the one that resolved it; ``first_failed_at`` and ``last_failed_at`` are the first and the
    newest that really showed the problem. They stand still while the data is missing. ``resolution`` is None
    while the finding is open.
    """

    fingerprint: str
    tenant_id: str
    check: CheckId
    resource: Resource
    identity: Mapping[str, Value]
    severity: Severity
    message: str
    evidence: Mapping[str, Value]
    state: FindingState
    resolution: Resolution | None
    first_failed_at: datetime
    last_failed_at: datetime
    judged_at: datetime
    times_opened: int


def fingerprint(*, check: CheckId, tenant_id: str, resource_id: str, identity: Mapping[str, Value]) -> str:
    """Return what makes two findings the same: 32 hexadecimal digits, equal on every machine and version."""
    text = json.dumps(
        [check, tenant_id, resource_id, identity], sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def open_finding(judgement: Judgement, *, tenant_id: str, taken_at: datetime) -> Finding:
    """Return the finding that a first failing judgement makes."""
    return Finding(
        fingerprint=judgement.fingerprint,
        tenant_id=tenant_id,
        check=judgement.check,
        resource=judgement.resource,
        identity=judgement.identity,
        severity=judgement.severity,
        message=judgement.message,
        evidence=judgement.evidence,
        state=FindingState.OPEN,
        resolution=None,
        first_failed_at=taken_at,
        last_failed_at=taken_at,
        judged_at=taken_at,
        times_opened=1,
    )


def after_failure(finding: Finding, judgement: Judgement, *, taken_at: datetime) -> Finding:
    """Return the finding after one more failing judgement; a snapshot that is not newer changes nothing."""
    if taken_at <= finding.judged_at:
        return finding
    reopened = finding.state is FindingState.RESOLVED
    return replace(
        finding,
        resource=judgement.resource,
        severity=judgement.severity,
        message=judgement.message,
        evidence=judgement.evidence,
        state=FindingState.OPEN,
        resolution=None,
        last_failed_at=taken_at,
        judged_at=taken_at,
        times_opened=finding.times_opened + int(reopened),
    )


def after_evidence(finding: Finding, resolution: Resolution, *, taken_at: datetime) -> Finding:
    """Return the finding after a snapshot showed that the problem is gone.

    There is no such function for an unknown verdict or a skipped check: a finding is resolved by evidence,
    never by silence. A snapshot that is not newer changes nothing, so a replayed run is harmless.
    """
    if taken_at <= finding.judged_at or finding.state is FindingState.RESOLVED:
        return finding
    return replace(finding, state=FindingState.RESOLVED, resolution=resolution, judged_at=taken_at)


def change_of_state(before: FindingState | None, after: FindingState) -> FindingChange | None:
    """Return what a finding's history says about a move; None if it says nothing.

    ``before`` is None if the finding was not on record.
    """
    if before is after:
        return None
    if after is FindingState.RESOLVED:
        return FindingChange.RESOLVED
    return FindingChange.NEW if before is None else FindingChange.REOPENED
