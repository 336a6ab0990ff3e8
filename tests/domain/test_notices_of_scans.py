"""What is told of scans: only what is new, with all that a message needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingState, Resolution
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, SkipKind, SkipReason
from posture.domain.notice import Event, Notice
from posture.domain.notices_of_scans import (
    CheckStanding,
    OwnCredential,
    check_notice,
    credential_notice,
    exemption_notice,
    finding_notice,
    first_results_notice,
    run_notice,
)
from posture.domain.run import Run, RunState
from posture.domain.severity import Severity
from tests.domain.builders import CHECK, MONDAY, TENANT, a_check_result, a_finding, a_run, an_exemption

DAY = timedelta(days=1)
ENDED = a_run(state=RunState.COMPLETE, finished_at=MONDAY + timedelta(minutes=5))


# Findings


def told_of(before: Finding | None, after: Finding) -> Notice | None:
    return finding_notice(before, after, title="Account is not used", tenant_name="contoso")


def a_resolved_finding(**changes: Any) -> Finding:
    fields: dict[str, Any] = {"state": FindingState.RESOLVED, "resolution": Resolution.PASSED}
    return a_finding(**(fields | changes))


def test_a_new_finding_tells_everything_that_a_message_shows() -> None:
    finding = a_finding()

    notice = told_of(None, finding)

    assert notice is not None
    assert (notice.event, notice.at, notice.severity) == (Event.FINDING_OPENED, MONDAY, Severity.MEDIUM)
    assert (notice.tenant_id, notice.tenant_name, notice.check) == (TENANT, "contoso", CHECK)
    assert (notice.resource_type, notice.about) == ("user", finding.fingerprint)
    assert notice.facts == {
        "title": "Account is not used",
        "message": "Ada has not signed in for 120 days.",
        "resource_name": "Ada",
        "resource_id": "00000000-0000-0000-0000-000000000001",
        "evidence": {"days": 120},
        "resolution": None,
        "first_failed_at": "2026-03-02T06:00:00Z",
        "times_opened": 1,
        "severity_before": None,
    }


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (a_finding(), a_resolved_finding(), Event.FINDING_RESOLVED),
        (a_resolved_finding(), a_finding(times_opened=2), Event.FINDING_REOPENED),
        (a_resolved_finding(), a_finding(times_opened=2, severity=Severity.CRITICAL), Event.FINDING_REOPENED),
        (a_finding(), a_finding(severity=Severity.HIGH), Event.SEVERITY_RAISED),
    ],
)
def test_a_change_for_people_is_told(before: Finding, after: Finding, event: Event) -> None:
    notice = told_of(before, after)

    assert notice is not None
    assert notice.event is event
    assert notice.facts["severity_before"] == ("medium" if event is Event.SEVERITY_RAISED else None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_finding(), a_finding(judged_at=MONDAY + DAY, message="Ada has not signed in for 121 days.")),
        (a_finding(), a_finding(severity=Severity.LOW)),
        (a_resolved_finding(), a_resolved_finding(severity=Severity.CRITICAL)),
    ],
)
def test_what_changes_nothing_for_people_is_not_told(before: Finding, after: Finding) -> None:
    assert told_of(before, after) is None


def test_a_resolution_tells_by_which_evidence() -> None:
    notice = told_of(a_finding(), a_resolved_finding(resolution=Resolution.GONE))

    assert notice is not None
    assert notice.facts["resolution"] == "gone"


def test_each_opening_is_another_notice_and_the_same_one_is_the_same() -> None:
    opened = [told_of(a_resolved_finding(), a_finding(times_opened=times)) for times in (2, 3, 3)]

    ids = [notice.id for notice in opened if notice is not None]
    assert ids[0] != ids[1] == ids[2]


def test_a_severity_that_is_raised_again_is_another_notice() -> None:
    raised = [
        told_of(a_finding(), a_finding(severity=Severity.HIGH, judged_at=moment)) for moment in (MONDAY, MONDAY + DAY)
    ]

    assert len({notice.id for notice in raised if notice is not None}) == 2


# First results


def a_result(check: str, severity: Severity = Severity.MEDIUM, *, failed: int = 0, unknown: int = 0) -> CheckResult:
    counts = Counts(passed=1, failed=failed, unknown=unknown, not_applicable=0, exempted=7)
    return a_check_result(check=CheckId(check), severity=severity, counts=counts)


def a_skipped_result(**changes: Any) -> CheckResult:
    reason = SkipReason(kind=SkipKind.PERMISSION_MISSING, detail="users: User.Read.All is missing")
    return a_check_result(**({"outcome": CheckOutcome.SKIPPED, "skipped": reason, "counts": None} | changes))


def a_broken_result(**changes: Any) -> CheckResult:
    return a_check_result(**({"outcome": CheckOutcome.BROKEN, "error": "no such column", "counts": None} | changes))


def test_first_results_are_one_summary_with_the_worst_first() -> None:
    results = [
        a_result("quiet", Severity.CRITICAL, unknown=2),
        a_result("many", failed=50),
        a_result("few", failed=1),
        a_result("more", failed=3),
        a_skipped_result(),
        a_broken_result(),
    ]
    failures = {
        CheckId("many"): {Severity.MEDIUM: 50},
        CheckId("few"): {Severity.HIGH: 1},
        CheckId("more"): {Severity.HIGH: 3},
    }

    notice = first_results_notice(ENDED, results, failures=failures, titles={CheckId("more"): "There is more"})

    assert notice is not None
    assert (notice.event, notice.severity, notice.about) == (Event.FIRST_RESULTS, Severity.HIGH, "run-1")
    assert (notice.at, notice.check, notice.resource_type) == (ENDED.finished_at, None, None)
    assert notice.facts == {
        "checks": 4,
        "skipped": 1,
        "failed": 54,
        "unknown": 2,
        "by_severity": {"critical": 0, "high": 4, "medium": 50, "low": 0, "info": 0},
        "worst": [
            {"check": "more", "title": "There is more", "severity": "high", "failed": 3},
            {"check": "few", "title": "few", "severity": "high", "failed": 1},
            {"check": "many", "title": "many", "severity": "medium", "failed": 50},
        ],
    }


def test_first_results_are_as_bad_as_what_was_found_and_not_as_the_check_is_by_default() -> None:
    failures = {CheckId("guests"): {Severity.MEDIUM: 2, Severity.CRITICAL: 3}}

    notice = first_results_notice(ENDED, [a_result("guests", failed=5)], failures=failures, titles={})

    assert notice is not None
    assert (notice.severity, notice.facts["failed"]) == (Severity.CRITICAL, 5)
    assert notice.facts["by_severity"] == {"critical": 3, "high": 0, "medium": 2, "low": 0, "info": 0}
    assert notice.facts["worst"] == [
        {"check": "guests", "title": "guests", "severity": "critical", "failed": 3},
        {"check": "guests", "title": "guests", "severity": "medium", "failed": 2},
    ]


def test_of_a_check_that_broke_halfway_nothing_is_counted() -> None:
    results = [a_result("whole", failed=1), a_broken_result(check=CheckId("half"))]
    failures = {CheckId("whole"): {Severity.LOW: 1}, CheckId("half"): {Severity.CRITICAL: 9}}

    notice = first_results_notice(ENDED, results, failures=failures, titles={})

    assert notice is not None
    assert (notice.severity, notice.facts["failed"]) == (Severity.LOW, 1)


def test_of_many_failing_checks_ten_are_named() -> None:
    results = [a_result(f"c{n}", failed=n) for n in range(1, 31)]
    failures = {CheckId(f"c{n}"): {Severity.MEDIUM: n} for n in range(1, 31)}

    notice = first_results_notice(ENDED, results, failures=failures, titles={})

    assert notice is not None
    worst = notice.facts["worst"]
    assert isinstance(worst, list)
    assert [one["failed"] for one in worst if isinstance(one, dict)] == list(range(30, 20, -1))


def test_first_results_without_a_failure_are_told_as_good_news() -> None:
    notice = first_results_notice(ENDED, [a_result("quiet", Severity.CRITICAL)], failures={}, titles={})

    assert notice is not None
    assert (notice.severity, notice.facts["failed"], notice.facts["worst"]) == (Severity.INFO, 0, [])


@pytest.mark.parametrize("results", [[], [a_skipped_result(), a_broken_result()]])
def test_where_nothing_was_evaluated_there_are_no_first_results(results: list[CheckResult]) -> None:
    assert first_results_notice(ENDED, results, failures={}, titles={}) is None


# Runs

INCOMPLETE = replace(ENDED, state=RunState.INCOMPLETE)
ABORTED = replace(ENDED, state=RunState.ABORTED, aborted_because="no token")


@pytest.mark.parametrize("before", [None, ENDED, ABORTED])
def test_a_run_that_is_newly_incomplete_names_what_failed(before: Run | None) -> None:
    notice = run_notice(INCOMPLETE, before=before, tables=["users"], broken=[CHECK])

    assert notice is not None
    assert (notice.event, notice.severity) == (Event.RUN_INCOMPLETE, Severity.MEDIUM)
    assert notice.facts == {"because": None, "tables": ["users"], "broken": [CHECK]}


@pytest.mark.parametrize("before", [None, ENDED, INCOMPLETE, replace(ABORTED, aborted_because="another reason")])
def test_a_run_that_is_newly_aborted_says_why(before: Run | None) -> None:
    notice = run_notice(ABORTED, before=before, tables=[], broken=[])

    assert notice is not None
    assert (notice.event, notice.severity, notice.facts["because"]) == (Event.RUN_ABORTED, Severity.HIGH, "no token")


@pytest.mark.parametrize("run", [INCOMPLETE, ABORTED])
def test_a_run_that_ended_like_the_one_before_is_not_told_of(run: Run) -> None:
    assert run_notice(run, before=replace(run, id="run-0"), tables=["groups"], broken=[]) is None


def test_a_run_that_was_aborted_for_the_same_reason_is_not_told_of_although_its_try_had_another_id() -> None:
    first, second = (
        replace(ABORTED, aborted_because=f"Graph answered {status} UnknownError (request-id {id}). Try again later.")
        for status, id in (
            (503, "6a1c3f52-0d5e-4c0b-a1b1-0f6b5a1c7d10"),
            (504, "b9e0d7aa-91f3-4a9d-8c50-2f1f3a1d9c01"),
        )
    )

    assert run_notice(second, before=first, tables=[], broken=[]) is None


@pytest.mark.parametrize("run", [ENDED, a_run()])
def test_a_run_that_is_whole_or_goes_on_is_not_told_of(run: Run) -> None:
    assert run_notice(run, before=ABORTED, tables=[], broken=[]) is None


def test_a_run_without_an_end_is_told_of_at_the_time_of_its_snapshot() -> None:
    notice = run_notice(replace(ABORTED, finished_at=None), before=None, tables=[], broken=[])

    assert notice is not None
    assert notice.at == MONDAY


# Checks


def a_standing(outcome: CheckOutcome = CheckOutcome.EVALUATED) -> CheckStanding:
    return CheckStanding(check=CHECK, outcome=outcome, skip_kind=None, evaluated_at=None)


@pytest.mark.parametrize(
    ("result", "before", "event", "because"),
    [
        (a_broken_result(), CheckOutcome.EVALUATED, Event.CHECK_BROKEN, "no such column"),
        (a_broken_result(), CheckOutcome.SKIPPED, Event.CHECK_BROKEN, "no such column"),
        (a_skipped_result(), CheckOutcome.EVALUATED, Event.CHECK_SKIPPED, "users: User.Read.All is missing"),
        (a_skipped_result(), CheckOutcome.BROKEN, Event.CHECK_SKIPPED, "users: User.Read.All is missing"),
    ],
)
def test_a_check_that_cannot_be_evaluated_any_more_says_why(
    result: CheckResult, before: CheckOutcome, event: Event, because: str
) -> None:
    notice = check_notice(ENDED, result, before=a_standing(before), title="Account is not used")

    assert notice is not None
    assert (notice.event, notice.check, notice.about, notice.severity) == (event, CHECK, CHECK, Severity.MEDIUM)
    assert notice.facts == {"title": "Account is not used", "because": because}
    assert notice.at == ENDED.finished_at


@pytest.mark.parametrize(
    ("result", "before"),
    [
        (a_broken_result(), None),
        (a_skipped_result(), None),
        (a_broken_result(), CheckOutcome.BROKEN),
        (a_skipped_result(), CheckOutcome.SKIPPED),
        (a_check_result(), CheckOutcome.BROKEN),
        (a_check_result(), CheckOutcome.SKIPPED),
        (
            a_skipped_result(skipped=SkipReason(kind=SkipKind.SWITCHED_OFF, detail="the configuration skips it")),
            CheckOutcome.EVALUATED,
        ),
        (a_skipped_result(skipped=None), CheckOutcome.EVALUATED),
    ],
)
def test_a_check_that_stands_as_it_did_or_never_could_is_not_told_of(
    result: CheckResult, before: CheckOutcome | None
) -> None:
    standing = None if before is None else a_standing(before)

    assert check_notice(ENDED, result, before=standing, title="Account is not used") is None


def test_a_check_of_a_run_without_an_end_is_told_of_at_the_time_of_its_snapshot() -> None:
    notice = check_notice(a_run(), a_broken_result(), before=a_standing(), title="Account is not used")

    assert notice is not None
    assert notice.at == MONDAY


# Credentials


def told_of_credential(left: timedelta, *, within: timedelta = 90 * DAY) -> Notice | None:
    credential = OwnCredential(
        app_id="reader", app_name="posture", key_id="key-1", kind="secret", ends_at=MONDAY + 400 * DAY
    )
    return credential_notice(credential, ENDED, now=credential.ends_at - left, within=within)


def test_an_own_credential_tells_when_it_ends() -> None:
    notice = told_of_credential(30 * DAY)

    assert notice is not None
    assert (notice.event, notice.about, notice.resource_type) == (Event.CREDENTIAL_ENDING, "key-1", "application")
    assert (notice.tenant_id, notice.check, notice.severity) == (TENANT, None, Severity.HIGH)
    assert notice.facts == {
        "app_id": "reader",
        "app_name": "posture",
        "key_id": "key-1",
        "kind": "secret",
        "ends_at": "2027-04-06T06:00:00Z",
        "days_left": 30,
    }


@pytest.mark.parametrize(
    ("within", "days", "stages"),
    [
        (90, (90, 31, 30, 8, 7, 2, 1, 0.5), (0, 0, 1, 1, 2, 2, 3, 3)),
        (365, (365, 91, 90, 31), (0, 0, 1, 1)),
        (10, (10, 8, 7, 1), (0, 0, 1, 2)),
    ],
)
def test_each_stage_is_one_notice(within: int, days: tuple[float, ...], stages: tuple[int, ...]) -> None:
    notices = [told_of_credential(left * DAY, within=within * DAY) for left in days]

    ids = [notice.id for notice in notices if notice is not None]
    assert [sorted(set(ids), key=ids.index).index(id) for id in ids] == list(stages)


def test_far_from_its_end_nothing_is_said() -> None:
    assert told_of_credential(90 * DAY + timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("left", "severity"),
    [(8, Severity.HIGH), (7, Severity.CRITICAL), (1, Severity.CRITICAL), (-1, Severity.CRITICAL)],
)
def test_the_last_week_is_critical_and_what_has_ended_has_no_days_left(left: int, severity: Severity) -> None:
    notice = told_of_credential(left * DAY)

    assert notice is not None
    assert (notice.severity, notice.facts["days_left"]) == (severity, max(left, 0))


# Exemptions


def told_of_exemption(left: timedelta, **changes: Any) -> Notice | None:
    exemption: Exemption = an_exemption(ends_at=MONDAY + 60 * DAY, **changes)
    return exemption_notice(exemption, ENDED, now=exemption.ends_at - left, within=14 * DAY)


def test_an_exemption_that_ends_soon_tells_whose_it_is_and_why() -> None:
    notice = told_of_exemption(14 * DAY)

    assert notice is not None
    assert (notice.event, notice.check, notice.severity) == (Event.EXEMPTION_ENDING, CHECK, Severity.LOW)
    assert notice.facts == {
        "resource_id": "00000000-0000-0000-0000-000000000001",
        "owner": "it-security@example.com",
        "reason": "Used once a year for the audit.",
        "ends_at": "2026-05-01T06:00:00Z",
        "days_left": 14,
        "origin": "exemptions.yaml:2:5",
    }


@pytest.mark.parametrize("left", [14 * DAY + timedelta(seconds=1), timedelta(0), -DAY])
def test_an_exemption_that_ends_late_or_has_ended_is_not_told_of(left: timedelta) -> None:
    assert told_of_exemption(left) is None


def test_an_exemption_is_one_notice_however_it_is_written_down_and_another_once_it_is_prolonged() -> None:
    notices = [
        told_of_exemption(14 * DAY, resource_id="AbC"),
        told_of_exemption(3 * DAY, resource_id="abc", origin="exemptions.yaml:9:5"),
        told_of_exemption(3 * DAY, resource_id="abc", check=None),
    ]
    longer = an_exemption(resource_id="abc", ends_at=MONDAY + 70 * DAY)

    ids = [notice.id for notice in notices if notice is not None]
    prolonged = exemption_notice(longer, ENDED, now=MONDAY + 60 * DAY, within=14 * DAY)
    assert ids[0] == ids[1] != ids[2]
    assert prolonged is not None
    assert prolonged.id not in ids
