"""Audit events: who did what when, each chained to the one before by a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from posture.domain.judgement import Value

GENESIS: Final = "0" * 64
"""What the first event is chained to."""


class AuditKind(StrEnum):
    OPERATOR_ADDED = "operator_added"
    OPERATOR_REVOKED = "operator_revoked"
    OPERATOR_CHANGED = "operator_changed"
    OPERATOR_READMITTED = "operator_readmitted"
    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    SIGNED_OUT = "signed_out"
    PLAN_PROPOSED = "plan_proposed"
    PROPOSAL_REFUSED = "proposal_refused"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_REFUSED = "approval_refused"
    PLAN_REJECTED = "plan_rejected"
    PLAN_EXPIRED = "plan_expired"
    EXECUTION_STARTED = "execution_started"
    EXECUTION_RESUMED = "execution_resumed"
    EXECUTION_REFUSED = "execution_refused"
    REQUEST_INTENDED = "request_intended"
    REQUEST_ANSWERED = "request_answered"
    REQUEST_LOST = "request_lost"
    TARGET_ENDED = "target_ended"
    PLAN_ENDED = "plan_ended"
    ACTIONS_STOPPED = "actions_stopped"
    ACTIONS_ALLOWED = "actions_allowed"
    EXEMPTION_ADDED = "exemption_added"
    EXEMPTION_ENDED = "exemption_ended"
    SCHEDULE_PAUSED = "schedule_paused"
    SCHEDULE_RESUMED = "schedule_resumed"
    JOB_CANCELLED = "job_cancelled"
    SETTINGS_CHANGED = "settings_changed"


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """What happened. ``actor`` is an operator's name, or "posture" where nobody asked for it. ``tenant_id`` and
    ``plan_id`` are None where the event is about neither. ``details`` holds no secrets.
    """

    at: datetime
    actor: str
    kind: AuditKind
    tenant_id: str | None
    plan_id: str | None
    details: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class ChainedEvent:
    """An event on record. ``number`` counts from 1 without a gap; ``hash`` covers the event, its number and
    ``previous_hash``.
    """

    number: int
    event: AuditEvent
    previous_hash: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class ChainHead:
    """How many events there are and the hash of the last one; zero and ``GENESIS`` without any."""

    number: int
    hash: str


def chained(event: AuditEvent, *, after: ChainHead) -> ChainedEvent:
    """Return the event as the next link of the chain."""
    number = after.number + 1
    return ChainedEvent(
        number=number, event=event, previous_hash=after.hash, hash=_hash(event, number=number, previous=after.hash)
    )


def first_break(events: Iterable[ChainedEvent], *, head: ChainHead) -> str | None:
    """Return the first place where the chain does not hold, as a sentence; None if nothing was tampered with.

    ``events`` are all events in their order, ``head`` is what was recorded apart from them.
    """
    at = ChainHead(number=0, hash=GENESIS)
    for link in events:
        if link.number != at.number + 1:
            return f"event {at.number + 1} is missing: after event {at.number} comes event {link.number}"
        if link.previous_hash != at.hash:
            return f"event {link.number} does not follow event {at.number}: one of the two was changed"
        if link.hash != _hash(link.event, number=link.number, previous=link.previous_hash):
            return f"event {link.number} was changed after it was written"
        at = ChainHead(number=link.number, hash=link.hash)
    if at != head:
        return f"the chain ends at event {at.number}, but {head.number} events were written, or its end was changed"
    return None


def _hash(event: AuditEvent, *, number: int, previous: str) -> str:
    content = [
        previous,
        number,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor,
        event.kind,
        event.tenant_id,
        event.plan_id,
        event.details,
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
