"""Checks, findings and exemptions as JSON values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from posture.definitions.catalog import Catalog, load_catalog
from posture.definitions.dictionary import Dictionary
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingChange, FindingState, Resolution
from posture.domain.finding_view import FindingEvent, FindingView
from posture.domain.judgement import Resource
from posture.domain.severity import Severity
from posture.report.check_json import check_json
from posture.report.finding_json import finding_json, history_json
from posture.tables import RESOURCE_TYPES, TABLES

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
EXEMPTION = Exemption(
    tenant="contoso",
    check=None,
    resource_id="u1",
    owner="Adele",
    reason="leaves in March",
    ends_at=MONDAY + timedelta(days=30),
    origin="exemptions.yaml:1:3",
)


def a_finding(*, resolution: Resolution | None = None) -> Finding:
    return Finding(
        fingerprint="ab12",
        tenant_id="11111111-1111-1111-1111-111111111111",
        check=CheckId("mfa-gaps"),
        resource=Resource(type="user", id="u1", name="Adele"),
        identity={"key": "k"},
        severity=Severity.HIGH,
        message="no MFA",
        evidence={"methods": ["sms"]},
        state=FindingState.RESOLVED if resolution else FindingState.OPEN,
        resolution=resolution,
        judged_at=MONDAY,
        first_failed_at=MONDAY - timedelta(days=2),
        last_failed_at=MONDAY,
        times_opened=1,
    )


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog([], Dictionary(TABLES, RESOURCE_TYPES))


def test_every_shipped_check_is_plain_json(catalog: Catalog) -> None:
    for loaded in catalog.checks:
        document = check_json(loaded)
        assert json.loads(json.dumps(document)) == document


def test_a_check_tells_what_it_reads_and_its_parameters(catalog: Catalog) -> None:
    document = check_json(catalog.check("secret-expiring-soon"))

    assert document["resource"] == "application"
    assert "applications" in document["reads"]  # type: ignore[operator]
    (parameter,) = [each for each in document["parameters"] if each["name"] == "warn_days"]  # type: ignore[attr-defined]
    assert parameter["type"] == "integer"
    assert parameter["unit"] == "days"


def test_a_list_of_a_parameter_is_a_list(catalog: Catalog) -> None:
    parameters = check_json(catalog.check("ca-break-glass-excluded"))["parameters"]

    (accounts,) = [each for each in parameters if each["name"] == "break_glass"]  # type: ignore[attr-defined]
    assert isinstance(accounts["default"], list)


def test_an_open_finding_has_no_resolution_and_no_exemption() -> None:
    document = finding_json(FindingView(finding=a_finding(), exemption=None))

    assert (document["standing"], document["resolution"], document["exemption"]) == ("open", None, None)
    assert document["resource"] == {"type": "user", "id": "u1", "name": "Adele"}
    assert document["first_failed_at"] == "2026-02-28T08:00:00Z"


def test_an_exempted_finding_says_by_whom_why_and_how_long() -> None:
    document = finding_json(FindingView(finding=a_finding(), exemption=EXEMPTION))

    assert document["standing"] == "exempted"
    assert document["exemption"] == {
        "tenant": "contoso",
        "check": None,
        "resource": "u1",
        "owner": "Adele",
        "reason": "leaves in March",
        "until": "2026-04-01T08:00:00Z",
        "origin": "exemptions.yaml:1:3",
    }


def test_a_resolved_finding_says_by_what_evidence() -> None:
    document = finding_json(FindingView(finding=a_finding(resolution=Resolution.GONE), exemption=None))

    assert (document["standing"], document["resolution"]) == ("resolved", "gone")


def test_a_history_keeps_its_order_and_says_which_run_saw_it() -> None:
    events = [
        FindingEvent(change=FindingChange.NEW, run_id="r1", at=MONDAY),
        FindingEvent(change=FindingChange.RESOLVED, run_id=None, at=MONDAY + timedelta(days=1)),
    ]

    assert history_json(events) == [
        {"at": "2026-03-02T08:00:00Z", "change": "new", "run": "r1"},
        {"at": "2026-03-03T08:00:00Z", "change": "resolved", "run": None},
    ]
