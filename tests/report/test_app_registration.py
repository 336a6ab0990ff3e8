"""App registration: what people read, what the Azure CLI runs, what the manifest holds."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from posture.domain.tenant import Cloud
from posture.errors import UsageError
from posture.report.app_registration import Identity, managed_identity_steps, manifest, script, steps
from posture.report.graph_app_roles import READ_PERMISSION_IDS, WRITE_PERMISSION_IDS
from posture.simulator.demo_tenant.graph_permissions import APPLICATION_PERMISSIONS
from posture.tables import TABLES
from posture.tables.live import ONLY_LIVE
from posture.tables.table import SourceTable
from posture.tables.writes import WRITES

TENANT_ID = "11111111-1111-1111-1111-111111111111"
PERMISSIONS = ["User.Read.All", "Policy.Read.All"]
# Stands for the Azure CLI: writes its arguments down, answers what the script asks.
FAKE_AZ = f"""\
#!/bin/sh
for argument in "$@"; do printf '%s\\n' "$argument"; done >> "$AZ_LOG"
echo --- >> "$AZ_LOG"
case "$*" in
  "cloud show"*) echo AzureCloud ;;
  "account show"*) echo {TENANT_ID} ;;
  "ad app create"*) echo 22222222-2222-2222-2222-222222222222 ;;
