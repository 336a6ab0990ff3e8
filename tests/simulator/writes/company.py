"""The made-up company with its reader and its remediator, and ways to find what stands in it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.graph_facts import readable_permissions
from posture.simulator.registrations import REMEDIATOR_CLIENT_ID, REMEDIATOR_SECRET, demo_registration
from posture.simulator.tenant import Entity, Tenant
from tests.simulator.builders import NOW, InProcess, in_process

ROLES = "roleManagement/directory"
POLICIES = "identity/conditionalAccess/policies"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"


@cache
def _made() -> Tenant:
    tenant = demo_tenant(users=10, now=NOW)
    tenant.licences = frozenset({"p1", "p2", "workload"})
    tenant.registrations.append(demo_registration())
    add_remediator(tenant, NOW)
    return tenant


def company(*, withhold: frozenset[str] = frozenset()) -> Tenant:
    """Return a company of one's own; its remediator reads everything as well, to look at what it did."""
    tenant = deepcopy(_made())
    granted = (tenant.registrations[1].roles | readable_permissions()) - withhold
    tenant.registrations[1] = replace(tenant.registrations[1], roles=granted)
    return tenant


def as_remediator(directory: Path, tenant: Tenant) -> InProcess:
    graph = in_process(directory, tenant)
    graph.sign_in(client_id=REMEDIATOR_CLIENT_ID, client_secret=REMEDIATOR_SECRET)
    return graph


def found(tenant: Tenant, path: str, **wanted: object) -> Entity:
    """Return the first object of a collection with these values."""
    return next(one for one in tenant.collections[path] if all(one.get(k) == v for k, v in wanted.items()))


def user(tenant: Tenant, account: str) -> str:
    return str(found(tenant, "users", mailNickname=account)["id"])


def group(tenant: Tenant, name: str) -> str:
    return str(found(tenant, "groups", displayName=name)["id"])
