"""The second application of the made-up company, which may write, and the oracle that knows how dangerous it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES
from posture.simulator.demo_tenant.known_gaps import known_gaps
from posture.simulator.demo_tenant.remediator import REMEDIATOR_ROLE, add_remediator
from posture.simulator.demo_tenant.role_holders import holders
from posture.simulator.registrations import (
    REMEDIATOR_CLIENT_ID,
    REMEDIATOR_OBJECT_ID,
    REMEDIATOR_SECRET,
    demo_registration,
    writing_permissions,
)
from posture.simulator.tenant import Tenant
from posture.simulator.write_facts import write_routes
from tests.simulator.builders import InProcess, in_process

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIRST_ADMIN = "ga.first"


def company(**changes: object) -> Tenant:
    tenant = demo_tenant(users=10, now=NOW)
    tenant.registrations.append(demo_registration())
    add_remediator(tenant, NOW, **changes)  # type: ignore[arg-type]
    return tenant


def as_remediator(directory: Path, tenant: Tenant) -> InProcess:
    graph = in_process(directory, tenant)
    graph.sign_in(client_id=REMEDIATOR_CLIENT_ID, client_secret=REMEDIATOR_SECRET)
    return graph


def user_id(tenant: Tenant, account: str) -> str:
    return next(str(one["id"]) for one in tenant.collections["users"] if one["mailNickname"] == account)


def test_the_remediator_has_a_permission_for_every_write() -> None:
    granted = writing_permissions()

    for route in write_routes():
        assert not route.permissions or any(together <= granted for together in route.permissions), route.id


def test_the_reader_writes_nothing(tmp_path: Path) -> None:
    tenant = company()
    graph = in_process(tmp_path, tenant)

    assert not {name for name in demo_registration().roles if "Write" in name}
    assert graph.patch(f"/v1.0/users/{user_id(tenant, 'member.inactive')}", {"accountEnabled": False}).status == 403


def test_with_its_role_the_remediator_reaches_administrators_and_without_it_does_not(tmp_path: Path) -> None:
    strong, weak = company(), company(has_role=False)
    url = f"/v1.0/users/{user_id(strong, FIRST_ADMIN)}/revokeSignInSessions"

    assert as_remediator(tmp_path / "strong", strong).post(url).status == 200
    assert as_remediator(tmp_path / "weak", weak).post(url).status == 403


def test_a_withheld_permission_is_missing_in_tokens_and_in_the_directory(tmp_path: Path) -> None:
    tenant = company(withhold=frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"}))
    graph = as_remediator(tmp_path, tenant)
    user = user_id(tenant, "member.inactive")

    assert graph.delete(f"/v1.0/users/{user}").status == 403
    assert graph.patch(f"/v1.0/users/{user}", {"accountEnabled": False}).status == 204
    held = [row for row in tenant.collections["appRoleAssignments"] if row["principalId"] == REMEDIATOR_OBJECT_ID]
    assert len(held) == len(tenant.registrations[1].roles)


@pytest.mark.parametrize("path", ["authentication/methods", "memberOf", "", "transitiveMemberOf"])
def test_the_remediator_reads_what_only_actions_need(tmp_path: Path, path: str) -> None:
    tenant = company()
    graph = as_remediator(tmp_path, tenant)

    assert graph.get(f"/v1.0/users/{user_id(tenant, FIRST_ADMIN)}/{path}".rstrip("/")).status == 200
    assert graph.get("/v1.0/reports/authenticationMethods/userRegistrationDetails").status == 403


def test_the_remediator_is_in_the_directory_and_the_oracle_counts_it() -> None:
    without, tenant = demo_tenant(users=10, now=NOW), company()

    before, after = known_gaps(without, NOW), known_gaps(tenant, NOW)

    assert after["tier0_graph_principals"] - before["tier0_graph_principals"] == {REMEDIATOR_OBJECT_ID}
    assert len(after["tier0_graph_assignments"]) > len(before["tier0_graph_assignments"])
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"tier0_graph_principals", "tier0_graph_assignments"}
    role = BUILTIN_ROLES[REMEDIATOR_ROLE]
    assert holders(tenant, [role]) == holders(without, [role])  # users only: an application is none


def test_the_role_is_seen_in_all_the_places_where_roles_are_listed(tmp_path: Path) -> None:
    graph = in_process(tmp_path, company())
    base = "/v1.0/roleManagement/directory"
    mine = f"$filter=principalId%20eq%20'{REMEDIATOR_OBJECT_ID}'"

    for name in ("roleAssignments", "roleAssignmentSchedules", "roleAssignmentScheduleInstances"):
        assert len(graph.get(f"{base}/{name}?{mine}").body["value"]) == 1, name
    listed = graph.get("/v1.0/directoryRoles").body["value"]
    (role,) = [one for one in listed if one["displayName"] == REMEDIATOR_ROLE]
    assert REMEDIATOR_OBJECT_ID in graph.get(f"/v1.0/directoryRoles/{role['id']}/members").ids
