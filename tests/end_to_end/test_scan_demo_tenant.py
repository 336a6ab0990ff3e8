"""A scan of the made-up company through the real command line, held against what the company is known for."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema
import pytest

from posture.simulator.demo_tenant.known_gaps import known_gaps
from posture.simulator.demo_tenant.role_holders import members_below, sync_accounts
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import Entity, Tenant
from posture.tables import TABLES
from posture.tables.table import SourceKind, SourceTable

from .conftest import (
    REPOSITORY,
    TRACEBACK,
    Done,
    application_of,
    company,
    posture,
    scan,
    write_settings,
)

Ids = frozenset[str]
SOURCES = {table.name: table.source for table in TABLES if isinstance(table, SourceTable)}
REPORT = "reports/authenticationMethods/userRegistrationDetails"
CHECK_IDS = sorted(path.stem for path in (REPOSITORY / "checks").rglob("*.yaml"))
ABOUT_CREDENTIALS = ("secret-expiring-soon", "certificate-expiring-soon", "credential-expired")


class Known:
    """The company and its known gaps."""

    def __init__(self, tenant: Tenant, now: datetime) -> None:
        self.tenant = tenant
        self.gaps = known_gaps(tenant, now)

    def users(self, belongs: Callable[[Entity], bool]) -> Ids:
        return frozenset(user["id"] for user in self.tenant.collections["users"] if belongs(user))

    def named(self, *accounts: str) -> Ids:
        """Ids of the users with these account names; every one of them exists."""
        found = self.users(lambda user: user["mailNickname"] in accounts)
        assert len(found) == len(accounts)
        return found

    @property
    def type_unknown(self) -> Ids:
        return self.users(lambda user: user["userType"] is None)

    @property
    def registration_secrets(self) -> Ids:
        """Key ids of secrets that stand on an application, not on a service principal."""
        applications = self.tenant.collections["applications"]
        return frozenset(key["keyId"] for owner in applications for key in owner["passwordCredentials"])

    @property
    def registration_keys(self) -> Ids:
        """The same of secrets and certificates."""
        applications = self.tenant.collections["applications"]
        return self.registration_secrets | {key["keyId"] for owner in applications for key in owner["keyCredentials"]}

    @property
    def may_stay_excluded(self) -> Ids:
        """The emergency accounts, and groups that hold nobody else."""
        accounts = self.gaps["emergency_accounts"]
        policies = self.tenant.collections["identity/conditionalAccess/policies"]
        groups = {group for policy in policies for group in policy["conditions"]["users"]["excludeGroups"]}
        return accounts | {group for group in groups if members_below(self.tenant, group) - {group} <= accounts}

    @property
    def spared_by_legacy_block(self) -> Ids:
        """Ids of the groups that the policy against legacy protocols excludes."""
        policies = self.tenant.collections["identity/conditionalAccess/policies"]
        (policy,) = [policy for policy in policies if "other" in policy["conditions"]["clientAppTypes"]]
        return frozenset(policy["conditions"]["users"]["excludeGroups"])

    def whole_tenant(self, gap: str) -> Ids:
        assert self.gaps[gap] <= {self.tenant.tenant_id}
        return self.gaps[gap]


EXPECTED: dict[str, Callable[[Known], Ids]] = {
    # A member of unknown type is unknown.
    "mfa-gaps": lambda known: known.gaps["enabled_members_without_mfa"] - known.type_unknown,
    # Not in the report means unknown, not "no second factor".
    "admin-no-mfa": lambda known: (
        known.gaps["admins_without_mfa"] - known.gaps["enabled_members_missing_from_report"]
    ),
    "inactive-users": lambda known: known.gaps["enabled_users_inactive_90_days"] - known.type_unknown,
    "inactive-guests": lambda known: known.gaps["enabled_guests_inactive_90_days"],
    # Sign-ins are not looked at: they need a licence.
    "guest-invitation-pending": lambda known: (
        known.gaps["pending_guests_older_than_30_days"] | known.named("guest.pending.but.signed.in")
    ),
    "admin-guest": lambda known: known.gaps["guest_admins"],
    "admin-synced": lambda known: known.gaps["synced_admins"],
    "risky-users": lambda known: known.gaps["risky_enabled_users_medium_high"],
    "risky-user-privileged": lambda known: known.gaps["risky_privileged_users"],
    "app-tier0-graph-permission": lambda known: known.gaps["tier0_graph_principals"],
    # Credentials that stand on a service principal itself are not judged.
    "secret-expiring-soon": lambda known: known.gaps["secrets_ending_within_90_days"] & known.registration_keys,
    "certificate-expiring-soon": lambda known: (
        known.gaps["certificates_ending_within_90_days"] & known.registration_keys
    ),
    "credential-expired": lambda known: known.gaps["credentials_ended"] & known.registration_keys,
    "ca-mfa-admins": lambda known: known.gaps["admin_roles_without_mfa_policy"],
    "ca-break-glass-excluded": lambda known: known.gaps["policies_without_emergency_exit"],
    "ca-no-baseline": lambda known: known.whole_tenant("no_baseline"),
    "ca-mfa-all-users": lambda known: known.whole_tenant("mfa_not_enforced_for_all_users"),
    # An exception that the operator did not name is a hole, and the company has one for old printers.
    "ca-block-legacy-auth": lambda known: (
        known.whole_tenant("legacy_authentication_not_blocked")
        | (frozenset({known.tenant.tenant_id}) if known.spared_by_legacy_block - known.may_stay_excluded else Ids())
    ),
    "ca-block-device-code": lambda known: known.whole_tenant("device_code_flow_not_blocked"),
    "authz-guest-invites-restricted": lambda known: known.whole_tenant("guest_invites_open"),
    "authz-users-create-apps": lambda known: known.whole_tenant("users_may_create_apps"),
    "consent-user-consent-restricted": lambda known: known.whole_tenant("user_consent_open"),
    "methods-migration-complete": lambda known: known.whole_tenant("methods_migration_incomplete"),
    "global-admin-count": lambda known: (
        frozenset() if 2 <= len(known.gaps["global_administrators"]) <= 4 else frozenset({known.tenant.tenant_id})
    ),
}

UNKNOWN: dict[str, Callable[[Known], Ids]] = {
    "mfa-gaps": lambda known: (
        known.gaps["enabled_members_missing_from_report"] | sync_accounts(known.tenant) | known.type_unknown
    ),
    "admin-no-mfa": lambda known: (
        known.gaps["admins_without_mfa"] & known.gaps["enabled_members_missing_from_report"]
    ),
    "inactive-users": lambda known: known.type_unknown,
    "risky-users": lambda known: known.gaps["risky_users_hidden"],
    "secret-expiring-soon": lambda known: known.gaps["credentials_without_end"] & known.registration_secrets,
}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the command line wrote about the company, and the truth."""

    known: Known
    done: Done
    document: dict[str, Any]

    def concerned(self, check: str, verdict: str) -> Ids:
        """What a check says so about: key ids for credentials, object ids for the rest."""
        rows = [row for row in self.document["judgements"] if (row["check"], row["verdict"]) == (check, verdict)]
        if check in ABOUT_CREDENTIALS:
            return frozenset(row["identity"]["credential_id"] for row in rows)
        return frozenset(row["resource"]["id"] for row in rows)


