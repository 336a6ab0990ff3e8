"""The overview as JSON values with its schema."""

from __future__ import annotations

from collections.abc import Mapping

from posture.domain.overview import Overview, TenantOverview, Worsening
from posture.domain.severity import Severity
from posture.report.finding_schema import count_by_severity
from posture.report.json_types import TEXT, Schema, list_of, object_of, one_of, or_null
from posture.report.numbers_json import numbers_at_json, numbers_at_schema, numbers_json, numbers_schema
from posture.report.plan_json import plan_line_json
from posture.report.plan_schema import plan_line_schema
from posture.report.run_json import run_line_json, run_line_schema
from posture.report.stop_json import stop_json, stop_schema


def overview_json(overview: Overview) -> dict[str, object]:
    """Return how every tenant stands, what got worse, and what waits for the one who asks."""
    return {
        "tenants": [_tenant_json(tenant) for tenant in overview.tenants],
        "open_by_severity": _by_severity(overview.open_by_severity),
        "worse": [_worsening_json(each) for each in overview.worse],
        "waiting_plans": [plan_line_json(plan) for plan in overview.waiting_plans],
        "stops": [stop_json(stop) for stop in overview.stops],
    }


def overview_schema() -> Schema:
    """Return the JSON Schema of ``overview_json``."""
    tenant = object_of(
        id=TEXT,
        name=TEXT,
        numbers={"description": "now; null if it was never judged", **or_null(numbers_schema())},
        before={"description": "a week ago; null if it was not judged then", **or_null(numbers_schema())},
        trend={"description": "the last thirty days, the oldest first", **list_of(numbers_at_schema())},
        latest_run={"description": "the newest, also one that goes on", **or_null(run_line_schema())},
        open_by_severity=count_by_severity(),
    )
    worsening = object_of(
        tenant=TEXT,
        check=TEXT,
        title=TEXT,
        severity=one_of(Severity),
        opened={"description": "how many more open findings than a week ago", "type": "integer", "minimum": 1},
    )
    return object_of(
        tenants=list_of(tenant),
        open_by_severity={"description": "open and not exempted, in all these tenants", **count_by_severity()},
        worse={"description": "ten at most, the worst first", **list_of(worsening)},
        waiting_plans={"description": "that you may decide on", **list_of(plan_line_schema())},
        stops=list_of(stop_schema()),
    )


def _tenant_json(tenant: TenantOverview) -> dict[str, object]:
    return {
        "id": tenant.tenant_id,
        "name": tenant.name,
        "numbers": numbers_json(tenant.numbers) if tenant.numbers else None,
        "before": numbers_json(tenant.before) if tenant.before else None,
        "trend": [numbers_at_json(point) for point in tenant.trend],
        "latest_run": run_line_json(tenant.latest_run) if tenant.latest_run else None,
        "open_by_severity": _by_severity(tenant.open_by_severity),
    }


def _worsening_json(worsening: Worsening) -> dict[str, object]:
    return {
        "tenant": worsening.tenant,
        "check": worsening.check,
        "title": worsening.title,
        "severity": worsening.severity.value,
        "opened": worsening.opened,
    }


def _by_severity(counts: Mapping[Severity, int]) -> dict[str, int]:
    return {severity.value: counts.get(severity, 0) for severity in Severity}
