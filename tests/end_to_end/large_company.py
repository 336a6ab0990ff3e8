"""A company with many alike: enough people, guests and applications that hundreds of plans may change some."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posture.bootstrap import Application
from posture.domain.operator import Operator
from posture.domain.plan import Plan
from posture.simulator.authentication_methods import ALTERNATE_MOBILE, MOBILE, password_method
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.request_log import RequestRecord
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import Entity, Tenant
from posture.usecases.decide import approve_plan

from .acting_company import MONTH, PEOPLE, REMEDIATOR, SECRETS
from .conftest import application_of, company, scan, write_settings
from .workers import Workers, workers_with

STAFF = 3000  # 2 % of them are sixty people
MEMBERS = 300
GUESTS = 120
APPLICATIONS = 1000
GROUP = str(uuid.uuid5(uuid.NAMESPACE_OID, "everybody"))
MAILBOXES = str(uuid.uuid5(uuid.NAMESPACE_OID, "permission to read mailboxes"))
MODEL_KEY = "#microsoft.graph.fido2AuthenticationMethod"
# Together they read what limits are reckoned from: users, service principals and the tenant.
_SCANNED = ("inactive-guests", "app-tier0-graph-permission", "authz-users-create-apps")
_READING_BY_POST = ("/v1.0/$batch", "/v1.0/directoryObjects/getByIds")
_DOMAIN = "contoso.example.com"


@dataclass(kw_only=True)
class LargeOffice:
    """The people who act in the large company, and their configuration."""

    server: SimulatorServer
    tenant: Tenant
    config: Path
    application: Application
    people: dict[str, Operator] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> list[RequestRecord]:
        """Every request so far that reached the tenant to change it, however it was answered."""
        changing = (one for one in self.server.requests if one.method != "GET" and one.path.startswith("/v1.0/"))
        return [one for one in changing if not one.path.startswith(_READING_BY_POST)]

    def approved(self, action: str, *targets: str, **parameters: str) -> Plan:
        """Return a plan that ada has proposed, approved by as many others as it needs."""
        plan = self.application.acting.propose(
            self.people["ada"],
            action=action,
            tenant=self.application.tenant_named(None),
            findings=[],
            check=None,
            targets=targets,
            parameters=parameters,
            reason="drill",
        )
        for name in ("grace", "alan")[: plan.rule.people]:
            # Without asking the tenant for permissions each time: hundreds of plans are approved here.
            plan = approve_plan(
                plan,
                self.people[name],
                digest=plan.digest,
                note="seen",
                missing=None,
                open_unit=self.application.store.open_acting_unit,
                clock=self.application.clock,
            )
        return plan

    def workers(self, directory: Path) -> AbstractContextManager[Workers]:
        """Give processes that execute as grace."""
        return workers_with(self.config, token=self.tokens["grace"], directory=directory)


@contextmanager
def large_office(directory: Path, *, store: str | None = None) -> Iterator[LargeOffice]:
    """Start the simulator, scan the company and record the people. ``store`` is as in ``settings_to_act``."""
    tenant = large_company()
    with (
        pytest.MonkeyPatch.context() as environment,
        SimulatorServer(tenants=[tenant], directory=directory / "simulator", throttling=False) as server,
    ):
        for name, value in SECRETS.items():
            environment.setenv(name, value)
        config = settings_to_act(directory, server, store=store)
        application = application_of(config)
        scan(application, checks=_SCANNED)
        office = LargeOffice(server=server, tenant=tenant, config=config, application=application)
        for name, role in PEOPLE.items():
            operator, token = application.acting.add_operator(
                name, role, account=None, lasts=MONTH, by=office.people.get("ada")
            )
            office.people[name], office.tokens[name] = operator, token
        yield office
        application.store.close()


def large_company() -> Tenant:
    """Return the made-up company with ``STAFF`` more people, of whom ``MEMBERS`` are in one group, ``GUESTS`` who
    have not come for long, and ``APPLICATIONS`` that may read mailboxes."""
    tenant = company()
    add_remediator(tenant, datetime.now(UTC))
    _hire(tenant)
    _invite(tenant)
    _buy(tenant)
    _allow_passes(tenant)
    return tenant


def settings_to_act(directory: Path, server: SimulatorServer, *, store: str | None = None) -> Path:
    """Write a configuration with a remediator; ``store`` is the address of another database than the usual one."""
    where = "" if store is None else f'store: {{url: "{store}"}}\n'
    return write_settings(directory, server, more=REMEDIATOR + where)


def staff_id(number: int) -> str:
    return _id("member", number)


def guest_id(number: int) -> str:
    return _id("guest", number)


def application_id(number: int) -> str:
    return _id("application", number)


def _id(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}"))


def _hire(tenant: Tenant) -> None:
    users = tenant.collections["users"]
    model = next(one for one in users if one["userType"] == "Member" and one["onPremisesSyncEnabled"] is None)
    created = model["createdDateTime"]
    for number in range(STAFF):
        name, id = f"member{number}", staff_id(number)
        users.append(_called(model, name, f"{name}@{_DOMAIN}", id) | {"accountEnabled": True})
        tenant.authentication_methods[id] = _methods(id, created)
    group = next(one for one in tenant.collections["groups"] if one["displayName"] == "Tier Zero Operators")
    plain = {"id": GROUP, "displayName": "Everybody", "mailNickname": "everybody", "isAssignableToRole": None}
    tenant.collections["groups"].append(group | plain)
    tenant.relations[f"groups/{GROUP}/members"] = [staff_id(number) for number in range(MEMBERS)]


def _methods(user_id: str, at: str) -> list[Entity]:
    """Two phones, of which one must go before the other, and a key."""
    phone = {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "createdDateTime": at}
    return [
        password_method(at),
        phone | {"id": MOBILE, "phoneNumber": "+1 4255550100", "phoneType": "mobile"},
        phone | {"id": ALTERNATE_MOBILE, "phoneNumber": "+1 4255550101", "phoneType": "alternateMobile"},
        {"@odata.type": MODEL_KEY, "id": f"key-of-{user_id}", "createdDateTime": at, "displayName": "Blue key"},
    ]


def _invite(tenant: Tenant) -> None:
    users = tenant.collections["users"]
    model = next(one for one in users if one["userType"] == "Guest" and one["externalUserState"] == "Accepted")
    away = (datetime.now(UTC) - timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number in range(GUESTS):
        name, id = f"guest{number}", guest_id(number)
        address = f"{name}_fabrikam.example.net#EXT#@contoso.onmicrosoft.example"
        users.append(_called(model, name, address, id) | {"accountEnabled": True, "createdDateTime": away})
        tenant.sign_in_activity[id] = {
            "lastSignInDateTime": away,
            "lastNonInteractiveSignInDateTime": away,
            "lastSuccessfulSignInDateTime": away,
        }


def _called(model: Entity, name: str, address: str, id: str) -> Entity:
    names = {"displayName": name, "mailNickname": name, "mail": f"{name}@{_DOMAIN}"}
    return model | names | {"id": id, "userPrincipalName": address, "onPremisesSyncEnabled": None}


def _buy(tenant: Tenant) -> None:
    principals, grants = tenant.collections["servicePrincipals"], tenant.collections["appRoleAssignments"]
    resource = next(one for one in principals if one["displayName"] == "Microsoft Graph")
    model = next(one for one in principals if one["appId"] != resource["appId"] and not one["appRoles"])
    for number in range(APPLICATIONS):
        id, name = application_id(number), f"application{number}"
        principals.append(model | {"id": id, "appId": _id("app", number), "displayName": name})
        grants.append(
            {
                "id": f"grant-of-{number}",
                "deletedDateTime": None,
                "appRoleId": MAILBOXES,
                "createdDateTime": "2026-01-01T00:00:00Z",
                "principalDisplayName": name,
                "principalId": id,
                "principalType": "ServicePrincipal",
                "resourceDisplayName": resource["displayName"],
                "resourceId": resource["id"],
            }
        )


def _allow_passes(tenant: Tenant) -> None:
    for one in tenant.singletons["policies/authenticationMethodsPolicy"]["authenticationMethodConfigurations"]:
        if one["id"] == "TemporaryAccessPass":
            one["state"] = "enabled"
