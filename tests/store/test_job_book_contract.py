"""What every book of jobs does, in memory, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.job import HANDED_OVER_FOR, JobState, begun, done, failed, parked
from posture.domain.job_kind import JobKind
from posture.domain.stalled_queue import STALLED_AFTER, StalledQueue
from posture.store.audit_reader import AuditFilter
from posture.store.database import Store, prepare_store
from posture.store.work_rows import job_row
from posture.store.work_tables import JOBS
from posture.usecases.ports import OpenJobBook
from tests.domain.jobs import CONTOSO, FABRIKAM, HOUR, NOON, a_job, a_pause, a_slot
from tests.ports.memory_working import MemoryWorking
from tests.store.postgresql import Cluster

LATER = NOON + HOUR
SOON = NOON + timedelta(minutes=9)
SHORT = timedelta(seconds=1)


@pytest.fixture(scope="module")
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Store]]:
    """Databases that the tests of this file share; each test finds them empty."""
    opened: dict[str, Store] = {"sqlite": prepare_store(f"sqlite:///{tmp_path_factory.mktemp('book')}/posture.db")}
    yield opened
    for store in opened.values():
        store.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_book(request: pytest.FixtureRequest, servers: dict[str, Store]) -> OpenJobBook:
    """Open books on every implementation of the port."""
    if request.param == "memory":
        return MemoryWorking().open_work
    if request.param not in servers:
        cluster: Cluster = request.getfixturevalue("cluster")
        servers[request.param] = prepare_store(cluster.url(cluster.new_database()))
    store = servers[request.param]
    with store._engine.begin() as connection:  # a new database for each test would take most of their time
        for table in ("slots", "jobs", "looks", "pauses"):
            connection.execute(text(f"delete from {table}"))  # noqa: S608 - names of ours
    return store.open_work


def test_a_job_is_found_as_it_was_recorded(open_book: OpenJobBook) -> None:
    job = a_job(arguments={"tags": ["mfa"]}, slot=a_slot(), error="‮no answer", result={"rows": 3})

    with open_book() as book:
        book.add(job)
        book.add(replace(job, queue="other"))

    with open_book() as book:
        assert book.job("j1") == job
        assert book.job("j2") is None


def test_what_is_asked_for_again_is_found_while_it_waits(open_book: OpenJobBook) -> None:
    with open_book() as book:
        book.add(a_job(arguments={"tags": ["mfa"]}))

        assert book.like(a_job("j2", arguments={"tags": ["mfa"]})) is not None
        assert book.like(a_job("j2", arguments={})) is None
        assert book.like(a_job("j2", arguments={"tags": ["mfa"]}, tenant_id=FABRIKAM)) is None
        book.save(begun(a_job(), worker="w", now=NOON), was=a_job())
        assert book.like(a_job("j2", arguments={"tags": ["mfa"]})) is None


def test_the_same_is_what_may_begin_no_later_and_of_a_plan_what_the_same_person_asked_for(
    open_book: OpenJobBook,
) -> None:
    plan = {"plan": "p1"}
    with open_book() as book:
        book.add(a_job("tonight", not_before=LATER))
        book.add(a_job("now"))
        book.add(a_job("p1", JobKind.EXECUTE, arguments=plan, asked_by="ada"))
        book.add(a_job("p2", JobKind.EXECUTE, arguments=plan, asked_by="grace"))

        like = [
            book.like(a_job("new")),
            book.like(a_job("new", JobKind.EXECUTE, arguments=plan, asked_by="grace")),
            book.like(a_job("new", JobKind.EXECUTE, arguments=plan, asked_by="alan")),
        ]

    assert [None if one is None else one.id for one in like] == ["now", "p2", None]


def test_a_job_is_begun_by_one_worker_only(open_book: OpenJobBook) -> None:
    with open_book() as book:
        book.add(a_job())

        assert book.save(begun(a_job(), worker="w1", now=NOON), was=a_job())
        assert not book.save(begun(a_job(), worker="w2", now=NOON), was=a_job())
        assert [job.worker for job in book.running()] == ["w1"]
        assert book.is_running(a_job().lock)


def test_who_was_taken_for_dead_cannot_end_the_job_of_the_next_worker(open_book: OpenJobBook) -> None:
    first = begun(a_job(), worker="w1", now=NOON)
    again = replace(first, state=JobState.WAITING)
    second = begun(again, worker="w1", now=LATER)
    with open_book() as book:
        book.add(a_job())
        book.save(first, was=a_job())
        book.save(again, was=first)
        book.save(second, was=again)

        assert not book.save(done(first, {}, now=LATER), was=first)
        assert book.job("j1") == second


def test_progress_is_kept_for_whoever_runs_the_job(open_book: OpenJobBook) -> None:
    with open_book() as book:
        book.add(a_job())
        book.report("j1", "waiting", worker="w1")
        book.save(begun(a_job(), worker="w1", now=NOON), was=a_job())
        book.report("j1", "users: 3 rows", worker="w1")
        book.report("j1", "something else", worker="w2")

        job = book.job("j1")
        assert job is not None
        assert job.progress == "users: 3 rows"


def test_what_may_begin_comes_with_the_most_urgent_first_and_in_order(open_book: OpenJobBook) -> None:
    jobs = [
        a_job("export", JobKind.EXPORT),
        a_job("scan-1"),
        a_job("scan-2", tenant_id=FABRIKAM),
        a_job("plan", JobKind.EXECUTE),
        a_job("tomorrow", JobKind.EXECUTE, not_before=NOON + timedelta(days=1)),
        a_job("elsewhere", JobKind.EXECUTE, queue="other"),
    ]
    with open_book() as book:
        for job in jobs:
            book.add(job)

        found = [job.id for job in book.due(now=NOON, queues={"default"}, limit=10)]
        assert found == ["plan", "scan-1", "scan-2", "export"]
        assert [job.id for job in book.due(now=NOON, queues={"default"}, limit=2)] == ["plan", "scan-1"]
        assert "elsewhere" in [job.id for job in book.due(now=NOON, queues=(), limit=10)]


def test_a_job_whose_lock_is_held_does_not_come_up(open_book: OpenJobBook) -> None:
    with open_book() as book:
        for id in ("j1", "j2"):
            book.add(a_job(id))
        book.add(a_job("j3", tenant_id=FABRIKAM))
        book.save(begun(a_job(), worker="w", now=NOON), was=a_job())

        assert [job.id for job in book.due(now=NOON, queues=(), limit=10)] == ["j3"]


def test_what_was_handed_over_is_not_handed_over_again_until_it_waits_once_more(open_book: OpenJobBook) -> None:
    with open_book() as book:
        for job in (a_job("j1"), a_job("j2", tenant_id=FABRIKAM), a_job("later", not_before=SOON)):
            book.add(job)
        first = book.unhanded(now=NOON, limit=10)
        book.mark_handed_over(first, at=NOON)
        assert [job.id for job in first] == ["j1", "j2"]
        assert not book.unhanded(now=NOON, limit=10)
        running = begun(a_job("j1"), worker="w", now=NOON)
        book.save(running, was=a_job("j1"))
        book.save(failed(running, "no answer", result=None, may_pass=True, now=NOON), was=running)

        assert not book.unhanded(now=NOON, limit=10)
        assert [job.id for job in book.unhanded(now=SOON, limit=10)] == ["j1", "later"]


def test_what_was_handed_over_and_still_waits_is_handed_over_again_after_a_while(open_book: OpenJobBook) -> None:
    with open_book() as book:
        book.add(a_job())
        book.mark_handed_over([a_job()], at=NOON)

        assert not book.unhanded(now=NOON + HANDED_OVER_FOR, limit=10)
        assert book.unhanded(now=NOON + HANDED_OVER_FOR + timedelta(seconds=1), limit=10) == [a_job()]


@pytest.mark.parametrize("is_parked", [True, False])
def test_a_job_that_came_back_before_it_was_marked_is_handed_over_again(
    open_book: OpenJobBook, is_parked: bool
) -> None:
    with open_book() as book:
        book.add(a_job())
        read = book.unhanded(now=NOON, limit=10)
        running = begun(a_job(), worker="w", now=NOON)
        book.save(running, was=a_job())
        back = (
            parked(running, now=LATER)
            if is_parked
            else failed(running, "no answer", result=None, may_pass=True, now=NOON)
        )
        book.save(back, was=running)

        book.mark_handed_over(read, at=LATER)

        assert book.unhanded(now=LATER, limit=10) == [back]


def test_a_slot_and_its_job_are_recorded_once_whoever_notices_it(open_book: OpenJobBook) -> None:
    slots = [(a_slot(), a_job("j1", slot=a_slot())), (a_slot(due_at=LATER), None)]
    with open_book() as book:
        assert [job.id for job in book.open_slots(slots, now=NOON)] == ["j1"]
    with open_book() as book:
        again = [(a_slot(), a_job("j2", slot=a_slot())), (a_slot(due_at=LATER), a_job("j3"))]

        assert not book.open_slots(again, now=LATER)
        assert book.job("j2") is None


def test_slots_without_a_tenant_are_slots_like_others(open_book: OpenJobBook) -> None:
    key = a_slot(schedule="notify", tenant_id=None)
    job = a_job("n1", JobKind.NOTIFY, slot=key)
    with open_book() as book:
        assert book.open_slots([(key, job)], now=NOON) == [job]
        assert not book.open_slots([(key, a_job("n2", JobKind.NOTIFY, slot=key))], now=NOON)
        assert book.job("n1") == job


def test_slots_are_kept_with_their_jobs_or_not_at_all(open_book: OpenJobBook) -> None:
    key, job = a_slot(), a_job(slot=a_slot())

    def notice_without_power() -> None:
        with open_book() as book:
            book.open_slots([(key, job)], now=NOON)
            book.look_until("hourly", [CONTOSO], until=NOON)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power"):
        notice_without_power()

    with open_book() as book:
        assert book.looked_until("hourly") == {}
        assert book.open_slots([(key, job)], now=NOON) == [job]


def test_what_waits_for_a_tenant_follows_it_to_another_queue_and_is_handed_over_anew(open_book: OpenJobBook) -> None:
    waits, runs, of_other = a_job(), a_job("j2", JobKind.EXPORT), a_job("j3", tenant_id=FABRIKAM)
    of_none = a_job("j4", JobKind.NOTIFY, tenant_id=None)
    with open_book() as book:
        for job in (waits, runs, of_other, of_none):
            book.add(job)
        book.save(begun(runs, worker="w", now=NOON), was=runs)
        book.mark_handed_over([waits, of_other, of_none], at=NOON)

        assert book.follow({CONTOSO: "north"}) == 1
        assert book.follow({CONTOSO: "north"}) == 0

        assert book.unhanded(now=NOON, limit=10) == [replace(waits, queue="north")]
        assert [job.id for job in book.due(now=NOON, queues=["north"], limit=10)] == ["j1"]
        assert [job.queue for job in book.running()] == ["default"]


def test_how_far_was_looked_is_known_by_schedule_and_tenant(open_book: OpenJobBook) -> None:
    with open_book() as book:
        book.look_until("hourly", [CONTOSO, None], until=NOON)
        book.look_until("hourly", [CONTOSO], until=LATER)
        book.look_until("nightly", [FABRIKAM], until=NOON)

        assert book.looked_until("hourly") == {CONTOSO: LATER, None: NOON}
        assert book.looked_until("weekly") == {}


def test_what_was_looked_at_beyond_a_moment_is_forgotten_but_for_what_made_a_job(open_book: OpenJobBook) -> None:
    ahead, missed = a_slot(due_at=LATER), a_slot(due_at=LATER + HOUR)
    of_others = a_slot(schedule="nightly", due_at=LATER)
    with open_book() as book:
        book.open_slots([(a_slot(), None), (ahead, a_job(slot=ahead)), (missed, None), (of_others, None)], now=NOON)
        book.look_until("hourly", [CONTOSO], until=LATER + HOUR)
        book.look_until("hourly", [FABRIKAM], until=NOON - HOUR)

        assert book.look_again("hourly", since=NOON) == 1

        assert book.looked_until("hourly") == {CONTOSO: NOON, FABRIKAM: NOON - HOUR}
        every = [a_slot(), ahead, missed, of_others]
        again = [(key, a_job(f"again-{number}", slot=key)) for number, key in enumerate(every)]
        assert [job.slot for job in book.open_slots(again, now=NOON)] == [missed]


def test_pauses_are_replaced_and_ended(open_book: OpenJobBook) -> None:
    with open_book() as book:
        book.pause(a_pause())
        book.pause(a_pause(reason="other"))
        book.pause(a_pause(tenant_id=CONTOSO))
    with open_book() as book:
        assert sorted((one.tenant_id or "", one.reason) for one in book.pauses()) == [
            ("", "other"),
            (CONTOSO, "maintenance"),
        ]
        assert book.resume("hourly", None)
        assert not book.resume("hourly", None)
        assert book.pauses() == [a_pause(tenant_id=CONTOSO)]


def test_old_jobs_are_forgotten_with_their_slots_and_what_goes_on_stays(open_book: OpenJobBook) -> None:
    old = a_job("old", slot=a_slot())
    running = begun(a_job("running", tenant_id=FABRIKAM), worker="w", now=NOON)
    with open_book() as book:
        book.open_slots([(a_slot(), old), (a_slot(due_at=LATER), None)], now=NOON)
        book.add(a_job("notify", JobKind.NOTIFY, state=JobState.DONE, ended_at=NOON))
        book.add(running)
        begun_old = begun(old, worker="w", now=NOON)
        book.save(begun_old, was=old)
        book.save(done(begun_old, {}, now=NOON), was=begun_old)

        assert book.forget(NOON, kinds=[JobKind.SCAN]) == 0
        assert book.forget(LATER, kinds=[JobKind.SCAN]) == 1
        assert [book.job(id) is None for id in ("old", "notify", "running")] == [True, False, False]
        assert book.open_slots([(a_slot(), replace(old, id="new"))], now=LATER)


def test_the_database_itself_lets_only_one_job_of_a_lock_run(store: Store, engine: Engine) -> None:
    rows = [job_row(begun(a_job(id), worker=id, now=NOON)) for id in ("j1", "j2")]
    with engine.begin() as connection:
        connection.execute(insert(JOBS).values(rows[0]))

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(JOBS).values(rows[1]))


def test_of_many_workers_that_notice_a_slot_at_once_one_records_it(store: Store, url: str) -> None:
    barrier = Barrier(4)

    def notice(number: int) -> int:
        with closing(prepare_store(url)) as own:
            barrier.wait()
            with own.open_work() as book:
                return len(book.open_slots([(a_slot(), a_job(f"j{number}", slot=a_slot()))], now=NOON))

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(notice, range(4)))

    assert sorted(made) == [0, 0, 0, 1]
    with store.reading() as reader:
        assert len(reader.work.jobs()) == 1
        assert reader.work.counts() == {("scan", JobState.WAITING): 1}


def test_jobs_are_read_in_pages_of_some_tenants_and_kinds(store: Store) -> None:
    with store.open_work() as book:
        for number in range(5):
            book.add(a_job(f"s{number}", tenant_id=CONTOSO if number % 2 else FABRIKAM))
        book.add(a_job("n", JobKind.NOTIFY))

    with store.reading() as reader:
        first = reader.work.jobs(limit=2)
        second = reader.work.jobs(limit=2, before=first[-1][0])
        assert [job.id for _, job in (*first, *second)] == ["n", "s4", "s3", "s2"]
        assert [job.id for _, job in reader.work.jobs(tenant_ids=[CONTOSO])] == ["s3", "s1"]
        assert [job.id for _, job in reader.work.jobs(kinds=[JobKind.NOTIFY])] == ["n"]
        assert reader.work.jobs(states=[JobState.DONE]) == []
        assert reader.work.jobs(tenant_ids=[]) == []
        assert reader.work.oldest_waiting(LATER) == NOON
        assert reader.work.oldest_waiting(NOON - HOUR) is None


def test_a_queue_in_which_jobs_wait_and_none_runs_is_stalled_after_a_while(store: Store) -> None:
    runs = begun(a_job("busy"), worker="w", now=NOON)
    with store.open_work() as book:
        book.add(a_job("north-1", tenant_id=FABRIKAM, queue="north"))
        book.add(a_job("north-2", queue="north", not_before=NOON + SHORT))
        book.add(a_job("later", queue="south", not_before=LATER))
        book.add(a_job("behind", JobKind.NOTIFY))
        book.add(runs)

    with store.reading() as reader:
        at = NOON + STALLED_AFTER
        assert reader.work.stalled_queues(None, now=at - SHORT) == []
        assert reader.work.stalled_queues(None, now=at) == [StalledQueue(queue="north", waiting=2, since=NOON)]
        assert reader.work.stalled_queues([CONTOSO], now=at + SHORT) == [
            StalledQueue(queue="north", waiting=1, since=NOON + SHORT)
        ]
        assert reader.work.stalled_queues([], now=at) == []


def test_what_a_person_changed_is_in_the_audit_if_it_is_kept_and_only_then(store: Store) -> None:
    event = AuditEvent(
        at=NOON,
        actor="ada",
        kind=AuditKind.SCHEDULE_PAUSED,
        tenant_id=CONTOSO,
        plan_id=None,
        details={"schedule": "hourly"},
    )
    with suppress(InterruptedError), store.open_work() as book:
        book.pause(a_pause())
        book.record(event)
        raise InterruptedError
    with store.open_work() as book:
        assert book.pauses() == []
        book.pause(a_pause())
        book.record(event)

    with store.reading() as reader:
        assert [link.event for link in reader.audit.events(AuditFilter())] == [event]
        assert reader.work.pauses() == [a_pause()]


def test_the_latest_job_of_a_schedule_is_known_by_tenant(store: Store) -> None:
    with store.open_work() as book:
        for number, tenant in enumerate([CONTOSO, FABRIKAM, CONTOSO]):
            key = a_slot(tenant_id=tenant, due_at=NOON + number * HOUR)
            book.open_slots([(key, a_job(f"j{number}", tenant_id=tenant, slot=key))], now=NOON)

    with store.reading() as reader:
        latest = reader.work.latest("hourly")

    assert {tenant: job.id for tenant, job in latest.items()} == {CONTOSO: "j2", FABRIKAM: "j1"}
