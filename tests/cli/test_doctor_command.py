"""``posture doctor`` at a tenant that lets everything through, one that does not, and one that is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from posture.domain.judgement import SkipKind
from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.registrations import REMEDIATOR_CLIENT_ID, REMEDIATOR_SECRET, demo_registration
from posture.simulator.server import SimulatorServer
from tests.cli.conftest import LIMITED_CLIENT_ID, run, write_settings


def test_a_tenant_where_every_check_can_run_is_said_to_be_ready(scanned: Path) -> None:
    said = run("doctor", "--config", scanned)

    assert said.code == 0, said.out
    assert "✓ token obtained" in said.out
    assert "✓ every enabled check can run" in said.out
    assert "✗" not in said.out


def test_the_document_holds_the_same(scanned: Path) -> None:
    (tenant,) = run("doctor", "--config", scanned, "--format", "json").json()

    assert (tenant["tenant"], tenant["ready"], tenant["refused"]) == ("contoso", True, None)
    assert tenant["missing"] == []
    assert set(tenant["licences"]) == {"Entra ID P1", "Entra ID P2"}
    assert {table["outcome"] for table in tenant["tables"]} == {"complete"}


def test_a_missing_permission_is_named_with_what_is_skipped_for_it(tmp_path: Path, company: SimulatorServer) -> None:
    settings = write_settings(tmp_path, company, client_id=LIMITED_CLIENT_ID)

    said = run("doctor", "--config", settings)
    (tenant,) = run("doctor", "--config", settings, "--format", "json").json()

    assert said.code == 3
    assert "✗ permissions missing: Policy.Read.All" in said.out
    assert tenant["missing"] == ["Policy.Read.All"]
    assert {skip["kind"] for skip in tenant["skipped"]} == {SkipKind.PERMISSION_MISSING.value}
    for skip in tenant["skipped"]:
        assert f"{skip['check']}: permission missing" in said.out


def test_without_a_token_the_reason_is_all_there_is_to_say(tmp_path: Path, company: SimulatorServer) -> None:
    settings = write_settings(tmp_path, company)
    (tmp_path / "secret").write_text("another secret")

    said = run("doctor", "--config", settings)
    (tenant,) = run("doctor", "--config", settings, "--format", "json").json()

    assert said.code == 4
    assert "AADSTS7000215" in said.out
    assert "another secret" not in said.out + said.err
    assert (tenant["tables"], tenant["granted"], tenant["ready"]) == ([], None, False)


@pytest.mark.parametrize(
    ("plans", "sentence"), [(1, "licences: Entra ID P1\n"), (0, "licences: neither Entra ID P1 nor P2")]
)
def test_the_licences_of_the_tenant_are_named(tmp_path: Path, plans: int, sentence: str) -> None:
    tenant = demo_tenant(users=80, seed=1, now=datetime.now(UTC))
    tenant.registrations.append(demo_registration())
    tenant.licences = frozenset(["p1", "p2"][:plans])
    organisation = tenant.collections["organization"][0]
    organisation["assignedPlans"] = organisation["assignedPlans"][:plans]
    with SimulatorServer(tenants=[tenant], directory=tmp_path / "simulator", throttling=False) as server:
        said = run("doctor", "--config", write_settings(tmp_path, server))

    assert said.code == 3
    assert sentence in said.out
    assert "licence missing" in said.out


@pytest.mark.parametrize(
    ("withhold", "secret", "code", "sentence"),
    [
        (frozenset(), REMEDIATOR_SECRET, 0, "✓ the remediator may carry out all 22 actions"),
        (
            frozenset({"GroupMember.ReadWrite.All", "Group.ReadWrite.All"}),
            REMEDIATOR_SECRET,
            0,
            "lacks permissions for add-group-member: add GroupMember.ReadWrite.All",
        ),
        (frozenset(), "another secret", 4, "✗ the remediator gets no token: "),
    ],
    ids=["everything", "a permission withheld", "wrong secret"],
)
def test_what_the_remediator_may_do_is_said(
    tmp_path: Path, withhold: frozenset[str], secret: str, code: int, sentence: str
) -> None:
    tenant = demo_tenant(users=80, seed=1, now=datetime.now(UTC))
    tenant.registrations.append(demo_registration())
    add_remediator(tenant, datetime.now(UTC), withhold=withhold)
    (tmp_path / "remediator-secret").write_text(secret, encoding="utf-8")

    with SimulatorServer(tenants=[tenant], directory=tmp_path / "simulator", throttling=False) as server:
        settings = write_settings(tmp_path, server)
        remediator = f'{{client_id: {REMEDIATOR_CLIENT_ID}, client_secret: "${{file:./remediator-secret}}"}}'
        settings.write_text(settings.read_text() + f"    remediator: {remediator}\n", encoding="utf-8")
        said = run("doctor", "--config", settings)
        (document,) = run("doctor", "--config", settings, "--format", "json").json()

    assert (said.code, sentence in said.out) == (code, True), said.out
    assert "another secret" not in said.out + said.err
    assert (document["remediator"]["refused"] is None) == (code == 0)
    assert bool(document["remediator"]["impossible"]) == bool(withhold)


def test_a_tenant_without_a_remediator_is_read_only(scanned: Path) -> None:
    (tenant,) = run("doctor", "--config", scanned, "--format", "json").json()

    assert tenant["remediator"] is None
    assert "read-only: no remediator is configured" in run("doctor", "--config", scanned).out
