"""Names that try to break what shows them: harmless in every output."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path

import pytest

from posture.simulator.demo_tenant.names import HOSTILE_NAMES
from posture.simulator.registrations import DEMO_SECRET
from posture.simulator.server import SimulatorServer

from .conftest import Done, company, posture, write_settings

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def assert_harmless(text: str) -> None:
    """No control character but the end of a line, nothing that turns the direction of writing."""
    bad = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert bad <= {"\n"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A company whose accounts, applications, policies and tenant are all named by an attacker; and its scan."""
    directory = tmp_path_factory.mktemp("hostile")
    tenant = company()
    names = (*HOSTILE_NAMES, "\u202e\u2066evil\u2029", "\x9b31m csi \x85 next line")
    for kind in ("users", "applications", "servicePrincipals", "identity/conditionalAccess/policies"):
        for number, item in enumerate(tenant.collections[kind]):
            item["displayName"] = names[number % len(names)]
            if kind == "users":
                item["userPrincipalName"] = names[number % len(names)] + f"@{number}"
    tenant.collections["organization"][0]["displayName"] = "\x1b]0;owned\x07Contoso\u202e\n"
    with SimulatorServer(tenants=[tenant], directory=directory / "simulator", throttling=False) as server:
        config = write_settings(directory, server, credential=f'client_secret: "{DEMO_SECRET}"')
        return config, posture("scan", "--config", config)


def test_the_summary_of_a_scan_is_harmless(hostile: tuple[Path, Done]) -> None:
    _, done = hostile

    assert done.code == 0
    assert_harmless(done.out)
    assert_harmless(done.err)
    assert "Contoso" in done.out


def test_a_list_of_findings_has_one_line_for_each(hostile: tuple[Path, Done]) -> None:
    config, _ = hostile

    done = posture("findings", "list", "--limit", "40", "--config", config, COLUMNS="160")

    assert done.code == 0
    assert_harmless(done.out)
    assert done.out.count("\n") == 41


def test_one_finding_is_shown_harmlessly(hostile: tuple[Path, Done]) -> None:
    config, _ = hostile
    findings = posture("findings", "list", "--format", "json", "--config", config).json()
    escaping = next(finding for finding in findings if "\x1b" in (finding["resource"]["name"] or ""))

    done = posture("findings", "show", escaping["fingerprint"], "--config", config)

    assert done.code == 0
    assert_harmless(done.out)
    assert "\\x1b" in done.out


@pytest.mark.parametrize("command", [["findings", "list"], ["scan"]], ids=["findings", "scan"])
def test_json_is_ascii_and_keeps_the_names_as_they_are(scanned: tuple[Path, Done], command: list[str]) -> None:
    config, _ = scanned

    done = posture(*command, "--format", "json", "--config", config)

    assert done.out.isascii()
    assert_harmless(done.out)
    json.loads(done.out)


QUERY = "select id, user_principal_name as name from users order by id"


def test_a_query_as_a_table_has_one_line_a_row(hostile: tuple[Path, Done]) -> None:
    config, _ = hostile

    done = posture("query", QUERY, "--config", config)

    assert done.code == 0
    assert_harmless(done.out)


def test_a_query_as_json_gives_the_names_back(hostile: tuple[Path, Done]) -> None:
    config, _ = hostile

    done = posture("query", QUERY, "--format", "json", "--config", config)

    assert done.out.isascii()
    assert set(HOSTILE_NAMES) <= {row["name"].rpartition("@")[0] for row in done.json()}


def test_no_cell_of_csv_is_a_formula(hostile: tuple[Path, Done]) -> None:
    config, _ = hostile

    done = posture("query", QUERY, "--format", "csv", "--config", config)

    rows = list(csv.reader(io.StringIO(done.out, newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)]
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)
    assert len(rows) == len(posture("query", QUERY, "--format", "json", "--config", config).json()) + 1
