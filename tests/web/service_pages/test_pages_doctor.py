"""The doctor on the page: what a worker found in every tenant, and the stop switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from posture.domain.examination import Examination, ReaderExamined
from posture.domain.operator import Role
from posture.web.pages.doctor import TenantExamined
from tests.web.api.clocks import MovedClock
from tests.web.office import CONTOSO
from tests.web.service_pages.reception import NOTE, Reception, read, rows_of, text_of


def test_what_is_missing_is_named(reception: Reception) -> None:
    page = text_of(reception.admin().get("/doctor"))

    assert "The reader lacks 1 permission: AuditLog.Read.All" in page
    assert "risky-users : licence missing, it needs Entra ID P2" in page
    assert "The remediator may carry out 8 of 9 actions" in page
    assert "reset-mfa : no permission" in page


@pytest.mark.parametrize(
    ("seconds", "standing"), [(900, "limited"), (-900, "limited"), (120, "well"), (None, "well")]
)
def test_a_tenant_is_not_called_well_while_the_clock_is_off(seconds: int | None, standing: str) -> None:
    reader = ReaderExamined(
        refused=None,
        granted=frozenset(),
        missing=(),
        licences=None,
        clock_skew=None if seconds is None else timedelta(seconds=seconds),
        tables_asked=1,
        tables_refused=(),
        skips={},
    )
    found = Examination(tenant_id=CONTOSO, at=datetime(2026, 3, 2, tzinfo=UTC), reader=reader, remediator=None)

    assert TenantExamined(name="contoso", examination=found, is_good=True).standing == standing


def test_an_examination_that_is_too_old_to_be_relied_on_says_so(reception: Reception) -> None:
    fresh = text_of(reception.admin().get("/doctor"))
    clock = MovedClock()
    clock.forward(timedelta(hours=23))
    reception.application.clock = clock
    client = reception.admin()

    old = text_of(client.get("/doctor"))

    assert "That is more than a day ago" not in fresh
    assert "That is more than a day ago" in old


def test_examining_now_leads_to_its_job(reception: Reception) -> None:
    client = reception.signed_in(Role.HELPDESK)

    answer = client.post("/doctor", data={"tenant": "contoso"})

    assert answer.status_code == 303
    assert "Examination" in text_of(client.get(answer.headers["location"]))


def test_a_pulled_switch_is_shown_on_every_page_until_it_is_allowed_again(reception: Reception) -> None:
    client = reception.admin(name="linus")

    answer = client.post("/stops", data={"tenant": "contoso", "reason": "something is wrong with the new action"})
    pages = [text_of(client.get(address)) for address in ("/doctor", "/plans", "/runs", "/audit", "/operators")]
    allowed = client.post("/stops/allow", data={"tenant": "contoso"})

    assert (answer.status_code, allowed.status_code) == (303, 303)
    for page in pages:
        assert "In contoso, actions are stopped by linus: something is wrong with the new action" in page
    assert "No switch is pulled" in text_of(client.get("/doctor"))


def test_stopping_everywhere_takes_somebody_who_is_for_all_tenants(reception: Reception) -> None:
    limited = reception.signed_in(Role.HELPDESK, ["contoso"])

    refused = limited.post("/stops", data={"tenant": "*", "reason": NOTE})
    own = limited.post("/stops", data={"tenant": "contoso", "reason": NOTE})
    other = limited.post("/stops", data={"tenant": "fabrikam", "reason": NOTE})

    assert [answer.status_code for answer in (refused, own, other)] == [403, 303, 404]
    assert '<option value="*"' not in limited.get("/doctor").text


def test_a_switch_without_a_reason_is_not_pulled(reception: Reception) -> None:
    answer = reception.admin().post("/stops", data={"tenant": "*", "reason": " "})

    assert answer.status_code == 422
    assert not reception.application.acting.stops()


def test_a_form_that_names_no_tenant_stops_nothing(reception: Reception) -> None:
    answer = reception.admin().post("/stops", data={"reason": NOTE})

    assert answer.status_code == 404
    assert not reception.application.acting.stops()


def test_everything_is_stopped_and_allowed_again(reception: Reception) -> None:
    client = reception.admin()

    client.post("/stops", data={"tenant": "*", "reason": NOTE})
    stopped = reception.application.acting.stops()
    client.post("/stops/allow", data={"tenant": "*"})

    assert [stop.tenant_id for stop in stopped] == [None]
    assert not reception.application.acting.stops()


def test_helpdesk_stops_but_does_not_allow(reception: Reception) -> None:
    client = reception.signed_in(Role.HELPDESK)
    client.post("/stops", data={"tenant": "contoso", "reason": NOTE})

    assert "/stops/allow" not in read(client.get("/doctor")).addresses
    assert client.post("/stops/allow", data={"tenant": "contoso"}).status_code == 403


def test_a_viewer_asks_for_nothing(reception: Reception) -> None:
    client = reception.signed_in(Role.VIEWER)

    forms = [given["action"] for tag, given in read(client.get("/doctor")).elements if tag == "form"]
    assert forms == ["/sign-out"]
    assert client.post("/doctor", data={"tenant": "contoso"}).status_code == 403
    assert client.post("/stops", data={"tenant": "contoso", "reason": NOTE}).status_code == 403


def test_the_file_has_every_tenant_that_one_may_see(reception: Reception) -> None:
    rows = rows_of(reception.signed_in(Role.VIEWER, ["fabrikam"]), "/doctor")

    assert [row["tenant"] for row in rows] == ["fabrikam"]
    assert rows[0]["permissions_missing"] == '["AuditLog.Read.All"]'
