"""What can go wrong with a write: before it is carried out, after it, and in the reads that follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posture.simulator.faults import Fault, FaultKind
from posture.simulator.throttling import Limit
from tests.simulator.builders import InProcess, a_writer, guid

USER = f"/v1.0/users/{guid(2)}"
NEW = {
    "accountEnabled": True,
    "displayName": "New",
    "mailNickname": "new",
    "userPrincipalName": "new@contoso.example.com",
    "passwordProfile": {"password": "Correct-Horse-7"},
}


@pytest.fixture
def writer(tmp_path: Path) -> InProcess:
    return a_writer(tmp_path, "User.ReadWrite.All")


def is_enabled(graph: InProcess) -> bool:
    """What is true, whatever reads show."""
    users = graph.server.tenants[0].collections["users"]
    return bool(next(one for one in users if one["id"] == guid(2))["accountEnabled"])


def disable(graph: InProcess) -> Any:
    return graph.patch(USER, {"accountEnabled": False})


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(kind=FaultKind.THROTTLED, retry_after=7), 429),
        (Fault(kind=FaultKind.UNAVAILABLE), 503),
        (Fault(kind=FaultKind.FORBIDDEN), 403),
        (Fault(kind=FaultKind.SERVER_ERROR), 500),
    ],
)
def test_a_refused_write_has_not_happened(writer: InProcess, fault: Fault, status: int) -> None:
    writer.server.faults.add(fault)

    reply = disable(writer)

    assert reply.status == status
    assert reply.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert is_enabled(writer)
    assert (disable(writer).status, is_enabled(writer)) == (204, False)


def test_a_connection_reset_before_the_write_leaves_things_as_they_were(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.CONNECTION_RESET))

    reply = disable(writer)

    assert reply.delivery.is_dropped
    assert is_enabled(writer)


@pytest.mark.parametrize("kind", [FaultKind.ANSWER_LOST, FaultKind.TRUNCATED])
def test_a_lost_answer_does_not_undo_the_write(writer: InProcess, kind: FaultKind) -> None:
    writer.server.faults.add(Fault(kind=kind))

    reply = disable(writer)

    assert reply.delivery.is_dropped  # half of an empty answer is none
    assert not is_enabled(writer)
    assert writer.server.requests[-1].status is None


def test_an_answer_with_a_body_is_cut_after_the_write(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.TRUNCATED))

    reply = writer.post("/v1.0/users", NEW)

    assert reply.delivery.is_cut
    assert any(one["displayName"] == "New" for one in writer.server.tenants[0].collections["users"])


def test_a_slow_write_is_carried_out(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.SLOW, seconds=3))

    reply = disable(writer)

    assert (reply.delivery.delay, is_enabled(writer)) == (3, False)


def test_a_fault_for_some_methods_spares_the_others(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.UNAVAILABLE, methods=("PATCH", "DELETE"), times=None))

    assert writer.get(USER).status == 200
    assert (disable(writer).status, writer.delete(USER).status) == (503, 503)


def shown(graph: InProcess) -> bool:
    return bool(graph.get(f"{USER}?$select=accountEnabled").body["accountEnabled"])


def test_some_reads_after_a_write_show_what_was_before(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.STALE_READS, times=2))

    before = shown(writer)
    disable(writer)

    assert before is True
    assert [shown(writer) for _ in range(3)] == [True, True, False]
    assert not is_enabled(writer)


def test_reads_may_lag_behind_for_a_time_instead(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.STALE_READS, times=None, seconds=30))

    disable(writer)

    assert shown(writer) is True
    writer.clock.advance(29)
    assert shown(writer) is True
    writer.clock.advance(1)
    assert shown(writer) is False


def test_a_created_object_is_not_found_at_first_and_a_deleted_one_still_listed(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.STALE_READS, times=2))

    made = writer.post("/v1.0/users", NEW).body["id"]
    writer.delete(USER)

    assert writer.get(f"/v1.0/users/{made}").status == 404
    assert writer.get(USER).status == 200
    assert (writer.get(f"/v1.0/users/{made}").status, writer.get(USER).status) == (200, 404)


def test_a_write_that_fails_makes_no_read_stale(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.STALE_READS, times=1))

    writer.patch(USER, {"nonsense": 1})
    disable(writer)

    assert shown(writer) is True  # of before the write that succeeded
    assert shown(writer) is False


def test_stale_reads_can_be_limited_to_some_paths(writer: InProcess) -> None:
    writer.server.faults.add(Fault(kind=FaultKind.STALE_READS, path=r"/users/[^/]+\?", times=None, seconds=60))

    disable(writer)

    assert shown(writer) is True
    assert guid(2) not in writer.get("/v1.0/users?$filter=accountEnabled%20eq%20true&$select=id").ids


# Limits


def test_writes_have_a_limit_of_their_own(tmp_path: Path) -> None:
    graph = a_writer(tmp_path, "User.ReadWrite.All")
    graph.server.throttle.enabled = True
    limit = Limit(name="directory_writes", cost=2, seconds=150)
    graph.server.throttle.limits["directory_writes"] = limit

    replies = [graph.post(f"{USER}/revokeSignInSessions") for _ in range(3)]

    assert [reply.status for reply in replies] == [200, 200, 429]
    assert replies[2].headers["Retry-After"] == str(int(limit.seconds))
    assert replies[2].headers["x-ms-throttle-scope"].startswith("Tenant_Application/Write/")
    assert replies[2].headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert graph.get(USER).status == 200
    graph.clock.advance(150)
    assert graph.post(f"{USER}/revokeSignInSessions").status == 200


def test_methods_are_removed_under_the_limit_of_reports(tmp_path: Path) -> None:
    graph = a_writer(tmp_path, "UserAuthenticationMethod.ReadWrite.All")
    graph.server.throttle.enabled = True
    url = f"/v1.0/users/{guid(2)}/authentication/fido2Methods/none"

    statuses = [graph.delete(url).status for _ in range(6)]

    assert statuses == [404] * 5 + [429]


# The log and the state


def test_the_log_holds_what_was_sent_without_secrets(writer: InProcess) -> None:
    writer.server.requests.clear()
    writer.post("/v1.0/users", NEW)
    writer.patch(USER, {"nonsense": {"password": "x", "list": [{"secretText": "y", "note": "z"}]}})
    writer.send("PATCH", USER, body=b"{", headers={"Content-Type": "application/json"})
    writer.get(USER)

    sent = [record.sent for record in writer.server.requests]

    assert sent[0] == NEW | {"passwordProfile": {"password": "•••"}}
    assert sent[1] == {"nonsense": {"password": "•••", "list": [{"secretText": "•••", "note": "z"}]}}
    assert sent[2:] == [None, None]
    assert [record.route for record in writer.server.requests] == [
        "user-create", "user-patch-usertype", "user-patch-usertype", "users-id",
    ]  # fmt: skip


def test_writes_in_a_batch_are_carried_out_and_logged_one_by_one(writer: InProcess) -> None:
    change = {"accountEnabled": False}
    headers = {"Content-Type": "application/json"}
    rows = [{"id": "1", "method": "PATCH", "url": f"users/{guid(2)}", "body": change, "headers": headers}]

    reply = writer.post("/v1.0/$batch", {"requests": rows})

    assert [one["status"] for one in reply.body["responses"]] == [204]
    assert not is_enabled(writer)
    assert [record.sent for record in writer.server.requests[-2:]] == [change, None]
