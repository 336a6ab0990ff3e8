"""Looking at the clock: each slot makes one job, whoever looks and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.domain.job_kind import JobKind
from posture.domain.schedule import CatchUp, Interval
from posture.errors import StoreError
from tests.domain.jobs import CONTOSO, FABRIKAM, HOUR, NOON, a_pause, a_schedule
from tests.usecases.working_desk import TENANTS, Workplace

MINUTE = timedelta(minutes=1)


def dues(workplace: Workplace, tenant: str | None = CONTOSO) -> list[datetime]:
    """When the slots were due that have a job."""
    found = [key.due_at for key, job in workplace.book.slots.items() if key.tenant_id == tenant and job]
    return sorted(found)


def test_a_schedule_that_was_never_looked_at_begins_now() -> None:
    workplace = Workplace()

    done = workplace.look(a_schedule(catch_up=CatchUp.ALL))

    assert (done.jobs, done.next_at) == ((), NOON + HOUR)


def test_a_slot_makes_a_job_in_each_tenant_on_the_queue_of_the_tenant() -> None:
    workplace = Workplace()
    workplace.look(a_schedule())
    workplace.clock.at += HOUR

    done = workplace.look(a_schedule(tags=("mfa",)))

    assert [(job.tenant_id, job.queue) for job in done.jobs] == [(CONTOSO, "default"), (FABRIKAM, "apart")]
    assert {(job.kind, job.asked_by) for job in done.jobs} == {(JobKind.SCAN, None)}
    assert [job.arguments for job in done.jobs] == [{"tags": ["mfa"]}] * 2
    assert dues(workplace) == dues(workplace, FABRIKAM) == [NOON + HOUR]


def test_the_same_moment_looked_at_again_makes_nothing() -> None:
    workplace = Workplace()
    workplace.look(a_schedule())
    workplace.clock.at += HOUR
    workplace.look(a_schedule())

    assert workplace.look(a_schedule()).jobs == ()
    workplace.clock.at -= 2 * HOUR
    assert workplace.look(a_schedule()).jobs == ()


def test_a_schedule_for_some_tenants_leaves_the_others_alone() -> None:
    workplace, schedule = Workplace(), a_schedule(tenants=("fabrikam",))
    workplace.look(schedule)
    workplace.clock.at += HOUR

    assert [job.tenant_id for job in workplace.look(schedule).jobs] == [FABRIKAM]


def test_what_is_about_no_tenant_makes_one_job_for_all() -> None:
    workplace, schedule = Workplace(), a_schedule(name="notify", job=JobKind.NOTIFY)
    workplace.look(schedule)
    workplace.clock.at += HOUR

    done = workplace.look(schedule)

    assert [(job.tenant_id, job.queue) for job in done.jobs] == [(None, "default")]


def test_a_tenant_that_is_added_later_begins_then() -> None:
    workplace, schedule = Workplace(), a_schedule(catch_up=CatchUp.ALL)
    workplace.look(schedule, tenants=TENANTS[:1])
    workplace.clock.at += 3 * HOUR

    done = workplace.look(schedule)

    assert [job.tenant_id for job in done.jobs] == [CONTOSO] * 3
    assert dues(workplace, FABRIKAM) == []


def test_jitter_moves_the_beginning_of_a_job_and_not_its_slot() -> None:
    workplace, schedule = Workplace(), a_schedule(jitter=40 * MINUTE)
    workplace.look(schedule)
    workplace.clock.at += HOUR

    jobs = workplace.look(schedule).jobs

    assert {job.slot.due_at for job in jobs if job.slot} == {NOON + HOUR}
    assert len({job.not_before for job in jobs}) == 2
    assert all(NOON + HOUR <= job.not_before < NOON + HOUR + 40 * MINUTE for job in jobs)


def test_missed_slots_that_are_not_caught_up_are_on_record_without_a_job() -> None:
    workplace, schedule = Workplace(), a_schedule(catch_up=CatchUp.LATEST, tenants=("contoso",))
    workplace.look(schedule)
    workplace.clock.at += 3 * HOUR + 45 * MINUTE

    done = workplace.look(schedule)

    assert len(done.jobs) == 1
    assert done.missed == {"hourly": 2}
    assert dues(workplace) == [NOON + 3 * HOUR]
    assert len(workplace.book.slots) == 3


def test_while_a_schedule_is_paused_its_slots_go_by_and_are_not_caught_up_later() -> None:
    workplace, schedule = Workplace(), a_schedule(catch_up=CatchUp.ALL)
    workplace.look(schedule)
    with workplace.open_work() as book:
        book.pause(a_pause(tenant_id=CONTOSO))
    workplace.clock.at += 2 * HOUR
    assert {job.tenant_id for job in workplace.look(schedule).jobs} == {FABRIKAM}

    with workplace.open_work() as book:
        book.resume("hourly", CONTOSO)
    workplace.clock.at += HOUR
    workplace.look(schedule)

    assert dues(workplace) == [NOON + 3 * HOUR]


def test_a_clock_that_was_days_ahead_stops_no_schedule_once_it_is_right() -> None:
    workplace, schedule = Workplace(), a_schedule(tenants=("contoso",), catch_up=CatchUp.NONE)
    workplace.look(schedule)
    workplace.clock.at += timedelta(days=3, minutes=90)
    workplace.look(schedule)
    workplace.clock.at = NOON + MINUTE
    workplace.look(schedule)

    for _ in range(3):
        workplace.clock.at += HOUR
        workplace.look(schedule)

    assert [due for due in dues(workplace) if due < NOON + 24 * HOUR] == [NOON + hour * HOUR for hour in (1, 2, 3)]


def test_what_a_clock_that_was_ahead_made_run_is_not_run_again_when_its_time_comes() -> None:
    workplace, schedule = Workplace(), a_schedule(tenants=("contoso",), catch_up=CatchUp.ALL)
    workplace.look(schedule)
    workplace.clock.at += 3 * HOUR
    assert len(workplace.look(schedule).jobs) == 3
    workplace.clock.at = NOON
    workplace.look(schedule)
    workplace.clock.at += 4 * HOUR

    assert [job.slot.due_at for job in workplace.look(schedule).jobs if job.slot] == [NOON + 4 * HOUR]


def test_clocks_of_two_workers_that_differ_a_little_make_nobody_look_again() -> None:
    workplace, schedule = Workplace(), a_schedule()
    workplace.look(schedule)
    workplace.clock.at += HOUR
    workplace.look(schedule)
    looks = dict(workplace.book.looks)
    workplace.clock.at -= MINUTE

    assert workplace.look(schedule).jobs == ()
    assert workplace.book.looks == looks


def test_the_next_look_is_due_when_the_first_of_the_schedules_comes() -> None:
    soon = a_schedule(name="soon", timing=Interval(every=7 * MINUTE, anchor=NOON))

    assert Workplace().look(a_schedule(), soon).next_at == NOON + 7 * MINUTE
    assert Workplace().look().next_at is None


def test_a_lost_database_loses_no_slot() -> None:
    workplace, schedule = Workplace(), a_schedule(tenants=("contoso",))
    workplace.look(schedule)
    workplace.clock.at += HOUR
    workplace.lost = 1
    with pytest.raises(StoreError):
        workplace.look(schedule)

    assert len(workplace.look(schedule).jobs) == 1


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=12),
    st.sampled_from(CatchUp),
    st.sampled_from([7, 60, 95]),
)
def test_whenever_workers_look_each_slot_makes_one_job_at_most_and_with_all_caught_up_exactly_one(
    looks: list[tuple[int, bool]], catch_up: CatchUp, every: int
) -> None:
    schedule = a_schedule(
        timing=Interval(every=every * MINUTE, anchor=NOON),
        catch_up=catch_up,
        misfire=5 * MINUTE,
        tenants=("contoso",),
    )
    workplace = Workplace()
    workplace.look(schedule)
    for minutes, is_seen_by_two in looks:
        workplace.clock.at += minutes * MINUTE
        workplace.look(schedule)
        if is_seen_by_two:
            workplace.look(replace(schedule))

    made = [job.slot.due_at for job in workplace.book.jobs.values() if job.slot]
    assert len(made) == len(set(made))
    elapsed = workplace.clock.at - NOON
    expected = {NOON + number * every * MINUTE for number in range(1, elapsed // (every * MINUTE) + 1)}
    assert set(made) <= expected
    if catch_up is CatchUp.ALL:
        assert set(made) == expected
    assert {key.due_at for key in workplace.book.slots} == expected
