"""How to reach and to prove oneself to one tenant. Plain values; nothing here opens a file or a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from posture.domain.tenant import Cloud


@dataclass(frozen=True, kw_only=True)
class ClientSecret:
    """A client secret's value (not its id)."""

    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A PEM or PFX file with certificate and private key. ``password`` None means the key is not encrypted."""

    path: Path
    password: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ManagedIdentity:
    """The identity of the machine; user-assigned if the connection has a client id, else system-assigned."""


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentity:
    """A federated token in a file that the platform keeps fresh."""

    token_file: Path


Credential = ClientSecret | Certificate | ManagedIdentity | WorkloadIdentity


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One tenant's address and the reader's identity in it.

    ``graph_root`` and ``login_root`` are https URLs without a path. ``client_id`` is None only for a
    system-assigned managed identity. ``ca_bundle`` None means what the environment or the platform trusts.
    ``proxy`` may hold a password.
    """

    tenant_id: str
    cloud: Cloud
    graph_root: str
    login_root: str
    client_id: str | None
    credential: Credential
    ca_bundle: Path | None
    proxy: str | None = field(repr=False)

    def __post_init__(self) -> None:
        for root in (self.graph_root, self.login_root):
            if not root.lower().startswith("https://"):
                raise ValueError(f"{root!r} is not an https address; tokens are only sent over https")

    @property
    def scope(self) -> str:
        return f"{self.graph_root.rstrip('/')}/.default"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts that must never be shown."""
        if isinstance(self.credential, ClientSecret):
            return (self.credential.value,)
        if isinstance(self.credential, Certificate) and self.credential.password:
            return (self.credential.password,)
        return ()
