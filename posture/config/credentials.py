"""How the reader and the remediator of a tenant sign in, as the settings say it and as it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posture.config.references import Secret, SettingText

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class ClientSecretCredential:
    client_id: str
    secret: Secret


@dataclass(frozen=True, kw_only=True)
class CertificateCredential:
    """``path`` is a PEM or PFX file with certificate and private key."""

    client_id: str
    path: Path
    password: Secret | None


@dataclass(frozen=True, kw_only=True)
class ManagedIdentityCredential:
    """``client_id`` None means the identity that the system assigned."""

    client_id: str | None


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentityCredential:
    client_id: str
    token_file: Path


ResolvedCredential = (
    ClientSecretCredential | CertificateCredential | ManagedIdentityCredential | WorkloadIdentityCredential
)


@dataclass(frozen=True, kw_only=True)
class CredentialSettings:
    """How one of the two identities signs in, references not yet looked up. Exactly one kind is set."""

    client_id: SettingText | None
    client_secret: SettingText | None
    certificate_path: SettingText | None
    certificate_password: SettingText | None
    token_file: SettingText | None

    def resolve(self) -> ResolvedCredential:
        """Return the credential with its secrets.

        Raises:
            SettingsError: a variable or file that the credential refers to is missing, or a client id is no GUID.
        """
        client_id = self.resolve_client_id()
        if client_id is not None and self.client_secret is not None:
            return ClientSecretCredential(client_id=client_id, secret=self.client_secret.secret())
        if client_id is not None and self.certificate_path is not None:
            password = self.certificate_password
            return CertificateCredential(
                client_id=client_id,
                path=resolved_path(self.certificate_path),
                password=None if password is None else password.secret(),
            )
        if client_id is not None and self.token_file is not None:
            return WorkloadIdentityCredential(client_id=client_id, token_file=resolved_path(self.token_file))
        return ManagedIdentityCredential(client_id=client_id)

    def resolve_client_id(self) -> str | None:
        """Return the client id in lower case, None for the identity that the system assigned.

        Raises:
            SettingsError: it refers to a variable or file that is missing, or is no GUID.
        """
        return None if self.client_id is None else resolved_guid(self.client_id)


def resolved_guid(text: SettingText) -> str:
    """Return the resolved text as a GUID in lower case; raise SettingsError if it is none."""
    value = text.resolve().strip()
    if not _GUID.fullmatch(value):
        raise text.error(
            "it is not a GUID",
            "Copy the id from the overview page in the Entra admin center, e.g. 11111111-1111-1111-1111-111111111111",
        )
    return value.lower()


def resolved_path(text: SettingText) -> Path:
    """Return the resolved text as an absolute path; a relative one starts at the settings file's directory."""
    return (text.at.path.parent / Path(text.resolve()).expanduser()).absolute()
