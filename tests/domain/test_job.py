"""Jobs: how they wait, run, fail, are parked and are taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posture.domain.job import MOST_TRIES, JobState, begun, cancelled, done, failed, parked, taken_over
from posture.domain.job_kind import JobKind
from tests.domain.jobs import CONTOSO, FABRIKAM, NOON, a_job

LATER = NOON + timedelta(minutes=10)


def test_two_scans_of_a_tenant_have_one_lock_and_those_of_two_tenants_have_not() -> None:
    assert a_job("a").lock == a_job("b").lock
    assert a_job("a").lock != a_job("a", tenant_id=FABRIKAM).lock


def test_a_scan_does_not_keep_a_plan_of_the_same_tenant_waiting() -> None:
    assert a_job(kind=JobKind.SCAN).lock != a_job(kind=JobKind.EXECUTE).lock


def test_a_digest_and_a_notification_are_never_sent_at_the_same_time() -> None:
    assert a_job(kind=JobKind.DIGEST).lock == a_job(kind=JobKind.NOTIFY).lock


def test_tests_of_two_channels_do_not_wait_for_each_other() -> None:
    tests = [a_job(kind=JobKind.TEST_CHANNEL, arguments={"channel": name}) for name in ("mail", "teams")]

    assert tests[0].lock != tests[1].lock


def test_an_approved_plan_goes_before_everything_and_scans_before_exports() -> None:
    by_urgency = sorted(JobKind, key=lambda kind: -kind.priority)

    assert by_urgency[0] is JobKind.EXECUTE
    assert by_urgency.index(JobKind.NOTIFY) < by_urgency.index(JobKind.SCAN) < by_urgency.index(JobKind.EXPORT)


def test_trouble_that_may_pass_is_waited_out_longer_each_time_and_not_for_ever() -> None:
    job, waits = a_job(), []
    while job.state is not JobState.FAILED:
        job = failed(begun(job, worker="w", now=LATER), "no answer", result=None, may_pass=True, now=LATER)
        waits.append(job.not_before - LATER)

    assert waits[:-1] == sorted(set(waits[:-1]))
    assert job.failures == len(waits) == 4
    assert (job.error, job.ended_at) == ("no answer", LATER)


def test_trouble_that_will_not_pass_ends_the_job() -> None:
    job = failed(begun(a_job(), worker="w", now=NOON), "refused", result={"run": "r"}, may_pass=False, now=LATER)

    assert (job.state, job.error, job.result) == (JobState.FAILED, "refused", {"run": "r"})


@pytest.mark.parametrize("kind", [JobKind.NOTIFY, JobKind.DIGEST, JobKind.RETENTION, JobKind.TEST_CHANNEL])
def test_what_comes_again_by_itself_is_not_tried_again(kind: JobKind) -> None:
    job = failed(begun(a_job(kind=kind), worker="w", now=NOON), "no answer", result=None, may_pass=True, now=LATER)

    assert job.state is JobState.FAILED


def test_a_parked_job_may_go_on_at_once_and_that_was_no_try() -> None:
    job = parked(begun(a_job(), worker="w", now=NOON), now=LATER)

    assert (job.state, job.tries, job.failures, job.not_before) == (JobState.WAITING, 0, 0, LATER)


def test_a_job_whose_worker_died_waits_to_go_on() -> None:
    job = taken_over(begun(a_job(), worker="w", now=NOON), now=LATER)

    assert (job.state, job.tries, job.not_before) == (JobState.WAITING, 1, LATER)


def test_a_job_that_takes_its_workers_down_with_it_is_not_begun_for_ever() -> None:
    job = taken_over(begun(a_job(tries=MOST_TRIES - 1), worker="w", now=NOON), now=LATER)

    assert job.state is JobState.FAILED
    assert "died" in (job.error or "")


def test_what_has_ended_well_has_no_trouble_on_record() -> None:
    troubled = failed(begun(a_job(), worker="w", now=NOON), "no answer", result=None, may_pass=True, now=NOON)

    job = done(begun(troubled, worker="w", now=LATER), {"run": "r"}, now=LATER)

    assert (job.state, job.error, job.result, job.ended_at) == (JobState.DONE, None, {"run": "r"}, LATER)
    assert (job.tries, job.failures) == (2, 1)


def test_a_cancelled_job_says_who_did_it() -> None:
    job = cancelled(a_job(), "cancelled by ada", now=LATER)

    assert job.state.is_end
    assert job.error == "cancelled by ada"


def test_jobs_of_tenants_are_those_that_ask_one() -> None:
    assert {kind for kind in JobKind if kind.is_of_tenant} == {
        JobKind.SCAN,
        JobKind.EXECUTE,
        JobKind.EXAMINE,
        JobKind.EXPORT,
    }
    assert a_job().tenant_id == CONTOSO
