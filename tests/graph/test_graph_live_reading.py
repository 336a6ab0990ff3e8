"""What an action reads about single objects is what a scan reads of them, and what cannot be read is not known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from posture.domain.judgement import Value
from posture.domain.outcome import Outcome
from posture.graph.reader import TenantReader
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.tenant import Tenant
from posture.tables.live import is_read_whole, kinds_of

from .company import NOW, PACE, SOURCES, Company, Rows, company_in, one
from .conftest import PATIENT
from .scripted_graph import Reply, scripted_graph

NOBODY = "00000000-0000-4000-8000-00000000dead"
SINGLE = [(name, kind) for name in SOURCES for kind in sorted(kinds_of(name))]
# Tables that a scan reads too, of which Graph gives one object by its id.
SCANNED = (
    "users",
    "user_sign_in_activity",
    "user_registration_details",
    "risky_users",
    "applications",
    "service_principals",
    "conditional_access_documents",
)


@pytest.fixture(scope="module")
def whole_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company_in(tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture
def company(whole_company: Company) -> Iterator[Company]:
    yield whole_company
    whole_company.server.faults.clear()


def by_key(rows: Rows) -> list[tuple[str, Mapping[str, Value]]]:
    return sorted(((str(row.get("id", row.get("user_id"))), row) for row in rows), key=lambda pair: pair[0])


@pytest.mark.parametrize("name", SCANNED)
def test_one_object_is_read_as_a_scan_reads_it(company: Company, name: str) -> None:
    (kind,) = kinds_of(name)
    scanned = by_key(company.rows(SOURCES[name]))

    assert scanned
    for id, row in scanned[:3] + scanned[-3:]:
        assert [dict(found) for found in company.rows(one(name, kind, id))] == [dict(row)]


@pytest.mark.parametrize(("name", "kind"), SINGLE)
def test_what_is_not_there_has_no_row(company: Company, name: str, kind: str) -> None:
    assert company.rows(one(name, kind, NOBODY, "a'b/c d", "%2e%2e", "x?$top=1", "é\u202e")) == []


@pytest.mark.parametrize(("name", "kind"), SINGLE)
def test_an_id_that_leads_elsewhere_finds_nothing_there(company: Company, name: str, kind: str) -> None:
    outcome, pages = company.read(one(name, kind, ".."))

    assert outcome.outcome is Outcome.FAILED or not outcome.rows
    assert not any(page.count for page in pages)


@pytest.mark.parametrize("name", sorted(name for name in SOURCES if is_read_whole(name)))
def test_a_small_table_is_read_whole_whatever_the_object(company: Company, name: str) -> None:
    assert company.rows(one(name, "tenant", NOBODY)) == company.rows(SOURCES[name])


def people_with(tenant: Tenant, relation: Callable[[str], object]) -> list[str]:
    return [str(user["id"]) for user in tenant.collections["users"] if relation(str(user["id"]))]


def test_memberships_of_a_user_name_every_group_and_role(company: Company) -> None:
    groups = {str(group["id"]) for group in company.tenant.collections["groups"]}
    held = {
        group: set(company.tenant.relations.get(f"groups/{group}/members", ()))  # by the id of the group
        for group in groups
    }
    members = people_with(company.tenant, lambda user: any(user in inside for inside in held.values()))

    assert members
    for user in members[:5]:
        direct = company.rows(one("user_memberships", "user", user))
        through = company.rows(one("user_transitive_memberships", "user", user))
        expected = {group for group, inside in held.items() if user in inside}
        assert {row["id"] for row in direct if row["type"] == "#microsoft.graph.group"} == expected
        assert {row["id"] for row in direct} <= {row["id"] for row in through}


def test_sign_in_methods_of_a_user_are_told_by_kind(company: Company) -> None:
    seen: set[Value] = set()
    for user in [str(user["id"]) for user in company.tenant.collections["users"][::5]]:
        rows = company.rows(one("authentication_method_items", "user", user))
        live = company.desk.open_rows({"authentication_method_items": rows}, now=NOW)
        methods = live.select("select kind, is_removable from authentication_methods", parameters={})
        assert all(method["kind"] is not None for method in methods)
        assert [method["is_removable"] for method in methods].count(False) == 1  # the password
        seen |= {method["kind"] for method in methods}

    assert len(seen) >= 4


def test_grants_of_a_service_principal_are_its_own(company: Company) -> None:
    grants = company.tenant.collections["oauth2PermissionGrants"]
    client = str(grants[0]["clientId"])

    rows = company.rows(one("oauth2_permission_grants", "service_principal", client))

    assert {row["id"] for row in rows} == {grant["id"] for grant in grants if grant["clientId"] == client}
    assert {row["client_id"] for row in rows} == {client}


def test_a_group_and_what_a_user_must_do_are_read_by_id(company: Company) -> None:
    group, user = company.tenant.collections["groups"][0], company.tenant.collections["users"][0]

    (found,) = company.rows(one("groups", "group", str(group["id"])))
    (profile,) = company.rows(one("user_password_profiles", "user", str(user["id"])))

    assert found["display_name"] == group["displayName"]
    assert profile["user_id"] == user["id"]


@pytest.mark.parametrize(
    "kind", [FaultKind.THROTTLED, FaultKind.UNAVAILABLE, FaultKind.CONNECTION_RESET, FaultKind.MALFORMED_JSON]
)
def test_a_single_object_survives_what_passes_and_is_not_known_after_what_lasts(
    company: Company, kind: FaultKind
) -> None:
    table = one("users", "user", str(company.tenant.collections["users"][0]["id"]))
    company.server.faults.add(Fault(kind=kind, path="/users/", times=2))
    assert len(company.rows(table)) == 1

    company.server.faults.clear()
    company.server.faults.add(Fault(kind=kind, path="/users/", times=None))
    outcome, pages = company.read(table)

    assert (outcome.outcome, pages) == (Outcome.FAILED, [])


@pytest.mark.parametrize(
    "reply", [Reply(status=200), Reply(status=202), Reply(status=204), Reply(status=200, body=b"{}")]
)
def test_a_success_without_an_object_is_not_taken_for_absence(company: Company, tmp_path: Path, reply: Reply) -> None:
    table = one("users", "user", NOBODY)

    with scripted_graph(tmp_path) as graph:
        graph.script = [reply]
        reader = TenantReader(graph.connection(), pace=PACE, budget=dataclasses.replace(PATIENT, tries=2))
        elsewhere = dataclasses.replace(company, reader=reader)
        outcome, pages = elsewhere.read(table)

    assert (outcome.outcome, pages) == (Outcome.FAILED, [])


def test_an_unlicensed_or_forbidden_object_is_not_taken_for_absent(company: Company) -> None:
    company.server.faults.add(Fault(kind=FaultKind.FORBIDDEN, path="/users/", times=None))

    outcome, pages = company.read(one("users", "user", str(company.tenant.collections["users"][0]["id"])))

    assert (outcome.outcome, pages) == (Outcome.FORBIDDEN, [])
