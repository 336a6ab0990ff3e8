"""The first settings file that ``posture init`` writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.config import (
    CertificateCredential,
    ClientSecretCredential,
    Credential,
    Draft,
    Endpoints,
    ManagedIdentityCredential,
    Secret,
    WorkloadIdentityCredential,
    draft_text,
    parse_settings,
)
from posture.domain.tenant import Cloud
from posture.errors import SettingsError

TENANT_ID = "11111111-1111-1111-1111-111111111111"
CLIENT_ID = "22222222-2222-2222-2222-222222222222"
REMEDIATOR_ID = "33333333-3333-3333-3333-333333333333"
PATH = Path("/etc/posture/posture.yaml")


def a_draft(**changes: object) -> Draft:
    fields: dict[str, object] = {
        "name": "contoso",
        "tenant_id": TENANT_ID,
        "cloud": Cloud.PUBLIC,
        "endpoints": None,
        "credential": Credential.SECRET,
        "client_id": CLIENT_ID,
        "with_remediator": False,
        "remediator_client_id": None,
    }
    return Draft(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (Credential.SECRET, ClientSecretCredential(client_id=CLIENT_ID, secret=Secret("s3cret"))),
        (
            Credential.CERTIFICATE,
            CertificateCredential(client_id=CLIENT_ID, path=PATH.with_name("reader.pem"), password=None),
        ),
        (Credential.MANAGED_IDENTITY, ManagedIdentityCredential(client_id=CLIENT_ID)),
        (
            Credential.WORKLOAD_IDENTITY,
            WorkloadIdentityCredential(client_id=CLIENT_ID, token_file=Path("/run/token")),
        ),
    ],
)
def test_every_kind_of_credential_can_be_read_back(credential: Credential, expected: object) -> None:
    environment = {"POSTURE_CONTOSO_SECRET": "s3cret", "AZURE_FEDERATED_TOKEN_FILE": "/run/token"}
    settings = parse_settings(draft_text(a_draft(credential=credential)), path=PATH, environment=environment)
    tenant = settings.tenant("contoso")
    assert tenant.reader.resolve() == expected
    assert tenant.tenant_id == TENANT_ID
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (Credential.SECRET, ClientSecretCredential(client_id=REMEDIATOR_ID, secret=Secret("rem3diator"))),
        (
            Credential.CERTIFICATE,
            CertificateCredential(client_id=REMEDIATOR_ID, path=PATH.with_name("remediator.pem"), password=None),
        ),
        (Credential.MANAGED_IDENTITY, ManagedIdentityCredential(client_id=REMEDIATOR_ID)),
        (
            Credential.WORKLOAD_IDENTITY,
            WorkloadIdentityCredential(client_id=REMEDIATOR_ID, token_file=Path("/run/token")),
        ),
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_a_remediator_signs_in_in_the_same_way_as_another_identity(
    credential: Credential, expected: object, is_known: bool
) -> None:
    draft = a_draft(
        credential=credential, with_remediator=True, remediator_client_id=REMEDIATOR_ID if is_known else None
    )
    environment = {
        "POSTURE_CONTOSO_REMEDIATOR_SECRET": "rem3diator",
        "POSTURE_CONTOSO_REMEDIATOR_CLIENT_ID": REMEDIATOR_ID,
        "AZURE_FEDERATED_TOKEN_FILE": "/run/token",
    }

    tenant = parse_settings(draft_text(draft), path=PATH, environment=environment).tenants[0]

    assert tenant.remediator is not None
    assert tenant.remediator.resolve() == expected


def test_without_a_remediator_the_draft_only_reads() -> None:
    assert parse_settings(draft_text(a_draft()), path=PATH, environment={}).tenants[0].remediator is None


def test_a_client_id_that_is_not_known_yet_comes_from_the_environment() -> None:
    text = draft_text(a_draft(client_id=None))
    environment = {"POSTURE_CONTOSO_SECRET": "s3cret", "POSTURE_CONTOSO_CLIENT_ID": CLIENT_ID}
    reader = parse_settings(text, path=PATH, environment=environment).tenants[0].reader.resolve()
    assert reader == ClientSecretCredential(client_id=CLIENT_ID, secret=Secret("s3cret"))


def test_a_custom_cloud_keeps_its_endpoints() -> None:
    endpoints = Endpoints(graph="https://localhost:8443", login="https://localhost:8444")
    text = draft_text(a_draft(cloud=Cloud.CUSTOM, endpoints=endpoints))
    tenant = parse_settings(text, path=PATH, environment={}).tenants[0]
    assert (tenant.cloud, tenant.endpoints) == (Cloud.CUSTOM, endpoints)


@given(name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True))
def test_every_allowed_name_comes_back_as_it_was(name: str) -> None:
    assert parse_settings(draft_text(a_draft(name=name)), path=PATH, environment={}).tenants[0].name == name


def test_a_text_that_is_no_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings("tenants:\n\t- name: contoso\n", path=PATH, environment={})

    assert str(caught.value).startswith(f"{PATH}:2:1: ")


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    text = draft_text(a_draft()).replace("${env:POSTURE_CONTOSO_SECRET}", "${file:./secret}")
    (tmp_path / "secret").write_text("\n")
    tenant = parse_settings(text, path=tmp_path / "posture.yaml", environment={}).tenants[0]

    with pytest.raises(SettingsError, match=r"is empty\. Write the value into it"):
        tenant.reader.resolve()


def test_equal_secrets_are_one_in_a_set() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