esac
"""


def run_script(directory: Path, text: str) -> tuple[int, str, list[list[str]]]:
    """Run a script against the fake Azure CLI; return exit code, output and the arguments of every call."""
    az = directory / "az"
    az.write_text(FAKE_AZ)
    az.chmod(0o700)
    log = directory / "calls"
    log.touch()
    environment = {"PATH": f"{directory}:{os.environ['PATH']}", "AZ_LOG": str(log)}
    done = subprocess.run(
        ["sh"], input=text, env=environment, cwd=directory, capture_output=True, text=True, timeout=30, check=False
    )
    calls = [call.splitlines() for call in log.read_text().split("---\n") if call]
    return done.returncode, done.stdout + done.stderr, calls


def test_every_permission_of_every_table_has_an_id() -> None:
    needed = {p for table in TABLES if isinstance(table, SourceTable) for p in table.source.permissions}
    assert needed <= set(READ_PERMISSION_IDS)


def test_every_permission_of_every_write_and_live_table_has_an_id() -> None:
    writes = {p for write in WRITES for needed in write.permissions for p in needed}
    writes |= {p for write in WRITES for _, needed in write.for_properties for p in needed}
    reads = {p for table in ONLY_LIVE if isinstance(table, SourceTable) for p in table.source.permissions}

    assert writes | reads <= READ_PERMISSION_IDS.keys() | WRITE_PERMISSION_IDS.keys()


def test_the_ids_agree_with_the_simulators_own_copy_of_the_published_table() -> None:
    known = READ_PERMISSION_IDS | WRITE_PERMISSION_IDS
    shared = known.keys() & APPLICATION_PERMISSIONS.keys()
    assert {"User.Read.All", "User.ReadWrite.All"} <= shared
    assert {name: known[name] for name in shared} == {name: APPLICATION_PERMISSIONS[name] for name in shared}


def test_ids_are_unique_and_the_reader_gets_no_permission_to_write() -> None:
    known = READ_PERMISSION_IDS | WRITE_PERMISSION_IDS
    assert len(set(known.values())) == len(READ_PERMISSION_IDS) + len(WRITE_PERMISSION_IDS)
    assert not [name for name in READ_PERMISSION_IDS if "Write" in name]
    assert not [name for name in WRITE_PERMISSION_IDS if ".Read." in name]


def test_the_manifest_asks_for_application_roles_of_graph() -> None:
    (resource,) = json.loads(manifest(PERMISSIONS))["requiredResourceAccess"]
    assert resource["resourceAppId"] == "00000003-0000-0000-c000-000000000000"
    assert resource["resourceAccess"] == [
        {"id": "246dd0d5-5bd0-4def-940b-0421030a5b68", "type": "Role"},
        {"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"},
    ]


def test_a_permission_without_id_is_refused() -> None:
    with pytest.raises(UsageError, match=r"Made\.Up"):
        manifest(["Made.Up"])


def test_the_script_registers_adds_exactly_the_permissions_and_consents(tmp_path: Path) -> None:
    text = script(PERMISSIONS, display_name="posture reader", tenant_id=TENANT_ID, cloud=Cloud.PUBLIC)
    code, said, calls = run_script(tmp_path, text)
    assert code == 0, said
    assert "client_id: 22222222-2222-2222-2222-222222222222" in said
    added = next(call for call in calls if call[:4] == ["ad", "app", "permission", "add"])
    assert [argument for argument in added if argument.endswith("=Role")] == [
        "246dd0d5-5bd0-4def-940b-0421030a5b68=Role",
        "df021288-bdef-4463-88db-98f22de89214=Role",
    ]
    assert ["ad", "app", "permission", "admin-consent"] in [call[:4] for call in calls]


@pytest.mark.parametrize("name", ["a'; touch owned; '", "$(touch owned)", "`touch owned`", "{tenant}", "a\\nb %s"])
def test_a_hostile_display_name_is_one_harmless_argument(tmp_path: Path, name: str) -> None:
    text = script(PERMISSIONS, display_name=name, tenant_id=None, cloud=Cloud.PUBLIC)
    code, said, calls = run_script(tmp_path, text)
    assert code == 0, said
    assert not (tmp_path / "owned").exists()
    created = next(call for call in calls if call[:3] == ["ad", "app", "create"])
    assert name in created


def test_the_script_stops_before_any_change_in_another_tenant_or_cloud(tmp_path: Path) -> None:
    other = "33333333-3333-3333-3333-333333333333"
    for text in (
        script(PERMISSIONS, display_name="x", tenant_id=other, cloud=Cloud.PUBLIC),
        script(PERMISSIONS, display_name="x", tenant_id=None, cloud=Cloud.CHINA),
    ):
        code, said, calls = run_script(tmp_path, text)
        assert code == 1
        assert "first" in said
        assert not [call for call in calls if call[0] == "ad"]


def test_the_azure_cli_has_no_custom_cloud() -> None:
    with pytest.raises(UsageError, match="custom"):
        script(PERMISSIONS, display_name="x", tenant_id=None, cloud=Cloud.CUSTOM)


@pytest.mark.parametrize("cloud", list(Cloud))
def test_the_steps_name_every_permission_in_every_cloud(cloud: Cloud) -> None:
    text = "\n".join(steps(PERMISSIONS, display_name="posture reader", cloud=cloud))
    assert "Policy.Read.All, User.Read.All" in text
    assert ("entra.microsoft.com" in text) == (cloud is Cloud.PUBLIC)


def test_the_remediators_script_says_what_it_may_and_names_roles_in_comments_only(tmp_path: Path) -> None:
    text = script(
        ["User.RevokeSessions.All"],
        display_name="posture remediator",
        tenant_id=TENANT_ID,
        cloud=Cloud.PUBLIC,
        identity=Identity.REMEDIATOR,
        roles=["Privileged Authentication\nAdministrator, for\ntouch owned"],
    )

    code, said, calls = run_script(tmp_path, text)

    assert code == 0, said
    assert "may carry out posture's actions" in text
    assert "remediator-certificate.pem" in said
    assert not (tmp_path / "owned").exists()
    assert ["ad", "app", "create", "--display-name", "posture remediator"] in [call[:5] for call in calls]


def test_directory_roles_are_a_step_of_their_own_only_if_there_are_any() -> None:
    role = "Privileged Role Administrator, to act on other administrators."

    for told in (
        steps(PERMISSIONS, display_name="x", cloud=Cloud.PUBLIC, roles=[role]),
        managed_identity_steps(PERMISSIONS, roles=[role]),
    ):
        assert len([step for step in told if role in step]) == 1
    assert not [step for step in managed_identity_steps(PERMISSIONS) if "Roles and administrators" in step]
