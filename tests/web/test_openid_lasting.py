"""After signing in with a provider: again, with another role, out."""

from __future__ import annotations

import html
import re
import time
from datetime import timedelta

import httpx
import pytest

from posture.domain.operator import Role
from posture.web.safety.forgery import csrf_token_of
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import COOKIE, URL, Client, is_signed_out
from tests.web.openid import OpenIdProvider, ProviderOffice, query_of


@pytest.fixture
def office(provider_office: ProviderOffice) -> ProviderOffice:
    return provider_office


def test_a_role_that_was_taken_away_is_gone_at_the_next_sign_in(
    office: ProviderOffice, provider: OpenIdProvider
) -> None:
    office.sign_in_at(office.client())
    provider.account(roles=["posture.viewer"])

    office.sign_in_at(office.client())

    [operator] = office.application.acting.operators()
    assert operator.role is Role.VIEWER


def test_who_gets_another_role_is_signed_out_everywhere_else(
    office: ProviderOffice, provider: OpenIdProvider
) -> None:
    elsewhere, here = office.client(), office.client()
    office.sign_in_at(elsewhere)
    office.sign_in_at(here)
    assert not is_signed_out(elsewhere)
    provider.account(roles=["posture.viewer"])

    office.sign_in_at(here)

    assert is_signed_out(elsewhere)
    assert not is_signed_out(here)


def test_who_has_no_role_any_more_is_signed_out_everywhere(office: ProviderOffice, provider: OpenIdProvider) -> None:
    elsewhere, here = office.client(), office.client()
    office.sign_in_at(elsewhere)
    provider.account(roles=[])

    answer = office.sign_in_at(here)

    assert answer.status_code == 403
    assert is_signed_out(elsewhere)


def test_each_sign_in_has_an_id_of_its_own_and_ends_the_one_before(
    office: ProviderOffice, pages: MadeUpPages
) -> None:
    client = office.client()
    office.sign_in_at(client)
    first = client.cookies[COOKIE]

    office.sign_in_at(client)

    assert client.cookies[COOKIE] != first
    other = office.client(cookies={COOKIE: first})
    assert is_signed_out(other)


def test_signing_out_ends_the_sign_in_and_leads_to_the_provider(office: ProviderOffice, pages: MadeUpPages) -> None:
    client = office.client()
    office.sign_in_at(client)
    id = client.cookies[COOKIE]

    answer = client.post("/sign-out", data={"csrf_token": csrf_token_of(id)}, headers={"origin": URL})

    found = re.search(r'content="0; url=([^"]+)"', answer.text)
    assert found is not None
    farewell = html.unescape(found[1])
    asked = query_of(farewell)
    assert farewell.startswith(f"{office.service.sign_in.issuer}/session/end?")  # type: ignore[union-attr]
    assert (asked["post_logout_redirect_uri"], asked["client_id"]) == (f"{URL}/", "posture-page")
    assert httpx.get(farewell).status_code == 200  # the provider knows the hint and the address
    assert httpx.get(farewell.replace("8080", "8081")).status_code == 400
    assert is_signed_out(client)
    assert is_signed_out(office.client(cookies={COOKIE: id}))


def test_the_id_token_is_nowhere_to_be_read(office: ProviderOffice, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="posture")
    client = office.client()
    office.sign_in_at(client)

    written = b"".join(
        path.read_bytes() for path in (office.application.settings.data_dir).iterdir() if path.is_file()
    )

    assert b"eyJ" not in written
    assert client.cookies[COOKIE].encode() not in written
    assert "eyJ" not in caplog.text


def test_who_must_prove_anew_who_they_are_is_asked_by_the_provider(office: ProviderOffice) -> None:
    client = office.client()
    office.sign_in_at(client)
    first = client.cookies[COOKIE]
    page = client.get("/sign-in/again?next=/plans/1")
    asked = query_of(client.get("/sign-in/start?again=true&next=/plans/1").headers["location"])

    answer = office.sign_in_at(client, next="/plans/1", again=True)

    assert "Sign in again" in page.text
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/1")
    assert client.cookies[COOKIE] != first
    assert proved_ago(office, client) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("auth_time", "sentence"), [(None, "the claim &#34;auth_time&#34;"), (-3600, "without asking anew")]
)
def test_a_provider_that_did_not_ask_anew_proves_nothing(
    office: ProviderOffice, provider: OpenIdProvider, auth_time: int | None, sentence: str
) -> None:
    client = office.client()
    office.sign_in_at(client)
    provider.tamper(auth_time=None if auth_time is None else int(time.time()) + auth_time)

    answer = office.sign_in_at(client, again=True)

    assert answer.status_code == 403
    assert sentence in answer.text


def test_a_sign_in_is_as_old_as_the_provider_says(office: ProviderOffice, provider: OpenIdProvider) -> None:
    provider.tamper(auth_time=int(time.time()) - 3600)
    client = office.client()

    office.sign_in_at(client)

    assert proved_ago(office, client) >= timedelta(hours=1)


def test_a_sign_in_whose_age_nobody_says_is_not_fresh(office: ProviderOffice, provider: OpenIdProvider) -> None:
    provider.tamper(auth_time=None)
    client = office.client()

    office.sign_in_at(client)

    assert proved_ago(office, client) > timedelta(days=365)


def test_who_was_revoked_does_not_come_back(office: ProviderOffice, provider: OpenIdProvider) -> None:
    office.sign_in_at(office.client())
    provider.account("bob")
    office.sign_in_at(office.client())
    bob = next(one for one in office.application.acting.operators() if one.name.startswith("bob"))
    office.application.acting.revoke_operator("ann@contoso.com", by=bob)
    provider.account("ann")

    answer = office.sign_in_at(office.client())

    assert answer.status_code == 403
    assert "was revoked" in answer.text


def test_tokens_do_not_sign_in_where_there_is_a_provider(office: ProviderOffice) -> None:
    _, token = office.operator()

    answer = office.client().post("/sign-in", data={"token": token}, headers={"origin": URL})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def proved_ago(office: ProviderOffice, client: Client) -> timedelta:
    found = office.application.signing_in.find(client.cookies[COOKIE], idle=timedelta(hours=1))
    assert found is not None
    return office.application.clock.now() - found.signed_in_at
