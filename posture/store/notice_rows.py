"""Rows of notices, errands, deliveries, closed channels and standings ↔ values of the domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from posture.domain.check import CheckId
from posture.domain.delivery import ClosedChannel, Delivery, DeliveryState
from posture.domain.judgement import CheckOutcome, CheckResult, SkipKind
from posture.domain.notice import Event, Notice
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.routing import Digest, Errand
from posture.domain.run import Run
from posture.domain.severity import Severity
from posture.store.rows import Row, counts_row


def notice_row(notice: Notice) -> Row:
    return {
        "id": notice.id,
        "event": notice.event.value,
        "at": notice.at,
        "tenant_id": notice.tenant_id,
        "tenant_name": notice.tenant_name,
        "severity": notice.severity.value,
        "check_id": notice.check,
        "resource_type": notice.resource_type,
        "about": notice.about,
        "facts": dict(notice.facts),
    }


def notice_from(row: RowMapping) -> Notice:
    return Notice(
        id=row["id"],
        event=Event(row["event"]),
        at=row["at"],
        tenant_id=row["tenant_id"],
        tenant_name=row["tenant_name"],
        severity=Severity(row["severity"]),
        check=CheckId(row["check_id"]) if row["check_id"] is not None else None,
        resource_type=row["resource_type"],
        about=row["about"],
        facts=row["facts"],
    )


def errand_row(errand: Errand, due_at: datetime) -> Row:
    return {
        "notice_id": errand.notice.id,
        "channel": errand.channel,
        "due_at": due_at,
        "cron": errand.digest.cron if errand.digest else None,
        "zone": errand.digest.zone if errand.digest else None,
    }


def errand_from(row: RowMapping) -> Errand:
    """Return an errand from a row that holds its notice as well."""
    digest = Digest(cron=row["cron"], zone=row["zone"]) if row["cron"] is not None else None
    return Errand(notice=notice_from(row), channel=row["channel"], digest=digest)


def delivery_row(delivery: Delivery) -> Row:
    """Return a row without its notices: their errands name the delivery."""
    return {
        "id": delivery.id,
        "channel": delivery.channel,
        "is_digest": delivery.is_digest,
    } | progress_row(delivery)


def progress_row(delivery: Delivery) -> Row:
    """Return what changes from try to try."""
    return {
        "since": delivery.since,
        "state": delivery.state.value,
        "tries": delivery.tries,
        "next_try_at": delivery.next_try_at,
        "ended_at": delivery.ended_at,
        "note": delivery.note,
    }


def delivery_from(row: RowMapping, *, notices: Sequence[str]) -> Delivery:
    return Delivery(
        id=row["id"],
        channel=row["channel"],
        notices=tuple(notices),
        is_digest=row["is_digest"],
        since=row["since"],
        state=DeliveryState(row["state"]),
        tries=row["tries"],
        next_try_at=row["next_try_at"],
        ended_at=row["ended_at"],
        note=row["note"],
    )


def closed_row(closed: ClosedChannel) -> Row:
    return {"name": closed.name, "settings": closed.settings, "because": closed.because, "at": closed.at}


def closed_from(row: RowMapping) -> ClosedChannel:
    return ClosedChannel(name=row["name"], settings=row["settings"], because=row["because"], at=row["at"])


def standing_row(run: Run, result: CheckResult) -> Row:
    """Return how a check stands after a run; times and counts are None if the run did not evaluate it."""
    evaluated_at = run.taken_at if result.outcome is CheckOutcome.EVALUATED else None
    return {
        "tenant_id": run.tenant_id,
        "check_id": result.check,
        "outcome": result.outcome.value,
        "skip_kind": result.skipped.kind.value if result.skipped else None,
        "evaluated_at": evaluated_at,
        "first_evaluated_at": evaluated_at,
        "is_off": False,
        "severity": result.severity.value,
        "skip_detail": result.skipped.detail if result.skipped else None,
        "error": result.error,
    } | counts_row(result.counts)


def standing_from(row: RowMapping) -> CheckStanding:
    return CheckStanding(
        check=CheckId(row["check_id"]),
        outcome=CheckOutcome(row["outcome"]),
        skip_kind=SkipKind(row["skip_kind"]) if row["skip_kind"] is not None else None,
        evaluated_at=row["evaluated_at"],
    )
