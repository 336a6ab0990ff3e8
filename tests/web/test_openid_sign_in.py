"""Signing in with a real OpenID provider."""

from __future__ import annotations

import base64
import time

import pytest

from posture.domain.operator import Role
from posture.store.audit_reader import AuditFilter
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import COOKIE, is_signed_out
from tests.web.openid import OpenIdProvider, ProviderOffice, query_of


@pytest.fixture
def office(provider_office: ProviderOffice) -> ProviderOffice:
    return provider_office


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


def audited(office: ProviderOffice) -> list[str]:
    with office.application.store.reading() as reader:
        return [str(link.event.kind) for link in reader.audit.events(AuditFilter())]
