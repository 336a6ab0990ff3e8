"""A finding as JSON values."""

from __future__ import annotations

from collections.abc import Sequence

from posture.domain.exemption import Exemption
from posture.domain.finding_view import FindingEvent, FindingView
from posture.report.scan_json import json_time


def finding_json(view: FindingView) -> dict[str, object]:
    """Return a finding with how it stands; ``exemption`` is null unless one is in force."""
    finding = view.finding
    return {
        "fingerprint": finding.fingerprint,
        "tenant_id": finding.tenant_id,
        "check": finding.check,
        "severity": finding.severity.value,
        "standing": view.standing.value,
        "resolution": finding.resolution.value if finding.resolution else None,
        "resource": {"type": finding.resource.type, "id": finding.resource.id, "name": finding.resource.name},
        "identity": dict(finding.identity),
        "message": finding.message,
        "evidence": dict(finding.evidence),
        "first_failed_at": json_time(finding.first_failed_at),
        "last_failed_at": json_time(finding.last_failed_at),
        "judged_at": json_time(finding.judged_at),
        "times_opened": finding.times_opened,
        "exemption": exemption_json(view.exemption) if view.exemption else None,
    }


def exemption_json(exemption: Exemption) -> dict[str, object]:
    """Return an exemption; ``check`` is null if it covers every check on the resource."""
    return {
        "tenant": exemption.tenant,
        "check": exemption.check,
        "resource": exemption.resource_id,
        "owner": exemption.owner,
        "reason": exemption.reason,
        "until": json_time(exemption.ends_at),
        "origin": exemption.origin,
    }


def history_json(events: Sequence[FindingEvent]) -> list[dict[str, object]]:
    """Return what happened to a finding, oldest first."""
    return [{"at": json_time(event.at), "change": event.change.value, "run": event.run_id} for event in events]
