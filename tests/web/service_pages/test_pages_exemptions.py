"""Exemptions on the page: what is accepted, making one, ending one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posture.domain.operator import Role
from tests.web.api.recorded import MILD_CHECK
from tests.web.service_pages.reception import Reception, read, rows_of, text_of

GUEST = "00000000-0000-4000-8000-000000000001"


def filled(reception: Reception, **changes: str) -> dict[str, str]:
    """Return a form that is filled as it should be; name only what the test is about."""
    fields = {
        "tenant": "contoso",
        "resource": GUEST,
        "check": MILD_CHECK,
        "reason": "invited for the audit until March",
        "until": str((reception.now + timedelta(days=30)).date()),
        "owner": "",
    }
    return fields | changes


def test_an_exemption_that_is_made_on_the_page_counts_and_names_its_maker(reception: Reception) -> None:
    client = reception.admin(name="linus")

    answer = client.post("/exemptions", data=filled(reception))
    page = text_of(client.get(answer.headers["location"]))

    assert "The exemption counts from now on." in page
    assert GUEST in page
    assert "invited for the audit until March" in page
    assert "linus" in page


def test_what_findings_call_a_resource_stands_beside_its_id(reception: Reception) -> None:
    client, found = reception.admin(), reception.of["contoso"].finding
    client.post("/exemptions", data=filled(reception, resource=found.resource.id.upper()))

    page = text_of(client.get("/exemptions", params={"text": found.resource.name}))
    (row,) = [row for row in rows_of(client, "/exemptions") if row["resource"] == found.resource.id.upper()]

    assert f"{found.resource.name} {found.resource.id.upper()}" in page
    assert row["resource_name"] == found.resource.name
    limited = rows_of(reception.signed_in(Role.VIEWER, ["fabrikam"]), "/exemptions")
    assert found.resource.name not in {row["resource_name"] for row in limited}


def test_the_last_day_counts_to_its_end(reception: Reception) -> None:
    until = reception.now.date() + timedelta(days=30)

    reception.admin().post("/exemptions", data=filled(reception, until=str(until)))

    (made,) = [one for one in reception.application.exemptions() if one.resource_id == GUEST]
    assert made.ends_at.date() == until + timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"resource": " "}, "Name the resource by its object id."),
        ({"reason": ""}, "Say why this is acceptable"),
        ({"until": "soon"}, "Choose the last day that it counts."),
        ({"until": "9999-12-31"}, "Choose the last day that it counts."),
        ({"tenant": ""}, "Choose a tenant."),
        ({"until": "2020-01-01"}, "over"),
    ],
)
def test_a_form_that_is_not_right_says_so_and_keeps_the_rest(
    reception: Reception, changes: dict[str, str], sentence: str
) -> None:
    answer = reception.admin().post("/exemptions", data=filled(reception, owner="the auditors", **changes))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert 'value="the auditors"' in answer.text
    assert GUEST not in [one.resource_id for one in reception.application.exemptions()]


def test_helpdesk_is_told_that_exempting_from_every_check_takes_an_administrator(reception: Reception) -> None:
    answer = reception.signed_in(Role.HELPDESK).post("/exemptions", data=filled(reception, check=""))

    assert answer.status_code == 403
    assert "needs the role admin" in text_of(answer)


def test_an_address_fills_the_form(reception: Reception) -> None:
    page = reception.admin().get(f"/exemptions/new?tenant=fabrikam&check={MILD_CHECK}&resource={GUEST}").text

    assert f'value="{GUEST}"' in page
    assert '<option value="fabrikam" selected>' in page
    assert f'<option value="{MILD_CHECK}" selected>' in page


def test_ending_one_is_asked_first_and_then_done(reception: Reception) -> None:
    number, client = reception.of["contoso"].exemption, reception.admin()

    asked = client.get(f"/exemptions/{number}/end")
    still = client.get("/exemptions").text
    answer = client.post(f"/exemptions/{number}/end")
    ended = text_of(client.get("/exemptions?show=ended"))

    assert "End this exemption?" in text_of(asked)
    assert "<code>somebody</code>" in still
    assert (answer.status_code, "taken back" in ended) == (303, True)


@pytest.mark.parametrize("number", ["99999", "0"])
def test_one_that_is_not_on_record_is_not_there(reception: Reception, number: str) -> None:
    client = reception.admin()

    assert client.get(f"/exemptions/{number}/end").status_code == 404
    assert client.post(f"/exemptions/{number}/end").status_code == 404


def test_one_of_another_tenant_is_not_there(reception: Reception) -> None:
    client, number = reception.signed_in(Role.ADMIN, ["fabrikam"]), reception.of["contoso"].exemption

    assert client.get(f"/exemptions/{number}/end").status_code == 404
    assert client.post(f"/exemptions/{number}/end").status_code == 404
    assert {row["tenant"] for row in rows_of(client, "/exemptions")} == {"fabrikam"}


def test_a_viewer_is_offered_neither(reception: Reception) -> None:
    addresses = read(reception.signed_in(Role.VIEWER).get("/exemptions")).addresses

    assert not [address for address in addresses if "/new" in address or address.endswith("/end")]


def test_the_list_is_searched_and_narrowed(reception: Reception) -> None:
    client = reception.admin()

    assert "<code>somebody</code>" in client.get("/exemptions?text=SOMEBODY").text
    assert "No exemption is like that" in text_of(client.get("/exemptions?text=nobody-at-all"))
    assert "<code>somebody</code>" in client.get("/exemptions?show=ending").text
    assert "<code>somebody</code>" not in client.get("/exemptions?show=ended").text
    assert client.get("/exemptions?show=nonsense").status_code == 422


def test_files_have_what_the_address_asks_for(reception: Reception) -> None:
    rows = reception.admin().get("/exemptions.json?tenant=contoso").json()

    assert [(row["tenant"], row["resource"], row["in_force"]) for row in rows] == [("contoso", "somebody", True)]


@pytest.mark.parametrize(("encoding", "typed"), [("unicode_escape", rb"\ud800"), ("utf-8", b"a\x00b")])
def test_characters_that_nobody_can_type_are_refused(reception: Reception, encoding: str, typed: bytes) -> None:
    part = b'--X\r\nContent-Disposition: form-data; name="reason"\r\n\r\n' + typed + b"\r\n--X--\r\n"
    headers = {"content-type": f"multipart/form-data; boundary=X; charset={encoding}"}

    answer = reception.admin().post("/exemptions", content=part, headers=headers)

    assert answer.status_code == 422
    assert "characters that nobody can type" in answer.text
