"""What people ask of the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState, Resolution
from posture.domain.finding_view import FindingFilter
from posture.domain.judgement import CheckOutcome, SkipKind, SkipReason
from posture.domain.outcome import Outcome
from posture.domain.run import INTERRUPTED, RunState, RunSummary
from posture.domain.severity import Severity
from posture.errors import StoreError
from posture.store.database import Store
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
RESOLVED = {"state": FindingState.RESOLVED, "resolution": Resolution.PASSED}


def _numbered(number: int, **changes: object) -> Finding:
    return a_finding(resource=a_resource(id=f"user-{number}", name=f"Name {number}"), **changes)


def _save(store: Store, *findings: Finding) -> None:
    for finding in findings:
        with store.open_unit(finding.tenant_id) as unit:
            unit.findings.save([finding])


def _found(store: Store, **conditions: object) -> list[str]:
    """Return the resource ids of the findings that match, and hold the count to the list."""
    wanted = FindingFilter(**conditions)  # type: ignore[arg-type]
    with store.reading() as reader:
        found = [finding.resource.id for finding in reader.findings(wanted)]
        if wanted.limit is None:
            assert reader.count(wanted) == len(found)
    return found


def test_findings_come_worst_first_then_latest_first(store: Store) -> None:
    later = MONDAY + timedelta(days=1)
    _save(
        store,
        _numbered(1, severity=Severity.LOW),
        _numbered(2, severity=Severity.CRITICAL),
        _numbered(3, severity=Severity.HIGH),
        _numbered(4, severity=Severity.HIGH, last_failed_at=later),
        _numbered(5, severity=Severity.INFO, last_failed_at=later),
    )

    assert _found(store) == ["user-2", "user-4", "user-3", "user-1", "user-5"]


def test_an_empty_database_has_no_findings(store: Store) -> None:
    assert _found(store) == []


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"tenant_ids": (TENANT,)}, {"user-1", "user-2", "user-3"}),
        ({"tenant_ids": (TENANT, OTHER_TENANT)}, {"user-1", "user-2", "user-3", "user-4"}),
        ({"checks": (CheckId("mfa-gaps"),)}, {"user-2"}),
        ({"at_least": Severity.MEDIUM}, {"user-1", "user-2", "user-4"}),
        ({"at_least": Severity.CRITICAL}, set()),
        ({"state": FindingState.RESOLVED}, {"user-4"}),
        ({"resource": "USER-3"}, {"user-3"}),
        ({"resource": "name 3"}, {"user-3"}),
        ({"resource": "user"}, {"user-1", "user-2", "user-3", "user-4"}),
        ({"resource": "%"}, set()),
        ({"resource": "_ser"}, set()),
        ({"resource": "' or 1=1 --"}, set()),
        ({"checks": (CHECK,), "at_least": Severity.MEDIUM, "state": FindingState.OPEN}, {"user-1"}),
    ],
)
def test_findings_are_those_that_meet_every_condition(
    store: Store, conditions: dict[str, object], expected: set[str]
) -> None:
    _save(
        store,
        _numbered(1),
        _numbered(2, check=CheckId("mfa-gaps"), severity=Severity.HIGH),
        _numbered(3, severity=Severity.LOW),
        _numbered(4, tenant_id=OTHER_TENANT, **RESOLVED),
    )

    assert set(_found(store, **conditions)) == expected


def test_the_limit_cuts_the_list_but_not_the_count(store: Store) -> None:
    _save(store, *[_numbered(number) for number in range(3)])

    with store.reading() as reader:
        assert reader.count(FindingFilter(limit=2)) == 3
    assert len(_found(store, limit=2)) == 2


def test_more_findings_than_one_page_are_all_listed(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save([_numbered(number) for number in range(1_203)])

    assert len(set(_found(store))) == 1_203


def test_a_finding_is_found_by_the_beginning_of_its_fingerprint(store: Store) -> None:
    _save(store, _numbered(1))

    with store.reading() as reader:
        assert reader.by_prefix(_numbered(1).fingerprint[:8].upper(), tenant_ids=[TENANT]) == [_numbered(1)]
        assert reader.by_prefix("%", tenant_ids=[TENANT]) == []


def test_an_ambiguous_beginning_gives_several_but_not_all(store: Store) -> None:
    _save(store, *[_numbered(number) for number in range(20)])

    with store.reading() as reader:
        assert len(reader.by_prefix("", tenant_ids=[TENANT])) == 10


def test_findings_of_other_tenants_do_not_hide_the_one_that_is_meant(store: Store) -> None:
    _save(store, _numbered(99))
    _save(store, *[_numbered(number, tenant_id=OTHER_TENANT) for number in range(20)])

    with store.reading() as reader:
        assert reader.by_prefix("", tenant_ids=[TENANT]) == [_numbered(99)]
        assert reader.by_prefix("", tenant_ids=[]) == []


def _a_summary(**changes: object) -> RunSummary:
    ended = {"state": RunState.INCOMPLETE, "finished_at": MONDAY + timedelta(seconds=20)}
    return RunSummary(
        run=a_run(**(ended | changes)),
        tenant_display_name="Contoso",
        tables=(
            a_table_outcome(table="users"),
            a_table_outcome(table="applications", outcome=Outcome.PARTIAL, reason="Graph stopped", rows=2**40),
            a_table_outcome(table="risky_users", outcome=Outcome.FORBIDDEN, missing="IdentityRiskyUser.Read.All"),
        ),
        checks=(
            a_check_result(),
            a_check_result(
                check=CheckId("admin-no-mfa"),
                outcome=CheckOutcome.SKIPPED,
                skipped=SkipReason(kind=SkipKind.PERMISSION_MISSING, detail="Grant it."),
                counts=None,
            ),
            a_check_result(
                check=CheckId("mfa-gaps"), outcome=CheckOutcome.BROKEN, error="division by zero", counts=None
            ),
        ),
    )


def test_a_summary_comes_back_as_it_was_saved_in_its_order(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.save_run(a_run())
        unit.save_summary(_a_summary())

    with store.reading() as reader:
        assert reader.latest_run(TENANT) == _a_summary()
        assert reader.run("run-1") == _a_summary()


def test_the_latest_run_is_the_last_that_ended_whatever_its_snapshot_time(store: Store) -> None:
    ended_later = _a_summary(id="run-2", taken_at=MONDAY - timedelta(days=1))
    with store.open_unit(TENANT) as unit:
        unit.save_summary(_a_summary())
        unit.save_summary(ended_later)
        unit.save_run(a_run(id="run-3"))

    with store.reading() as reader:
        assert reader.latest_run(TENANT) == ended_later
        assert [run.id for run in reader.runs(TENANT, limit=2)] == ["run-3", "run-2"]


def test_a_run_that_was_killed_gets_an_end_when_the_next_begins(store: Store) -> None:
    elsewhere = a_run(id="run-9", tenant_id=OTHER_TENANT, tenant_name="fabrikam")
    with store.open_unit(OTHER_TENANT) as unit:
        unit.save_run(elsewhere)
    with store.open_unit(TENANT) as unit:
        unit.save_summary(_a_summary(id="run-0"))
        unit.save_run(a_run(id="run-1"))

    next_run = a_run(id="run-2", taken_at=MONDAY + timedelta(hours=1))
    with store.open_unit(TENANT) as unit:
        assert [(run.id, run.state) for run in unit.end_interrupted(next_run)] == [("run-1", RunState.ABORTED)]
        unit.save_run(next_run)

    with store.reading() as reader:
        found = {run.id: (run.state, run.aborted_because) for run in reader.runs(None, limit=10)}
    assert found == {
        "run-0": (RunState.INCOMPLETE, None),
        "run-1": (RunState.ABORTED, INTERRUPTED),
        "run-2": (RunState.RUNNING, None),
        "run-9": (RunState.RUNNING, None),
    }


def test_runs_of_all_tenants_or_of_one(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.save_run(a_run())
    with store.open_unit(OTHER_TENANT) as unit:
        unit.save_run(a_run(id="run-2", tenant_id=OTHER_TENANT, tenant_name="fabrikam"))

    with store.reading() as reader:
        assert [run.tenant_name for run in reader.runs(None, limit=10)] == ["fabrikam", "contoso"]
        assert [run.tenant_name for run in reader.runs(TENANT, limit=10)] == ["contoso"]


def test_there_is_no_latest_run_before_the_first_one_ended(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.save_run(a_run())

    with store.reading() as reader:
        assert reader.latest_run(TENANT) is None
        assert reader.run("unheard-of") is None


def test_a_reader_does_not_wait_for_a_writer_and_sees_only_what_is_committed(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])

        assert _found(store) == []

    assert len(_found(store)) == 1


def test_a_run_that_was_aborted_before_anything_was_read_is_kept_with_its_reason(store: Store) -> None:
    aborted = RunSummary(
        run=a_run(state=RunState.ABORTED, finished_at=MONDAY, aborted_because="the secret has expired"),
        tenant_display_name=None,
        tables=(),
        checks=(),
    )
    with store.open_unit(TENANT) as unit:
        unit.save_summary(aborted)

    with store.reading() as reader:
        assert reader.latest_run(TENANT) == aborted


def test_what_the_database_refuses_is_told_by_its_own_code_and_dropped(store: Store) -> None:
    twice = replace(_a_summary(), tables=(a_table_outcome(), a_table_outcome()))

    with pytest.raises(StoreError, match=r"failed \(.*(SQLITE_CONSTRAINT|SQLSTATE 23505).*\): try again"):
        _save_summary(store, twice)

    with store.reading() as reader:
        assert reader.latest_run(TENANT) is None


def _save_summary(store: Store, summary: RunSummary) -> None:
    with store.open_unit(TENANT) as unit:
        unit.save_summary(summary)
