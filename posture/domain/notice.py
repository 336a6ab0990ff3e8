"""A notice: one thing that happened and that people may be told of, once, whatever becomes of telling it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.domain.check import CheckId
from posture.domain.judgement import Value
from posture.domain.severity import Severity


class Event(StrEnum):
    """What can happen.

    ``FIRST_RESULTS``: checks were evaluated in a tenant for the first time, one summary for all that they found.
    ``CHANNEL_CLOSED``: a channel takes nothing until somebody mends it. ``CHANNEL_FAILED``: it refused messages, or
    they were given up.
    """

    FINDING_OPENED = "finding_opened"
    FINDING_REOPENED = "finding_reopened"
    FINDING_RESOLVED = "finding_resolved"
    SEVERITY_RAISED = "severity_raised"
    FIRST_RESULTS = "first_results"
    RUN_INCOMPLETE = "run_incomplete"
    RUN_ABORTED = "run_aborted"
    CHECK_SKIPPED = "check_skipped"
    CHECK_BROKEN = "check_broken"
    PLAN_WAITING = "plan_waiting"
    PLAN_APPROVED = "plan_approved"
    PLAN_REJECTED = "plan_rejected"
    PLAN_EXPIRED = "plan_expired"
    PLAN_DONE = "plan_done"
    PLAN_PARTLY_DONE = "plan_partly_done"
    PLAN_FAILED = "plan_failed"
    CREDENTIAL_ENDING = "credential_ending"
    EXEMPTION_ENDING = "exemption_ending"
    CHANNEL_CLOSED = "channel_closed"
    CHANNEL_FAILED = "channel_failed"

    @property
    def is_about_telling(self) -> bool:
        """Say whether it is about telling itself. Such a notice goes to other channels than the one it is about."""
        return self in (Event.CHANNEL_CLOSED, Event.CHANNEL_FAILED)

    @property
    def is_made_anew(self) -> bool:
        """Say whether scan after scan makes the same notice, until what it is about has ended."""
        return self in (Event.CREDENTIAL_ENDING, Event.EXEMPTION_ENDING)

    @property
    def family(self) -> str:
        """What kind of thing it happened to: finding, first_results, run, check, plan, credential, exemption or
        channel."""
        if self is Event.SEVERITY_RAISED:
            return "finding"
        return self.value if self is Event.FIRST_RESULTS else self.value.partition("_")[0]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """``id`` is made of what happened, so that the same happening makes the same notice on every machine.

    ``about`` names the thing: fingerprint, plan id, run id, check id, key id, digest of an exemption, name of a
    channel; what is told about the same thing belongs to one thread. ``facts`` is what templates show, as it was at
    ``at``; the builders in ``notices_of_scans`` and ``notices_of_plans`` say which keys there are. ``tenant_id`` and
    ``tenant_name`` are None where it is about no tenant.
    """

    id: str
    event: Event
    at: datetime
    tenant_id: str | None
    tenant_name: str | None
    severity: Severity
    check: CheckId | None
    resource_type: str | None
    about: str
    facts: Mapping[str, Value]

    @property
    def thread(self) -> str:
        """What all notices about the same thing share: 32 hexadecimal digits."""
        return digest_of(self.event.family, self.tenant_id, self.about)


def digest_of(*parts: Value) -> str:
    """Return 32 hexadecimal digits made of the parts, equal on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def iso(moment: datetime | None) -> str | None:
    """Return a moment as facts hold it: ISO 8601 in UTC, to the second."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
