"""Clients that send too much, too slowly, or never take the answer."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posture.web.app import create_app
from posture.web.safety.bodies import LARGEST, BoundedBodies
from posture.web.serving import PatientProtocol
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import COOKIE, Office, free_port, serving

HURRY = 0.3


class Hurried(PatientProtocol):
    head_seconds = HURRY
    answer_seconds = HURRY


@pytest.fixture
def served(office: Office) -> Iterator[int]:
    """Serve the page to whom it gives little time, and return its port."""
    port = free_port()
    service = replace(office.service, port=port, url=f"http://127.0.0.1:{port}")
    with serving(create_app(office.application, settings=service), service, protocol=Hurried):
        yield port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.mark.parametrize("size", [LARGEST + 1, 10**12])
def test_a_body_that_says_it_is_too_large_is_not_read(office: Office, pages: MadeUpPages, size: int) -> None:
    answer = office.signed_in().post("/made-up", content=b"note=x", headers={"content-length": str(size)})

    assert answer.status_code == 413
    assert "one megabyte" in answer.text


def test_a_body_that_does_not_say_how_large_it_is_is_bounded_all_the_same(office: Office, pages: MadeUpPages) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"note="
        for _ in range(20):
            yield b"x" * (LARGEST // 10)

    answer = office.signed_in().post(
        "/made-up", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 413
    assert pages.changes == []


def test_a_body_of_a_megabyte_is_taken(office: Office, pages: MadeUpPages) -> None:
    note = "x" * (LARGEST - len("note="))

    assert office.signed_in().post("/made-up", data={"note": note}).status_code == 200


def test_the_api_bounds_bodies_in_its_own_shape(office: Office) -> None:
    _, token = office.operator()

    answer = office.client().post(
        "/api/v1/me", content=b"x" * (LARGEST + 1), headers={"authorization": f"Bearer {token}"}
    )

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize("fields", [2_000, 50])
def test_a_form_of_very_many_fields_is_refused_or_read_but_never_a_surprise(
    office: Office, pages: MadeUpPages, fields: int
) -> None:
    form = {f"field-{number}": "x" for number in range(fields)} | {"note": "n"}

    assert office.signed_in().post("/made-up", data=form).status_code in (200, 400, 422)


def test_a_body_that_trickles_in_is_not_waited_for() -> None:
    told: list[int] = []

    async def refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
        told.append(status)

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the page was asked")

    async def trickle() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        raise AssertionError("nothing is sent")

    scope: Scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}

    asyncio.run(_called(BoundedBodies(never, refuse=refuse, patience=0.1), scope, trickle, send))

    assert told == [408]


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
def test_a_head_that_trickles_in_is_cut_off(served: int, beginning: bytes) -> None:
    with connected(served) as client:
        client.sendall(beginning)

        assert ended(client, keep_sending=bool(beginning))


def test_a_second_head_that_trickles_in_is_cut_off_as_well(served: int) -> None:
    with connected(served) as client:
        client.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{served}\r\n\r\n".encode())
        assert b"alive" in client.recv(4096) + client.recv(4096)
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-A: ")

        assert ended(client, keep_sending=True)


def test_who_does_not_take_the_answer_is_cut_off(office: Office, pages: MadeUpPages) -> None:
    id = office.signed_in().cookies[COOKIE]
    port = free_port()
    service = replace(office.service, port=port)
    head = f"GET /made-up/endless HTTP/1.1\r\nHost: {service.url[7:]}\r\nCookie: {COOKIE}={id}\r\n\r\n"

    with serving(office.app, service, protocol=Hurried) as server, connected(port) as client:
        client.sendall(head.encode())
        assert client.recv(1024).startswith(b"HTTP/1.1 200")

        assert comes_true(lambda: not server.server_state.connections)


def test_a_client_that_is_quick_is_served_meanwhile(served: int) -> None:
    slow = [connected(served) for _ in range(50)]

    answer = httpx.get(f"http://127.0.0.1:{served}/healthz")

    for each in slow:
        each.close()
    assert answer.text == "alive\n"


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET http://evil.example.com/ HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
        b"GET /\r\nX: y HTTP/1.1\r\n\r\n",
    ],
    ids=["huge head", "TLS on a plain port", "two hosts", "two lengths", "absolute", "broken line"],
)
def test_what_is_no_proper_request_is_refused_and_nothing_else_happens(served: int, request_text: bytes) -> None:
    with connected(served) as client:
        client.sendall(request_text)
        answer = client.recv(4096)

    assert answer.split(b" ")[1:2] in ([b"400"], [b"421"], [b"413"]) or answer == b""
    assert httpx.get(f"http://127.0.0.1:{served}/healthz").status_code == 200


def test_no_header_of_an_answer_can_be_made_by_who_asks(served: int) -> None:
    with connected(served) as client:
        query = "next=/%0d%0aset-cookie:%20a=b"
        client.sendall(f"GET /sign-in?{query} HTTP/1.1\r\nHost: 127.0.0.1:{served}\r\n\r\n".encode())
        answer = client.recv(65_536)

    assert b"\r\nset-cookie: a=b" not in answer.lower()


async def _called(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def comes_true(condition: Callable[[], bool]) -> bool:
    """Wait for something to become so, but not for ever."""
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(HURRY / 10)
    return condition()


def ended(client: socket.socket, *, keep_sending: bool) -> bool:
    """Say whether the other end closes the connection, although a letter comes now and then."""
    client.settimeout(HURRY / 5)
    for _ in range(100):
        try:
            if keep_sending:
                client.sendall(b"a")
            if client.recv(1024) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False
