"""Signing in on the page with an operator token, and how long that lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import httpx
import pytest

from posture.domain.operator import Role
from posture.store.audit_reader import AuditFilter
from posture.web.app import create_app
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import COOKIE, URL, Client, Office

ORIGIN = {"origin": URL}


class MovingClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by


@pytest.fixture
def clock(office: Office) -> MovingClock:
    moving = MovingClock()
    office.application.clock = moving  # type: ignore[assignment]
    return moving


@pytest.fixture
def secure(office: Office) -> Client:
    """A browser of a page that is reached through TLS."""
    settings = replace(office.service, url="https://posture.example.com")
    return Client(create_app(office.application, settings=settings), base_url=settings.url, follow_redirects=False)


def sign_in(client: Client, token: str, **form: str) -> httpx.Response:
    return client.post(
        "/sign-in", data={"token": token, **form}, headers={"origin": str(client.base_url).rstrip("/")}
    )


def test_the_cookie_of_a_sign_in_is_for_this_host_and_no_script(office: Office, secure: Client) -> None:
    _, token = office.operator()

    answer = sign_in(secure, token)

    [cookie] = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie.key == "__Host-posture_sign_in"
    assert len(cookie.value) == 43  # 256 bits
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "lax", "/")
    assert (cookie["domain"], cookie["max-age"], cookie["expires"]) == ("", "", "")


def test_without_tls_on_this_machine_the_cookie_has_a_plain_name(office: Office, web_client: Client) -> None:
    _, token = office.operator()

    [cookie] = SimpleCookie(sign_in(web_client, token).headers["set-cookie"]).values()

    assert cookie.key == COOKIE
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == ("", True, "lax")


def test_a_page_behind_tls_takes_no_cookie_of_a_plain_name(office: Office, secure: Client) -> None:
    id = office.signed_in().cookies[COOKIE]
    secure.cookies.set(COOKIE, id)

    assert secure.get("/sign-in").status_code == 200


def test_an_id_that_somebody_else_put_into_the_browser_is_not_taken_over(
    office: Office, pages: MadeUpPages, web_client: Client
) -> None:
    _, token = office.operator()
    web_client.cookies.set(COOKIE, "chosen-by-an-attacker")

    sign_in(web_client, token)

    assert office.client(cookies={COOKIE: "chosen-by-an-attacker"}).get("/made-up").status_code == 303
    assert [each.value for each in web_client.cookies.jar if each.value != "chosen-by-an-attacker"]


def test_an_attackers_own_sign_in_ends_when_somebody_signs_in_over_it(office: Office, pages: MadeUpPages) -> None:
    planted = office.signed_in(Role.VIEWER).cookies[COOKIE]
    victim = office.client(cookies={COOKIE: planted})
    _, token = office.operator(Role.ADMIN, name="victim")

    answer = sign_in(victim, token)

    assert planted not in answer.headers["set-cookie"]
    assert office.client(cookies={COOKIE: planted}).get("/made-up").status_code == 303


@pytest.mark.parametrize("token", ["", " ", "posture_nobody", "x" * 400, "'; drop table operators --", "\u0000", "é"])
def test_a_token_that_is_none_signs_nobody_in(office: Office, web_client: Client, token: str) -> None:
    office.operator()

    answer = sign_in(web_client, token)

    assert answer.status_code == 403
    assert "No operator has this token" in answer.text
    assert "set-cookie" not in answer.headers
    assert "posture_nobody" not in answer.text
    assert audited(office)[-1] == ("login_refused", {"address": "testclient"})


def test_a_revoked_operator_is_signed_out_everywhere_at_once(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in(Role.VIEWER, name="bob")
    admin, _ = office.operator(name="other-admin")
    assert client.get("/made-up").status_code == 200

    office.application.acting.revoke_operator("bob", by=admin)

    assert client.get("/made-up").status_code == 303


def test_a_sign_in_ends_when_it_is_not_used(office: Office, pages: MadeUpPages, clock: MovingClock) -> None:
    client = office.signed_in()
    for _ in range(3):
        clock.move(timedelta(minutes=29))
        assert client.get("/made-up").status_code == 200

    clock.move(timedelta(minutes=30))

    assert client.get("/made-up").status_code == 303


def test_a_sign_in_ends_after_its_longest_time_however_much_it_is_used(
    office: Office, pages: MadeUpPages, clock: MovingClock
) -> None:
    client = office.signed_in()
    for _ in range(23):
        clock.move(timedelta(minutes=20))
        assert client.get("/made-up").status_code == 200

    clock.move(timedelta(minutes=20))

    assert client.get("/made-up").status_code == 303


def test_signing_out_ends_the_sign_in_for_good(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()
    id = client.cookies[COOKIE]

    answer = client.post("/sign-out")

    assert answer.headers["location"] == "/sign-in"
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert office.client(cookies={COOKIE: id}).get("/made-up").status_code == 303
    assert audited(office)[-1] == ("signed_out", {})


def test_signing_out_by_a_link_is_not_possible(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()

    assert client.get("/sign-out").status_code == 405
    assert client.get("/made-up").status_code == 200


def test_who_signs_in_again_goes_on_under_a_new_id(office: Office, pages: MadeUpPages) -> None:
    operator, token = office.operator()
    client = office.sign_in(office.client(), operator, age=timedelta(hours=1))
    before = client.cookies[COOKIE]
    page = client.get("/sign-in/again?next=/plans/7").text
    client.cookies.clear()
    client.cookies.set(COOKIE, before)

    answer = sign_in(client, token, next="/plans/7")

    assert "Sign in again" in page
    assert answer.headers["location"] == "/plans/7"
    after = SimpleCookie(answer.headers["set-cookie"])[COOKIE].value
    found = office.application.signing_in.find(after, idle=timedelta(hours=1))
    assert found is not None
    assert office.application.clock.now() - found.signed_in_at < timedelta(minutes=1)
    assert office.application.signing_in.find(before, idle=timedelta(hours=1)) is None


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "/\t/evil.example.com",
        "/plans\r\nset-cookie: a=b",
        "/plans\nlocation: https://evil.example.com",
        "javascript:alert(1)",
        "/plans\u2028",
        "/" + "a" * 3000,
        "plans",
        "/sign-out",
        "/sign-in/start",
        "",
    ],
    ids=repr,
)
def test_signing_in_leads_to_no_other_site(office: Office, web_client: Client, next: str) -> None:
    _, token = office.operator()

    answer = sign_in(web_client, token, next=next)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "evil" not in str(answer.headers)
    assert "evil" not in office.client().get("/sign-in", params={"next": next}).text


def test_a_stolen_database_does_not_sign_anybody_in(office: Office) -> None:
    client = office.signed_in()
    office.close()

    written = b"".join(path.read_bytes() for path in office.application.settings.data_dir.glob("posture.db*"))

    assert client.cookies[COOKIE].encode() not in written
    assert client.csrf_token.encode() not in written


def audited(office: Office) -> list[tuple[str, object]]:
    with office.application.store.reading() as reader:
        return [(str(link.event.kind), dict(link.event.details)) for link in reader.audit.events(AuditFilter())]