@pytest.fixture(scope="session")
def judged(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """One scan whose parameters tell what the operator knows: the emergency accounts."""
    known = Known(shared.tenants[0], datetime.now(UTC))
    exclusions = {"allowed_exclusions": sorted(known.may_stay_excluded)}
    names = ("ca-mfa-admins", "ca-mfa-all-users", "ca-block-legacy-auth", "ca-block-device-code")
    params = dict.fromkeys(names, exclusions) | {
        "ca-break-glass-excluded": {"break_glass": sorted(known.gaps["emergency_accounts"])}
    }
    config = write_settings(
        tmp_path_factory.mktemp("oracle"), shared, more=f"checks: {json.dumps({'params': params})}\n"
    )
    done = posture("scan", "--config", config, "--format", "json", "--all-verdicts")
    return Judged(known=known, done=done, document=done.json())


def test_every_shipped_check_is_held_against_the_company() -> None:
    assert sorted(EXPECTED) == CHECK_IDS


@pytest.mark.parametrize("check", CHECK_IDS)
def test_a_check_fails_exactly_what_is_wrong(judged: Judged, check: str) -> None:
    assert judged.concerned(check, "fail") == EXPECTED[check](judged.known)


@pytest.mark.parametrize("check", sorted(UNKNOWN))
def test_what_the_data_does_not_tell_is_unknown(judged: Judged, check: str) -> None:
    assert judged.concerned(check, "unknown") == UNKNOWN[check](judged.known)


def test_the_scan_is_complete_and_every_check_evaluated(judged: Judged) -> None:
    assert (judged.done.code, judged.document["run"]["state"]) == (0, "complete")
    assert {check["outcome"] for check in judged.document["checks"]} == {"evaluated"}
    assert {table["outcome"] for table in judged.document["tables"]} == {"complete"}
    assert sorted(check["id"] for check in judged.document["checks"]) == CHECK_IDS


def test_counts_agree_with_the_judgements(judged: Judged) -> None:
    rows = Counter((row["check"], row["verdict"]) for row in judged.document["judgements"])
    for check in judged.document["checks"]:
        for verdict in ("pass", "fail", "unknown"):
            assert check["counts"][verdict] == rows[check["id"], verdict]


def test_the_document_has_the_published_shape(judged: Judged) -> None:
    schema = json.loads((REPOSITORY / "docs" / "reference" / "scan.schema.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(judged.document)


def test_progress_names_every_table_and_stays_out_of_the_result(judged: Judged) -> None:
    assert judged.done.out.count("\n") == 1
    assert TRACEBACK not in judged.done.err
    for table in judged.document["tables"]:
        assert table["name"] in judged.done.err


def test_passing_judgements_are_written_only_when_asked_for(scanned: tuple[Path, Done]) -> None:
    config, whole = scanned

    short = posture("scan", "--config", config, "--format", "json").json()

    assert {row["verdict"] for row in short["judgements"]} == {"fail", "unknown"}
    assert len(short["judgements"]) == sum(row["verdict"] != "pass" for row in whole.json()["judgements"])


# What is asked of Graph


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    """A company of several pages."""
    with SimulatorServer(
        tenants=[company(users=1500)], directory=tmp_path_factory.mktemp("large"), throttling=False
    ) as server:
        yield server


def minimum_requests(table: str, rows: int) -> int:
    """The fewest requests that can bring so many rows."""
    source = SOURCES[table]
    if source.kind is SourceKind.GROUP_MEMBERS:
        return 2  # the groups that hold roles, then the groups nested in them
    pages = math.ceil(rows / source.page_size) if source.page_size else 1
    return max(len(source.for_each), pages, 1)


@pytest.mark.usefixtures("server")
def test_requests_of_every_table_are_within_five_percent_of_the_minimum(
    large: SimulatorServer, tmp_path: Path
) -> None:
    large.requests.clear()

    result = scan(application_of(write_settings(tmp_path, large)))

    sent = {name: table.requests for name, table in result.tables.items()}
    assert sent["users"] > 1
    assert sent["user_sign_in_activity"] > 1
    for name, table in result.tables.items():
        assert table.requests <= 1.05 * minimum_requests(name, table.rows), name
    graph_requests = [record for record in large.requests if record.route not in ("token", "discovery")]
    # The tenant's plans are read before any table.
    assert len(graph_requests) == sum(sent.values()) + 1


def paths_of(server: SimulatorServer, config: Path) -> list[tuple[str, str]]:
    server.requests.clear()
    scan(application_of(config))
    return [(record.path, record.query) for record in server.requests]


def test_a_scan_makes_no_call_for_a_single_object(server: SimulatorServer, config: Path) -> None:
    asked = paths_of(server, config)

    kinds = ("users", "groups", "applications", "servicePrincipals")
    objects = {item["id"] for kind in kinds for item in server.tenants[0].collections[kind]}
    for path, _ in asked:
        assert not objects & set(re.split(r"[/()']", path)), path


@pytest.mark.usefixtures("server")
def test_twice_the_company_within_one_page_takes_no_request_more(
    server: SimulatorServer, config: Path, tmp_path: Path
) -> None:
    # 240 users still fit into a page of every table but that of sign-ins.
    small = Counter(path for path, _ in paths_of(server, config))
    with SimulatorServer(tenants=[company(users=240)], directory=tmp_path / "double", throttling=False) as doubled:
        large = Counter(path for path, _ in paths_of(doubled, write_settings(tmp_path / "twice", doubled)))

    pages_more = math.ceil(240 / (SOURCES["user_sign_in_activity"].page_size or 1)) - math.ceil(
        120 / (SOURCES["user_sign_in_activity"].page_size or 1)
    )
    assert sum((large - small).values()) <= pages_more


def test_only_columns_that_checks_read_are_asked_for(server: SimulatorServer, config: Path) -> None:
    application = application_of(config)
    selection = application.selection(application.tenant_named(None), checks=["mfa-gaps"], tags=[])
    fields = {
        wanted.table.source.path: {str(column.field).partition(".")[0] for column in wanted.columns}
        for wanted in selection.wanted
    }
    server.requests.clear()

    scan(application, checks=["mfa-gaps"])

    asked = {
        record.path.removeprefix("/v1.0/"): set(parse_qs(record.query)["$select"][0].split(","))
        for record in server.requests
        if "select" in record.query and record.route != "organization"
    }
    assert asked == fields
    origins = {
        "employeeHireDate", "externalUserState", "externalUserStateChangeDateTime", "isResourceAccount",
        "onPremisesSyncEnabled",
    }  # fmt: skip
    assert asked["users"] == {"id", "userPrincipalName", "accountEnabled", "userType", "createdDateTime"} | origins


def test_a_single_check_reads_no_other_table(server: SimulatorServer, config: Path) -> None:
    result = scan(application_of(config), checks=["authz-users-create-apps"])

    assert set(result.tables) == {"tenants", "authorization_policy"}
    assert {record.route for record in server.requests} == {
        "discovery", "token", "organization", "authorizationpolicy",
    }  # fmt: skip


# Findings through time


def changes_of(result: Any, check: str) -> Counter[str | None]:
    return Counter(event.change for event in result.judged if event.judgement.check == check)


def test_a_second_scan_finds_nothing_new(own_server: SimulatorServer, tmp_path: Path) -> None:
    application = application_of(write_settings(tmp_path, own_server))

    first, second = scan(application), scan(application)

    assert {event.change for event in first.judged if event.judgement.verdict == "fail"} == {"new"}
    assert {event.change for event in second.judged if event.judgement.verdict == "fail"} == {"open"}
    assert first.verdicts == second.verdicts


def test_what_is_mended_is_resolved_and_reopened_when_it_breaks_again(
    own_server: SimulatorServer, tmp_path: Path
) -> None:
    application = application_of(write_settings(tmp_path, own_server))
    tenant = own_server.tenants[0]
    policy = tenant.singletons["policies/authorizationPolicy"]
    line = next(line for line in tenant.collections[REPORT] if line["userPrincipalName"].startswith("ga.without.mfa"))

    scan(application)
    policy["allowInvitesFrom"], line["isMfaCapable"] = "adminsAndGuestInviters", True
    mended = scan(application)
    policy["allowInvitesFrom"], line["isMfaCapable"] = "everyone", False
    broken = scan(application)

    for check in ("authz-guest-invites-restricted", "admin-no-mfa", "mfa-gaps"):
        assert changes_of(mended, check)["resolved"] == 1, check
        assert changes_of(broken, check)["reopened"] == 1, check
    assert line["id"] in mended.ids("admin-no-mfa", "pass")
    assert line["id"] in broken.ids("admin-no-mfa", "fail")


def test_a_finding_of_a_deleted_user_is_resolved(own_server: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, own_server)
    tenant = own_server.tenants[0]
    gone = next(user for user in tenant.collections["users"] if user["mailNickname"] == "member.inactive")

    scan(application_of(config))
    tenant.collections["users"].remove(gone)
    scan(application_of(config))

    listed = posture("findings", "list", "--state", "resolved", "--format", "json", "--config", config).json()
    assert {finding["resource"]["id"] for finding in listed if finding["check"] == "inactive-users"} == {gone["id"]}


def test_an_outage_resolves_nothing(own_server: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, own_server)
    first = scan(application_of(config))
    for registration in list(own_server.tenants[0].registrations):
        own_server.tenants[0].registrations.remove(registration)

    aborted = scan(application_of(config))

    assert aborted.summary.run.state == "aborted"
    listed = posture("findings", "list", "--format", "json", "--config", config).json()
    assert len(listed) == sum(event.judgement.verdict == "fail" for event in first.judged)
