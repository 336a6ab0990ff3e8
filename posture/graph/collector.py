"""Reading one table: its pages one after the other, then how it ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.tenant import Cloud, TenantFacts
from posture.graph.addresses import table_url
from posture.graph.answers import Answer
from posture.graph.failures import Remedy, Trouble
from posture.graph.group_members import read_group_members
from posture.graph.paging import EMPTY_PAGES_IN_A_ROW, RawPage, may_follow, single_object, split_page
from posture.graph.pursuit import Ask, Pursuer, Spending
from posture.graph.refusals import COMPLETE, Ending, ending_of, ending_without_asking, is_absent
from posture.graph.throttle import resource_units
from posture.graph.timing import Timing
from posture.tables.table import SourceKind, WantedTable

T = TypeVar("T")


START = ResumePoint(link=None, part=0, rows=0, requests=0)


@dataclass(frozen=True, kw_only=True)
class Tenancy:
    """What every table of one reading shares."""

    graph_root: str
    cloud: Cloud
    facts: TenantFacts
    pursuer: Pursuer
    timing: Timing


async def read_table(
    wanted: WantedTable, tenancy: Tenancy, *, resume: ResumePoint | None
) -> AsyncGenerator[Page | Restart | TableOutcome, None]:
    """Yield a table's pages and, last, its outcome."""
    reading = TableReading(wanted, tenancy, resume=resume or START)
    known = ending_without_asking(wanted.table.source, facts=tenancy.facts, cloud=tenancy.cloud)
    if known is not None:
        yield reading.outcome(known)
        return
    ending = COMPLETE
    async for part in reading.parts():
        if isinstance(part, Ending):
            ending = part
        else:
            yield part
    yield reading.outcome(ending)


class TableReading:
    """The state of one table's reading.

    Where it stands is a resume point: the index of the part, the link inside it, and what was spent. After the
    last page the part is one beyond the last, so that a process that died there does not read anything again.
    """

    def __init__(self, wanted: WantedTable, tenancy: Tenancy, *, resume: ResumePoint) -> None:
        self._wanted = wanted
        self._source = wanted.table.source
        self._tenancy = tenancy
        self._at = resume
        self._spending = Spending(requests=resume.requests)
        self._seen: set[str] = set()
        self._empty_pages = 0
        self._started: datetime = tenancy.timing.now()
        self._started_at = tenancy.timing.monotonic()

    async def parts(self) -> AsyncGenerator[Page | Restart | Ending, None]:
        """Yield pages and restarts; an ``Ending`` is the last if the table is not complete."""
        while self._at.part < max(1, len(self._source.for_each)):
            result = await self._next()
            if isinstance(result, RawPage):
                endless = self._endless(result)
                if endless is not None:
                    yield Ending(outcome=Outcome.PARTIAL, reason=endless)
                    return
                self._advance(result)
                yield Page(table=self._wanted.table.name, items=result.items, count=result.count, resume=self._at)
            elif isinstance(result, Ending):
                yield result
                return
            elif self._at.link is None and is_absent(result, source=self._source):
                self._advance(RawPage(items=b"", count=0, next_link=None))
            elif result.remedy is Remedy.RESTART and self._can_restart():
                yield self._restart(result)
            else:
                yield self._given_up(result)
                return

    def outcome(self, ending: Ending) -> TableOutcome:
        """Return the table's outcome; a table that delivered rows but is not complete is partial."""
        has_rows = self._at.rows > 0 and ending.outcome is not Outcome.COMPLETE
        return TableOutcome(
            table=self._wanted.table.name,
            outcome=Outcome.PARTIAL if has_rows else ending.outcome,
            rows=self._at.rows,
            requests=self._spending.requests,
            seconds=round(self._tenancy.timing.monotonic() - self._started_at, 3),
            as_of=self._started,
            reason=ending.reason,
            missing=ending.missing,
        )

    async def _next(self) -> RawPage | Trouble | Ending:
        if self._source.kind is SourceKind.GROUP_MEMBERS:
            return await read_group_members(self._fetch, graph_root=self._tenancy.graph_root)
        url = self._at.link or table_url(
            self._wanted,
            graph_root=self._tenancy.graph_root,
            part=self._at.part,
            page_size=self._source.page_size if self._source.kind is SourceKind.COLLECTION else None,
        )
        if self._at.link is None:
            self._seen.clear()
        self._seen.add(url)
        read = single_object if self._source.kind is SourceKind.SINGLETON else split_page
        return await self._fetch(url, read)

    async def _fetch(self, url: str, read: Callable[[bytes], T]) -> T | Trouble | Ending:
        if not may_follow(url, graph_root=self._tenancy.graph_root):
            return Ending(
                outcome=Outcome.FAILED, reason="Graph gave a next link to another host; it was not followed."
            )
        ask = Ask(
            url=url,
            headers=self._source.headers,
            throttle_class=self._source.throttle_class,
            cost=self._cost(),
        )
        return await self._tenancy.pursuer.fetch(ask, partial(_read_body, read), self._spending)

    def _cost(self) -> int:
        return resource_units(
            self._source.path,
            selects=self._source.selectable,
            expands="$expand" in self._source.path,
            page_size=self._source.page_size,
        )

    def _endless(self, page: RawPage) -> str | None:
        """Return why the list seems to have no end, as a sentence; None if it may have one."""
        if self._is_loop(page.next_link):
            return "Graph gave a next link twice: the list has no end."
        self._empty_pages = 0 if page.count else self._empty_pages + 1
        if self._empty_pages > EMPTY_PAGES_IN_A_ROW and page.next_link is not None:
            return f"Graph gave {EMPTY_PAGES_IN_A_ROW} pages in a row without an item: the list has no end."
        return None

    def _is_loop(self, link: str | None) -> bool:
        if link is None:
            return False
        known = link in self._seen
        self._seen.add(link)
        return known

    def _advance(self, page: RawPage) -> None:
        ends_part = page.next_link is None
        self._at = ResumePoint(
            link=page.next_link,
            part=self._at.part + int(ends_part),
            rows=self._at.rows + page.count,
            requests=self._spending.requests,
        )

    def _can_restart(self) -> bool:
        return not self._spending.has_restarted

    def _restart(self, trouble: Trouble) -> Restart:
        self._spending.has_restarted = True
        self._at = replace(START, requests=self._spending.requests)
        self._seen = set()
        self._empty_pages = 0
        return Restart(table=self._wanted.table.name, reason=f"{trouble.sentence}.")

    def _given_up(self, trouble: Trouble) -> Ending:
        return ending_of(trouble, source=self._source, facts=self._tenancy.facts, cloud=self._tenancy.cloud)


def _read_body(read: Callable[[bytes], T], answer: Answer) -> T:
    return read(answer.body)
