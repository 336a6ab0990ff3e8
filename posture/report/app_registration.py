"""How an app registration comes to the permissions it needs: steps to read, a script, a manifest. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from posture.domain.tenant import Cloud
from posture.errors import UsageError
from posture.report.graph_app_roles import GRAPH_APP_ID, READ_PERMISSION_IDS, WRITE_PERMISSION_IDS

_AZURE_CLI_CLOUDS: Final = {
    Cloud.PUBLIC: "AzureCloud",
    Cloud.USGOV: "AzureUSGovernment",
    Cloud.USGOV_DOD: "AzureUSGovernment",
    Cloud.CHINA: "AzureChinaCloud",
}
_ADMIN_CENTERS: Final = {
    Cloud.PUBLIC: "https://entra.microsoft.com",
    Cloud.USGOV: "https://entra.microsoft.us",
    Cloud.USGOV_DOD: "https://entra.microsoft.us",
    Cloud.CHINA: "https://entra.microsoftonline.cn",
}


class Identity(StrEnum):
    """Whose registration it is. The two are never one: what looks every day must not be able to act."""

    READER = "reader"
    REMEDIATOR = "remediator"

    @property
    def display_name(self) -> str:
        """How the registration is called unless somebody says otherwise."""
        return f"posture {self.value}"


_MAY: Final = {
    Identity.READER: "may read what posture needs, and nothing else",
    Identity.REMEDIATOR: "may carry out posture's actions; whoever has its secret may, too",
}


def manifest(permissions: Sequence[str]) -> str:
    """Return the ``requiredResourceAccess`` part of an app manifest as JSON, sorted by permission.

    Raises:
        UsageError: a permission has no known id.
    """
    access = [{"id": _role_id(permission), "type": "Role"} for permission in sorted(permissions)]
    document = [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}]
    return json.dumps({"requiredResourceAccess": document}, indent=2) + "\n"


def script(
    permissions: Sequence[str],
    *,
    display_name: str,
    tenant_id: str | None,
    cloud: Cloud,
    identity: Identity = Identity.READER,
    roles: Sequence[str] = (),
) -> str:
    """Return a POSIX shell script for the Azure CLI that makes the registration and grants the permissions.

    It makes no secret: what a script prints ends in logs. ``tenant_id`` None leaves the tenant to who is signed in.
    ``roles`` are sentences about directory roles that the identity may need besides; they become comments.

    Raises:
        UsageError: a permission has no known id, or the Azure CLI does not know the cloud.
    """
    if cloud not in _AZURE_CLI_CLOUDS:
        raise UsageError(f"the Azure CLI knows no cloud {cloud.value!r}; use the manifest instead: --format manifest")
    ids = {permission: _role_id(permission) for permission in sorted(permissions)}
    return _SCRIPT.format(
        cloud=shlex.quote(_AZURE_CLI_CLOUDS[cloud]),
        tenant="" if tenant_id is None else shlex.quote(tenant_id),
        name=shlex.quote(display_name),
        identity=identity.value,
        may=_MAY[identity],
        roles="".join(f"# Besides: {_one_line(role)}\n" for role in roles),
        graph=GRAPH_APP_ID,
        named="\n".join(f"#   {role}  {permission}" for permission, role in ids.items()),
        permissions=" \\\n".join(f"  {role}=Role" for role in ids.values()),
    )


# The consent needs the new service principal, which other servers see only after a while, hence the loop.
_SCRIPT: Final = """\
#!/bin/sh
# Makes an app registration that {may}.
# Needs the Azure CLI, signed in as Privileged Role Administrator or Global Administrator.
set -eu

# What it may do:
{named}
{roles}
cloud={cloud}
tenant={tenant}
name={name}

if [ "$(az cloud show --query name --output tsv)" != "$cloud" ]; then
  echo "The Azure CLI talks to another cloud; first run: az cloud set --name $cloud && az login" >&2
  exit 1
fi
if [ -n "$tenant" ] && [ "$(az account show --query tenantId --output tsv)" != "$tenant" ]; then
  echo "The Azure CLI is signed in to another tenant; first: az login --allow-no-subscriptions --tenant $tenant" >&2
  exit 1
fi

client_id=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
az ad sp create --id "$client_id" --output none
az ad app permission add --id "$client_id" --api {graph} --output none --api-permissions \\
{permissions}

tries=0
until az ad app permission admin-consent --id "$client_id"; do
  tries=$((tries + 1))
  if [ "$tries" -ge 6 ]; then
    echo "Consent was refused. Grant it in the Entra admin center: API permissions, Grant admin consent." >&2
    exit 1
  fi
  sleep 10
done

echo "client_id: $client_id"
echo "Now give it a credential; a certificate is better than a secret:"
echo "  az ad app credential reset --id $client_id --append --cert @{identity}-certificate.pem"
"""


def steps(
    permissions: Sequence[str], *, display_name: str, cloud: Cloud, roles: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what to do in the Entra admin center, one sentence a step; ``roles`` as in ``script``."""
    center = _ADMIN_CENTERS.get(cloud, "the admin center of your cloud")
    return (
        f"Open {center}: Entra ID, App registrations, New registration. "
        f'Name it "{display_name}", accounts in this directory only, no redirect address.',
        "API permissions: remove the delegated User.Read that is there, then "
        "Add a permission, Microsoft Graph, Application permissions: " + ", ".join(sorted(permissions)) + ".",
        "Grant admin consent. This needs a Privileged Role Administrator or Global Administrator.",
        *_role_steps(roles),
        "Certificates & secrets: upload a certificate, or make a secret that ends within six months.",
        "Copy the Application (client) ID and the Directory (tenant) ID from the overview into the settings file.",
    )


def managed_identity_steps(permissions: Sequence[str], *, roles: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what to do for a managed identity, which has no registration; ``roles`` as in ``script``."""
    return (
        "Turn the managed identity on, on the machine, container or function that runs posture.",
        "Grant its service principal these application permissions of Microsoft Graph: "
        + ", ".join(sorted(permissions))
        + ". The Azure portal has no page for it; docs/how-to/least-privilege.md has the command.",
        *_role_steps(roles),
        "Run posture there; no other place can sign in as this identity.",
    )


def _role_steps(roles: Sequence[str]) -> tuple[str, ...]:
    if not roles:
        return ()
    return ("Roles and administrators: only if you use these actions: " + " ".join(map(_one_line, roles)),)


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())


def _role_id(permission: str) -> str:
    found = READ_PERMISSION_IDS.get(permission) or WRITE_PERMISSION_IDS.get(permission)
    if found is None:
        raise UsageError(
            f"the id of the permission {permission} is not known; add it to the registration by its name instead"
        )
    return found
