"""Letters about a made-up company, to look at messages before anything happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from posture.domain.check import Check, CheckId, Maturity, SeverityRule
from posture.domain.delivery import Letter, TrendPoint
from posture.domain.judgement import Value
from posture.domain.notice import Event, Notice, digest_of
from posture.domain.severity import Severity
from posture.notify.letter_view import SAMPLE

TENANT: Final = "contoso"
_AT: Final = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
_TENANT_ID: Final = "5f3c1e0a-0000-4000-8000-c0ffee000001"
_CHECK: Final = CheckId("secret-expiring-soon")
_TITLE: Final = "Client secret of an application ends soon"
_PLAN: Final = "plan-20260302-7c1e"
_RUN: Final = "20260302T063000Z-contoso"

_FINDING: Final[Mapping[str, Value]] = {
    "title": _TITLE,
    "message": "secret 8d1f3a52 ends in 12 days",
    "resource_name": "Payroll",
    "resource_id": "3b9d7a10-0000-4000-8000-000000000042",
    "evidence": {"credential_kind": "secret", "end_at": "2026-03-14T09:00:00Z", "owners": ["ada@contoso.example"]},
    "resolution": None,
    "first_failed_at": "2026-03-02T06:30:00Z",
    "times_opened": 1,
    "severity_before": None,
}
_PLAN_FACTS: Final[Mapping[str, Value]] = {
    "action": "revoke-sessions",
    "risk": "disruptive",
    "reason": "Sign-ins from an anonymising network, confirmed by the people themselves",
    "by": "ada",
    "proposed_by": "ada",
    "because": None,
    "approvals": 0,
    "people": 2,
    "until": "2026-03-03T06:30:00Z",
    "undoes": None,
    "targets": 3,
    "first": ["grace@contoso.example", "alan@contoso.example", "edsger@contoso.example"],
    "ended": {"waiting": 3},
}
_FACTS: Final[Mapping[Event, Mapping[str, Value]]] = {
    Event.FINDING_OPENED: _FINDING,
    Event.FINDING_REOPENED: {**_FINDING, "times_opened": 2, "first_failed_at": "2025-11-20T06:30:00Z"},
    Event.FINDING_RESOLVED: {**_FINDING, "resolution": "passed"},
    Event.SEVERITY_RAISED: {**_FINDING, "severity_before": "medium"},
    Event.FIRST_RESULTS: {
        "checks": 41,
        "skipped": 3,
        "failed": 318,
        "unknown": 12,
        "by_severity": {"critical": 4, "high": 61, "medium": 187, "low": 52, "info": 14},
        "worst": [
            {"check": "mfa-gaps", "title": "Enabled member cannot complete multifactor authentication",
             "severity": "critical", "failed": 4},
            {"check": "risky-users", "title": "Enabled user is at risk or confirmed compromised",
             "severity": "high", "failed": 7},
            {"check": "stale-members", "title": "Enabled member has not signed in for a long time",
             "severity": "high", "failed": 54},
            {"check": _CHECK, "title": _TITLE, "severity": "medium", "failed": 23},
        ],
    },
    Event.RUN_INCOMPLETE: {
        "because": None, "tables": ["sign_ins", "risk_detections"], "broken": ["stale-members"],
    },
    Event.RUN_ABORTED: {
        "because": "AADSTS7000222: the client secret of the reader has expired", "tables": [], "broken": [],
    },
    Event.CHECK_SKIPPED: {
        "title": "Enabled user is at risk or confirmed compromised",
        "because": "the permission IdentityRiskyUser.Read.All is missing",
    },
    Event.CHECK_BROKEN: {
        "title": "Enabled member has not signed in for a long time",
        "because": "the check took longer than 60 seconds",
    },
    Event.PLAN_WAITING: _PLAN_FACTS,
    Event.PLAN_APPROVED: {**_PLAN_FACTS, "by": "barbara", "approvals": 2},
    Event.PLAN_REJECTED: {**_PLAN_FACTS, "by": "barbara", "because": "Grace is travelling; ask her first"},
    Event.PLAN_EXPIRED: {**_PLAN_FACTS, "by": "posture", "because": "nobody decided in time"},
    Event.PLAN_DONE: {**_PLAN_FACTS, "by": "ada", "approvals": 2, "ended": {"done": 3}},
    Event.PLAN_PARTLY_DONE: {
        **_PLAN_FACTS, "by": "ada", "approvals": 2, "because": "1 target was refused",
        "ended": {"done": 2, "refused": 1},
    },
    Event.PLAN_FAILED: {
        **_PLAN_FACTS, "by": "ada", "approvals": 2, "because": "no target could be changed", "ended": {"failed": 3},
    },
    Event.CREDENTIAL_ENDING: {
        "app_id": "91c2d3e4-0000-4000-8000-000000000007", "app_name": "posture reader",
        "key_id": "8d1f3a52-0000-4000-8000-00000000000a", "kind": "secret", "ends_at": "2026-03-09T06:30:00Z",
        "days_left": 7,
    },
    Event.EXEMPTION_ENDING: {
        "resource_id": "3b9d7a10-0000-4000-8000-000000000042", "owner": "ada@contoso.example",
        "reason": "Emergency access account, kept on a hardware key in the safe", "ends_at": "2026-03-16T00:00:00Z",
        "days_left": 13, "origin": "exemptions.yaml:12",
    },
    Event.CHANNEL_CLOSED: {
        "channel": "soc", "because": "the workflow's address answered 404: it was deleted or switched off",
        "messages": 0,
    },
    Event.CHANNEL_FAILED: {
        "channel": "admins", "because": "smtp.example.com did not answer within 30 seconds", "messages": 4,
    },
}  # fmt: skip
_SEVERITIES: Final[Mapping[Event, Severity]] = {
    Event.SEVERITY_RAISED: Severity.CRITICAL,
    Event.FINDING_RESOLVED: Severity.MEDIUM,
    Event.FIRST_RESULTS: Severity.CRITICAL,
    Event.RUN_INCOMPLETE: Severity.MEDIUM,
    Event.PLAN_WAITING: Severity.MEDIUM,
    Event.PLAN_APPROVED: Severity.INFO,
    Event.PLAN_REJECTED: Severity.INFO,
    Event.PLAN_EXPIRED: Severity.LOW,
    Event.PLAN_DONE: Severity.INFO,
    Event.EXEMPTION_ENDING: Severity.LOW,
}
_CHECKS: Final[Mapping[Event, CheckId]] = {
    Event.CHECK_SKIPPED: CheckId("risky-users"),
    Event.CHECK_BROKEN: CheckId("stale-members"),
    Event.EXEMPTION_ENDING: CheckId("mfa-gaps"),
}


def sample_letter(event: Event | None) -> Letter:
    """Return a letter about one made-up notice of this event; None makes a digest of one of each.

    Its id begins with ``SAMPLE``, by which every message says that it is a sample.
    """
    notices = [sample_notice(event)] if event else [sample_notice(each) for each in Event]
    notices.sort(key=lambda notice: -notice.severity.rank)
    return Letter(
        id=SAMPLE + digest_of("sample", event.value if event else None),
        is_digest=event is None,
        notices=tuple(notices),
        checks={_CHECK: _check()},
        trends={} if event is Event.FIRST_RESULTS else {TENANT: _trend()},
        written_at=_AT + timedelta(minutes=5),
    )


def sample_notice(event: Event) -> Notice:
    """Return a made-up notice with all the facts that a real one has."""
    is_finding = event.family == "finding"
    in_tenant = not event.is_about_telling
    return Notice(
        id=digest_of("sample", event.value),
        event=event,
        at=_AT,
        tenant_id=_TENANT_ID if in_tenant else None,
        tenant_name=TENANT if in_tenant else None,
        severity=_SEVERITIES.get(event, Severity.HIGH),
        check=_CHECK if is_finding else _CHECKS.get(event),
        resource_type={"finding": "application", "plan": "user", "credential": "application"}.get(event.family),
        about=_about(event),
        facts=_FACTS[event],
    )


def _about(event: Event) -> str:
    match event.family:
        case "finding":
            return digest_of("sample finding") * 2
        case "plan":
            return _PLAN
        case "check":
            return _CHECKS[event]
        case "credential":
            return str(_FACTS[event]["key_id"])
        case "exemption":
            return digest_of("sample exemption")
        case "channel":
            return str(_FACTS[event]["channel"])
        case _:
            return _RUN


def _check() -> Check:
    return Check(
        id=_CHECK,
        title=_TITLE,
        resource="application",
        severity=SeverityRule(default=Severity.MEDIUM, critical_when=None),
        maturity=Maturity.STABLE,
        deprecated_because=None,
        tags=("application", "credentials"),
        why="When the last valid credential of an application ends, everything that signs in with it stops. Owners "
        "rarely watch the date.",
        fix="Add a new credential, roll it out, then remove the old one. Prefer a managed identity or a federated "
        "credential, which do not end.",
        references=("https://learn.microsoft.com/graph/api/resources/passwordcredential",),
        false_positives=("The application already has a newer credential and the old one is left to end.",),
        frameworks={},
        parameters=(),
        rows=None,
        identity=(),
        applies_when="true",
        fail_when="true",
        message_fail="",
        message_unknown="",
        evidence=(),
        actions=("remove-app-credential",),
        path=Path("secret-expiring-soon.yaml"),
        is_local=False,
    )


def _trend() -> Sequence[TrendPoint]:
    totals = (318, 311, 322, 274, 268, 201, 207, 188)
    return [
        TrendPoint(
            at=_AT - timedelta(days=7 - number),
            failed={Severity.HIGH: total // 5, Severity.MEDIUM: total - total // 5},
        )
        for number, total in enumerate(totals)
    ]
