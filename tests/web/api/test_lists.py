"""Lists: walked page by page, whatever names are in them and whatever cursor is sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.domain.operator import Role
from tests.store.postgresql import Cluster
from tests.web.api.recorded import NAMES, RecordedOffice
from tests.web.office import Client

PAGED = ("findings", "plans", "runs", "audit", "jobs", "deliveries")
SEED = 20_261_121


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedOffice]:
    store = ""
    if request.param == "postgresql":
        running: Cluster = request.getfixturevalue("cluster")
        store = running.url(running.new_database())
    opened = RecordedOffice(tmp_path_factory.mktemp("lists"), store=store)
    for number in range(2, 6):
        opened.new_delivery(number)
        opened.new_plan()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(office: RecordedOffice) -> Client:
    return office.client(headers={"Authorization": f"Bearer {office.script(Role.ADMIN)}"})


def walked(client: Client, name: str, *, limit: int) -> list[object]:
    """Return every item of a list, page by page."""
    items: list[object] = []
    cursor: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/api/v1/{name}", params=query).json()
        items += page["items"]
        cursor = page["next"]
        assert len(page["items"]) <= limit
        if cursor is None:
            return items


@pytest.mark.parametrize("name", PAGED)
@pytest.mark.parametrize("limit", [1, 3])
def test_small_pages_hold_together_what_one_large_page_holds(client: Client, name: str, limit: int) -> None:
    whole = client.get(f"/api/v1/{name}", params={"limit": 500}).json()

    assert walked(client, name, limit=limit) == whole["items"]
    assert (whole["next"], bool(whole["items"])) == (None, True)


@pytest.mark.parametrize("sort", ["severity", "last_failed", "first_failed", "resource", "check"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_findings_go_forth_and_back_in_every_order(client: Client, sort: str, order: str) -> None:
    asked = {"sort": sort, "order": order, "limit": 5}
    first = client.get("/api/v1/findings", params=asked).json()
    second = client.get("/api/v1/findings", params={**asked, "cursor": first["next"]}).json()

    back = client.get("/api/v1/findings", params={**asked, "cursor": second["previous"]}).json()

    assert back["items"] == first["items"]
    assert (first["previous"], first["total"], first["total_is_more"]) == (None, 2 * len(NAMES), False)


@pytest.mark.parametrize("name", PAGED)
@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "many", ""])
def test_a_page_has_a_limit(client: Client, name: str, limit: str) -> None:
    assert client.get(f"/api/v1/{name}?limit={limit}").status_code == 422


def tampered() -> Iterator[str]:
    yield from ("x", "AAAA", "-", "_" * 2_000, "W10", "e30")
    for parts in ([], [1], ["severity", True, "x", "y"], [[[]]], {"a": 1}, [10**400], None, [2**63], [-(2**63), "x"]):
        yield base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize("name", PAGED)
@pytest.mark.parametrize("cursor", list(tampered()), ids=lambda cursor: cursor[:20])
def test_a_cursor_that_nobody_gave_out_is_refused_or_harmless(client: Client, name: str, cursor: str) -> None:
    answer = client.get(f"/api/v1/{name}", params={"cursor": cursor})

    assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize("name", PAGED)
def test_a_cursor_of_one_list_does_not_break_another(client: Client, name: str) -> None:
    cursors = [client.get(f"/api/v1/{other}?limit=1").json()["next"] for other in PAGED]

    for cursor in filter(None, cursors):
        assert client.get(f"/api/v1/{name}", params={"cursor": cursor}).status_code in (200, 422)


@given(
    place=st.integers(0, 200),
    letter=st.sampled_from("ABCXYZabcxyz0189-_"),
    name=st.sampled_from(PAGED),
)
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
def test_a_changed_letter_in_a_cursor_never_breaks_anything(
    office: RecordedOffice, client: Client, place: int, letter: str, name: str
) -> None:
    cursor = client.get(f"/api/v1/{name}?limit=1").json()["next"]
    if cursor is None:
        return
    at = place % len(cursor)

    answer = client.get(f"/api/v1/{name}", params={"cursor": cursor[:at] + letter + cursor[at + 1 :]})

    assert answer.status_code in (200, 422), answer.text


def test_a_cursor_does_not_lead_into_another_tenant(office: RecordedOffice, client: Client) -> None:
    limited = office.script(Role.ADMIN, tenants=("fabrikam",))
    cursor = client.get("/api/v1/findings?limit=1").json()["next"]

    page = office.client(headers={"Authorization": f"Bearer {limited}"}).get(
        "/api/v1/findings", params={"cursor": cursor, "limit": 500}
    )

    assert page.status_code == 200
    assert {each["tenant_id"] for each in page.json()["items"]} <= {office.of["fabrikam"].finding.tenant_id}


def test_hostile_names_come_back_as_they_are_in_plain_ascii(client: Client) -> None:
    answer = client.get("/api/v1/findings", params={"tenant": "contoso", "limit": 500})

    assert answer.content.isascii()
    assert b"\x1b" not in answer.content
    assert {each["resource"]["name"] for each in answer.json()["items"]} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_can_be_looked_for(client: Client, name: str) -> None:
    found = client.get("/api/v1/findings", params={"text": name[:200], "tenant": "contoso"}).json()["items"]

    assert [each["resource"]["name"] for each in found] == [name]


def test_findings_are_filtered_by_everything_at_once(office: RecordedOffice, client: Client) -> None:
    finding = office.of["contoso"].finding
    wanted = {
        "tenant": ["contoso"],
        "check": [finding.check, "inactive-guests"],
        "severity": ["medium", "high"],
        "standing": ["open"],
        "framework": ["cis_m365"],
        "text": "ADA LOVE",
    }

    items = client.get("/api/v1/findings", params=wanted).json()["items"]

    assert [each["fingerprint"] for each in items] == [finding.fingerprint]
    for name, other in {"severity": "low", "standing": "resolved", "framework": "mitre-none", "tag": "none"}.items():
        assert client.get("/api/v1/findings", params={**wanted, name: other}).json()["items"] == []


def test_times_are_in_utc_and_end_in_z(client: Client) -> None:
    finding = client.get("/api/v1/findings?limit=1").json()["items"][0]

    for name in ("first_failed_at", "last_failed_at", "judged_at"):
        assert len(finding[name]) == len("2026-01-01T00:00:00Z")
        assert finding[name].endswith("Z")
