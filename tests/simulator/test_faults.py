from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from posture.simulator.faults import Fault, FaultKind, FaultPlan, read_faults
from tests.simulator.builders import NOW, TENANT_ID, InProcess, guid

USERS = "/v1.0/users?$select=id&$top=10"


def hit(graph: InProcess, kind: FaultKind, **changes: Any) -> None:
    graph.server.faults.add(Fault(kind=kind, **changes))


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.THROTTLED, 429, "TooManyRequests"),
        (FaultKind.SERVER_ERROR, 500, "InternalServerError"),
        (FaultKind.UNAVAILABLE, 503, "serviceNotAvailable"),
        (FaultKind.GATEWAY_TIMEOUT, 504, "UnknownError"),
        (FaultKind.REVOKED_TOKEN, 401, "InvalidAuthenticationToken"),
        (FaultKind.NOT_IN_THIS_CLOUD, 404, "ResourceNotFound"),
    ],
)
def test_an_error_takes_the_place_of_one_answer(graph: InProcess, kind: FaultKind, status: int, code: str) -> None:
    hit(graph, kind)

    replies = [graph.get(USERS), graph.get(USERS)]

    assert [reply.status for reply in replies] == [status, 200]
    assert replies[0].code == code


def test_a_storm_may_or_may_not_say_when_to_return(graph: InProcess) -> None:
    hit(graph, FaultKind.THROTTLED, times=3, retry_after=7)
    assert [graph.get(USERS).headers.get("Retry-After") for _ in range(4)] == ["7", "7", "7", None]

    hit(graph, FaultKind.THROTTLED, times=1)
    silent = graph.get(USERS)
    assert (silent.status, silent.headers.get("Retry-After")) == (429, None)


def test_a_missing_service_may_answer_400(graph: InProcess) -> None:
    hit(graph, FaultKind.NOT_IN_THIS_CLOUD, status=400, times=None)

    assert [graph.get(USERS).status for _ in range(3)] == [400, 400, 400]


def test_a_fault_waits_for_its_path_and_its_turn(graph: InProcess) -> None:
    hit(graph, FaultKind.SERVER_ERROR, path=r"/groups", after=1, times=2)

    assert [graph.get("/v1.0/groups").status for _ in range(5)] == [200, 500, 500, 200, 200]
    assert graph.get(USERS).status == 200


def test_faults_spare_the_token_endpoint_unless_it_is_named(graph: InProcess) -> None:
    hit(graph, FaultKind.UNAVAILABLE, times=None)
    assert graph.sign_in().status == 200

    hit(graph, FaultKind.UNAVAILABLE, path=f"/{TENANT_ID}/oauth2")
    assert graph.sign_in().status == 503


def test_chance_is_the_same_for_the_same_seed() -> None:
    def run(seed: int) -> list[bool]:
        plan = FaultPlan()
        plan.add(Fault(kind=FaultKind.SLOW, probability=0.3, times=None, seed=seed))
        return [bool(plan.strike("/v1.0/users", now=NOW)) for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 < sum(run(1)) < 90


def test_a_dropped_connection_is_logged_without_a_status(graph: InProcess) -> None:
    hit(graph, FaultKind.CONNECTION_RESET)

    assert graph.get(USERS).delivery.is_dropped
    record = graph.server.requests[-1]
    assert (record.status, record.route, record.faults) == (None, "users", ("connection_reset",))


def test_delivery_is_cut_late_or_wrongly_dated(graph: InProcess) -> None:
    hit(graph, FaultKind.TRUNCATED)
    hit(graph, FaultKind.SLOW, seconds=2.5)
    hit(graph, FaultKind.CLOCK_SKEW, seconds=-600)

    delivery = graph.get(USERS).delivery

    assert (delivery.is_cut, delivery.delay, delivery.clock_offset) == (True, 2.5, -600)


def test_malformed_json_cannot_be_read(graph: InProcess) -> None:
    hit(graph, FaultKind.MALFORMED_JSON)
    reply = graph.get(USERS)

    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.content)


