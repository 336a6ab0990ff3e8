"""What a worker of a fleet says to a database whose answers get lost, and after others took it for dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString

import pytest
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg import OperationalError

from posture.schedule.distributed import FleetEngine
from posture.schedule.distributed_manager import Outage, PatientManager
from tests.schedule.fleet import LONGEST, a_job, rows

HELD = "select worker_id from procrastinate_jobs where status = 'doing'"


class HardOfHearing(PsycopgConnector):
    """Does what it is asked for, and loses the first answer to a statement with a word."""

    def __init__(self, database: str, *, loses: str) -> None:
        super().__init__(conninfo=database, min_size=1, max_size=2)
        self._loses = loses

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        answer = await super().execute_query_one_async(query, **arguments)
        self._lose(query)
        return answer

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await super().execute_query_async(query, **arguments)
        self._lose(query)

    def _lose(self, query: str) -> None:
        if self._loses and self._loses in query:
            self._loses = ""
            raise ConnectorException from OperationalError("the connection is lost")


def with_managers(database: str, talk: Callable[..., Awaitable[None]], *connectors: PsycopgConnector) -> None:
    """Let managers with these connectors talk to a database, each as a worker of its own."""

    async def run() -> None:
        stopping = asyncio.Event()
        managers = [
            PatientManager(each, outage=Outage(stopping), stopping=stopping, threads=4, poll=0.1)
            for each in connectors
        ]
        for each in connectors:
            await each.open_async()
        try:
            for manager in managers:
                await manager.register_worker()
            await asyncio.wait_for(talk(*managers), LONGEST)
        finally:
            for each in connectors:
                await each.close_async()

    asyncio.run(run())


def test_a_job_whose_taking_was_not_heard_is_taken_again(database: str) -> None:
    job = a_job()
    FleetEngine(database).hand_over([job])

    async def talk(manager: PatientManager) -> None:
        taken = await manager.fetch_job(None, manager.worker_id or 0)

        assert taken is not None
        assert taken.task_kwargs == {"job_id": job.id}
        assert taken.attempts == 1  # so that what was begun under its name is given back first
        assert await manager.fetch_job(None, manager.worker_id or 0) is None

    with_managers(database, talk, HardOfHearing(database, loses="procrastinate_fetch_job"))


def test_a_job_whose_end_was_written_unheard_is_not_ended_twice(database: str) -> None:
    FleetEngine(database).hand_over([a_job()])

    async def talk(manager: PatientManager) -> None:
        taken = await manager.fetch_job(None, manager.worker_id or 0)
        assert taken is not None
        await manager.finish_job(taken, Status.SUCCEEDED, True)

    with_managers(database, talk, HardOfHearing(database, loses="procrastinate_finish_job"))

    assert rows(database, "select count(*) from procrastinate_jobs") == [(0,)]


def test_who_was_taken_for_dead_does_not_end_the_job_of_another(database: str) -> None:
    FleetEngine(database).hand_over([a_job()])

    async def talk(dead: PatientManager, alive: PatientManager) -> None:
        taken = await dead.fetch_job(None, dead.worker_id or 0)
        assert taken is not None
        await alive.let_others_have(taken)
        again = await alive.fetch_job(None, alive.worker_id or 0)
        assert again is not None

        await dead.finish_job(taken, Status.SUCCEEDED, True)
        await dead.retry_job(taken)

        assert rows(database, HELD) == [(alive.worker_id,)]

    with_managers(database, talk, PsycopgConnector(conninfo=database), PsycopgConnector(conninfo=database))


def test_a_job_that_ended_meanwhile_is_not_taken_over(database: str) -> None:
    FleetEngine(database).hand_over([a_job()])

    async def talk(manager: PatientManager) -> None:
        taken = await manager.fetch_job(None, manager.worker_id or 0)
        assert taken is not None
        await manager.finish_job(taken, Status.SUCCEEDED, True)

        await manager.let_others_have(taken)

    with_managers(database, talk, PsycopgConnector(conninfo=database))

    assert rows(database, "select count(*) from procrastinate_jobs") == [(0,)]


@pytest.mark.parametrize("way", ["let_others_have", "retry_job"])
def test_a_job_that_was_handed_over_again_meanwhile_can_be_given_back(database: str, way: str) -> None:
    job = a_job()
    engine = FleetEngine(database)
    engine.hand_over([job])

    async def talk(manager: PatientManager) -> None:
        taken = await manager.fetch_job(None, manager.worker_id or 0)
        assert taken is not None
        engine.hand_over([job])

        await getattr(manager, way)(taken)

        again = await manager.fetch_job(None, manager.worker_id or 0)
        assert again is not None
        assert again.attempts == 1

    with_managers(database, talk, PsycopgConnector(conninfo=database))

    assert rows(database, "select count(*) from procrastinate_jobs") == [(1,)]
