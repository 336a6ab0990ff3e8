"""exemptions.yaml: what counts, and every mistake with its place and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from posture.definitions.exemption_file import load_exemptions
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.errors import DefinitionError

CHECKS = {CheckId("inactive-users"), CheckId("mfa-gaps")}
WHOLE = """\
exemptions:
  - tenant: contoso
    check: inactive-users
    resource: 00000000-0000-0000-0000-000000000001
    owner: it-security@example.com
    reason: Used once a year for the audit.
    until: 2026-12-31
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exemptions.yaml"


def _load(path: Path, text: str) -> tuple[Exemption, ...]:
    path.write_text(text)
    return load_exemptions(path, CHECKS)


def _refusal(path: Path, text: str) -> str:
    """Return what is said about a wrong file, beginning with line and column."""
    with pytest.raises(DefinitionError) as refusal:
        _load(path, text)
    return str(refusal.value).removeprefix(f"{path}:")


def test_an_exemption_is_read_with_the_place_where_it_stands(path: Path) -> None:
    assert _load(path, WHOLE) == (
        Exemption(
            tenant="contoso",
            check=CheckId("inactive-users"),
            resource_id="00000000-0000-0000-0000-000000000001",
            owner="it-security@example.com",
            reason="Used once a year for the audit.",
            ends_at=datetime(2027, 1, 1, tzinfo=UTC),
            origin=f"{path}:2:5",
        ),
    )


def test_several_exemptions_keep_their_order(path: Path) -> None:
    second = WHOLE.removeprefix("exemptions:\n").replace("audit", "inventory")

    assert [exemption.reason[-10:] for exemption in _load(path, WHOLE + second)] == ["the audit.", "inventory."]


def test_without_a_check_the_exemption_is_for_all_of_them(path: Path) -> None:
    (exemption,) = _load(path, WHOLE.replace("    check: inactive-users\n", ""))

    assert exemption.check is None


def test_a_star_in_quotes_is_every_tenant(path: Path) -> None:
    (exemption,) = _load(path, WHOLE.replace("contoso", '"*"'))

    assert exemption.tenant == "*"


@pytest.mark.parametrize(
    ("until", "ends_at"),
    [
        ("2024-02-29", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2026-12-31T12:00:00Z", datetime(2026, 12, 31, 12, tzinfo=UTC)),
        ('"2026-12-31T12:00:00+02:00"', datetime(2026, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_date_counts_to_its_end_and_a_time_to_the_second(path: Path, until: str, ends_at: datetime) -> None:
    (exemption,) = _load(path, WHOLE.replace("2026-12-31", until))

    assert exemption.ends_at == ends_at


@pytest.mark.parametrize("text", ["exemptions: []", "exemptions:\n  # none yet\n", "{}"])
def test_an_empty_list_is_no_exemption(path: Path, text: str) -> None:
    assert _load(path, text) == ()


def test_no_file_is_no_exemption(path: Path) -> None:
    assert load_exemptions(path, CHECKS) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("    until: 2026-12-31\n", '2:5: the exemption has no "until". Write a date such as 2026-12-31'),
        ("    owner: it-security@example.com\n", '2:5: the exemption has no "owner". Add it.'),
        ("    reason: Used once a year for the audit.\n", '2:5: the exemption has no "reason". Add it.'),
        ("    resource: 00000000-0000-0000-0000-000000000001\n", '2:5: the exemption has no "resource". Add it.'),
    ],
)
def test_what_is_required_cannot_be_left_out(path: Path, line: str, said: str) -> None:
    assert _refusal(path, WHOLE.replace(line, "")).startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-12-31", "2026-02-30", '7:12: "2026-02-30" is not a time. Write a date'),
        ("2026-12-31", "soon", '7:12: "soon" is not a time'),
        ("2026-12-31", "9999-12-31", '7:12: "9999-12-31" is not a time'),
        ("2026-12-31", "2026-12-31T12:00:00", '7:12: "2026-12-31T12:00:00" is not a time'),
        ("2026-12-31", "", '7:11: the exemption has no "until"'),
        ("2026-12-31", "2026", "7:12: a text is expected here"),
        ("2026-12-31", "[]", "7:12: a text is expected here"),
        ("it-security@example.com", '"  "', "5:12: the text is empty"),
        ("    owner:", "    ownr:", '5:5: the key "ownr" is not known here. Did you mean "owner"?'),
        ("exemptions:", "exemption:", '1:1: the key "exemption" is not known here. Did you mean "exemptions"?'),
        (
            "inactive-users",
            "inactive-user",
            '3:12: there is no check "inactive-user". Did you mean "inactive-users"?',
        ),
        ("inactive-users", "zzz", '3:12: there is no check "zzz". posture checks list'),
        ("    check:", "    tenant:", '3:5: the key "tenant" stands here twice, first in line 2'),
        ("tenant: contoso\n    ", "", '2:5: the exemption has no "tenant"'),
        ("exemptions:", "exemptions: 1 #", "2:3: this is not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(path: Path, old: str, new: str, said: str) -> None:
    assert _refusal(path, WHOLE.replace(old, new, 1)).startswith(said)


def test_an_entry_that_is_only_a_word_is_refused(path: Path) -> None:
    said = _refusal(path, "exemptions:\n  - contoso\n")

    assert said.startswith("2:5: an exemption is expected here. Write the keys tenant, resource")


def test_something_else_than_a_list_is_refused(path: Path) -> None:
    assert _refusal(path, "exemptions: none").startswith("1:13: a list is expected here")


def test_a_tenant_that_is_not_configured_is_told_with_the_nearest_one(path: Path) -> None:
    path.write_text(WHOLE)

    with pytest.raises(DefinitionError, match=r'2:13: no tenant is named "contoso"\. Did you mean "contoso1"'):
        load_exemptions(path, CHECKS, known_tenants=["contoso1"])


@pytest.mark.parametrize("name", ["contoso", "fabrikam"])
def test_a_configured_tenant_and_the_star_are_accepted(path: Path, name: str) -> None:
    path.write_text(WHOLE.replace("contoso", name) + WHOLE.replace("contoso", '"*"').removeprefix("exemptions:\n"))

    assert len(load_exemptions(path, CHECKS, known_tenants=["contoso", "fabrikam"])) == 2