def test_a_loop_leads_back_to_the_same_page(graph: InProcess) -> None:
    hit(graph, FaultKind.NEXT_LINK_LOOP, times=None, path="skiptoken")
    second = graph.get(graph.get(USERS).body["@odata.nextLink"])

    third = graph.get(second.body["@odata.nextLink"])

    assert third.ids == second.ids
    assert third.body["@odata.nextLink"] == second.body["@odata.nextLink"]


def test_items_are_repeated_on_the_next_page_and_none_is_lost(graph: InProcess) -> None:
    hit(graph, FaultKind.DUPLICATED_ITEMS)

    ids = [one for page in graph.pages(USERS) for one in page.ids]

    assert len(ids) == 33
    assert sorted(set(ids)) == [guid(n) for n in range(1, 31)]


def test_an_empty_page_is_not_the_end(graph: InProcess) -> None:
    hit(graph, FaultKind.EMPTY_PAGE)
    hit(graph, FaultKind.EMPTY_PAGE, path="skiptoken")

    pages = [page.ids for page in graph.pages(USERS)]

    assert [len(ids) for ids in pages] == [0, 0, 10, 10, 10]
    assert sorted(one for ids in pages for one in ids) == [guid(n) for n in range(1, 31)]


def test_a_link_may_point_to_another_host(graph: InProcess) -> None:
    hit(graph, FaultKind.FOREIGN_NEXT_LINK)

    assert graph.get(USERS).body["@odata.nextLink"].startswith("https://graph.example.net/v1.0/users?")


def test_a_page_token_expires_but_a_new_start_works(graph: InProcess) -> None:
    hit(graph, FaultKind.EXPIRED_PAGE_TOKEN)
    first = graph.get(USERS)

    expired = graph.get(first.body["@odata.nextLink"])

    assert (expired.status, expired.code) == (400, "Directory_ExpiredPageToken")
    assert len([one for page in graph.pages(USERS) for one in page.ids]) == 30


def opted_in(graph: InProcess, **more: Any) -> None:
    graph.sign_in(claims=json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}} | more}))


def test_a_challenge_is_answered_by_a_token_that_carries_its_claims(graph: InProcess) -> None:
    opted_in(graph)
    hit(graph, FaultKind.CLAIMS_CHALLENGE)
    refused = graph.get(USERS)
    found = re.search(r'error="insufficient_claims", claims="([^"]+)"', refused.headers["WWW-Authenticate"])
    assert found is not None
    wanted = json.loads(base64.b64decode(found[1]))

    opted_in(graph)
    still_refused = graph.get(USERS)
    opted_in(graph, **wanted["access_token"])

    assert (refused.status, still_refused.status) == (401, 401)
    assert [graph.get(USERS).status for _ in range(2)] == [200, 200]


def test_who_did_not_opt_in_is_never_challenged(graph: InProcess) -> None:
    hit(graph, FaultKind.CLAIMS_CHALLENGE)

    assert graph.get(USERS).status == 200


def test_a_token_can_be_revoked_for_good(graph: InProcess) -> None:
    caller = graph.server.signer.verify(f"Bearer {graph.token}", audience=graph.root)
    graph.server.signer.revoked.add(caller.token_id)

    assert [graph.get(USERS).status for _ in range(2)] == [401, 401]
    graph.sign_in()
    assert graph.get(USERS).status == 200


def test_several_faults_may_hit_one_request(graph: InProcess) -> None:
    hit(graph, FaultKind.SLOW, seconds=1)
    hit(graph, FaultKind.UNAVAILABLE)

    reply = graph.get(USERS)

    assert (reply.status, reply.delivery.delay) == (503, 1)
    assert graph.server.faults.hits == {"slow": 1, "unavailable": 1}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "slow", "extra": 1},
        {"kind": "slow", "path": "("},
        {"kind": "slow", "probability": 2},
        {"kind": "slow", "after": -1},
        {"kind": "slow", "times": 0},
        {"kind": "slow", "seconds": "long"},
        7,
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_faults(json.dumps(document).encode())


def test_faults_are_read_one_or_several_at_a_time() -> None:
    assert read_faults(b'{"kind":"slow"}') == [Fault(kind=FaultKind.SLOW)]
    assert len(read_faults(b'[{"kind":"slow"},{"kind":"throttled","retry_after":3}]')) == 2
