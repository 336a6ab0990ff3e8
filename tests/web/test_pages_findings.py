"""The list of findings, one finding, and exempting it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.operator import Role
from tests.web.furnished import FAILING, FurnishedOffice, Texts
from tests.web.office import Client
from tests.web.reading import Seen


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnishedOffice]:
    office = FurnishedOffice(tmp_path_factory.mktemp("furnished"), findings=60)
    yield office
    office.close()


@pytest.fixture(scope="module")
def admin(furnished: FurnishedOffice) -> Client:
    return furnished.signed_in(name="ada")


def seen(client: Client, path: str, *, status: int = 200) -> Seen:
    answer = client.get(path)
    assert answer.status_code == status
    return Seen(answer.text)


def test_a_list_shows_what_is_open_and_nothing_else(admin: Client, furnished: FurnishedOffice) -> None:
    page = seen(admin, "/findings?limit=100")

    links = page.links("/findings/")
    assert len(links) == 60  # 59 that are open in contoso, one in fabrikam
    assert f"/findings/{furnished.resolved.fingerprint}" not in links
    assert f"/findings/{furnished.exempted.fingerprint}" not in links


def test_the_worst_come_first(admin: Client, furnished: FurnishedOffice) -> None:
    page = seen(admin, "/findings")

    first = page.links("/findings/")[:4]
    assert set(first) == {f"/findings/{finding.fingerprint}" for finding in furnished.open[:4]}
    assert {"aria-sort": "descending"}.items() <= next(
        one for name, one in page.tags if name == "th" and "aria-sort" in one
    ).items()


def test_pages_lead_forth_and_back_over_every_finding_once(admin: Client) -> None:
    page = seen(admin, "/findings?limit=25")
    found: list[str] = []
    while True:
        found += page.links("/findings/")
        following = page.all("a", rel="next")
        if not following:
            break
        page = seen(admin, str(following[0]["href"]))
    assert len(found) == len(set(found)) == 60

    back = seen(admin, str(page.all("a", rel="prev")[0]["href"]))
    assert back.links("/findings/") == found[25:50]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("severity=high", 4),
        ("severity=high&severity=medium&limit=100", 60),
        ("tenant=fabrikam", 1),
        ("standing=resolved", 1),
        ("standing=exempted", 1),
        ("text=GRACE@example.com", 21),
        ("check=mfa-gaps", 0),
        ("tag=hygiene&limit=100", 60),
    ],
)
def test_a_filter_leaves_what_it_says(admin: Client, asked: str, count: int) -> None:
    page = seen(admin, f"/findings?{asked}")

    assert len(page.links("/findings/")) == count
    if not count:
        assert "No finding matches" in page.text


def test_a_filter_in_force_can_be_taken_away(admin: Client) -> None:
    page = seen(admin, "/findings?severity=high&text=ada&sort=resource")

    assert "/findings?severity=high&sort=resource" in page.links("/findings?")
    assert "/findings?text=ada&sort=resource" in page.links("/findings?")


@pytest.mark.parametrize(
    "asked", ["severity=awful", "sort=colour", "order=up", "limit=1000", "limit=x", "standing=x", "cursor=x"]
)
def test_an_address_that_nobody_gave_out_is_refused_in_words(admin: Client, asked: str) -> None:
    page = seen(admin, f"/findings?{asked}", status=422)

    assert "Traceback" not in page.text
    assert asked.partition("=")[2] in page.text or "cursor" in page.text


def test_too_many_values_of_a_filter_are_refused(admin: Client) -> None:
    seen(admin, "/findings?" + "&".join(f"check=c{number}" for number in range(201)), status=422)


def test_too_many_filters_at_once_are_refused(admin: Client) -> None:
    names = ("check", "tag", "framework")

    seen(admin, "/findings?" + "&".join(f"{name}=c{number}" for name in names for number in range(70)), status=422)


def test_an_export_has_all_that_matches_and_not_one_page(admin: Client) -> None:
    text = admin.get("/findings.csv?limit=25&severity=medium").text
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    values = json.loads(admin.get("/findings.json?limit=25&severity=medium").text)

    assert len(rows) == len(values) == 56
    assert {row["check"] for row in rows} == {FAILING}
    assert values[0]["evidence"]["last_sign_in_at"] is None


def test_an_export_of_an_unknown_kind_is_not_there(admin: Client) -> None:
    assert admin.get("/findings.xlsx").status_code in (404, 422)


def test_a_finding_says_what_why_and_how(admin: Client, furnished: FurnishedOffice) -> None:
    page = seen(admin, f"/findings/{furnished.open[0].fingerprint}")

    for words in ("What is wrong", "Why it matters", "How to fix it", "Evidence", "History", "What can be done"):
        assert words in page.text
    assert "not known" in page.text  # the time of the last sign-in is
    assert page.links("/propose?finding=")


def test_a_resolved_finding_offers_nothing_and_says_why(admin: Client, furnished: FurnishedOffice) -> None:
    page = seen(admin, f"/findings/{furnished.resolved.fingerprint}")

    assert "the check passed" in page.text
    assert "the finding is resolved" in page.text
    assert not page.links("/propose?finding=")
    assert not page.all("form", action=f"/findings/{furnished.resolved.fingerprint}/exempt")


def test_whoever_only_looks_is_offered_no_change(furnished: FurnishedOffice) -> None:
    viewer = furnished.signed_in(Role.VIEWER, name="only looks")

    listed = seen(viewer, "/findings")
    page = seen(viewer, f"/findings/{furnished.open[0].fingerprint}")

    assert not listed.all("input", type="checkbox", name="finding")
    assert not page.links("/propose")
    assert not page.all("form", action=f"/findings/{furnished.open[0].fingerprint}/exempt")


def test_who_is_for_one_tenant_sees_only_that(furnished: FurnishedOffice) -> None:
    limited = furnished.signed_in(Role.ADMIN, ["fabrikam"], name="of fabrikam")

    listed = seen(limited, "/findings")

    assert listed.links("/findings/") == [f"/findings/{furnished.elsewhere.fingerprint}"]
    assert "contoso" not in listed.text
    seen(limited, f"/findings/{furnished.open[0].fingerprint}", status=404)


def test_exempting_takes_a_finding_from_those_that_are_open(furnished: FurnishedOffice, admin: Client) -> None:
    finding = furnished.elsewhere
    until = (furnished.now + timedelta(days=30)).date()

    answer = admin.post(
        f"/findings/{finding.fingerprint}/exempt",
        data={"reason": "agreed", "until": str(until), "what": "check", "owner": ""},
    )

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/findings/{finding.fingerprint}?done=exempted",
    )
    after = seen(admin, answer.headers["location"])
    assert "exempted" in after.text
    assert "agreed" in after.text
    assert seen(admin, "/findings?tenant=fabrikam").links("/findings/") == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"reason": "  ", "until": "2099-01-01", "what": "check"}, "Say why this is acceptable"),
        ({"reason": "x", "until": "tomorrow", "what": "check"}, "Choose the last day"),
        ({"reason": "x", "until": "9999-12-31", "what": "check"}, "Choose the last day"),
        ({"reason": "x", "until": "2001-01-01", "what": "check"}, "2001"),
        ({"reason": "x", "until": "2099-01-01", "what": "all"}, "Choose what is accepted"),
    ],
)
def test_a_form_that_is_not_right_comes_back_as_it_was_filled(
    furnished: FurnishedOffice, admin: Client, typed: dict[str, str], told: str
) -> None:
    answer = admin.post(f"/findings/{furnished.open[5].fingerprint}/exempt", data=typed)

    page = Seen(answer.text)
    assert answer.status_code == 422
    assert told in page.text
    assert page.all("input", name="until", value=typed["until"])
    assert page.all("dialog", id="exempt")[0].keys() >= {"open"}


def test_looking_at_a_finding_changes_nothing(furnished: FurnishedOffice, admin: Client) -> None:
    assert admin.get(f"/findings/{furnished.open[5].fingerprint}/exempt").status_code == 405


def test_helpdesk_may_not_exempt_from_every_check(furnished: FurnishedOffice) -> None:
    helpdesk = furnished.helpdesk("helps")

    answer = helpdesk.post(
        f"/findings/{furnished.open[0].fingerprint}/exempt",
        data={
            "reason": "agreed",
            "until": str((furnished.now + timedelta(days=3)).date()),
            "what": "resource",
        },
    )

    assert answer.status_code == 403


def test_an_empty_database_says_what_to_do(signed_in: object) -> None:
    page = seen(signed_in(), "/findings")  # type: ignore[operator]

    assert "No open findings" in page.text
    assert page.links("/runs")


HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m\r\nSet-Cookie: a=b {{ 7*7 }}"
)


def test_hostile_names_are_shown_and_never_run(tmp_path: Path) -> None:
    texts = Texts(names=(HOSTILE, "A" * 500), other=HOSTILE)
    office = FurnishedOffice(tmp_path, texts=texts, findings=3)
    client = office.signed_in(name="<script>alert(1)</script>")
    office.proposed(office.open[0])

    for path in ("/", "/findings?standing=any", f"/findings/{office.open[0].fingerprint}", "/checks/inactive-users"):
        page = seen(client, path)
        assert all(one.get("src", "").startswith("/static/") for one in page.all("script")), path  # type: ignore[union-attr]
        assert not page.all("img"), path
        assert not any(name.startswith("on") or name == "style" for _, one in page.tags for name in one), path
        assert "\u202e" not in page.text, path
        assert "\x1b" not in page.text, path
    office.close()
