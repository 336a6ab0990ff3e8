"""Signing in with a real OpenID provider."""

from __future__ import annotations

import base64
import html
import re
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from posture.domain.operator import Role
from posture.store.audit_reader import AuditFilter
from posture.web.safety.forgery import csrf_token_of
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import COOKIE, URL, Client
from tests.web.openid import OpenIdProvider, ProviderOffice, query_of, running_provider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def provider(running: OpenIdProvider) -> OpenIdProvider:
    return running.as_usual()


@pytest.fixture
def office(empty_database: Path, tmp_path: Path, provider: OpenIdProvider) -> Iterator[ProviderOffice]:
    shutil.copytree(empty_database, tmp_path / "data")
    opened = ProviderOffice(tmp_path, provider.issuer)
    yield opened
    opened.close()


def test_who_has_a_role_signs_in_and_is_back_where_they_were(office: ProviderOffice, pages: MadeUpPages) -> None:
    client = office.client()

    answer = office.sign_in_at(client, next="/made-up?a=b")

    assert (answer.status_code, answer.headers["location"]) == (303, "/made-up?a=b")
    assert client.get("/made-up").text == "ann@contoso.com"
    [operator] = office.application.acting.operators()
    assert (operator.role, operator.tenants, operator.account) == (Role.ADMIN, None, None)


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["posture.viewer"], Role.VIEWER),
        (["other", "posture.viewer", "posture.helpdesk"], Role.HELPDESK),
        ("posture.admin", Role.ADMIN),
    ],
)
def test_the_highest_role_of_the_claim_counts(
    office: ProviderOffice, provider: OpenIdProvider, roles: object, role: Role
) -> None:
    provider.account(roles=roles)

    office.sign_in_at(office.client())

    [operator] = office.application.acting.operators()
    assert operator.role is role


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


@pytest.mark.parametrize(
    ("roles", "what"), [(None, "is missing"), ([], "is missing"), (["posture.boss", 7], "has no value that stands")]
)
def test_who_has_no_role_is_told_which_claim_lacks_it(
    office: ProviderOffice, provider: OpenIdProvider, roles: object, what: str
) -> None:
    provider.account(roles=roles)
    client = office.client()

    answer = office.sign_in_at(client)

    assert answer.status_code == 403
    assert "the claim &#34;roles&#34; of the ID token" in answer.text
    assert what in answer.text
    assert is_signed_out(client)
    assert office.application.acting.operators() == []
    assert audited(office) == ["login_refused"]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of somebody else"},
        {"nonce": None},
        {"aud": "another-application"},
        {"aud": ["another-application", "third"], "azp": "posture-page"},
        {"iss": "https://login.example.com"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"sub": None},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    office: ProviderOffice, provider: OpenIdProvider, claims: dict[str, object]
) -> None:
    provider.tamper(**claims)
    client = office.client()

    answer = office.sign_in_at(client)

    assert answer.status_code == 403
    assert "does not prove who you are" in answer.text
    assert is_signed_out(client)
    assert office.application.acting.operators() == []


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_id_token_without_a_signature_of_the_provider_is_refused(
    office: ProviderOffice, provider: OpenIdProvider, algorithm: str
) -> None:
    provider.tamper(algorithm=algorithm)

    answer = office.sign_in_at(office.client())

    assert answer.status_code == 403
    assert office.application.acting.operators() == []


def test_clocks_may_be_apart_for_less_than_a_minute(office: ProviderOffice, provider: OpenIdProvider) -> None:
    provider.tamper(exp=int(time.time()) - 30)

    assert office.sign_in_at(office.client()).status_code == 303

    provider.tamper(exp=int(time.time()) - 90)

    assert office.sign_in_at(office.client()).status_code == 403


def test_a_new_key_of_the_provider_is_fetched_once_it_is_used(
    office: ProviderOffice, provider: OpenIdProvider
) -> None:
    office.sign_in_at(office.client())
    provider.rotate_keys()

    assert office.sign_in_at(office.client()).status_code == 303


def test_who_comes_back_with_another_state_is_refused(office: ProviderOffice) -> None:
    client = office.client()
    path = office.way_back(client)

    answer = client.get(path.replace(query_of(path)["state"], "another"))

    assert answer.status_code == 403
    assert "begun elsewhere" in answer.text
    assert is_signed_out(client)


def test_who_comes_back_in_another_browser_is_refused(office: ProviderOffice) -> None:
    path = office.way_back(office.client())
    victim = office.client()

    answer = victim.get(path)

    assert answer.status_code == 403
    assert is_signed_out(victim)


def test_a_way_back_is_gone_once(office: ProviderOffice) -> None:
    client = office.client()
    path = office.way_back(client)
    client.get(path)
    client.cookies.delete(COOKIE)

    answer = client.get(path)

    assert answer.status_code == 403
    assert is_signed_out(client)


def test_what_the_browser_keeps_on_its_way_can_neither_be_read_nor_changed(office: ProviderOffice) -> None:
    client = office.client()
    path = office.way_back(client)
    kept = client.cookies["posture_way"]
    client.cookies.set("posture_way", kept[:-4] + "AAAA")

    answer = client.get(path)

    assert answer.status_code == 403
    assert query_of(path)["state"] not in base64.urlsafe_b64decode(kept).decode("latin-1")


def test_who_cancels_at_the_provider_is_told_so_in_our_words(
    office: ProviderOffice, provider: OpenIdProvider
) -> None:
    provider.nobody()

    answer = office.sign_in_at(office.client())

    assert answer.status_code == 403
    assert "did not let you in" in answer.text
    assert "<b>" not in answer.text


def test_the_way_to_the_provider_has_what_the_standard_asks_for(office: ProviderOffice) -> None:
    asked = query_of(office.client().get("/sign-in/start").headers["location"])

    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert "prompt" not in asked


@pytest.mark.parametrize(
    "next", ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "/sign-out"]
)
def test_the_way_back_leads_nowhere_else(office: ProviderOffice, next: str) -> None:
    answer = office.sign_in_at(office.client(), next=next)

    assert answer.headers["location"] == "/"


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


def is_signed_out(client: Client) -> bool:
    """Say whether the page asks who it is."""
    return client.get("/sign-in").status_code == 200


def audited(office: ProviderOffice) -> list[str]:
    with office.application.store.reading() as reader:
        return [str(link.event.kind) for link in reader.audit.events(AuditFilter())]


def proved_ago(office: ProviderOffice, client: Client) -> timedelta:
    found = office.application.signing_in.find(client.cookies[COOKIE], idle=timedelta(hours=1))
    assert found is not None
    return office.application.clock.now() - found.signed_in_at
