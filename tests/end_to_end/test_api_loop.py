"""The whole loop by scripts alone: examined, proposed, approved by somebody else, done, taken back; and a scan."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from posture.bootstrap.job_kinds import job_kinds
from posture.usecases.run_job import RunJobs
from posture.web.api import create_api
from tests.usecases.working_desk import Watching
from tests.web.office import Client

from .acting_company import Office

CHECK = "mfa-gaps"


def script(office: Office, name: str) -> Client:
    """Return a script of somebody, right at the API: nothing of the page is around it."""
    signing_in = office.application.signing_in
    api = create_api(
        office.application,
        sign_in=lambda token, address: signing_in.by_bearer(token, address=address),
        count=lambda _: None,
    )
    return Client(api, headers={"Authorization": f"Bearer {office.tokens[name]}"})


def worked_off(office: Office, client: Client, job: str) -> dict[str, Any]:
    """Let a worker run a job, and return what the API tells of it then."""
    application = office.application
    RunJobs(
        lambda: job_kinds(application),
        worker="w1",
        open_book=application.store.open_work,
        clock=application.clock,
        stop=threading.Event(),
        watch=Watching(),
    ).run(job)
    told: dict[str, Any] = client.get(f"/jobs/{job}").json()
    return told


def approved(client: Client, plan: str) -> dict[str, Any]:
    """Approve what the plan says now."""
    digest = client.get(f"/plans/{plan}").json()["digest"]
    answer = client.post(f"/plans/{plan}/approve", json={"digest": digest, "note": "read it"})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def execution_of(client: Client, plan: str) -> str:
    """Return the id of the job that was made when the plan was approved."""
    (job,) = [
        each
        for each in client.get("/jobs").json()["items"]
        if each["kind"] == "execute" and each["arguments"] == {"plan": plan}
    ]
    return str(job["id"])


@pytest.fixture
def ada(office: Office) -> Client:
    return script(office, "ada")


@pytest.fixture
def grace(office: Office) -> Client:
    return script(office, "grace")


def test_a_plan_is_proposed_approved_done_and_taken_back_by_scripts(
    office: Office, ada: Client, grace: Client
) -> None:
    tenant = office.application.tenant_named(None).name
    member = office.member(0)
    examined = worked_off(office, ada, ada.post(f"/tenants/{tenant}/examine").json()["id"])
    proposal = {
        "action": "disable-user",
        "tenant": tenant,
        "targets": [member["id"]],
        "parameters": {},
        "reason": "stolen laptop",
    }

    proposed = ada.post("/plans", json=proposal)
    plan = proposed.json()["id"]
    own_yes = ada.post(f"/plans/{plan}/approve", json={"digest": proposed.json()["digest"], "note": "my own"})
    seen = grace.get(f"/plans/{plan}").json()
    after_yes = approved(grace, plan)
    done = worked_off(office, grace, execution_of(grace, plan))
    result = ada.get(f"/plans/{plan}").json()

    assert (examined["state"], proposed.status_code) == ("done", 201)
    assert own_yes.status_code == 403
    assert [(one["method"], one["path"]) for one in seen["targets"][0]["requests"]][:1] == [
        ("PATCH", f"/users/{member['id']}")
    ]
    assert after_yes["state"] == "approved"
    assert (done["state"], done["asked_by"]) == ("done", "grace")
    assert (result["state"], [one["state"] for one in result["targets"]]) == ("done", ["done"])
    assert {one["state"] for one in result["journal"]} == {"answered"}
    assert office.state(f"users/{member['id']}")["accountEnabled"] is False

    undo = ada.post(f"/plans/{plan}/undo", json={"reason": "it was found"}).json()
    approved(grace, undo["id"])
    worked_off(office, grace, execution_of(grace, undo["id"]))

    assert ada.get(f"/plans/{undo['id']}").json()["state"] == "done"
    assert office.state(f"users/{member['id']}")["accountEnabled"] is True
    assert grace.get("/audit/chain").json()["holds"] is True


def test_a_scan_asked_for_shows_as_a_run_with_its_tables(office: Office, ada: Client) -> None:
    tenant = office.application.tenant_named(None).name
    asked = ada.post(f"/tenants/{tenant}/scan", json={"checks": [CHECK], "tags": []}).json()

    job = worked_off(office, ada, asked["id"])
    run = ada.get(f"/runs/{job['result']['run']}").json()

    assert (job["state"], run["state"]) == ("done", "complete")
    assert [check["id"] for check in run["checks"] if check["outcome"] == "evaluated"] == [CHECK]
    assert run["requests"] == sum(table["requests"] for table in run["tables"]) > 0
    assert run["before"]["id"] != run["id"]
    assert ada.get("/overview").json()["tenants"][0]["latest_run"]["id"] == run["id"]
