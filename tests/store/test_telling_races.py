"""Workers that tell people at the same time, on real databases: everything is sent, and nothing by two of them."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from posture.domain.delivery import CLAIMED_FOR, Allowance, DeliveryState
from posture.domain.delivery_view import DeliveryFilter
from posture.domain.notice import Event
from posture.domain.plan import PlanState
from posture.domain.routing import Routes
from posture.store.database import Store, prepare_store
from posture.usecases.notify_changes import send_pending
from posture.usecases.telling_events import TellingEvent
from tests.domain.builders import MONDAY
from tests.domain.telling import DAILY, a_delivery, a_notice, a_route, an_errand
from tests.ports.made_up_channel import MadeUpChannel
from tests.usecases.builders import a_plan
from tests.usecases.telling_desk import MadeUpTime

ROUNDS = 50
MESSAGES = 60


def _send(
    store: Store, channel: MadeUpChannel, *, worker: str, time: MadeUpTime | None = None, digest: bool = False
) -> Sequence[TellingEvent]:
    time = time or MadeUpTime()
    return list(
        send_pending(
            [channel],
            routes=Routes(routes=(), default=a_route(digest=DAILY if digest else None), tags={}),
            checks={},
            open_outbox=store.open_outbox,
            open_acting_unit=store.open_acting_unit,
            calendar=time,
            chance=time,
            clock=time,
            worker=worker,
        )
    )


def _claims(url: str, worker: str, together: Barrier) -> list[bool]:
    """Claim delivery after delivery, each at the same moment as the other worker."""
    won = []
    with closing(prepare_store(url)) as mine:
        for number in range(ROUNDS):
            together.wait()
            with mine.open_outbox() as outbox:
                delivery = a_delivery(number)
                won.append(outbox.claim(delivery, worker=worker, until=MONDAY + CLAIMED_FOR, now=MONDAY))
    return won


def _wait_in_turn(store: Store, count: int) -> None:
    """Put single deliveries into the outbox."""
    with store.open_outbox() as outbox:
        errands = [an_errand(number) for number in range(count)]
        notices = [errand.notice for errand in errands]
        outbox.add_notices(notices)
        outbox.route(notices, [(errand, MONDAY) for errand in errands], at=MONDAY)
        for number in range(count):
            outbox.add_delivery(a_delivery(number))


def _send_to_file(url: str, worker: str, arrived: Path) -> None:
    """Send in a process of its own and note in a file what arrived."""
    channel = MadeUpChannel()
    with closing(prepare_store(url)) as mine:
        _send(mine, channel, worker=worker)
    arrived.write_text("\n".join(letter.id for letter in channel.arrived))


def test_of_two_workers_that_claim_a_delivery_together_exactly_one_gets_it(store: Store, url: str) -> None:
    _wait_in_turn(store, ROUNDS)
    together = Barrier(2)

    with ThreadPoolExecutor(2) as pool:
        one, two = (pool.submit(_claims, url, worker, together) for worker in ("one", "two"))
        rounds = list(zip(one.result(), two.result(), strict=True))

    assert [sorted(won) for won in rounds] == [[False, True]] * ROUNDS


def test_threads_that_send_together_send_everything_once(store: Store, url: str) -> None:
    _wait_in_turn(store, MESSAGES)
    channels = [MadeUpChannel() for _ in range(3)]

    def send(number: int) -> None:
        with closing(prepare_store(url)) as mine:
            _send(mine, channels[number], worker=str(number))

    _all_of(ThreadPoolExecutor(3), send, range(3))

    arrived = Counter(letter.id for channel in channels for letter in channel.arrived)
    assert arrived == {a_delivery(number).id: 1 for number in range(MESSAGES)}


def test_processes_that_send_together_send_everything_once(store: Store, url: str, tmp_path: Path) -> None:
    _wait_in_turn(store, MESSAGES)
    files = [tmp_path / str(number) for number in range(2)]

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for started in [pool.submit(_send_to_file, url, file.name, file) for file in files]:
            started.result()

    arrived = Counter(line for file in files for line in file.read_text().split())
    assert arrived == {a_delivery(number).id: 1 for number in range(MESSAGES)}
    with store.reading() as reader:
        states = Counter(view.delivery.state for view in reader.telling.deliveries(DeliveryFilter()))
    assert states == {DeliveryState.SENT: MESSAGES}


def test_notices_that_are_routed_by_two_workers_together_are_told_once(store: Store, url: str) -> None:
    with store.open_outbox() as outbox:
        outbox.add_notices([a_notice(number) for number in range(2_000)])
    channels = [MadeUpChannel() for _ in range(2)]

    def send(number: int) -> None:
        with closing(prepare_store(url)) as mine:
            _send(mine, channels[number], worker=str(number))

    _all_of(ThreadPoolExecutor(2), send, range(2))

    told = Counter(notice.id for channel in channels for letter in channel.arrived for notice in letter.notices)
    assert told == {a_notice(number).id: 1 for number in range(2_000)}


def test_a_channel_gets_no_more_than_it_takes_although_two_workers_send(store: Store, url: str) -> None:
    _wait_in_turn(store, MESSAGES)
    allowance = Allowance(messages=25, within=timedelta(minutes=5))
    channels = [MadeUpChannel(allowance=allowance) for _ in range(2)]

    def send(number: int) -> None:
        with closing(prepare_store(url)) as mine:
            _send(mine, channels[number], worker=str(number))

    _all_of(ThreadPoolExecutor(2), send, range(2))

    assert sum(len(channel.arrived) for channel in channels) == 25


def test_ten_thousand_notices_are_routed_collected_and_told(store: Store) -> None:
    with store.open_outbox() as outbox:
        outbox.add_notices([a_notice(number) for number in range(10_000)])
    channel, time = MadeUpChannel(), MadeUpTime()
    _send(store, channel, worker="one", time=time, digest=True)

    time.at += timedelta(hours=2)
    _send(store, channel, worker="one", time=time, digest=True)

    (letter,) = channel.arrived
    assert len(letter.notices) == 10_000


def test_a_plan_that_has_waited_too_long_ends_and_is_told_in_the_same_call(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_plan(a_plan(expires_at=MONDAY))
    channel = MadeUpChannel()

    _send(store, channel, worker="one")

    assert [letter.notices[0].event for letter in channel.arrived] == [Event.PLAN_EXPIRED]
    with store.reading() as reader:
        assert [plan.state for plan in reader.acting.plans()] == [PlanState.EXPIRED]


def _all_of(pool: Executor, send: object, numbers: range) -> None:
    with pool:
        for started in [pool.submit(send, number) for number in numbers]:  # type: ignore[arg-type]
            started.result()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_who_reads_is_not_kept_waiting_by_who_tells(store: Store) -> None:
    _wait_in_turn(store, 1)

    with store.open_outbox() as outbox, store.reading() as reader:
        outbox.claim(a_delivery(0), worker="one", until=MONDAY + CLAIMED_FOR, now=MONDAY)

        assert len(reader.telling.deliveries(DeliveryFilter())) == 1
