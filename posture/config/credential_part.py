"""The part of a settings file below ``reader`` and ``remediator``: exactly one credential."""

from __future__ import annotations

from typing import Final

from posture.config.credentials import CredentialSettings, resolved_guid
from posture.config.settings_file import SettingsFile
from posture.definitions.yaml_source import Plain, Step

_KINDS: Final = ("client_secret", "certificate", "managed_identity", "workload_identity")


def read_credential(file: SettingsFile, steps: tuple[Step, ...]) -> CredentialSettings:
    """Return the credential at ``steps``: exactly one kind.

    Raises:
        SettingsError: there is none, more than one, or one without what it needs.
    """
    kind = _kind(file, steps)
    client_id = file.text((*steps, "client_id"))
    if kind == "managed_identity":
        if client_id is not None:
            raise file.refuse(
                (*steps, "client_id"),
                "a managed identity has no client id here",
                "Remove it, or move it into managed_identity: {client_id: …}",
            )
        client_id = file.text((*steps, kind, "client_id"))
    elif client_id is None:
        raise file.refuse(steps, 'the key "client_id" is missing', "Add the application id of the registration")
    if client_id is not None and not client_id.has_reference:
        resolved_guid(client_id)
    return CredentialSettings(
        client_id=client_id,
        client_secret=file.text((*steps, "client_secret")),
        certificate_path=file.text((*steps, "certificate", "path")),
        certificate_password=file.text((*steps, "certificate", "password")),
        token_file=file.text((*steps, "workload_identity", "token_file")),
    )


def _kind(file: SettingsFile, steps: tuple[Step, ...]) -> str:
    credential = file.document.at(steps)
    given: dict[str, Plain] = credential if isinstance(credential, dict) else {}
    # "managed_identity:" without anything after it is how people write "no further settings".
    kinds = [kind for kind in _KINDS if given.get(kind) is not None or (kind == "managed_identity" and kind in given)]
    if len(kinds) == 1:
        return kinds[0]
    if not kinds:
        raise file.refuse(steps, "no credential is given", f"Add one of: {', '.join(_KINDS)}")
    at = (*steps, kinds[1])
    raise file.refuse(at, f"more than one credential is given: {', '.join(kinds)}", "Keep one of them")


def refuse_the_reader(
    file: SettingsFile,
    steps: tuple[Step, ...],
    credential: CredentialSettings,
    *,
    reader: CredentialSettings,
    problem: str,
    advice: str,
) -> None:
    """Refuse a credential at ``steps`` that is visibly the reader's: what may only look must not be able to do more.

    What stands in variables and files is compared when it is looked up.
    """
    if _written_id(reader) == _written_id(credential):
        at = steps if credential.client_id is None else (*steps, "client_id")
        raise file.refuse(at, problem, advice)


def _written_id(credential: CredentialSettings) -> str | None:
    """Return the client id as it is written, None for the identity that the system assigned."""
    text = credential.client_id
    if text is None:
        return None
    return text.text if text.has_reference else resolved_guid(text)
