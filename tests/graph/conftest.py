"""A tiny company behind the simulator, over TLS, and readers connected to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from posture.domain.tenant import Cloud, Licence, TenantFacts
from posture.graph.credentials import ClientSecret, Connection, Credential
from posture.graph.pursuit import RetryBudget
from posture.graph.reader import TenantReader
from posture.graph.throttle import PUBLISHED, Pace, faster
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import AppRegistration, Tenant
from posture.tables.table import (
    ALL_CLOUDS,
    Column,
    Source,
    SourceKind,
    SourceTable,
    ThrottleClass,
    WantedTable,
    WithoutLicence,
)

TENANT_ID = "11111111-1111-1111-1111-111111111111"
CLIENT_ID = "22222222-2222-2222-2222-222222222222"
SECRET = "a-secret~value_Q7"
P2_PLAN = "eec0eb4f-6444-4f95-aba0-50c24d67f998"
P1_PLAN = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
ROLES = frozenset(
    {
        "Directory.Read.All",
        "AuditLog.Read.All",
        "Policy.Read.All",
        "IdentityRiskyUser.Read.All",
        "Organization.Read.All",
        "RoleManagement.Read.Directory",
    }
)
USERS = 25
PATIENT = RetryBudget(tries=6, waiting_seconds=20, first_pause_seconds=0.02, longest_pause_seconds=0.1)


def user_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def group_id(number: int) -> str:
    return f"99999999-0000-0000-0000-{number:012d}"


def source_of(path: str, **changes: Any) -> Source:
    """A directory collection whose permission the reader has, unless told otherwise."""
    source = Source(
        kind=SourceKind.COLLECTION,
        path=path,
        for_each=(),
        page_size=10,
        selectable=True,
        permissions=("Directory.Read.All",),
        covered_by={},
        licence=None,
        without_licence=WithoutLicence.UNKNOWN,
        throttle_class=ThrottleClass.DIRECTORY,
        clouds=ALL_CLOUDS,
        headers={},
    )
    return dataclasses.replace(source, **changes)


def wanted_table(name: str, source: Source, *fields: str) -> WantedTable:
    columns = tuple(Column(name=field, type="VARCHAR", field=field, doc="made up") for field in ("id", *fields))
    table = SourceTable(name=name, doc="made up", source=source, key=("id",), columns=columns)
    return WantedTable(table=table, columns=columns)


def users_table(**changes: Any) -> WantedTable:
    return wanted_table("users", source_of("users", **changes), "displayName")


def facts(**changes: Any) -> TenantFacts:
    """What the tiny company says about itself."""
    known = TenantFacts(
        tenant_id=TENANT_ID,
        display_name="Contoso",
        licences=frozenset(Licence),
        granted=ROLES,
        clock_skew=None,
    )
    return dataclasses.replace(known, **changes)


def tiny_tenant(registration: AppRegistration) -> Tenant:
    return Tenant(
        tenant_id=TENANT_ID,
        collections={
            "organization": [
                {
                    "id": TENANT_ID,
                    "displayName": "Contoso",
                    "assignedPlans": [
                        {"servicePlanId": P2_PLAN, "capabilityStatus": "Enabled", "service": "AADPremiumService"}
                    ],
                }
            ],
            "users": [
                {"id": user_id(n), "displayName": f"User {n}", "userPrincipalName": f"u{n}@contoso.com"}
                for n in range(USERS)
            ],
            "groups": [
                {"id": group_id(n), "displayName": f"Group {n}", "isAssignableToRole": n < 3} for n in range(6)
            ],
            "identityProtection/riskyUsers": [],
            "reports/authenticationMethods/userRegistrationDetails": [],
        },
        singletons={"policies/authorizationPolicy": {"id": "authorizationPolicy", "allowInvitesFrom": "everyone"}},
        registrations=[registration],
    )


def registration() -> AppRegistration:
    return AppRegistration(
        client_id=CLIENT_ID, object_id=user_id(900), secrets=(SECRET,), expired_secrets=("ended-secret",), roles=ROLES
    )


def connection_to(simulator: SimulatorServer) -> Connection:
    return Connection(
        tenant_id=TENANT_ID,
        cloud=Cloud.CUSTOM,
        graph_root=simulator.url,
        login_root=simulator.url,
        client_id=CLIENT_ID,
        credential=ClientSecret(value=SECRET),
        ca_bundle=simulator.ca_bundle,
        proxy=None,
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    directory = tmp_path_factory.mktemp("simulator")
    with SimulatorServer(tenants=[tiny_tenant(registration())], directory=directory, throttling=False) as server:
        yield server


@pytest.fixture
def strict_simulator(tmp_path: Path) -> Iterator[SimulatorServer]:
    """A simulator that throttles like Graph, and that no other test has asked anything."""
    with SimulatorServer(tenants=[tiny_tenant(registration())], directory=tmp_path) as server:
        yield server


@pytest.fixture
def simulator(server: SimulatorServer) -> Iterator[SimulatorServer]:
    server.faults.clear()
    server.requests.clear()
    yield server
    server.faults.clear()


@pytest.fixture
def connect(simulator: SimulatorServer) -> Callable[..., Connection]:
    """Return a maker of connections; keywords replace fields."""

    def make(credential: Credential | None = None, **changes: Any) -> Connection:
        connection = connection_to(simulator)
        return dataclasses.replace(connection, credential=credential or connection.credential, **changes)

    return make


@pytest.fixture
def fast_pace() -> Pace:
    return faster(PUBLISHED, factor=1000)


@pytest.fixture
def reader(connect: Callable[..., Connection], fast_pace: Pace) -> TenantReader:
    return TenantReader(connect(), pace=fast_pace, budget=PATIENT)
