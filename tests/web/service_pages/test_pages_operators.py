"""Operators on the page: who may what, adding somebody, ending somebody."""

from __future__ import annotations

import re

import pytest

from posture.domain.operator import Operator, Role, Scope
from tests.web.service_pages.reception import Reception, rows_of, text_of

HOSTILE = "Robert'); <script>alert(1)</script>&\""


def filled(**changes: object) -> dict[str, object]:
    """Return a form that is filled as it should be; name only what the test is about."""
    return {"name": "margaret", "role": "helpdesk", "account": "", "days": "30"} | changes


def named(reception: Reception, name: str) -> Operator:
    """Return the last record of a name."""
    return [one for one in reception.application.acting.operators() if one.is_called(name)][-1]


def test_the_token_is_shown_once_and_signs_in(reception: Reception) -> None:
    client = reception.admin()

    answer = client.post("/operators", data=filled(tenant=["contoso"], scope=["read", "propose"]))
    token = re.search(r"<code>(\S+)", answer.text)
    assert token is not None
    added = reception.application.acting.login(token[1])

    assert (added.name, added.role, added.tenants) == ("margaret", Role.HELPDESK, frozenset({"contoso"}))
    assert added.scopes == {Scope.READ, Scope.PROPOSE}
    assert "This token is shown only now." in text_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert token[1] not in client.get("/operators").text + client.get("/audit").text


def test_nothing_ticked_means_all_tenants_and_all_of_the_role(reception: Reception) -> None:
    reception.admin().post("/operators", data=filled())

    added = named(reception, "margaret")

    assert added.tenants is None
    assert added.may(Scope.EXECUTE)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Say how the operator is called."),
        ({"role": "king"}, "Choose a role."),
        ({"days": "0"}, "Between one day and 366."),
        ({"days": "367"}, "Between one day and 366."),
        ({"days": "²"}, "Between one day and 366."),
        ({"days": "many"}, "Between one day and 366."),
        ({"scope": ["fly"]}, "not known"),
        ({"tenant": ["nobody-has-it"]}, "nobody-has-it"),
    ],
)
def test_a_form_that_is_not_right_says_so(reception: Reception, changes: dict[str, object], sentence: str) -> None:
    answer = reception.admin().post("/operators", data=filled(**changes))

    assert answer.status_code in (404, 422)
    assert sentence in text_of(answer)
    assert not [one for one in reception.application.acting.operators() if one.is_called("margaret")]


def test_a_name_that_is_taken_is_refused_and_the_form_kept(reception: Reception) -> None:
    client = reception.admin()
    client.post("/operators", data=filled())

    answer = client.post("/operators", data=filled(name="Margaret", account="m@contoso.com"))

    assert answer.status_code == 422
    assert 'value="m@contoso.com"' in answer.text


def test_who_is_limited_can_give_no_more_than_they_have(reception: Reception) -> None:
    client = reception.signed_in(Role.ADMIN, ["contoso"])

    everywhere = client.post("/operators", data=filled())
    elsewhere = client.post("/operators", data=filled(tenant=["fabrikam"]))

    assert (everywhere.status_code, elsewhere.status_code) == (403, 404)


def test_revoking_is_asked_first_and_then_done(reception: Reception) -> None:
    client, them = reception.admin(), reception.signed_in(Role.VIEWER, name=HOSTILE)

    asked = client.get("/operators/revoke", params={"name": HOSTILE})
    seen_before = them.get("/plans").status_code
    answer = client.post("/operators/revoke", data={"name": HOSTILE})

    assert "Revoke this operator?" in text_of(asked)
    assert "<script>alert(1)" not in asked.text
    assert (seen_before, answer.status_code) == (200, 303)
    assert them.get("/plans").status_code == 303  # to the sign-in


def test_the_last_administrator_cannot_be_revoked(reception: Reception) -> None:
    first, _ = reception.operator()
    for one in reception.application.acting.operators():
        if one.role is Role.ADMIN and one.name != first.name and one.revoked_at is None:
            reception.application.access(first).revoke_operator(one.name)
    client = reception.sign_in(reception.client(), first)

    answer = client.post("/operators/revoke", data={"name": first.name})

    assert answer.status_code == 403
    assert "last" in text_of(answer)
    assert named(reception, first.name).revoked_at is None


def test_somebody_of_the_provider_can_come_back(reception: Reception) -> None:
    client, gone = reception.admin(), reception.new_from_provider()

    asked = text_of(client.get("/operators/readmit", params={"name": gone.name}))
    client.post("/operators/readmit", data={"name": gone.name})

    again = [one for one in text_of(client.get("/operators")).split("Readmit") if gone.name in one]
    assert "Readmit this operator?" in asked
    assert len(again) == 1  # the one who is back is not offered to come back
    assert named(reception, gone.name).revoked_at is None


@pytest.mark.parametrize("change", ["revoke", "readmit"])
def test_nobody_of_that_name_is_not_there(reception: Reception, change: str) -> None:
    client = reception.admin()

    assert client.get(f"/operators/{change}?name=nobody").status_code == 404
    assert client.post(f"/operators/{change}", data={"name": "nobody"}).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.HELPDESK])
def test_who_does_not_administer_sees_no_operators(reception: Reception, role: Role) -> None:
    client = reception.signed_in(role)

    for address in ("/operators", "/operators.csv", "/operators/new", "/operators/revoke?name=ada"):
        assert client.get(address).status_code == 403
    assert client.post("/operators", data=filled()).status_code == 403


def test_the_file_has_no_token(reception: Reception) -> None:
    client = reception.admin()
    token = reception.script(Role.VIEWER)

    rows = rows_of(client, "/operators")

    assert token not in str(rows)
    assert {"name", "role", "tenants", "scopes", "revoked_at"} <= rows[0].keys()
