"""A small tenant and ways to ask a simulator for it, in process or over TLS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from posture.simulator.fault_effects import Delivery
from posture.simulator.graph_facts import readable_permissions
from posture.simulator.messages import GraphRequest
from posture.simulator.registrations import DEMO_CLIENT_ID, DEMO_SECRET, demo_registration
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import AppRegistration, Entity, Tenant

TENANT_ID = "11111111-1111-4111-8111-111111111111"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SKU = "c7df2760-2c81-4ef7-b578-5b5392b571df"
EVENTUAL = {"ConsistencyLevel": "eventual"}


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def a_user(number: int, **changes: Any) -> Entity:
    fields: Entity = {
        "id": guid(number),
        "displayName": f"User {number:04d}",
        "userPrincipalName": f"user{number}@contoso.example.com",
        "mail": f"user{number}@contoso.example.com",
        "accountEnabled": number % 2 == 0,
        "userType": "Guest" if number % 5 == 0 else "Member",
        "createdDateTime": f"2026-01-{number % 28 + 1:02d}T00:00:00Z",
        "department": None if number % 3 == 0 else "Sales",
        "businessPhones": [],
        "givenName": None,
        "jobTitle": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": None,
        "assignedLicenses": [{"skuId": SKU, "disabledPlans": []}] if number % 4 == 0 else [],
        "onPremisesExtensionAttributes": {"extensionAttribute1": "blue" if number % 2 else None},
    }
    return fields | changes


def a_group(number: int, **changes: Any) -> Entity:
    fields: Entity = {"id": guid(number), "displayName": f"Group {number}", "groupTypes": [], "securityEnabled": True}
    return fields | changes


def an_application(number: int, **changes: Any) -> Entity:
    key = {"keyId": guid(number + 50), "key": "cHVibGlj", "type": "AsymmetricX509Cert", "usage": "Verify"}
    fields: Entity = {
        "id": guid(number),
        "appId": guid(number + 1_000),
        "displayName": f"App {number}",
        "keyCredentials": [key],
        "passwordCredentials": [],
    }
    return fields | changes


def a_tenant(users: int = 30, **changes: Any) -> Tenant:
    """Users 1…n, groups 5001–5002 (the second inside the first), an application, its principal, roles and risk."""
    members = [guid(number) for number in range(1, min(users, 25) + 1)]
    collections: dict[str, list[Entity]] = {
        "users": [a_user(number) for number in range(1, users + 1)],
        "groups": [a_group(5001), a_group(5002)],
        "applications": [an_application(6001)],
        "servicePrincipals": [{"id": guid(7001), "appId": guid(7001), "displayName": "App 6001"}],
        "appRoleAssignments": [
            {"id": "ara1", "principalId": guid(7001), "resourceId": guid(7001), "appRoleId": guid(9)},
        ],
        "roleManagement/directory/roleDefinitions": [{"id": guid(8001), "displayName": "Global Administrator"}],
        "roleManagement/directory/roleAssignments": [
            {"id": "ra1", "principalId": guid(1), "roleDefinitionId": guid(8001), "directoryScopeId": "/"},
        ],
        "roleManagement/directory/roleEligibilityScheduleInstances": [],
        "reports/authenticationMethods/userRegistrationDetails": [
            {"id": guid(number), "userType": "member", "isAdmin": False, "methodsRegistered": ["mobilePhone"]}
            for number in range(1, users + 1)
        ],
        "identity/conditionalAccess/policies": [{"id": guid(9001), "displayName": "Block", "state": "enabled"}],
        "identity/conditionalAccess/namedLocations": [
            {"@odata.type": "#microsoft.graph.ipNamedLocation", "id": guid(9101), "isTrusted": True},
            {"@odata.type": "#microsoft.graph.countryNamedLocation", "id": guid(9102)},
        ],
        "identityProtection/riskyUsers": [{"id": guid(1), "riskLevel": "high", "riskState": "atRisk"}],
        "identityProtection/riskDetections": [
            {"id": "rd1", "riskLevel": "low", "riskEventType": "leakedCredentials"}
        ],
    }
    fields: dict[str, Any] = {
        "tenant_id": TENANT_ID,
        "collections": collections,
        "singletons": {"policies/authorizationPolicy": {"id": "authorizationPolicy", "allowInvitesFrom": "everyone"}},
        "relations": {
            f"groups/{guid(5001)}/members": [*members, guid(5002)],
            f"groups/{guid(5002)}/members": [guid(2), guid(users)],
            f"groups/{guid(5001)}/owners": [guid(1)],
            f"users/{guid(1)}/manager": [guid(2)],
        },
        "sign_in_activity": {guid(1): {"lastSignInDateTime": "2026-02-01T00:00:00Z"}},
        "registrations": [demo_registration()],
    }
    return Tenant(**(fields | changes))


@dataclass(kw_only=True)
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes
    delivery: Delivery

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.body["value"]]


@dataclass(kw_only=True)
class InProcess:
    """Asks a simulator directly, as a client would through HTTP."""

    server: SimulatorServer
    clock: Clock
    root: str = "https://localhost:8443"
    token: str = ""

    def sign_in(self, **changes: str) -> Reply:
        form = {
            "client_id": DEMO_CLIENT_ID,
            "client_secret": DEMO_SECRET,
            "scope": f"{self.root}/.default",
            "grant_type": "client_credentials",
        } | changes
        tenant = form.pop("tenant", self.server.tenants[0].tenant_id)
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        reply = self.send("POST", f"/{tenant}/oauth2/v2.0/token", body=body)
        if reply.status == 200:
            self.token = reply.body["access_token"]
        return reply

    def get(self, url: str, **headers: str) -> Reply:
        return self.send("GET", url, headers=headers)

    def post(self, url: str, document: object = None) -> Reply:
        return self.write("POST", url, document)

    def patch(self, url: str, document: object) -> Reply:
        return self.write("PATCH", url, document)

    def delete(self, url: str) -> Reply:
        return self.write("DELETE", url, None)

    def write(self, method: str, url: str, document: object) -> Reply:
        body = b"" if document is None else json.dumps(document).encode()
        return self.send(method, url, body=body, headers={"Content-Type": "application/json"} if body else {})

    def send(self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        if url.startswith("https://"):
            parts = urlsplit(url)
            url = f"{parts.path}?{parts.query}" if parts.query else parts.path
        path, _, query = url.partition("?")
        sent = {"authorization": f"Bearer {self.token}"} | {k.lower(): v for k, v in (headers or {}).items()}
        request = GraphRequest(method=method, path=path, query=query, headers=sent, body=body, root=self.root)
        delivery = self.server.exchange.deliver(request)
        answer = delivery.answer
        return Reply(status=answer.status, headers=answer.headers, content=answer.body, delivery=delivery)

    def pages(self, url: str, **headers: str) -> Iterator[Reply]:
        following: str | None = url
        while following:
            reply = self.get(following, **headers)
            yield reply
            following = reply.body.get("@odata.nextLink")


def in_process(
    directory: Path, tenant: Tenant | None = None, *, throttling: bool = False, root: str = "https://localhost:8443"
) -> InProcess:
    """Return a signed-in client of a simulator that listens to nobody."""
    clock = Clock()
    server = SimulatorServer(
        tenants=[tenant or a_tenant()],
        directory=directory,
        throttling=throttling,
        now=clock,
        monotonic=clock.monotonic,
    )
    client = InProcess(server=server, clock=clock, root=root)
    client.sign_in()
    return client


STRONG_ROLE = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
"""Privileged Authentication Administrator."""


def a_writer(
    directory: Path, *permissions: str, tenant: Tenant | None = None, roles: tuple[str, ...] = (), reads: bool = True
) -> InProcess:
    """Return a signed-in client with these permissions, all reading ones unless told, and these directory roles."""
    tenant = tenant or a_tenant()
    granted = frozenset(permissions) | (readable_permissions() if reads else frozenset())
    tenant.registrations = [demo_registration(granted)]
    assignments = tenant.collections["roleManagement/directory/roleAssignments"]
    assignments += [
        {
            "id": f"own{number}",
            "principalId": tenant.registrations[0].object_id,
            "roleDefinitionId": role,
            "directoryScopeId": "/",
        }
        for number, role in enumerate(roles)
    ]
    return in_process(directory, tenant)


def a_reader_with(*roles: str) -> AppRegistration:
    return demo_registration(frozenset(roles))


def over_tls(server: SimulatorServer) -> httpx.Client:
    trust = ssl.create_default_context(cafile=str(server.ca_bundle))
    return httpx.Client(verify=trust, base_url=server.url, timeout=20)
