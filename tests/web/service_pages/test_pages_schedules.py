"""Schedules and jobs on the page: when what is due, running it now, pausing it, watching a job."""

from __future__ import annotations

import pytest

from posture.domain.job import done
from posture.domain.job_kind import JobKind
from posture.domain.operator import Role
from tests.domain.jobs import a_job
from tests.web.api.recorded import HOUR
from tests.web.office import CONTOSO
from tests.web.service_pages.reception import NOTE, Reception, read, rows_of, text_of


def schedule_of(reception: Reception, job: JobKind) -> str:
    """Return the name of the schedule that makes jobs of this kind."""
    return next(one.name for one in reception.application.settings.schedules if one.job is job)


def test_every_schedule_is_shown_with_its_tenants(reception: Reception) -> None:
    page = text_of(reception.admin().get("/schedules"))

    for schedule in reception.application.settings.schedules:
        assert f"{schedule.name} {schedule.job.value.replace('_', ' ')}, {schedule.sentence}" in page
    assert "All of posture" in page


def test_who_is_limited_sees_no_other_tenant_and_nothing_of_all_of_posture(reception: Reception) -> None:
    client = reception.signed_in(Role.ADMIN, ["fabrikam"])

    assert {row["tenant"] for row in rows_of(client, "/schedules")} == {"fabrikam"}
    assert "All of posture" not in text_of(client.get("/schedules"))


@pytest.mark.parametrize("tenant", ["contoso", ""])
def test_a_pause_is_asked_for_with_its_reason_and_shown_until_it_is_resumed(
    reception: Reception, tenant: str
) -> None:
    client, name = reception.admin(name="linus"), schedule_of(reception, JobKind.SCAN)
    where = {"schedule": name, "tenant": tenant}

    asked = text_of(client.get("/schedules/change", params={**where, "what": "pause"}))
    answer = client.post("/schedules/pause", data={**where, "reason": "they migrate this weekend"})
    paused = text_of(client.get(answer.headers["location"]))
    resumed = text_of(client.get(client.post("/schedules/resume", data=where).headers["location"]))

    assert "Pause it?" in asked
    assert "Paused by linus" in paused
    assert "they migrate this weekend" in paused
    assert "they migrate this weekend" not in resumed


def test_a_pause_without_a_reason_is_asked_for_one(reception: Reception) -> None:
    name = schedule_of(reception, JobKind.SCAN)

    answer = reception.admin().post("/schedules/pause", data={"schedule": name, "tenant": "contoso"})

    assert answer.status_code == 422
    assert "Say why" in text_of(answer)


def test_running_a_schedule_now_makes_a_job_for_each_tenant(reception: Reception) -> None:
    client, name = reception.admin(), schedule_of(reception, JobKind.SCAN)

    answer = client.post("/schedules/run", data={"schedule": name, "tenant": ""})

    made = [row for row in rows_of(client, "/jobs") if row["kind"] == "scan"]
    assert answer.status_code == 303
    assert len(made) == 2


@pytest.mark.parametrize(
    ("change", "fields", "status"),
    [
        ("run", {"schedule": "nobody-has-it", "tenant": ""}, 404),
        ("resume", {"schedule": "SCAN", "tenant": "contoso"}, 404),
        ("explode", {"schedule": "SCAN", "tenant": ""}, 422),
        ("run", {"schedule": "SCAN", "tenant": "nobody-has-it"}, 404),
    ],
)
def test_what_is_not_there_is_said_to_be_so(
    reception: Reception, change: str, fields: dict[str, str], status: int
) -> None:
    named = {name: value.replace("SCAN", schedule_of(reception, JobKind.SCAN)) for name, value in fields.items()}

    assert reception.admin().post(f"/schedules/{change}", data=named).status_code == status


@pytest.mark.parametrize("role", [Role.VIEWER, Role.HELPDESK])
def test_only_an_administrator_is_offered_to_change_a_schedule(reception: Reception, role: Role) -> None:
    client = reception.signed_in(role)
    fields = {"schedule": schedule_of(reception, JobKind.SCAN), "tenant": "contoso", "reason": NOTE}

    assert not [one for one in read(client.get("/schedules")).addresses if "/schedules/change" in one]
    for change in ("run", "pause", "resume"):
        assert client.post(f"/schedules/{change}", data=fields).status_code == 403


def test_a_job_that_waits_or_runs_asks_for_itself_anew(reception: Reception) -> None:
    client, id = reception.admin(), reception.of["contoso"].job
    with reception.application.store.open_work() as book:
        job = book.job(id)
    assert job is not None
    before = client.get(f"/jobs/{id}")
    reception.begin(job)

    running = client.get(f"/jobs/{id}/state")

    assert f'hx-get="/jobs/{id}/state"' in before.text
    assert "2 of 11 tables are read" in text_of(running)
    assert "every 1s" in running.text


def test_what_a_job_has_nothing_to_say_about_is_left_out(reception: Reception) -> None:
    client, id = reception.admin(), reception.of["contoso"].job
    with reception.application.store.open_work() as book:
        job = book.job(id)
    assert job is not None
    going = reception.begin(job)
    with reception.application.store.open_work() as book:
        book.save(done(going, {"channel": "siem", "note": None}, now=reception.now), was=going)

    page = text_of(client.get(f"/jobs/{id}"))

    assert "Channel siem" in page
    assert "Note" not in page


def test_jobs_of_another_tenant_are_not_there(reception: Reception) -> None:
    client, id = reception.signed_in(Role.VIEWER, ["fabrikam"]), reception.of["contoso"].job

    assert client.get(f"/jobs/{id}").status_code == 404
    assert client.get(f"/jobs/{id}/state").status_code == 404
    assert CONTOSO not in {row["tenant_id"] for row in rows_of(client, "/jobs")}


def test_a_queue_that_no_worker_takes_from_is_told_where_people_look(reception: Reception) -> None:
    with reception.application.store.open_work() as book:
        book.add(a_job("stuck", tenant_id=CONTOSO, queue="<b>north</b>", not_before=reception.now - HOUR))
    client = reception.admin()

    for page in ("/", "/schedules"):
        told = text_of(client.get(page))
        assert "In the queue <b>north</b> 1 job could have begun" in told
        assert "posture worker" in told
    assert "north" not in text_of(reception.signed_in(Role.VIEWER, ["fabrikam"]).get("/schedules"))
