"""Small rules of signing in that need no server: what is secret, which scope, which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.domain.tenant import Cloud
from posture.graph.aadsts import code_of, sentence_for
from posture.graph.credentials import (
    Certificate,
    ClientSecret,
    Connection,
    Credential,
    ManagedIdentity,
    WorkloadIdentity,
)


def a_connection(credential: Credential, *, login_root: str = "https://login.example.com") -> Connection:
    return Connection(
        tenant_id="11111111-1111-1111-1111-111111111111",
        cloud=Cloud.CUSTOM,
        graph_root="https://graph.example.com/",
        login_root=login_root,
        client_id=None,
        credential=credential,
        ca_bundle=None,
        proxy=None,
    )


@pytest.mark.parametrize(
    ("credential", "secrets"),
    [
        (ClientSecret(value="s3cret"), ("s3cret",)),
        (Certificate(path=Path("reader.pem"), password="open"), ("open",)),
        (Certificate(path=Path("reader.pem"), password=None), ()),
        (ManagedIdentity(), ()),
        (WorkloadIdentity(token_file=Path("token")), ()),
    ],
)
def test_what_may_never_be_shown_is_known_and_not_printed(credential: Credential, secrets: tuple[str, ...]) -> None:
    connection = a_connection(credential)

    assert connection.secrets == secrets
    assert not [secret for secret in secrets if secret in repr(connection)]


def test_the_scope_is_that_of_the_graph_root() -> None:
    assert a_connection(ManagedIdentity()).scope == "https://graph.example.com/.default"


def test_tokens_are_asked_for_over_https_only() -> None:
    with pytest.raises(ValueError, match=r"http://login\.example\.com"):
        a_connection(ManagedIdentity(), login_root="http://login.example.com")


def test_a_code_that_nobody_explained_yet_has_no_sentence_of_its_own() -> None:
    assert sentence_for("999999999", client_id=None, tenant_id="t") is None
    assert code_of("AADSTS7000215: Invalid client secret provided.") == "7000215"
    assert code_of("something else") is None
