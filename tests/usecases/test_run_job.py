"""Running a job: once, step by step, parked or ended, and taken over when its worker died."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from posture.domain.job import Job, JobState, begun
from posture.domain.job_kind import JobKind
from posture.errors import ActionRefused, NotAllowedToDecide, StoreError, TenantUnreachable
from posture.usecases.run_job import DoJob, Outcome, Step
from tests.domain.jobs import NOON, a_job
from tests.usecases.working_desk import Workplace

Doing = Generator[Step, None, Outcome]


def ending(outcome: Outcome | Exception) -> DoJob:
    """How a job is done that ends like this after one step."""

    def do(job: Job) -> Doing:
        yield Step(progress="half of it", may_park=False)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return do


FINE = Outcome(result={"rows": 3})


def test_a_job_that_is_brought_is_done_and_what_came_of_it_is_on_record() -> None:
    workplace = Workplace()
    workplace.add(a_job())

    workplace.worker(ending(FINE)).run("j1")

    job = workplace.job()
    assert (job.state, job.result, job.worker, job.tries) == (JobState.DONE, {"rows": 3}, "w1", 1)
    assert (job.started_at, job.ended_at, job.error) == (NOON, NOON, None)
    assert workplace.watch.ended == [("scan", "done")]


def test_a_job_that_is_brought_twice_is_done_once() -> None:
    workplace, done = Workplace(), []
    workplace.add(a_job())

    def do(job: Job) -> Doing:
        done.append(job.id)
        workplace.worker(do, name="w2").run("j1")  # brought to another worker meanwhile
        yield Step(progress=None, may_park=False)
        return FINE

    worker = workplace.worker(do)
    worker.run("j1")
    worker.run("j1")

    assert done == ["j1"]


@pytest.mark.parametrize(
    "job",
    [
        a_job(not_before=NOON + timedelta(seconds=1)),
        a_job(state=JobState.CANCELLED, ended_at=NOON),
        a_job(id="somewhere else"),
    ],
)
def test_what_does_not_wait_or_may_not_begin_yet_is_left_alone(job: Job) -> None:
    workplace = Workplace()
    workplace.add(job)

    workplace.worker(ending(FINE)).run("j1")

    assert workplace.book.jobs == {job.id: job}


def test_nothing_is_begun_while_something_with_its_lock_runs() -> None:
    workplace = Workplace()
    running = begun(a_job("other"), worker="w2", now=NOON)
    workplace.add(running, a_job())

    workplace.worker(ending(FINE)).run("j1")

    assert workplace.job().state is JobState.WAITING


@pytest.mark.parametrize(
    "job", [a_job(not_before=NOON + timedelta(seconds=1)), a_job()], ids=["too early", "its lock is taken"]
)
def test_a_job_that_was_brought_in_vain_is_handed_over_again(job: Job) -> None:
    workplace = Workplace()
    workplace.add(begun(a_job("other"), worker="w2", now=NOON), job)
    with workplace.open_work() as book:
        book.mark_handed_over([job], at=NOON)

    workplace.worker(ending(FINE)).run("j1")

    with workplace.open_work() as book:
        assert book.unhanded(now=job.not_before, limit=10) == [job]


@pytest.mark.parametrize("error", [TenantUnreachable("no answer"), StoreError("the disk is full")])
def test_trouble_that_may_pass_is_waited_out(error: Exception) -> None:
    workplace = Workplace()
    workplace.add(a_job())

    workplace.worker(ending(error)).run("j1")

    job = workplace.job()
    assert (job.state, job.error, job.failures) == (JobState.WAITING, str(error), 1)
    assert job.not_before > NOON


@pytest.mark.parametrize("error", [ActionRefused("it is stopped"), NotAllowedToDecide("revoked")])
def test_a_refusal_is_not_asked_again(error: Exception) -> None:
    workplace = Workplace()
    workplace.add(a_job(kind=JobKind.EXECUTE))

    workplace.worker(ending(error), kind=JobKind.EXECUTE).run("j1")

    assert (workplace.job().state, workplace.job().error) == (JobState.FAILED, str(error))


def test_an_outcome_that_is_trouble_keeps_its_result() -> None:
    workplace = Workplace()
    workplace.add(a_job())

    workplace.worker(ending(Outcome(result={"run": "r1"}, error="no token", may_pass=False))).run("j1")

    job = workplace.job()
    assert (job.state, job.error, job.result) == (JobState.FAILED, "no token", {"run": "r1"})


def test_a_bug_in_a_job_does_not_end_the_worker_and_tells_nothing_of_the_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    workplace = Workplace()
    workplace.add(a_job())

    workplace.worker(ending(ZeroDivisionError("password=hunter2"))).run("j1")

    job = workplace.job()
    assert "ZeroDivisionError" in (job.error or "")
    assert "hunter2" not in (job.error or "")
    assert workplace.watch.unexpected == 1
    assert any(record.exc_info for record in caplog.records)


def test_a_stop_parks_a_job_between_two_steps_and_the_next_worker_goes_on() -> None:
    workplace, closed = Workplace(), []
    workplace.add(a_job())

    def do(job: Job) -> Doing:
        try:
            yield Step(progress="first", may_park=True)
            workplace.stop.set()
            yield Step(progress="whole or not at all", may_park=False)
            yield Step(progress="second", may_park=True)
            raise AssertionError("it was to be parked here")
        finally:
            closed.append(True)

    workplace.worker(do).run("j1")

    parked = workplace.job()
    assert (parked.state, parked.tries, parked.progress) == (JobState.WAITING, 0, None)
    assert closed == [True]
    workplace.stop.clear()
    workplace.worker(ending(FINE), name="w2").run("j1")
    assert (workplace.job().state, workplace.job().worker) == (JobState.DONE, "w2")


def test_progress_is_told_at_most_once_a_second() -> None:
    workplace, seen = Workplace(), []
    workplace.add(a_job())

    def do(job: Job) -> Doing:
        for milliseconds in (0, 400, 400, 400):
            workplace.clock.at += timedelta(milliseconds=milliseconds)
            yield Step(progress=f"at {milliseconds}", may_park=False)
            seen.append(workplace.book.jobs["j1"].progress)
            workplace.book.jobs["j1"] = replace(workplace.book.jobs["j1"], progress=None)
        return FINE

    workplace.worker(do).run("j1")

    assert seen == ["at 0", None, None, "at 400"]
    assert workplace.job().progress is None


def test_a_database_that_is_away_for_a_moment_loses_progress_and_not_the_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posture.usecases.run_job._DATABASE_AWAITED", 0.001)
    workplace = Workplace()
    workplace.add(a_job())

    def do(job: Job) -> Doing:
        workplace.lost = 1
        yield Step(progress="half of it", may_park=False)
        workplace.lost = 2
        return FINE

    workplace.worker(do).run("j1")

    assert workplace.job().state is JobState.DONE
    assert [record.levelno for record in caplog.records if "waits" in record.message] == [logging.WARNING] * 2


def test_a_worker_that_is_to_stop_does_not_wait_for_a_database_that_is_away() -> None:
    workplace = Workplace()
    workplace.add(a_job())

    def do(job: Job) -> Doing:
        yield Step(progress=None, may_park=False)
        workplace.stop.set()
        workplace.lost = 1
        return FINE

    with pytest.raises(StoreError):
        workplace.worker(do).run("j1")

    assert workplace.job().state is JobState.RUNNING  # the next worker takes it over


def test_who_lost_its_job_to_another_worker_writes_nothing_about_it() -> None:
    workplace = Workplace()
    workplace.add(a_job())

    def do(job: Job) -> Doing:
        second = workplace.worker(ending(FINE), name="w2")
        assert [each.id for each in second.take_over(["j1"])] == ["j1"]
        second.run("j1")
        yield Step(progress="late", may_park=False)
        return Outcome(result={"rows": 99})

    workplace.worker(do).run("j1")

    job = workplace.job()
    assert (job.worker, job.result, job.tries) == ("w2", {"rows": 3}, 2)


def test_jobs_of_a_dead_worker_wait_again_and_only_those_that_are_named() -> None:
    workplace = Workplace()
    running = begun(a_job("j1"), worker="dead", now=NOON)
    workplace.add(running, begun(a_job("j2", JobKind.NOTIFY), worker="alive", now=NOON), a_job("j3", JobKind.EXPORT))

    taken = workplace.worker(ending(FINE)).take_over(["j1", "j3"])

    assert [job.id for job in taken] == ["j1"]
    assert [workplace.job(id).state for id in ("j1", "j2")] == [JobState.WAITING, JobState.RUNNING]
    assert [job.id for job in workplace.worker(ending(FINE)).take_over()] == ["j2"]
