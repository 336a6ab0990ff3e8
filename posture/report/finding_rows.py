"""Findings as rows of a table, for files that people open in a spreadsheet."""

from __future__ import annotations

from typing import Final

from posture.domain.finding_view import FindingView
from posture.domain.judgement import Value
from posture.report.scan_json import json_time

FINDING_COLUMNS: Final = (
    "fingerprint",
    "tenant",
    "check",
    "severity",
    "standing",
    "resource_type",
    "resource_id",
    "resource_name",
    "message",
    "first_failed_at",
    "last_failed_at",
    "judged_at",
    "times_opened",
    "exempted_until",
    "exempted_because",
)


def finding_row(view: FindingView, *, tenant: str) -> tuple[Value, ...]:
    """Return the values of ``FINDING_COLUMNS``; ``tenant`` is the tenant's name."""
    finding, exemption = view.finding, view.exemption
    return (
        finding.fingerprint,
        tenant,
        finding.check,
        finding.severity.value,
        view.standing.value,
        finding.resource.type,
        finding.resource.id,
        finding.resource.name,
        finding.message,
        json_time(finding.first_failed_at),
        json_time(finding.last_failed_at),
        json_time(finding.judged_at),
        finding.times_opened,
        json_time(exemption.ends_at) if exemption else None,
        exemption.reason if exemption else None,
    )
