"""What is sent to change a tenant, how often, and what is said of it: never more than is known."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from posture.domain.request import Answered, GraphRequest, Lost
from posture.errors import ActionRefused, GraphError, TenantUnreachable, TokenRefused
from posture.graph.actuator import TenantActuator
from posture.graph.credentials import Connection
from posture.graph.pursuit import RetryBudget
from posture.graph.throttle import PUBLISHED, Pace, faster
from posture.graph.timing import Timing
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.server import SimulatorServer
from posture.usecases.ports import Actuator

from .conftest import CLIENT_ID, PATIENT, SECRET, TENANT_ID
from .scripted_graph import OWN_OBJECT_ID, Reply, ScriptedGraph, error, scripted_graph

PASSWORD = 'Pa"ss~\\word-4711-with-quotes'
PACE = faster(PUBLISHED, factor=1000)
DROPPED = Reply(is_dropped=True)
CUT = Reply(status=200, body=b'{"id": "x"', is_cut=True)
UNKNOWN = [DROPPED, CUT, *(error(status) for status in (408, 500, 502, 503, 504, 520))]


@dataclass
class Waits:
    """Time that passes at once, and what was waited for."""

    seconds: list[float] = field(default_factory=list)
    ahead: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.ahead += seconds

    def timing(self) -> Timing:
        return Timing(monotonic=lambda: self.ahead, sleep=self.sleep, chance=lambda: 0.5)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedGraph]:
    with scripted_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(served: ScriptedGraph) -> Iterator[ScriptedGraph]:
    served.script, served.token_reply = [Reply()], None
    served.received.clear()
    served.tokens.clear()
    claims = dict(served.claims)
    yield served
    served.claims = claims


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def actuator(graph: ScriptedGraph, waits: Waits) -> Iterator[TenantActuator]:
    with TenantActuator(graph.connection(), pace=PACE, budget=PATIENT, timing=waits.timing()) as actuator:
        yield actuator


def a_request(method: str = "PATCH", path: str = "/users/u1", **changes: Any) -> GraphRequest:
    request = GraphRequest(method=method, path=path, body={"accountEnabled": False}, may_repeat=True)
    return dataclasses.replace(request, **changes)


ONCE = a_request("POST", "/users", body={"displayName": "Ann"}, may_repeat=False)


def test_it_fits_its_port(graph: ScriptedGraph) -> None:
    actuator: Actuator = TenantActuator(graph.connection(), pace=PACE)

    assert isinstance(actuator.send(a_request()), Answered)
    assert isinstance(actuator, TenantActuator)
    actuator.close()
    actuator.close()


def test_a_request_is_sent_as_it_is(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.script = [Reply(status=201, headers={"request-id": "r1"}, body=b'{"id": "x", "n": [1]}')]
    path = "/users/a%40b%20c/authentication/temporaryAccessPassMethods"

    answer = actuator.send(a_request("POST", path, body={"isUsableOnce": True, "who": "Zoë", "none": None}))

    assert answer == Answered(status=201, body={"id": "x", "n": [1]}, error=None, request_id="r1")
    (received,) = graph.received
    assert (received.method, received.path) == ("POST", f"/v1.0{path}")
    assert json.loads(received.body) == {"isUsableOnce": True, "who": "Zoë", "none": None}
    assert received.headers["content-type"] == "application/json"
    assert received.headers["x-ms-throttle-priority"] == "High"
    assert received.headers["authorization"] == f"Bearer {graph.tokens[0]}"


def test_a_reference_keeps_its_dollar_and_a_deletion_has_no_body(
    actuator: TenantActuator, graph: ScriptedGraph
) -> None:
    answer = actuator.send(a_request("DELETE", "/groups/g1/members/u1/$ref", body=None))

    assert answer == Answered(status=204, body={}, error=None, request_id=None)
    assert [(one.path, one.body) for one in graph.received] == [("/v1.0/groups/g1/members/u1/$ref", b"")]
    assert "content-type" not in graph.received[0].headers


def test_each_request_has_an_id_of_its_own(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.script = [error(429), Reply()]

    actuator.send(a_request())
    actuator.send(a_request())

    first, again, second = (one.headers["client-request-id"] for one in graph.received)
    assert first == again != second


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_empty_answer_is_an_answer(actuator: TenantActuator, graph: ScriptedGraph, status: int) -> None:
    graph.script = [Reply(status=status)]

    assert actuator.send(ONCE) == Answered(status=status, body={}, error=None, request_id=None)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'"x"', b'{"id": ', b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_told_and_not_asked_for_again(
    actuator: TenantActuator, graph: ScriptedGraph, body: bytes
) -> None:
    graph.script = [Reply(status=200, body=body)]

    answer = actuator.send(a_request())

    assert answer == Answered(status=200, body={}, error="Graph's answer is not a JSON object", request_id=None)
    assert len(graph.received) == 1


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405, 409, 410, 412, 415, 422, 423, 501])
@pytest.mark.parametrize("may_repeat", [True, False])
def test_a_no_is_an_answer(actuator: TenantActuator, graph: ScriptedGraph, status: int, *, may_repeat: bool) -> None:
    graph.script = [
        error(status, "Request_Bad", "The \x1b[31m pageToken.", request_id="r9", location="https://e.example/")
    ]

    answer = actuator.send(a_request(may_repeat=may_repeat))

    assert isinstance(answer, Answered)
    assert (answer.status, answer.request_id) == (status, "r9")
    assert answer.error == f"Graph answered {status} Request_Bad: The \\x1b[31m pageToken"
    assert len(graph.received) == 1


@pytest.mark.parametrize("may_repeat", [True, False])
def test_too_many_requests_are_waited_out_whatever_the_request(
    actuator: TenantActuator, graph: ScriptedGraph, waits: Waits, *, may_repeat: bool
) -> None:
    graph.script = [error(429, retry_after="7"), error(429), Reply()]

    answer = actuator.send(a_request(may_repeat=may_repeat))

    assert isinstance(answer, Answered)
    assert (answer.status, len(graph.received)) == (204, 3)
    assert 7 <= max(waits.seconds) < 8


@pytest.mark.parametrize("retry_after", ["21", "99999", None])
def test_when_the_waiting_is_used_up_429_is_the_answer(
    actuator: TenantActuator, graph: ScriptedGraph, waits: Waits, retry_after: str | None
) -> None:
    graph.script = [error(429, **({"retry_after": retry_after} if retry_after else {}))]

    answer = actuator.send(ONCE)

    assert isinstance(answer, Answered)
    assert answer.status == 429
    assert "SomeCode" in str(answer.error)
    assert len(graph.received) == (1 if retry_after else PATIENT.tries)
    assert sum(waits.seconds) <= PATIENT.waiting_seconds


@pytest.mark.parametrize("reply", UNKNOWN, ids=lambda reply: f"{reply.status}-{reply.is_dropped}-{reply.is_cut}")
def test_what_may_have_happened_is_never_sent_again_unless_it_may_be(
    actuator: TenantActuator, graph: ScriptedGraph, reply: Reply
) -> None:
    graph.script = [reply, Reply()]

    answer = actuator.send(ONCE)

    assert isinstance(answer, Lost)
    assert answer.why
    assert len(graph.received) == 1


@pytest.mark.parametrize("reply", UNKNOWN, ids=lambda reply: f"{reply.status}-{reply.is_dropped}-{reply.is_cut}")
def test_what_may_be_repeated_is_sent_until_there_is_an_answer(
    actuator: TenantActuator, graph: ScriptedGraph, reply: Reply
) -> None:
    graph.script = [reply, reply, Reply()]

    answer = actuator.send(a_request())

    assert isinstance(answer, Answered)
    assert answer.status == 204
    assert len({one.port for one in graph.received}) == 3  # never twice over a connection that failed


@pytest.mark.parametrize("reply", UNKNOWN, ids=lambda reply: f"{reply.status}-{reply.is_dropped}-{reply.is_cut}")
def test_tries_are_bounded_and_then_nobody_knows(
    actuator: TenantActuator, graph: ScriptedGraph, reply: Reply
) -> None:
    graph.script = [reply]

    assert isinstance(actuator.send(a_request()), Lost)
    assert len(graph.received) == PATIENT.tries


def test_no_answer_in_time_is_a_lost_answer(simulator: SimulatorServer, connect: Callable[..., Connection]) -> None:
    late = Fault(kind=FaultKind.SLOW, path="/users", seconds=1.5, methods=("PATCH", "POST"))
    budget = dataclasses.replace(PATIENT, answer_seconds=0.6)

    with TenantActuator(connect(), pace=PACE, budget=budget) as actuator:
        actuator.granted()
        simulator.faults.add(late)
        repeated = actuator.send(a_request())
        simulator.faults.add(late)
        lost = actuator.send(ONCE)

    assert isinstance(repeated, Answered)  # a refusal: this client may not write
    assert lost == Lost(why="no usable answer from Graph: no whole answer within 0.6 seconds")
    assert [one.method for one in simulator.requests if one.path.startswith("/v1.0/")] == ["PATCH", "PATCH", "POST"]


@pytest.mark.parametrize("last", [error(429), error(401)])
def test_a_request_that_may_have_happened_is_not_said_to_be_refused_later(
    actuator: TenantActuator, graph: ScriptedGraph, last: Reply
) -> None:
    graph.script = [error(503), last]

    answer = actuator.send(a_request())

    assert isinstance(answer, Lost)
    assert "503" in answer.why


def test_a_definite_no_after_a_lost_answer_is_the_answer(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.script = [DROPPED, error(404)]

    answer = actuator.send(a_request("DELETE", "/users/u1", body=None))

    assert isinstance(answer, Answered)
    assert answer.status == 404


def test_a_refused_token_is_renewed_once_and_the_request_sent_again(
    actuator: TenantActuator, graph: ScriptedGraph
) -> None:
    graph.script = [error(401, "InvalidAuthenticationToken"), Reply()]

    answer = actuator.send(ONCE)

    assert isinstance(answer, Answered)
    assert answer.status == 204
    assert [one.headers["authorization"] for one in graph.received] == [f"Bearer {token}" for token in graph.tokens]
    assert len(set(graph.tokens)) == 2


def test_a_token_that_is_refused_again_is_the_answer(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.script = [error(401, "InvalidAuthenticationToken")]

    answer = actuator.send(ONCE)

    assert isinstance(answer, Answered)
    assert answer.status == 401
    assert len(graph.received) == 2


def test_a_claims_challenge_is_answered_and_the_request_sent_again(
    actuator: TenantActuator, graph: ScriptedGraph
) -> None:
    claims = base64.b64encode(b'{"access_token": {"nbf": {"essential": true, "value": "1"}}}').decode()
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    graph.script = [error(401, WWW_Authenticate=challenge), Reply()]

    answer = actuator.send(ONCE)

    assert isinstance(answer, Answered)
    assert answer.status == 204
    assert len(graph.received) == 2
    assert [json.loads(one.body) for one in graph.received] == [ONCE.body, ONCE.body]


def test_a_challenge_that_nobody_can_read_changes_nothing(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.script = [error(401, WWW_Authenticate='Bearer error="insufficient_claims", claims="%%%a"')]

    with pytest.raises(TenantUnreachable, match="claims challenge"):
        actuator.send(ONCE)


def test_without_a_token_nothing_is_sent(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000222: expired."}
    graph.token_reply = Reply(status=401, body=json.dumps(refusal).encode())

    with pytest.raises(TokenRefused):
        actuator.send(ONCE)
    assert graph.received == []


def test_a_token_that_cannot_be_renewed_ends_it_and_nothing_has_happened(
    actuator: TenantActuator, graph: ScriptedGraph
) -> None:
    actuator.granted()
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000222: expired."}
    graph.token_reply = Reply(status=401, body=json.dumps(refusal).encode())
    graph.script = [error(401)]

    with pytest.raises(TokenRefused):
        actuator.send(ONCE)
    graph.script = [error(503), error(401)]
    assert isinstance(actuator.send(a_request()), Lost)


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("request_", [ONCE, a_request()], ids=["once", "again"])
def test_without_a_connection_nothing_was_sent_and_that_is_said(
    graph: ScriptedGraph, waits: Waits, closed_port: int, request_: GraphRequest
) -> None:
    connection = dataclasses.replace(graph.connection(), graph_root=f"https://localhost:{closed_port}")

    with (
        TenantActuator(connection, pace=PACE, budget=PATIENT, timing=waits.timing()) as actuator,
        pytest.raises(TenantUnreachable, match=f"localhost:{closed_port} cannot be used, so nothing was changed"),
    ):
        actuator.send(request_)

    assert len(waits.seconds) == PATIENT.tries - 1


def test_what_cannot_be_trusted_is_sent_nothing(graph: ScriptedGraph, tmp_path: Path) -> None:
    with (
        scripted_graph(tmp_path) as other,
        TenantActuator(
            dataclasses.replace(graph.connection(), graph_root=other.url),
            pace=PACE,
            budget=dataclasses.replace(PATIENT, tries=1),
        ) as actuator,
    ):
        with pytest.raises(TenantUnreachable, match="nothing was changed"):
            actuator.send(ONCE)
        assert other.received == []


FORBIDDEN = [
    ("DELETE", "/groups/g1/members/u1"),
    ("DELETE", "/groups/g1/members/u1/"),
    ("DELETE", "/groups/g1/members/u1/$ref?x=1"),
    ("DELETE", "/groups/g1/members//$ref"),
    ("DELETE", "/groups/g1/owners/u1"),
    ("DELETE", "/groups/g1%2Fmembers%2Fu1"),
    ("DELETE", "/groups/g1%5cmembers%5cu1"),
    ("DELETE", "/groups/%2e%2e"),
    ("DELETE", "/groups/.."),
    ("DELETE", "/groups/"),
    ("DELETE", "/groups/g1%00"),
    ("DELETE", "/groups/g1%"),
    ("DELETE", "/groups/g1\r\nX-Evil: 1"),
    ("DELETE", "/groups/g 1"),
    ("DELETE", "groups/g1"),
    ("DELETE", "//evil.example.com/groups/g1"),
    ("DELETE", "https://evil.example.com/v1.0/groups/g1"),
    ("DELETE", "/directory/deletedItems/u1"),
    ("POST", "/directory/deletedItems/u1/purge"),
    ("POST", "/directory/deletedItems/getByIds"),
    ("POST", "/applications/a1/addPassword"),
    ("POST", "/$batch"),
    ("PUT", "/users/u1"),
    ("patch", "/users/u1"),
    ("GET", "/users/u1"),
    ("PATCH", "/organization/o1"),
    ("PATCH", ""),
]


@pytest.mark.parametrize(("method", "path"), FORBIDDEN)
def test_what_is_not_listed_is_never_sent(
    actuator: TenantActuator, graph: ScriptedGraph, method: str, path: str
) -> None:
    with pytest.raises(ActionRefused, match="not among the requests that posture may send") as caught:
        actuator.send(a_request(method, path))

    assert str(caught.value).isprintable()
    assert graph.received == []
    assert graph.tokens == []


def test_restoring_what_was_deleted_is_allowed(actuator: TenantActuator) -> None:
    answer = actuator.send(a_request("POST", "/directory/deletedItems/u1/restore", body=None, may_repeat=False))

    assert isinstance(answer, Answered)
    assert answer.status == 204


def test_a_body_that_is_no_json_is_not_sent_and_not_quoted(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    with pytest.raises(ActionRefused, match="cannot be written as JSON") as caught:
        actuator.send(a_request(body={"password": f"{PASSWORD}\ud83d"}, secrets=frozenset({PASSWORD})))

    assert caught.value.__context__ is None
    assert graph.received == []


SAYING: list[Callable[[str, str], Reply]] = [
    lambda secret, token: error(400, f"Code {secret}", f"{'x' * 260} {secret} {token}"),
    lambda secret, _: error(400, "Code", f"{'x' * 290} {secret}"),
    lambda secret, token: error(400, "Code", f"The password {secret} is bad; Bearer {token}"),
    lambda secret, _: error(400, "Code", json.dumps({"password": secret})),
    lambda secret, token: error(429, "Code", f"{secret} {token}"),
    lambda secret, token: error(500, "Code", f"{'x' * 290} {secret} {token}"),
    lambda secret, token: error(500, f"{secret}", token),
    lambda secret, token: Reply(status=200, body=f"<b>{secret} {token}".encode()),
    lambda secret, token: Reply(status=200, body=json.dumps({"password": secret, "token": token}).encode()),
    lambda secret, token: error(401, "Code", f"{secret} {token}"),
]


@pytest.mark.parametrize("saying", SAYING)
def test_no_secret_is_in_any_text_whatever_graph_says(
    graph: ScriptedGraph, waits: Waits, caplog: pytest.LogCaptureFixture, saying: Callable[[str, str], Reply]
) -> None:
    caplog.set_level(logging.DEBUG)
    request = a_request(
        "POST",
        "/users",
        body={"passwordProfile": {"password": PASSWORD}},
        may_repeat=False,
        secrets=frozenset({PASSWORD}),
    )

    with TenantActuator(graph.connection(), pace=PACE, budget=PATIENT, timing=waits.timing()) as actuator:
        actuator.granted()
        graph.script = [saying(PASSWORD, graph.tokens[0])]
        answer = actuator.send(request)
        told = [repr(answer), repr(request), repr(actuator), repr(vars(actuator)), caplog.text]
    told.append(answer.why if isinstance(answer, Lost) else str(answer.error))

    assert json.loads(graph.received[0].body)["passwordProfile"] == {"password": PASSWORD}
    for text in told:
        for secret in (PASSWORD, PASSWORD[:10], SECRET, *graph.tokens, *(token[:40] for token in graph.tokens)):
            assert secret not in text
            assert json.dumps(secret)[1:-1] not in text


def test_an_exception_holds_neither_the_body_nor_the_token(
    graph: ScriptedGraph, waits: Waits, closed_port: int
) -> None:
    connection = dataclasses.replace(graph.connection(), graph_root=f"https://localhost:{closed_port}")
    request = a_request("POST", "/users", body={"password": PASSWORD}, secrets=frozenset({PASSWORD}))

    with (
        TenantActuator(connection, pace=PACE, budget=PATIENT, timing=waits.timing()) as actuator,
        pytest.raises(GraphError) as caught,
    ):
        actuator.send(request)

    assert caught.value.__context__ is None
    assert PASSWORD not in str(caught.value)
    assert not any(token in str(caught.value) for token in graph.tokens)


def test_permissions_and_ids_are_read_from_the_token_alone(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    assert actuator.granted() == frozenset({"A.B"})
    assert actuator.own_ids() == frozenset({CLIENT_ID.lower(), OWN_OBJECT_ID.lower()})
    assert graph.received == []
    assert len(graph.tokens) == 1


@pytest.mark.parametrize(
    ("claims", "granted", "ids"),
    [
        ({"roles": "A.B"}, None, {CLIENT_ID}),
        ({"roles": ["A.B"], "oid": None, "appid": 5}, {"A.B"}, {CLIENT_ID}),
        ({}, frozenset(), {CLIENT_ID}),
        ({"appid": "OTHER", "oid": ""}, frozenset(), {CLIENT_ID, "other"}),
    ],
)
def test_a_token_of_another_shape_is_not_trusted_to_tell(
    actuator: TenantActuator, graph: ScriptedGraph, claims: dict[str, object], granted: object, ids: set[str]
) -> None:
    graph.claims = claims

    assert actuator.granted() == granted
    assert actuator.own_ids() == ids


def test_a_token_of_another_tenant_changes_nothing_there(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.claims = {"roles": ["A.B"], "tid": "99999999-9999-4999-8999-999999999999"}

    with pytest.raises(TokenRefused, match="is for the tenant 99999999-9999-4999-8999-999999999999, not for"):
        actuator.granted()

    assert graph.received == []


def test_the_token_of_the_tenant_counts_in_any_spelling(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    graph.claims = {"roles": ["A.B"], "tid": TENANT_ID.upper()}

    assert actuator.granted() == frozenset({"A.B"})


def test_connections_are_kept_for_what_may_be_repeated_only(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    for request in (a_request(), a_request(), ONCE, ONCE):
        actuator.send(request)

    first, second, third, fourth = (one.port for one in graph.received)
    assert first == second
    assert len({second, third, fourth}) == 3


def test_after_closing_it_opens_again(actuator: TenantActuator, graph: ScriptedGraph) -> None:
    actuator.send(a_request())
    actuator.close()

    assert isinstance(actuator.send(a_request()), Answered)
    assert len({one.port for one in graph.received}) == 2
    assert len(graph.tokens) == 1


def test_the_class_of_a_write_keeps_to_its_limit(graph: ScriptedGraph, waits: Waits) -> None:
    pace: Pace = PUBLISHED
    request = a_request("DELETE", "/users/u1/authentication/phoneMethods/m1", body=None)

    with TenantActuator(graph.connection(), pace=pace, budget=RetryBudget(), timing=waits.timing()) as actuator:
        for _ in range(6):
            actuator.send(request)

    assert sum(waits.seconds) >= 10
