"""A tenant in memory behind the ports of acting: it is read, it changes when told to, and it fails on demand."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.request import Answered, GraphRequest, Lost
from posture.domain.tenant import Licence, TenantFacts
from posture.tables.table import WantedTable

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Change = Callable[["MadeUpTenant", GraphRequest], Answered]


@dataclass(kw_only=True)
class MadeUpTenant:
    """``items`` are Graph's objects by table; those of tables that are read for one object carry ``_of``, its id.

    ``answers`` are what the next requests meet, in order, before ``change`` decides: a status, or ``lost_before`` or
    ``lost_after`` the change. ``unreadable`` maps a table to how reading it ends. ``stale_reads`` is how many reads
    still see the tenant as it was before the last change.
    """

    change: Change
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    granted: frozenset[str] | None = frozenset()
    answers: deque[int | str] = field(default_factory=deque)
    unreadable: dict[str, Outcome] = field(default_factory=dict)
    stale_reads: int = 0
    clock_skew: timedelta = timedelta()
    sent: list[GraphRequest] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    _before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def send(self, request: GraphRequest) -> Answered | Lost:
        self.sent.append(request)
        next_answer = self.answers.popleft() if self.answers else None
        if isinstance(next_answer, int):
            return answered(next_answer)
        if next_answer == "lost_before":
            return Lost(why="the connection broke")
        self._before = json.loads(json.dumps(self.items))
        result = self.change(self, request)
        return Lost(why="the connection broke") if next_answer == "lost_after" else result

    def seen(self) -> Mapping[str, list[dict[str, Any]]]:
        if self.stale_reads and self._before:
            self.stale_reads -= 1
            return self._before
        return self.items


def answered(status: int, body: Mapping[str, Any] | None = None) -> Answered:
    error = None if status < 400 else f"Graph answered {status}"
    return Answered(status=status, body=dict(body or {}), error=error, request_id="r1")


class MadeUpReader:
    """The reading side, for reader and remediator alike."""

    def __init__(self, tenant: MadeUpTenant) -> None:
        self._tenant = tenant

    def identify(self) -> TenantFacts:
        return TenantFacts(
            tenant_id="t1",
            display_name="Contoso",
            licences=frozenset({Licence.P1, Licence.P2}),
            granted=None,
            clock_skew=self._tenant.clock_skew,
        )

    def read_tables(
        self, wanted: Sequence[WantedTable], *, facts: TenantFacts, resume: Mapping[str, ResumePoint]
    ) -> Iterator[Page | Restart | TableOutcome]:
        del facts, resume
        for one in wanted:
            name = one.table.name
            self._tenant.reads.append(name)
            outcome = self._tenant.unreadable.get(name, Outcome.COMPLETE)
            items = self._items(one) if outcome is Outcome.COMPLETE else []
            if items:
                yield _page(name, items)
            yield _outcome(name, outcome, rows=len(items))

    def first_pages(self, wanted: Sequence[WantedTable], *, facts: TenantFacts) -> Iterator[TableOutcome]:
        raise NotImplementedError("acting does not try first pages")

    def _items(self, wanted: WantedTable) -> list[dict[str, Any]]:
        every = self._tenant.seen().get(wanted.table.name, [])
        if not wanted.table.source.for_each:
            return every
        ids = {unquote(value).lower() for value in wanted.table.source.for_each}
        return [item for item in every if str(item.get("_of", item.get("id"))).lower() in ids]


class MadeUpActuator:
    def __init__(self, tenant: MadeUpTenant) -> None:
        self._tenant = tenant

    def granted(self) -> frozenset[str] | None:
        return self._tenant.granted

    def own_ids(self) -> frozenset[str]:
        return frozenset({"remediator-app", "remediator-object"})

    def send(self, request: GraphRequest) -> Answered | Lost:
        return self._tenant.send(request)


@dataclass(kw_only=True)
class MadeUpClock:
    """A clock that goes on only while somebody waits; it is the pause as well."""

    at: datetime = NOW
    waited: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def wait(self, duration: timedelta) -> None:
        self.waited.append(duration)
        self.at += duration


class MadeUpPasswords:
    def make(self) -> str:
        return "Correct-Horse-7-Battery"


def _page(table: str, items: Sequence[Mapping[str, Any]]) -> Page:
    lines = "".join(json.dumps({k: v for k, v in item.items() if k != "_of"}) + "\n" for item in items)
    return Page(
        table=table,
        items=lines.encode(),
        count=len(items),
        resume=ResumePoint(link=None, part=1, rows=len(items), requests=1),
    )


def _outcome(table: str, outcome: Outcome, *, rows: int) -> TableOutcome:
    return TableOutcome(
        table=table,
        outcome=outcome,
        rows=rows,
        requests=1,
        seconds=0.0,
        as_of=NOW,
        reason=None if outcome is Outcome.COMPLETE else f"Graph answered: {outcome}.",
        missing=None,
    )
