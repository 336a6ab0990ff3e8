"""Proposing a plan for findings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from posture.domain.operator import Role
from posture.domain.page import LONGEST_PAGE
from tests.web.furnished import FurnishedOffice
from tests.web.office import Client
from tests.web.reading import Seen


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnishedOffice]:
    office = FurnishedOffice(tmp_path_factory.mktemp("furnished"), findings=30)
    yield office
    office.close()


@pytest.fixture(scope="module")
def admin(furnished: FurnishedOffice) -> Client:
    return furnished.signed_in(name="ada")


def seen(client: Client, path: str, *, status: int = 200) -> Seen:
    answer = client.get(path)
    assert answer.status_code == status
    return Seen(answer.text)


def ticked(*fingerprints: str, **more: str) -> str:
    return "/propose?" + urlencode([*(("finding", each) for each in fingerprints), *more.items()])


def test_findings_of_several_tenants_ask_which_one_first(furnished: FurnishedOffice, admin: Client) -> None:
    path = ticked(furnished.open[0].fingerprint, furnished.elsewhere.fingerprint)

    page = seen(admin, path)

    assert "A plan changes one tenant." in page.text
    assert len(page.links("/propose?")) == 2


def test_of_one_tenant_the_actions_are_offered_at_once(furnished: FurnishedOffice, admin: Client) -> None:
    page = seen(admin, ticked(furnished.open[0].fingerprint, furnished.open[1].fingerprint))

    assert "Fits 2 resources." in page.text
    assert any(link.endswith("action=disable-user") for link in page.links("/propose?"))


def test_what_is_not_open_any_more_does_not_fit(furnished: FurnishedOffice, admin: Client) -> None:
    page = seen(admin, ticked(furnished.open[0].fingerprint, furnished.resolved.fingerprint))

    assert "Fits 1 resource; not 1 of the findings." in page.text


def test_all_that_match_are_as_many_as_one_plan_may_have(furnished: FurnishedOffice, admin: Client) -> None:
    page = seen(admin, "/propose?all=1&tenant=contoso&action=disable-user")

    limit = furnished.application.acting.action("disable-user").action.limits.per_run
    assert len(page.all("input", name="finding")) == min(limit, 29)


def test_all_that_match_in_several_tenants_ask_which_one_first(admin: Client) -> None:
    page = seen(admin, "/propose?all=1")

    assert "29 findings" in page.text
    assert page.links("/propose?") == ["/propose?all=1&in=contoso", "/propose?all=1&in=fabrikam"]
    assert "1 finding" in seen(admin, "/propose?all=1&in=fabrikam").text


def test_a_tenant_whose_findings_are_not_among_the_first_can_be_chosen_all_the_same(tmp_path: Path) -> None:
    office = FurnishedOffice(tmp_path, findings=LONGEST_PAGE + 20)
    admin = office.signed_in()

    page = seen(admin, "/propose?all=1&sort=first_failed&order=asc")

    assert any(link.endswith("in=fabrikam") for link in page.links("/propose?"))
    taken = seen(admin, "/propose?all=1&in=fabrikam&action=disable-user").all("input", name="finding")
    assert [one["value"] for one in taken] == [office.elsewhere.fingerprint]
    office.close()


def test_the_worst_of_all_that_match_are_taken_first(furnished: FurnishedOffice, admin: Client) -> None:
    page = seen(admin, "/propose?all=1&tenant=contoso&action=disable-user")

    taken = [one["value"] for one in page.all("input", name="finding")]
    assert set(taken[:4]) == {finding.fingerprint for finding in furnished.open[:4]}


def test_nothing_ticked_says_what_to_do(admin: Client) -> None:
    page = seen(admin, "/propose")

    assert "No finding was chosen" in page.text
    assert "/findings" in page.links("/findings")


def test_too_many_ticked_are_refused(admin: Client) -> None:
    seen(admin, ticked(*(f"{number:032x}" for number in range(101))), status=422)


def test_a_finding_that_is_not_there_is_refused(furnished: FurnishedOffice, admin: Client) -> None:
    limited = furnished.signed_in(Role.ADMIN, ["fabrikam"], name="of fabrikam")

    seen(admin, ticked("0" * 32), status=404)
    seen(limited, ticked(furnished.open[0].fingerprint), status=404)


def test_an_action_that_does_not_fit_leads_to_those_that_do(furnished: FurnishedOffice, admin: Client) -> None:
    page = seen(admin, ticked(furnished.open[0].fingerprint, action="delete-guest"))

    assert "Choose what is to be done." in page.text


def test_a_refused_proposal_comes_back_as_it_was_filled_and_says_why(
    furnished: FurnishedOffice, admin: Client
) -> None:
    answer = admin.post(
        "/propose",
        data={
            "action": "disable-user",
            "tenant": "contoso",
            "finding": [furnished.open[0].fingerprint, furnished.open[1].fingerprint],
            "reason": "nobody <b>uses</b> them",
        },
    )

    page = Seen(answer.text)
    assert answer.status_code == 422
    assert "scan it first" in page.text  # there is no snapshot to count users in
    assert "nobody <b>uses</b> them" in page.text
    assert len(page.all("input", name="finding")) == 2


@pytest.mark.parametrize("missing", ["tenant", "action"])
def test_a_form_that_lacks_something_changes_nothing(furnished: FurnishedOffice, admin: Client, missing: str) -> None:
    fields = {"action": "disable-user", "tenant": "contoso", "reason": "x"}
    fields[missing] = "nobody"

    answer = admin.post("/propose", data=fields | {"finding": furnished.open[0].fingerprint})

    assert answer.status_code == 404
    assert not admin.get("/plans.json").json()


def test_whoever_only_looks_cannot_propose(furnished: FurnishedOffice) -> None:
    viewer = furnished.signed_in(Role.VIEWER, name="only looks")

    answer = viewer.post(
        "/propose",
        data={
            "action": "disable-user",
            "tenant": "contoso",
            "finding": furnished.open[0].fingerprint,
            "reason": "x",
        },
    )

    assert answer.status_code == 403
