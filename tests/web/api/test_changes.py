"""Changes through the API: what they do shows in what is asked next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from posture.domain.operator import Role
from tests.web.api.recorded import CHECK, RecordedOffice
from tests.web.office import Client

REASON = {"reason": "asked for by phone"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedOffice]:
    opened = RecordedOffice(tmp_path_factory.mktemp("changes"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def admin(office: RecordedOffice) -> Client:
    return office.client(headers={"Authorization": f"Bearer {office.script(Role.ADMIN)}"})


def test_an_approved_plan_becomes_a_job_in_the_name_of_who_approved(office: RecordedOffice, admin: Client) -> None:
    plan = office.new_plan()
    before = admin.get(f"/api/v1/plans/{plan.id}").json()

    approved = admin.post(f"/api/v1/plans/{plan.id}/approve", json={"digest": plan.digest, "note": "agreed"})

    me = admin.get("/api/v1/me").json()["name"]
    job = admin.get("/api/v1/jobs?limit=1").json()["items"][0]
    after = admin.get(f"/api/v1/plans/{plan.id}").json()
    assert (before["state"], before["not_approve"]) == ("proposed", None)
    assert before["targets"][0]["requests"][0]["method"] == "POST"
    assert approved.json()["state"] == after["state"] == "approved"
    assert (after["approvals"][0]["by"], after["not_approve"] is None) == (me, False)
    assert (job["kind"], job["arguments"], job["asked_by"], job["state"]) == (
        "execute",
        {"plan": plan.id},
        me,
        "waiting",
    )


def test_another_digest_is_not_approved(office: RecordedOffice, admin: Client) -> None:
    plan = office.new_plan()

    answer = admin.post(f"/api/v1/plans/{plan.id}/approve", json={"digest": "0" * 64, "note": "agreed"})

    assert answer.status_code == 403
    assert admin.get(f"/api/v1/plans/{plan.id}").json()["state"] == "proposed"


def test_an_exempted_finding_is_exempted_until_the_exemption_ends(office: RecordedOffice, admin: Client) -> None:
    finding = office.of["fabrikam"].finding
    address = f"/api/v1/findings/{finding.fingerprint}"
    until = (office.now + timedelta(days=2)).isoformat()
    body = {"tenant": "fabrikam", "resource": finding.resource.id, "check": CHECK, "until": until, **REASON}

    added = admin.post("/api/v1/exemptions", json=body).json()
    while_exempted = admin.get(address).json()
    ended = admin.delete(f"/api/v1/exemptions/{added['number']}").json()

    assert (added["ended_at"], ended["ended_at"] is None) == (None, False)
    assert while_exempted["standing"] == "exempted"
    assert while_exempted["exemption"]["owner"] == admin.get("/api/v1/me").json()["name"]
    assert admin.get(address).json()["standing"] == "open"


@pytest.mark.parametrize(
    "until",
    [
        "2020-01-01T00:00:00Z",
        "2199-01-01T00:00:00",
        "2199-01-01",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+14:00",
        "tomorrow",
        1,
        None,
    ],
)
def test_an_exemption_needs_an_end_that_is_to_come_and_in_a_zone(admin: Client, until: object) -> None:
    body = {"tenant": "contoso", "resource": "u1", "check": CHECK, "until": until, **REASON}

    assert admin.post("/api/v1/exemptions", json=body).status_code == 422


def test_a_new_token_is_told_once_and_works(office: RecordedOffice, admin: Client) -> None:
    body = {"name": "night shift", "role": "helpdesk", "tenants": ["fabrikam"], "scopes": ["read"], "days": 7}
    key = {"Idempotency-Key": "night-shift"}

    added = admin.post("/api/v1/operators", json=body, headers=key)
    again = admin.post("/api/v1/operators", json=body, headers=key)

    token = added.json()["token"]
    theirs = office.client(headers={"Authorization": f"Bearer {token}"})
    me = theirs.get("/api/v1/me").json()
    assert again.json() == added.json() | {"token": None}
    assert (me["name"], me["tenants"], me["scopes"]) == ("night shift", ["fabrikam"], ["read"])
    assert [each["name"] for each in theirs.get("/api/v1/tenants").json()["items"]] == ["fabrikam"]
    with closing(sqlite3.connect(office.application.settings.data_dir / "posture.db")) as database:
        assert token not in "\n".join(database.iterdump())


def test_nobody_makes_an_operator_who_may_do_more(office: RecordedOffice) -> None:
    limited = office.client(headers={"Authorization": f"Bearer {office.script(Role.ADMIN, tenants=('fabrikam',))}"})

    for tenants in (None, ["contoso"], ["fabrikam", "contoso"]):
        answer = limited.post("/api/v1/operators", json={"name": "more", "role": "viewer", "tenants": tenants})
        assert answer.status_code in (403, 404)
    assert "more" not in {each["name"] for each in limited.get("/api/v1/operators").json()["items"]}


def test_a_paused_schedule_has_no_next_time(admin: Client) -> None:
    def line() -> dict[str, object]:
        lines = admin.get("/api/v1/schedules").json()["items"]
        return next(each for each in lines if (each["name"], each["tenant"]) == ("scan", "fabrikam"))

    before = line()
    admin.post("/api/v1/schedules/scan/pause", json={"tenant": "fabrikam", **REASON})
    paused = line()
    admin.post("/api/v1/schedules/scan/resume", json={"tenant": "fabrikam"})

    assert (before["pause"], paused["next_at"]) == (None, None)
    assert paused["pause"] is not None
    assert line()["next_at"] == before["next_at"]


def test_the_same_scan_asked_for_twice_is_one_job(admin: Client) -> None:
    first, second = (
        admin.post("/api/v1/tenants/fabrikam/scan", json={"checks": [CHECK], "tags": []}).json() for _ in range(2)
    )

    assert first["id"] == second["id"]
    assert admin.post(f"/api/v1/jobs/{first['id']}/cancel").json()["state"] == "cancelled"


def test_a_stop_shows_until_it_is_lifted(admin: Client) -> None:
    admin.post("/api/v1/stops", json={"tenant": "fabrikam", **REASON})
    holding = admin.get("/api/v1/stops").json()["items"]
    admin.post("/api/v1/stops/lift", json={"tenant": "fabrikam"})

    assert [each["reason"] for each in holding] == [REASON["reason"]]
    assert admin.get("/api/v1/stops").json()["items"] == []


def test_what_was_done_is_on_record(office: RecordedOffice, admin: Client) -> None:
    plan = office.new_plan()
    admin.post(f"/api/v1/plans/{plan.id}/reject", json={"note": "not now"})

    events = admin.get("/api/v1/audit", params={"plan": plan.id, "kind": "plan_rejected"}).json()["items"]
    chain = admin.get("/api/v1/audit/chain").json()

    assert [(each["plan_id"], each["kind"]) for each in events] == [(plan.id, "plan_rejected")]
    assert (chain["holds"], chain["problem"]) == (True, None)
    assert chain["events"] >= events[0]["number"]


def test_looking_changes_nothing(office: RecordedOffice, admin: Client) -> None:
    def content() -> list[str]:
        with closing(sqlite3.connect(office.application.settings.data_dir / "posture.db")) as database:
            return list(database.iterdump())

    admin.get("/api/v1/me")
    before = content()

    for name in ("me", "tenants", "overview", "findings", "checks", "frameworks", "plans", "exemptions", "runs"):
        admin.get(f"/api/v1/{name}")
    for name in ("audit", "audit/chain", "schedules", "jobs", "channels", "deliveries", "operators", "stops"):
        admin.get(f"/api/v1/{name}")

    assert content() == before
