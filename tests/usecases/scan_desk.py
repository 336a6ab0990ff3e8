"""A tenant that is scanned again and again, with real snapshots and a Graph that follows a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from posture.domain.finding import FindingChange
from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.run import RunSummary
from posture.domain.tenant import TenantFacts
from posture.errors import GraphError
from posture.snapshot.snapshots import TenantSnapshots
from posture.tables.table import Table, WantedTable
from posture.usecases.events import JudgementMade, ScanEvent, ScanFinished
from posture.usecases.scan import scan_tenant
from posture.usecases.scan_request import ScanRequest
from tests.ports.memory_store import MemoryStore
from tests.usecases.builders import MONDAY, TENANT_ID, a_compiled_check, a_table, an_outcome

USERS = a_table("users")
WANTED = WantedTable(table=USERS, columns=USERS.columns)

ADA = {"id": "u1", "displayName": "Ada", "accountEnabled": True}
BOB = {"id": "u2", "displayName": "Bob", "accountEnabled": False}
EVE = {"id": "u3", "displayName": "Eve", "accountEnabled": None}


@dataclass
class TickingClock:
    """Each look at it is a minute later than the one before."""

    time: datetime = MONDAY

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


def facts(*, granted: frozenset[str] | None = frozenset({"User.Read.All"})) -> TenantFacts:
    return TenantFacts(
        tenant_id=TENANT_ID, display_name="Contoso", licences=frozenset(), granted=granted, clock_skew=None
    )


@dataclass
class ScriptedGraph:
    """Answers ``identify`` with facts or an error, and yields the parts it was given."""

    parts: Sequence[Page | Restart | TableOutcome] = ()
    answer: TenantFacts | GraphError = field(default_factory=facts)
    asked: list[str] = field(default_factory=list)

    def identify(self) -> TenantFacts:
        if isinstance(self.answer, GraphError):
            raise self.answer
        return self.answer

    def read_tables(
        self, wanted: Sequence[WantedTable], *, facts: TenantFacts, resume: Mapping[str, ResumePoint]
    ) -> Iterator[Page | Restart | TableOutcome]:
        self.asked += [table.table.name for table in wanted]
        yield from self.parts if wanted else ()

    def first_pages(self, wanted: Sequence[WantedTable], *, facts: TenantFacts) -> Iterator[TableOutcome]:
        raise AssertionError("a scan reads whole tables")


def a_page(*items: Mapping[str, object], table: str = "users", rows: int | None = None) -> Page:
    return Page(
        table=table,
        items=b"".join(json.dumps(item).encode() + b"\n" for item in items),
        count=len(items),
        resume=ResumePoint(link=None, part=0, rows=len(items) if rows is None else rows, requests=1),
    )


class Scanner:
    """A tenant with a store, a clock and snapshots; ``tables`` are its dictionary."""

    def __init__(self, place: Path, *, tables: Sequence[Table] = (USERS,)) -> None:
        self.store = MemoryStore()
        self.clock = TickingClock()
        self.snapshots = TenantSnapshots(place, tenant_id=TENANT_ID, dictionary=tables)

    def scan(self, graph: ScriptedGraph, **request: Any) -> list[ScanEvent]:
        """Scan the whole tenant; ``request`` is what is different from a usual one."""
        return list(self.scanning(graph, **request))

    def scanning(self, graph: ScriptedGraph, **request: Any) -> Iterator[ScanEvent]:
        """Scan as far as the caller looks on; a scan that is left in the middle was killed."""
        fields: dict[str, Any] = {
            "run_id": f"run-{len(self.store.runs)}",
            "tenant_id": TENANT_ID,
            "tenant_name": "contoso",
            "checks": (a_compiled_check(),),
            "switched_off": (),
            "wanted": (WANTED,),
            "exemptions": (),
            "exemption_notice": timedelta(days=14),
            "own": None,
            "all_verdicts": False,
        }
        return scan_tenant(
            ScanRequest(**(fields | request)),
            graph=graph,
            snapshots=self.snapshots,
            open_unit=self.store.open_unit,
            clock=self.clock,
        )


def summary_of(events: Sequence[ScanEvent]) -> RunSummary:
    last = events[-1]
    assert isinstance(last, ScanFinished)
    return last.summary


def changes_of(events: Sequence[ScanEvent]) -> dict[str, FindingChange | None]:
    return {event.judgement.resource.id: event.change for event in events if isinstance(event, JudgementMade)}


def whole(*items: Mapping[str, object]) -> ScriptedGraph:
    return ScriptedGraph([a_page(*items), an_outcome("users")])
