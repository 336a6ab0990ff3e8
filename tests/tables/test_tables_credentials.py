"""Credentials of applications and service principals, one row each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

Derive = Callable[..., list[dict[str, Any]]]

SECRET = {
    "keyId": "k1",
    "displayName": "CI",
    "startDateTime": "2026-01-01T00:00:00Z",
    "endDateTime": "2027-01-01T01:00:00.1234567+01:00",
}
CERTIFICATE = {
    "keyId": "k2",
    "displayName": None,
    "startDateTime": "2026-01-01T00:00:00Z",
    "endDateTime": "2028-01-01T00:00:00Z",
    "type": "AsymmetricX509Cert",
    "usage": "Verify",
    "customKeyIdentifier": "AB12",
}


@pytest.mark.parametrize("holder", ["application", "service_principal"])
def test_secrets_and_certificates_are_rows_of_their_own(derive: Derive, holder: str) -> None:
    holders = [{"id": "a1", "password_credentials": [SECRET], "key_credentials": [CERTIFICATE]}]

    rows = derive(f"{holder}_credentials", **{f"{holder}s": holders})

    secret, certificate = sorted(rows, key=lambda row: str(row["kind"]), reverse=True)
    assert secret[f"{holder}_id"] == certificate[f"{holder}_id"] == "a1"
    assert (secret["key_id"], secret["kind"], secret["thumbprint"]) == ("k1", "secret", None)
    assert (certificate["key_id"], certificate["kind"], certificate["thumbprint"]) == ("k2", "certificate", "AB12")
    assert (certificate["type"], certificate["usage"]) == ("AsymmetricX509Cert", "Verify")


def test_times_are_utc_whatever_zone_graph_writes(derive: Derive) -> None:
    application = {"id": "a1", "password_credentials": [SECRET], "key_credentials": []}

    (row,) = derive("application_credentials", applications=[application])

    assert row["end_at"] == datetime(2027, 1, 1, 0, 0, 0, 123456)  # noqa: DTZ001 - snapshots hold UTC without a zone


@pytest.mark.parametrize("never", [None, "", "0001-01-01T00:00:00Z"])
def test_every_way_of_saying_no_end_is_null(derive: Derive, never: str | None) -> None:
    application = {"id": "a1", "password_credentials": [SECRET | {"endDateTime": never}], "key_credentials": []}

    (row,) = derive("application_credentials", applications=[application])

    assert row["end_at"] is None
    assert row["key_id"] == "k1"


def test_an_empty_list_has_no_row(derive: Derive) -> None:
    applications: list[dict[str, Any]] = [{"id": "a1", "password_credentials": [], "key_credentials": []}]

    assert derive("application_credentials", applications=applications) == []


def test_a_list_that_graph_did_not_send_is_not_an_empty_one(derive: Derive) -> None:
    applications: list[dict[str, Any]] = [{"id": "a1", "password_credentials": None, "key_credentials": []}]

    (row,) = derive("application_credentials", applications=applications)

    assert (row["application_id"], row["kind"], row["key_id"], row["end_at"]) == ("a1", "secret", None, None)


def test_credentials_of_one_holder_never_become_those_of_another(derive: Derive) -> None:
    applications = [
        {"id": "a1", "password_credentials": [SECRET], "key_credentials": []},
        {"id": "a2", "password_credentials": [], "key_credentials": [CERTIFICATE]},
    ]

    rows = derive("application_credentials", applications=applications)

    assert {(row["application_id"], row["key_id"]) for row in rows} == {("a1", "k1"), ("a2", "k2")}
