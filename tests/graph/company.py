"""The made-up company with a reader and a remediator, and what can be read of single objects in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from posture.domain.judgement import Value
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart
from posture.domain.tenant import Cloud, TenantFacts
from posture.graph.credentials import ClientSecret, Connection
from posture.graph.reader import TenantReader
from posture.graph.throttle import PUBLISHED, faster
from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.registrations import (
    DEMO_CLIENT_ID,
    DEMO_SECRET,
    REMEDIATOR_CLIENT_ID,
    REMEDIATOR_SECRET,
    demo_registration,
)
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import Tenant
from posture.snapshot.live import LiveDesk
from posture.tables import TABLES
from posture.tables.live import ONLY_LIVE, of_objects
from posture.tables.table import SourceTable, WantedTable

from .conftest import PATIENT

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PACE = faster(PUBLISHED, factor=1000)
SOURCES = {table.name: table for table in (*TABLES, *ONLY_LIVE) if isinstance(table, SourceTable)}
_ONLY_LIVE = frozenset(table.name for table in ONLY_LIVE)

Rows = Sequence[Mapping[str, Value]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Company:
    """A tenant behind a simulator, and both identities, each for the tables that it reads."""

    tenant: Tenant
    server: SimulatorServer
    reader: TenantReader
    remediator: TenantReader
    facts: TenantFacts
    desk: LiveDesk

    def rows(self, table: SourceTable) -> Rows:
        """Return the rows of a table that comes whole."""
        outcome, pages = self.read(table)
        assert (outcome.outcome, outcome.reason) == (Outcome.COMPLETE, None)
        return self.desk.typed_rows(WantedTable(table=table, columns=table.columns), pages)

    def read(self, table: SourceTable) -> tuple[TableOutcome, list[Page]]:
        """Return how the reading of a table ended, and its pages."""
        graph, facts = self.reader, self.facts
        if table.name in _ONLY_LIVE:
            graph, facts = self.remediator, dataclasses.replace(facts, granted=None)
        wanted = [WantedTable(table=table, columns=table.columns)]
        parts = list(graph.read_tables(wanted, facts=facts, resume={}))
        assert not [part for part in parts if isinstance(part, Restart)]
        (outcome,) = [part for part in parts if isinstance(part, TableOutcome)]
        return outcome, [part for part in parts if isinstance(part, Page)]

    def reader_connection(self) -> Connection:
        return _connection(self.server, DEMO_CLIENT_ID, DEMO_SECRET)

    def remediator_connection(self) -> Connection:
        return _connection(self.server, REMEDIATOR_CLIENT_ID, REMEDIATOR_SECRET)


def one(table: str, kind: str, *ids: str) -> SourceTable:
    """Return a table as it is read for single objects."""
    found = of_objects(SOURCES[table], kind=kind, ids=ids)
    assert found is not None
    return found


@contextmanager
def company_in(directory: Path) -> Iterator[Company]:
    """Serve the company until the context is left."""
    tenant = demo_tenant(users=40, now=NOW)
    tenant.registrations.append(demo_registration())
    add_remediator(tenant, NOW)
    desk = LiveDesk((*TABLES, *ONLY_LIVE))
    with SimulatorServer(tenants=[tenant], directory=directory, throttling=False) as server:
        reader = TenantReader(_connection(server, DEMO_CLIENT_ID, DEMO_SECRET), pace=PACE, budget=PATIENT)
        remediator = _connection(server, REMEDIATOR_CLIENT_ID, REMEDIATOR_SECRET)
        yield Company(
            tenant=tenant,
            server=server,
            reader=reader,
            remediator=TenantReader(remediator, pace=PACE, budget=PATIENT),
            facts=reader.identify(),
            desk=desk,
        )
    desk.close()


def _connection(server: SimulatorServer, client_id: str, secret: str) -> Connection:
    return Connection(
        tenant_id=server.tenants[0].tenant_id,
        cloud=Cloud.CUSTOM,
        graph_root=server.url,
        login_root=server.url,
        client_id=client_id,
        credential=ClientSecret(value=secret),
        ca_bundle=server.ca_bundle,
        proxy=None,
    )
