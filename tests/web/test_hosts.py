"""By which name and which way the page is reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posture.web.app import create_app
from posture.web.safety.hosts import known_hosts
from tests.web.office import Client, Office

PROXY = ("10.0.0.5", 40_000)
STRANGER = ("192.0.2.9", 40_000)
THROUGH_TLS = {"x-forwarded-proto": "https"}


def behind_proxy(office: Office, *, peer: tuple[str, int] = PROXY) -> Client:
    """Return a browser whose requests come from ``peer`` to a page that believes 10.0.0.0/24 and is without TLS."""
    settings = replace(
        office.service,
        host="10.0.0.9",
        url="https://posture.example.com",
        trusted_proxies=("10.0.0.0/24",),
    )
    # The proxy talks to us over plain HTTP.
    return Client(
        create_app(office.application, settings=settings),
        base_url="http://posture.example.com",
        follow_redirects=False,
        client=peer,
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"])
def test_the_page_on_this_machine_goes_by_the_names_of_this_machine(web_client: Client, host: str) -> None:
    assert web_client.get("/sign-in", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "127.0.0.1",
        "127.0.0.1:8081",
        "127.0.0.1:8080.evil.example.com",
        "",
        "a b",
        "127.0.0.1:8080@evil",
    ],
)
def test_another_name_is_refused_and_not_repeated(web_client: Client, host: str) -> None:
    answer = web_client.get("/sign-in", headers={"host": host})

    assert answer.status_code == 421
    assert "evil" not in answer.text
    assert "location" not in answer.headers


def test_two_names_are_refused(web_client: Client) -> None:
    headers = [("host", "127.0.0.1:8080"), ("host", "evil.example.com")]

    assert web_client.get("/sign-in", headers=headers).status_code == 421


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://posture.example.com", {"posture.example.com", "posture.example.com:443"}),
        ("https://posture.example.com:8443", {"posture.example.com:8443"}),
        ("https://posture.example.com:443", {"posture.example.com", "posture.example.com:443"}),
        ("http://127.0.0.1:8080", {"127.0.0.1:8080", "localhost:8080", "[::1]:8080"}),
    ],
)
def test_only_names_of_the_page_are_known(office: Office, url: str, names: set[str]) -> None:
    assert known_hosts(replace(office.service, url=url)) == names


def test_probes_of_health_need_no_name(web_client: Client) -> None:
    assert web_client.get("/healthz", headers={"host": "10.0.0.9"}).status_code == 200
    assert web_client.get("/readyz", headers={"host": "10.0.0.9"}).status_code == 200


def test_a_trusted_proxy_says_who_the_client_is(office: Office) -> None:
    client = behind_proxy(office)
    origin = {"origin": "https://posture.example.com"}
    for address in ("192.0.2.1", "192.0.2.2"):
        headers = THROUGH_TLS | origin | {"x-forwarded-for": address}
        statuses = {client.post("/sign-in", data={"token": f"{n}"}, headers=headers).status_code for n in range(10)}
        assert statuses == {403}  # each address has its own tries

    spent = THROUGH_TLS | origin | {"x-forwarded-for": "192.0.2.1"}
    assert client.post("/sign-in", data={"token": "x"}, headers=spent).status_code == 429


def test_what_a_client_told_the_proxy_about_itself_is_not_believed(office: Office) -> None:
    client = behind_proxy(office)
    headers = THROUGH_TLS | {"origin": "https://posture.example.com"}
    statuses = [
        client.post(
            "/sign-in", data={"token": f"{n}"}, headers=headers | {"x-forwarded-for": f"203.0.113.{n}, 192.0.2.1"}
        ).status_code
        for n in range(11)
    ]

    assert statuses == [403] * 10 + [429]


def test_who_goes_around_the_proxy_is_refused(office: Office) -> None:
    client = behind_proxy(office, peer=STRANGER)

    assert client.get("/sign-in", headers=THROUGH_TLS | {"x-forwarded-for": "10.0.0.5"}).status_code == 421
    assert client.get("/healthz").status_code == 200


def test_what_did_not_come_through_tls_is_refused(office: Office) -> None:
    client = behind_proxy(office)

    assert client.get("/sign-in").status_code == 421
    assert client.get("/sign-in", headers={"x-forwarded-proto": "http"}).status_code == 421
    assert client.get("/sign-in", headers=THROUGH_TLS).status_code == 200


def test_forwarded_headers_of_anybody_else_mean_nothing(office: Office) -> None:
    client = office.client(client=STRANGER)
    headers = {"origin": office.service.url}
    statuses = [
        client.post(
            "/sign-in", data={"token": f"{n}"}, headers=headers | {"x-forwarded-for": f"203.0.113.{n}"}
        ).status_code
        for n in range(11)
    ]

    assert statuses == [403] * 10 + [429]
    assert client.get("/sign-in", headers=THROUGH_TLS).status_code == 200


def test_no_header_changes_the_address_that_people_are_led_to(office: Office, web_client: Client) -> None:
    answer = web_client.post(
        "/sign-out",
        headers={"x-forwarded-host": "evil.example.com", "x-original-url": "/admin", "x-rewrite-url": "/x"},
    )

    assert answer.headers["location"].startswith("/sign-in")
