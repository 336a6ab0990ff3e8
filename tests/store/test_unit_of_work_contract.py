"""What every unit of work keeps to: in memory, in SQLite, in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState, Resolution
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity
from posture.usecases.ports import OpenUnit
from tests.domain.builders import (
    CHECK,
    MONDAY,
    TENANT,
    a_check_result,
    a_finding,
    a_resource,
    a_run,
    a_table_outcome,
)

OTHER_TENANT = "22222222-2222-2222-2222-222222222222"


def _numbered(number: int, **changes: object) -> Finding:
    return a_finding(resource=a_resource(id=f"user-{number}"), **changes)


def _save(open_unit: OpenUnit, *findings: Finding) -> None:
    with open_unit(TENANT) as unit:
        unit.findings.save(findings)


def _save_and_fail(open_unit: OpenUnit) -> None:
    with open_unit(TENANT) as unit:
        unit.save_run(a_run())
        unit.findings.save([a_finding()])
        raise ZeroDivisionError


def _read(open_unit: OpenUnit, *findings: Finding, tenant_id: str = TENANT) -> list[Finding]:
    with open_unit(tenant_id) as unit:
        found = unit.findings.by_fingerprint([finding.fingerprint for finding in findings])
    assert all(fingerprint == finding.fingerprint for fingerprint, finding in found.items())
    return list(found.values())


def _open(open_unit: OpenUnit, check: CheckId = CHECK, *, tenant_id: str = TENANT) -> list[Finding]:
    with open_unit(tenant_id) as unit:
        return [finding for batch in unit.findings.open_findings(check) for finding in batch]


def test_a_finding_comes_back_as_it_was_saved(open_unit: OpenUnit) -> None:
    finding = a_finding(
        resource=a_resource(name="Zoë \u202e<b>名前</b>\x1b[31m"),
        identity={"key_id": "a", "nothing": None},
        evidence={"roles": ["Global Administrator", {"eligible": True}], "days": 1.5, "many": 2**53, "none": None},
        severity=Severity.CRITICAL,
        judged_at=MONDAY + timedelta(microseconds=1),
        times_opened=3,
    )

    _save(open_unit, finding)

    assert _read(open_unit, finding) == [finding]


def test_a_resolved_finding_comes_back_with_its_evidence_of_resolution(open_unit: OpenUnit) -> None:
    finding = a_finding(state=FindingState.RESOLVED, resolution=Resolution.GONE, resource=a_resource(name=None))

    _save(open_unit, finding)

    assert _read(open_unit, finding) == [finding]


def test_a_time_of_another_zone_is_the_same_moment(open_unit: OpenUnit) -> None:
    finding = a_finding(judged_at=MONDAY.astimezone(timezone(timedelta(hours=9))))

    _save(open_unit, finding)

    assert _read(open_unit, finding)[0].judged_at == MONDAY


def test_saving_again_updates(open_unit: OpenUnit) -> None:
    _save(open_unit, a_finding())
    changed = a_finding(message="other", times_opened=2)

    _save(open_unit, changed)

    assert _read(open_unit, changed) == [changed]


def test_what_is_not_on_record_is_left_out(open_unit: OpenUnit) -> None:
    _save(open_unit, _numbered(1))

    assert _read(open_unit, _numbered(1), _numbered(2)) == [_numbered(1)]
    assert _read(open_unit) == []


def test_more_findings_than_fit_in_one_statement_are_saved_and_read(open_unit: OpenUnit) -> None:
    findings = [_numbered(number) for number in range(1_203)]

    _save(open_unit, *findings)

    assert len(_read(open_unit, *findings)) == len(findings)
    assert {finding.resource.id for finding in _open(open_unit)} == {finding.resource.id for finding in findings}


def test_saving_nothing_is_allowed(open_unit: OpenUnit) -> None:
    _save(open_unit)

    assert _open(open_unit) == []


def test_an_error_inside_drops_everything_that_was_written(open_unit: OpenUnit) -> None:
    with pytest.raises(ZeroDivisionError):
        _save_and_fail(open_unit)

    assert _read(open_unit, a_finding()) == []


def test_a_unit_reads_what_it_has_written(open_unit: OpenUnit) -> None:
    with open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])

        assert list(unit.findings.by_fingerprint([a_finding().fingerprint]).values()) == [a_finding()]
        assert [list(batch) for batch in unit.findings.open_findings(CHECK)] == [[a_finding()]]


def test_another_tenant_sees_nothing(open_unit: OpenUnit) -> None:
    _save(open_unit, a_finding())

    assert _read(open_unit, a_finding(), tenant_id=OTHER_TENANT) == []
    assert _open(open_unit, tenant_id=OTHER_TENANT) == []


def test_a_finding_of_another_tenant_is_refused(open_unit: OpenUnit) -> None:
    stranger = a_finding(tenant_id=OTHER_TENANT)

    with pytest.raises(ValueError, match="another tenant"):
        _save(open_unit, stranger)

    assert _read(open_unit, stranger, tenant_id=OTHER_TENANT) == []


def test_open_findings_are_those_of_the_check_that_are_open(open_unit: OpenUnit) -> None:
    resolved = _numbered(2, state=FindingState.RESOLVED, resolution=Resolution.PASSED)
    of_another_check = _numbered(3, check=CheckId("mfa-gaps"))
    _save(open_unit, _numbered(1), resolved, of_another_check)

    assert _open(open_unit) == [_numbered(1)]
    assert _open(open_unit, CheckId("mfa-gaps")) == [of_another_check]
    assert _open(open_unit, CheckId("unheard-of")) == []


def test_every_open_finding_comes_once_while_they_are_resolved_one_batch_after_the_other(
    open_unit: OpenUnit,
) -> None:
    findings = [_numbered(number) for number in range(1_203)]
    _save(open_unit, *findings)

    seen: list[str] = []
    with open_unit(TENANT) as unit:
        for batch in unit.findings.open_findings(CHECK):
            seen.extend(finding.fingerprint for finding in batch)
            unit.findings.save(
                [replace(each, state=FindingState.RESOLVED, resolution=Resolution.PASSED) for each in batch]
            )

    assert sorted(seen) == sorted(finding.fingerprint for finding in findings)
    assert _open(open_unit) == []


def test_a_run_can_be_saved_at_its_begin_and_at_its_end(open_unit: OpenUnit) -> None:
    with open_unit(TENANT) as unit:
        unit.save_run(a_run())
    ended = replace(a_run(), state=RunState.COMPLETE, finished_at=MONDAY + timedelta(seconds=20))

    with open_unit(TENANT) as unit:
        unit.save_run(ended)
        for _ in range(2):
            unit.save_summary(
                RunSummary(
                    run=ended,
                    tenant_display_name="Contoso",
                    tables=(a_table_outcome(),),
                    checks=(a_check_result(),),
                )
            )
        unit.findings.save([a_finding()])

    assert _read(open_unit, a_finding()) == [a_finding()]


def test_no_exemptions_are_recorded_at_first(open_unit: OpenUnit) -> None:
    with open_unit(TENANT) as unit:
        assert list(unit.exemptions()) == []
