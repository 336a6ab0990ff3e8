"""The audit on the page: who did what, by pages, and whether the chain holds."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.operator import Role
from tests.web.office import CONTOSO, FABRIKAM
from tests.web.service_pages.reception import Reception, read, rows_of, text_of


def happened(reception: Reception, number: int = 1, tenant_id: str = CONTOSO, **details: str) -> None:
    """Record events of a plan that was proposed."""
    with reception.application.store.open_acting_unit() as unit:
        for each in range(number):
            event = AuditEvent(
                at=reception.now,
                actor="ada",
                kind=AuditKind.PLAN_PROPOSED,
                tenant_id=tenant_id,
                plan_id="p1",
                details={"number": each, **details},
            )
            unit.record(event)


def test_every_event_is_found_once_by_walking_the_pages(reception: Reception) -> None:
    happened(reception, 120)
    client, address, seen = reception.admin(), "/audit?kind=plan_proposed", list[str]()

    while address:
        page = read(client.get(address))
        seen += [str(given["id"]) for tag, given in page.elements if tag == "li" and given.get("class") == "event"]
        ahead = [given for tag, given in page.elements if given.get("id") == "page-next"]
        address = str(ahead[0]["href"]) if ahead else ""

    assert len(seen) == 120
    assert len(set(seen)) == 120


def test_details_are_shown_by_name_and_never_run(reception: Reception) -> None:
    happened(reception, reason="<script>alert(1)</script>\u202e")

    page = reception.admin().get("/audit?kind=plan_proposed")

    assert "<script>alert(1)" not in page.text
    assert "<script>alert(1)</script>\\u202e" in text_of(page)
    assert "contoso" in text_of(page)


def test_events_of_one_plan_alone_are_shown_until_the_filter_is_taken_away(reception: Reception) -> None:
    happened(reception)
    client = reception.admin()

    page = read(client.get("/audit?plan=p1"))

    assert "/audit" in page.addresses
    assert [given["id"] for tag, given in page.elements if given.get("class") == "event"]


def test_who_is_limited_sees_what_is_about_their_tenants(reception: Reception) -> None:
    happened(reception, tenant_id=CONTOSO)
    happened(reception, tenant_id=FABRIKAM)
    client = reception.signed_in(Role.VIEWER, ["fabrikam"])

    assert {row["tenant"] for row in rows_of(client, "/audit")} == {"fabrikam"}
    assert client.get("/audit/chain").status_code == 403
    assert "/audit/chain" not in read(client.get("/audit")).addresses


def test_a_chain_that_holds_says_so_with_its_head(reception: Reception) -> None:
    happened(reception)
    with reception.application.store.reading() as reader:
        head = reader.audit.head()
    assert head is not None

    page = text_of(reception.admin().get("/audit/chain"))

    assert "The audit holds." in page


def test_a_chain_that_was_tampered_with_says_where(reception: Reception) -> None:
    happened(reception, 3)
    with reception.application.store._engine.begin() as connection:
        connection.execute(text("drop trigger audit_events_update"))
        connection.execute(text("update audit_events set actor = 'somebody else' where number = 2"))

    page = text_of(reception.admin().get("/audit/chain"))

    assert "The audit does not hold: event 2 was changed after it was written" in page


@pytest.mark.parametrize("query", ["kind=nonsense", "cursor=nonsense"])
def test_an_address_that_nobody_gave_out_is_told(reception: Reception, query: str) -> None:
    assert reception.admin().get(f"/audit?{query}").status_code == 422
