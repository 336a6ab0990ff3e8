from __future__ import annotations

from pathlib import Path

import pytest

from posture.simulator.registrations import DEMO_SECRET, demo_registration
from tests.simulator.builders import InProcess, a_tenant, in_process

SIGN_INS = "/v1.0/users?$select=id,signInActivity"
REPORT = "/v1.0/reports/authenticationMethods/userRegistrationDetails"
POLICIES = "/v1.0/identity/conditionalAccess/policies"


@pytest.fixture
def limited(tmp_path: Path) -> InProcess:
    return in_process(tmp_path, throttling=True)


def statuses(graph: InProcess, url: str, times: int) -> list[int]:
    return [graph.get(url).status for _ in range(times)]


@pytest.mark.parametrize(("url", "limit", "seconds"), [(SIGN_INS, 10, 60), (REPORT, 5, 10), (POLICIES, 1, 1)])
def test_each_class_has_its_own_limit(limited: InProcess, url: str, limit: int, seconds: int) -> None:
    assert statuses(limited, url, limit + 1) == [200] * limit + [429]

    limited.clock.advance(seconds)
    assert limited.get(url).status == 200


def test_retry_after_names_the_seconds_until_the_next_request_fits(limited: InProcess) -> None:
    statuses(limited, REPORT, 5)
    limited.clock.advance(4)
    refused = limited.get(REPORT)

    assert (refused.headers["Retry-After"], refused.code) == ("6", "TooManyRequests")
    limited.clock.advance(5.9)
    assert limited.get(REPORT).status == 429
    limited.clock.advance(0.1)
    assert limited.get(REPORT).status == 200


def test_identity_protection_never_says_when_to_come_back(limited: InProcess) -> None:
    limited.get(POLICIES)

    refused = limited.get("/v1.0/identityProtection/riskyUsers")

    assert refused.status == 429
    assert "Retry-After" not in refused.headers


def test_a_limit_that_announces_no_wait_does_not_count_what_it_refused(limited: InProcess) -> None:
    served = []
    for _ in range(8):
        served.append(limited.get(POLICIES).status)
        limited.clock.advance(0.5)

    assert served == [200, 429] * 4


def test_conditional_access_is_limited_over_all_applications_of_a_tenant(tmp_path: Path) -> None:
    other = "33333333-3333-4333-8333-333333333333"
    tenant = a_tenant(registrations=[demo_registration(), demo_registration(client_id=other)])
    graph = in_process(tmp_path, tenant, throttling=True)
    graph.get(POLICIES)
    statuses(graph, REPORT, 5)

    graph.sign_in(client_id=other, client_secret=DEMO_SECRET)

    assert graph.get(POLICIES).status == 429
    assert graph.get(REPORT).status == 200


@pytest.mark.parametrize(
    ("url", "units"),
    [
        ("/v1.0/users", 2),
        ("/v1.0/users?$select=id", 1),
        ("/v1.0/users?$top=5", 1),
        ("/v1.0/users?$select=id&$top=5", 1),
        ("/v1.0/groups?$expand=members", 2),
        ("/v1.0/groups?$select=id&$expand=members", 1),
        ("/v1.0/subscribedSkus", 3),
    ],
)
def test_directory_reads_cost_resource_units(limited: InProcess, url: str, units: int) -> None:
    assert limited.get(url).headers["x-ms-resource-unit"] == str(units)


def test_the_directory_budget_runs_out_and_announces_it(limited: InProcess) -> None:
    url = "/v1.0/subscribedSkus"
    replies = [limited.get(url) for _ in range(1_168)]

    assert "x-ms-throttle-limit-percentage" not in replies[900].headers
    assert replies[1_000].headers["x-ms-throttle-limit-percentage"] == "0.9"
    assert [reply.status for reply in replies[-3:]] == [200, 429, 429]  # 3,500 units in a tenant below 50 users
    assert replies[-1].headers["x-ms-throttle-scope"].startswith("Tenant_Application/ReadWrite/")
    assert replies[-1].headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"


def test_requests_during_the_wait_count(limited: InProcess) -> None:
    statuses(limited, REPORT, 6)
    limited.clock.advance(5)
    statuses(limited, REPORT, 5)
    limited.clock.advance(5.5)

    assert limited.get(REPORT).status == 429


def test_a_caller_that_waits_as_told_is_served(limited: InProcess) -> None:
    served = 0
    while served < 40:
        reply = limited.get(SIGN_INS)
        served += reply.status == 200
        limited.clock.advance(float(reply.headers.get("Retry-After", 0)))

    assert sum(record.throttled for record in limited.server.requests) <= 4


def test_requests_inside_a_batch_count_one_by_one(limited: InProcess) -> None:
    rows = [{"id": str(n), "method": "GET", "url": REPORT.removeprefix("/v1.0")} for n in range(7)]

    shown = limited.post("/v1.0/$batch", {"requests": rows}).body["responses"]

    assert sorted(row["status"] for row in shown) == [200] * 5 + [429] * 2
    assert all(int(row["headers"]["Retry-After"]) == 10 for row in shown if row["status"] == 429)


def test_throttling_can_be_switched_off(graph: InProcess) -> None:
    assert set(statuses(graph, POLICIES, 20)) == {200}
