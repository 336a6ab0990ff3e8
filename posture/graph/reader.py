"""One tenant through Microsoft Graph: asynchronous inside, a plain iterator outside.

The event loop runs only while the caller waits for the next part. So nothing piles up in memory behind a slow
caller, there is no thread that could outlive it, and an interrupt reaches the caller like in any other loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.tenant import TenantFacts
from posture.graph.collector import Tenancy, read_table
from posture.graph.credentials import Connection
from posture.graph.first_page import read_first_page
from posture.graph.identity import identify_tenant
from posture.graph.pursuit import Pursuer, RetryBudget
from posture.graph.throttle import PUBLISHED, Pace, Pacer
from posture.graph.timing import REAL_TIME, Timing
from posture.graph.tokens import TokenSource
from posture.tables.table import WantedTable

if TYPE_CHECKING:
    from posture.graph.client import GraphClient

Part = Page | Restart | TableOutcome
Read = Callable[[WantedTable, Tenancy], AsyncGenerator[Part, None]]

_PARTS_AHEAD = 4


class TenantReader:
    """Reads one tenant. Each call opens its own connections and closes them at its end, but within ``kept_open``.

    Building one costs nothing: files, hosts and libraries are touched by the first call.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        pace: Pace = PUBLISHED,
        budget: RetryBudget | None = None,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._connection = connection
        self._tokens = TokenSource(connection, timing=timing)
        self._pace = pace
        self._budget = budget or RetryBudget()
        self._timing = timing
        self._line: _Line | None = None

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep connections and pace from one call to the next, for many small calls; one iterator at a time.

        Raises:
            TenantUnreachable: the CA bundle or the proxy's address is unusable.
        """
        with asyncio.Runner() as runner:
            client, pursuer = self._opened()
            self._line = _Line(runner=runner, client=client, pursuer=pursuer)
            try:
                yield
            finally:
                self._line = None
                runner.run(client.close())

    def identify(self) -> TenantFacts:
        """Return what the tenant says about itself.

        Raises:
            TokenRefused: the token endpoint said no.
            TenantUnreachable: nothing answered.
        """
        with self._runner() as runner:
            return runner.run(self._identify())

    def read_tables(
        self, wanted: Sequence[WantedTable], *, facts: TenantFacts, resume: Mapping[str, ResumePoint]
    ) -> Iterator[Part]:
        """Yield the pages of all tables, interleaved, and exactly one outcome for each, after its last page.

        Closing the iterator early drops every request that is still under way.

        Raises:
            TenantUnreachable: the CA bundle or the proxy's address is unusable.
        """

        def read(table: WantedTable, tenancy: Tenancy) -> AsyncGenerator[Part, None]:
            return read_table(table, tenancy, resume=resume.get(table.table.name))

        return self._stream(wanted, facts, read)

    def first_pages(self, wanted: Sequence[WantedTable], *, facts: TenantFacts) -> Iterator[TableOutcome]:
        """Yield how one small request for each table ended; "complete" means that the table can be read."""
        parts = self._stream(wanted, facts, read_first_page)
        return (part for part in parts if isinstance(part, TableOutcome))

    async def _identify(self) -> TenantFacts:
        async with self._connected() as (client, pursuer):
            return await identify_tenant(self._connection, client, pursuer, self._timing)

    def _stream(self, wanted: Sequence[WantedTable], facts: TenantFacts, read: Read) -> Iterator[Part]:
        if not wanted:
            return
        with self._runner() as runner:
            parts = self._all_parts(wanted, facts, read)
            handed: list[Part] = []
            try:
                runner.run(_take(parts, handed))
                while handed:
                    yield handed.pop()
                    runner.run(_take(parts, handed))
            finally:
                runner.run(parts.aclose())

    async def _all_parts(
        self, wanted: Sequence[WantedTable], facts: TenantFacts, read: Read
    ) -> AsyncGenerator[Part, None]:
        # No task group and no timeout here: each part is asked for by another task, and those belong to one.
        queue: asyncio.Queue[Part | BaseException] = asyncio.Queue()
        room = asyncio.Semaphore(_PARTS_AHEAD)
        async with self._connected() as (_, pursuer):
            tenancy = self._tenancy(facts, pursuer)
            tasks = [_start(read(table, tenancy), queue, room) for table in wanted]
            try:
                left = len(wanted)
                while left:
                    part = await queue.get()
                    if isinstance(part, BaseException):
                        raise part
                    room.release()
                    left -= isinstance(part, TableOutcome)
                    yield part
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _tenancy(self, facts: TenantFacts, pursuer: Pursuer) -> Tenancy:
        return Tenancy(
            graph_root=self._connection.graph_root,
            cloud=self._connection.cloud,
            facts=facts,
            pursuer=pursuer,
            timing=self._timing,
        )

    @contextmanager
    def _runner(self) -> Iterator[asyncio.Runner]:
        if self._line is not None:
            yield self._line.runner
            return
        with asyncio.Runner() as runner:
            yield runner

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[GraphClient, Pursuer]]:
        if self._line is not None:
            yield self._line.client, self._line.pursuer
            return
        client, pursuer = self._opened()
        try:
            yield client, pursuer
        finally:
            await client.close()

    def _opened(self) -> tuple[GraphClient, Pursuer]:
        # Here and not above: it loads the HTTP library, and most commands never connect.
        from posture.graph.client import GraphClient

        client = GraphClient(self._connection, self._tokens, answer_seconds=self._budget.answer_seconds)
        pacer = Pacer(self._pace, self._timing)
        return client, Pursuer(client, pacer, budget=self._budget, timing=self._timing)


@dataclass(frozen=True, kw_only=True)
class _Line:
    """Open connections and the event loop that they belong to."""

    runner: asyncio.Runner
    client: GraphClient
    pursuer: Pursuer


async def _take(parts: AsyncGenerator[Part, None], handed: list[Part]) -> None:
    """Put the next part into ``handed``, or nothing at the end.

    It is not returned, because the runner lets Python write out the task with its result, and that is a page.
    """
    part = await anext(parts, None)
    if part is not None:
        handed.append(part)


def _start(
    parts: AsyncGenerator[Part, None], queue: asyncio.Queue[Part | BaseException], room: asyncio.Semaphore
) -> asyncio.Task[None]:
    """Start reading one table into the queue; an exception of its task, which is a bug, goes there too."""

    def report(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            queue.put_nowait(error)

    task = asyncio.create_task(_forward(parts, queue, room))
    task.add_done_callback(report)
    return task


async def _forward(
    parts: AsyncGenerator[Part, None], queue: asyncio.Queue[Part | BaseException], room: asyncio.Semaphore
) -> None:
    async with aclosing(parts):
        async for part in parts:
            await room.acquire()
            queue.put_nowait(part)
