"""Risk through Graph's writes: accepted at once, applied a little later."""

from __future__ import annotations

import pytest

from posture.simulator.tenant import Tenant
from tests.simulator.builders import InProcess, guid
from tests.simulator.writes.company import found, user

BASE = "/v1.0/identityProtection"


@pytest.mark.parametrize(
    ("action", "state", "level", "detail"),
    [
        ("dismiss", "dismissed", "none", "adminDismissedAllRiskForUser"),
        ("confirmCompromised", "confirmedCompromised", "high", "adminConfirmedUserCompromised"),
    ],
)
def test_risk_is_processed_first_and_changes_then(
    graph: InProcess, tenant: Tenant, action: str, state: str, level: str, detail: str
) -> None:
    risky = user(tenant, "risky.medium")

    assert graph.post(f"{BASE}/riskyUsers/{action}", {"userIds": [risky]}).status == 204

    early = graph.get(f"{BASE}/riskyUsers/{risky}").body
    graph.clock.advance(tenant.processing_seconds)
    late = graph.get(f"{BASE}/riskyUsers/{risky}").body
    assert (early["isProcessing"], early["riskState"]) == (True, "atRisk")
    assert (late["isProcessing"], late["riskState"], late["riskLevel"], late["riskDetail"]) == (
        False, state, level, detail,
    )  # fmt: skip
    assert late["riskLastUpdatedDateTime"] == "2026-03-02T12:00:01Z"


def test_a_user_without_risk_can_be_confirmed_compromised(graph: InProcess, tenant: Tenant) -> None:
    room = user(tenant, "room")

    graph.post(f"{BASE}/riskyUsers/confirmCompromised", {"userIds": [room]})
    graph.clock.advance(5)

    shown = graph.get(f"{BASE}/riskyUsers/{room}").body
    assert (shown["riskState"], shown["userDisplayName"]) == ("confirmedCompromised", "Room")


def test_a_service_principal_is_judged_in_the_same_way(graph: InProcess, tenant: Tenant) -> None:
    principal = found(tenant, "servicePrincipals", displayName="Secret ended")

    graph.post(f"{BASE}/riskyServicePrincipals/confirmCompromised", {"servicePrincipalIds": [principal["id"]]})
    graph.clock.advance(5)

    shown = graph.get(f"{BASE}/riskyServicePrincipals/{principal['id']}").body
    assert (shown["riskState"], shown["riskDetail"]) == (
        "confirmedCompromised", "adminConfirmedServicePrincipalCompromised",
    )  # fmt: skip


def test_sixty_ids_at_most_and_one_at_least(graph: InProcess, tenant: Tenant) -> None:
    ids = [one["id"] for one in tenant.collections["users"]][:61]
    url = f"{BASE}/riskyUsers/dismiss"

    assert graph.post(url, {"userIds": ids}).status == 400
    assert graph.post(url, {"userIds": []}).status == 400
    assert graph.post(url, {"userIds": ids[:60]}).status == 204


def test_one_unknown_id_refuses_the_whole_request(graph: InProcess, tenant: Tenant) -> None:
    risky = user(tenant, "risky.medium")

    reply = graph.post(f"{BASE}/riskyUsers/dismiss", {"userIds": [risky, guid(404)]})
    graph.clock.advance(5)

    assert reply.status == 404
    assert graph.get(f"{BASE}/riskyUsers/{risky}").body["riskState"] == "atRisk"


def test_the_limit_of_identity_protection_holds_for_writes(graph: InProcess, tenant: Tenant) -> None:
    graph.server.throttle.enabled = True
    body = {"userIds": [user(tenant, "risky.medium")]}

    first, second = (graph.post(f"{BASE}/riskyUsers/dismiss", body) for _ in range(2))

    assert (first.status, second.status) == (204, 429)
    assert "Retry-After" not in second.headers


def test_a_deleted_user_stays_listed_as_deleted(graph: InProcess, tenant: Tenant) -> None:
    risky = user(tenant, "risky.medium")

    graph.delete(f"/v1.0/users/{risky}")
    gone = graph.get(f"{BASE}/riskyUsers/{risky}").body["isDeleted"]
    graph.post(f"/v1.0/directory/deletedItems/{risky}/restore")

    assert (gone, graph.get(f"{BASE}/riskyUsers/{risky}").body["isDeleted"]) == (True, False)
