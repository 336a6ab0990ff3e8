"""The catalog, one check, and frameworks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from posture.domain.operator import Role
from tests.web.furnished import FAILING, PASSING, SKIPPED, UNKNOWN, FurnishedOffice
from tests.web.office import Client
from tests.web.reading import Seen


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnishedOffice]:
    office = FurnishedOffice(tmp_path_factory.mktemp("furnished"))
    yield office
    office.close()


@pytest.fixture(scope="module")
def admin(furnished: FurnishedOffice) -> Client:
    return furnished.signed_in(name="ada")


def seen(client: Client, path: str, *, status: int = 200) -> Seen:
    answer = client.get(path)
    assert answer.status_code == status
    return Seen(answer.text)


def rows_of(client: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(path).text, newline="")))


@pytest.mark.parametrize(
    ("mark", "check"),
    [("passed", PASSING), ("failed", FAILING), ("unknown", UNKNOWN), ("not_judged", SKIPPED)],
)
def test_checks_are_found_by_their_result(admin: Client, mark: str, check: str) -> None:
    page = seen(admin, f"/checks?mark={mark}")

    assert page.links("/checks/") == [f"/checks/{check}"]


@pytest.mark.parametrize(
    ("asked", "check"), [("text=INACTIVE-USERS", FAILING), ("severity=medium&tag=guest&tag=hygiene", PASSING)]
)
def test_checks_are_found_by_what_they_are(admin: Client, asked: str, check: str) -> None:
    assert f"/checks/{check}" in seen(admin, f"/checks?{asked}").links("/checks/")


def test_a_word_that_no_check_has_leaves_none(admin: Client) -> None:
    assert "No check matches" in seen(admin, "/checks?text=zebra").text


def test_what_fails_most_comes_first(admin: Client) -> None:
    assert seen(admin, "/checks").links("/checks/")[0] == f"/checks/{FAILING}"


def test_titles_can_be_sorted_both_ways(admin: Client) -> None:
    forth = seen(admin, "/checks?sort=title").links("/checks/")
    back = seen(admin, "/checks?sort=title&order=desc").links("/checks/")

    assert back == forth[::-1]


@pytest.mark.parametrize("asked", ["mark=x", "severity=x", "sort=x"])
def test_a_value_that_is_not_of_the_list_is_refused(admin: Client, asked: str) -> None:
    assert "is not known" in seen(admin, f"/checks?{asked}", status=422).text


def test_the_export_has_a_row_for_each_tenant_that_was_asked(admin: Client) -> None:
    rows = [row for row in rows_of(admin, "/checks.csv") if row["check"] == SKIPPED]

    assert {(row["tenant"], row["mark"]) for row in rows} == {("contoso", "not_judged"), ("fabrikam", "not_judged")}
    assert rows[0]["reason"] == "has not signed in for 120 days"


def test_a_check_says_its_rule_its_needs_and_its_result(admin: Client) -> None:
    page = seen(admin, f"/checks/{FAILING}")

    for words in ("Why it matters", "Result", "The rule", "Parameters", "What it needs", "Frameworks"):
        assert words in page.text
    assert "AuditLog.Read.All" in page.text
    assert page.links(f"/findings?check={FAILING}&tenant=contoso")
    assert page.links("/frameworks/")


def test_a_skipped_check_says_why(admin: Client) -> None:
    assert "has not signed in for 120 days" in seen(admin, f"/checks/{SKIPPED}").text


@pytest.mark.parametrize("path", ["/checks/nobody", "/frameworks/nobody", "/frameworks/nobody.csv"])
def test_what_is_not_in_the_catalog_is_not_there(admin: Client, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_who_is_for_one_tenant_sees_its_results_only(furnished: FurnishedOffice) -> None:
    limited = furnished.signed_in(Role.ADMIN, ["fabrikam"], name="of fabrikam")

    assert "contoso" not in seen(limited, f"/checks/{FAILING}").text
    assert {row["tenant"] for row in rows_of(limited, "/checks.csv")} <= {"fabrikam", ""}
    assert {row["tenant"] for row in rows_of(limited, "/frameworks/mitre.csv")} == {"fabrikam"}


def test_frameworks_count_controls_and_lead_to_them(admin: Client) -> None:
    page = seen(admin, "/frameworks")

    assert "/frameworks/mitre" in page.links("/frameworks/")
    assert {row["framework"] for row in rows_of(admin, "/frameworks.csv")} >= {"mitre", "cis_m365"}


def test_a_framework_has_each_control_with_its_checks(admin: Client) -> None:
    page = seen(admin, "/frameworks/mitre")
    rows = rows_of(admin, "/frameworks/mitre.csv?tenant=contoso")

    assert f"/checks/{FAILING}" in page.links("/checks/")
    assert {row["tenant"] for row in rows} == {"contoso"}
    assert len(rows) == len({row["control"] for row in rows})
