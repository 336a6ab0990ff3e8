"""The text of a first settings file, with comments for the person who goes on with it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from posture.config.settings import Endpoints
from posture.domain.tenant import Cloud


class Credential(StrEnum):
    """How posture proves who it is."""

    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    MANAGED_IDENTITY = "managed-identity"
    WORKLOAD_IDENTITY = "workload-identity"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The answers that a first settings file needs. A client id None: not registered yet.

    ``with_remediator`` adds the identity that carries out actions; it signs in in the same way as the reader.
    """

    name: str
    tenant_id: str
    cloud: Cloud
    endpoints: Endpoints | None
    credential: Credential
    client_id: str | None
    with_remediator: bool
    remediator_client_id: str | None

    def variable(self, what: str) -> str:
        """Return the environment variable that holds something of this tenant: ``POSTURE_CONTOSO_SECRET``."""
        return f"POSTURE_{re.sub('[^A-Za-z0-9]', '_', self.name).upper()}_{what}"


def draft_text(draft: Draft) -> str:
    """Return the YAML of a settings file with one tenant. No secret is in it, only references."""
    lines = [
        _HEAD.rstrip("\n"),
        f"  - name: {_quoted(draft.name)}",
        f"    tenant_id: {_quoted(draft.tenant_id)}",
        f"    cloud: {draft.cloud.value:<20}# public | usgov | usgov-dod | china | custom",
        *_endpoints(draft.endpoints),
        "    reader:                   # exactly one kind of credential",
        *_credential(draft, "reader", draft.client_id, draft.variable("")),
        *_remediator(draft),
        _TAIL.rstrip("\n"),
    ]
    return "\n".join(lines) + "\n"


def _endpoints(endpoints: Endpoints | None) -> list[str]:
    if endpoints is None:
        return []
    return [
        "    endpoints:                # https only, without a path",
        f"      graph: {_quoted(endpoints.graph)}",
        f"      login: {_quoted(endpoints.login)}",
    ]


def _remediator(draft: Draft) -> list[str]:
    if not draft.with_remediator:
        return ["    # remediator: {client_id: …, client_secret: …}    # for actions; without it posture only reads"]
    return [
        "    remediator:               # carries out approved plans; another identity than the reader",
        *_credential(draft, "remediator", draft.remediator_client_id, draft.variable("REMEDIATOR_")),
    ]


def _credential(draft: Draft, identity: str, client_id: str | None, prefix: str) -> list[str]:
    """Return the lines below ``reader`` or ``remediator``; ``prefix`` begins the names of its variables."""
    if draft.credential is Credential.MANAGED_IDENTITY:
        return [f"      managed_identity: {_managed(identity, client_id, prefix)}"]
    keys = _KEYS[draft.credential].format(secret=f"{prefix}SECRET", identity=identity)
    return [f"      client_id: {_client_id(client_id, prefix)}", *keys.splitlines()]


def _managed(identity: str, client_id: str | None, prefix: str) -> str:
    if client_id is not None:
        return f"{{client_id: {_quoted(client_id)}}}"
    # A machine has one system-assigned identity: the other of the two must be a user-assigned one.
    return "{}" if identity == "reader" else f'{{client_id: "${{env:{prefix}CLIENT_ID}}"}}'


def _client_id(client_id: str | None, prefix: str) -> str:
    if client_id is not None:
        return _quoted(client_id)
    return f"${{env:{prefix}CLIENT_ID}}   # or write the application (client) id here"


def _quoted(text: str) -> str:
    """Return the text as a YAML scalar: bare where nothing can be misread, else in double quotes, as JSON."""
    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", text) and text not in _WORDS else json.dumps(text)


_WORDS: Final = frozenset({"true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL"})
_KEYS: Final = {
    Credential.CERTIFICATE: (
        "      certificate:            # PEM or PFX, with the private key\n"
        "        path: ./{identity}.pem\n"
        "        # password: ${{env:{secret}}}"
    ),
    Credential.SECRET: "      client_secret: ${{env:{secret}}}   # or ${{file:PATH}}; never the secret itself",
    Credential.WORKLOAD_IDENTITY: (
        "      workload_identity:      # federated, on Kubernetes or in CI\n"
        "        token_file: ${{env:AZURE_FEDERATED_TOKEN_FILE}}"
    ),
}
_HEAD: Final = """\
# Settings of posture. Relative paths start at the directory of this file; an unknown key is refused.
# Secrets stay outside: ${env:NAME} is an environment variable, ${file:PATH} the content of a file.

data_dir: ./posture-data      # snapshots and the embedded database
# store: {url: "postgresql://posture:${env:POSTURE_DB_PASSWORD}@db.example.com/posture"}
# http: {ca_bundle: ./ca.pem, proxy: "http://proxy.example.com:3128"}
# snapshots: {keep: 5}
# checks: {directories: [], only: [], skip: [], params: {secret-expiring-soon: {warn_days: 60}}}
# remediation: {people: 1, valid_for: 24h, limits: {per_run: 50, per_day: 200, share: 5%, failures: 3}, actions: {}}

tenants:
"""
_TAIL: Final = """\
    protected:                # break-glass accounts and the like, by object id
      users: []
      groups: []
    # checks: {only: [], skip: [], params: {}}
"""
