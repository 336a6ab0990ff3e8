"""Names chosen by an attacker: harmless in everything that people read, exact in everything that programs read."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from posture.simulator.demo_tenant.names import HOSTILE_NAMES
from posture.simulator.server import SimulatorServer

from .conftest import TRACEBACK, Done, company, posture, write_settings

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MORE_NAMES = (
    "\x1b[2J\x1b[H\x1b]52;c;aGVsbG8=\x07",
    "\x9b2J\x9d0;owned\x9c",
    "Eve\nFORGED 0 critical\r\nFORGED line",
    "Eve\u2028FORGED\u2029FORGED\x0bFORGED\x0cFORGED\x85FORGED",
    "\u2066\u202eevil\u2069\ufeff\u00ad\U000e0041",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "\t=1+1",
    "\r=1+1",
    "[bold red]markup[/] [link=https://example.com]here[/link] :warning: [/]",
    "%s %(name)s {0} {name} $(id) `id` \\x1b",
    '"quoted", with, commas\r\nand "lines"',
)
NAMES = HOSTILE_NAMES + MORE_NAMES
RENAMED = ("users", "groups", "applications", "servicePrincipals", "organization", "identity/conditionalAccess/policies")
COLOURFUL = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}


@dataclass(frozen=True, kw_only=True)
class Company:
    """A scanned company whose every name is hostile: its settings, its server and what the scan said."""

    config: Path
    server: SimulatorServer
    said: Done


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    directory = tmp_path_factory.mktemp("hostile")
    tenant = company(users=60)
    for path in RENAMED:
        for item, name in zip(tenant.collections[path], cycle(NAMES), strict=False):
            item["displayName"] = name
    with SimulatorServer(tenants=[tenant], directory=directory / "simulator", throttling=False) as server:
        config = write_settings(directory, server)
        yield Company(config=config, server=server, said=posture("scan", "--config", config))


@pytest.fixture(scope="module")
def findings(hostile: Company) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = posture("findings", "list", "--format", "json", "--config", hostile.config).json()
    return listed


def assert_harmless(done: Done, *, code: int = 0) -> None:
    """Nothing in either stream moves the cursor, turns the text round or begins a line that we did not write."""
    assert done.code == code, done.err
    assert TRACEBACK not in done.err
    for text in (done.out, done.err):
        harmful = {c for c in COLOUR.sub("", text) if c != "\n" and unicodedata.category(c) in HARMFUL}
        assert harmful == set()
        assert not any(line.lstrip().startswith("FORGED") for line in text.split("\n"))


def test_the_summary_of_a_scan(hostile: Company) -> None:
    assert_harmless(hostile.said)
    assert "Worst findings" in hostile.said.out
    assert "<script>alert('posture')</script> (contoso)" in hostile.said.out  # the tenant's own name, unchanged


def test_fail_on_is_not_confused_by_a_name(hostile: Company) -> None:
    done = posture("scan", "--fail-on", "critical", "--check", "admin-no-mfa", "--config", hostile.config, **COLOURFUL)

    assert_harmless(Done(code=done.code, out=done.out, err=""), code=1)


@pytest.mark.parametrize("environment", [{}, COLOURFUL], ids=["plain", "coloured"])
def test_the_list_of_findings(
    hostile: Company, findings: list[dict[str, Any]], environment: dict[str, str]
) -> None:
    done = posture("findings", "list", "--limit", "100000", "--config", hostile.config, **environment)

    assert_harmless(done)
    plain = COLOUR.sub("", done.out)
    assert len(plain.strip().split("\n")) == len(findings) + 1  # a heading, and one line for each


@pytest.mark.parametrize("name", [*HOSTILE_NAMES[:6], *MORE_NAMES[:6]])
def test_one_finding(hostile: Company, findings: list[dict[str, Any]], name: str) -> None:
    finding = next(finding for finding in findings if finding["resource"]["name"] == name)

    done = posture("findings", "show", finding["id"], "--config", hostile.config, **COLOURFUL)

    assert_harmless(done)
    assert finding["id"] in done.out
    assert finding["check"] in done.out


def test_documents_are_valid_and_hold_the_names_as_they_are(
    hostile: Company, findings: list[dict[str, Any]]
) -> None:
    scanned = posture("scan", "--format", "json", "--all-verdicts", "--config", hostile.config)

    document = scanned.json()
    shown = {judgement["resource"]["name"] for judgement in document["judgements"]}
    assert scanned.code == 0
    assert set(NAMES) <= shown
    assert scanned.out.isascii()
    assert set(scanned.out) & {chr(code) for code in range(32)} == {"\n"}
    assert document["tenant"]["display_name"] == NAMES[0]
    assert {finding["resource"]["name"] for finding in findings} <= shown


@pytest.mark.parametrize("environment", [{}, COLOURFUL], ids=["plain", "coloured"])
@pytest.mark.parametrize(
    "sql",
    [
        "select display_name, id from users",
        "select display_name, id from applications",
        "select [display_name, id] as pair, {'n': display_name} as named from groups",
        "select id as \"\x1b[2Jid\u202e\nFORGED\" from users",
    ],
)
def test_rows_for_people(hostile: Company, sql: str, environment: dict[str, str]) -> None:
    assert_harmless(posture("query", sql, "--config", hostile.config, **environment))


def test_a_name_in_a_refused_query(hostile: Company) -> None:
    name = next(name for name in NAMES if "FORGED" in name)
    sql = f"select (display_name || '')::integer from users where display_name like '{name[:3]}%'"

    done = posture("query", sql, "--config", hostile.config)

    assert_harmless(done, code=2)
    assert "Eve" in done.err


def test_rows_as_json_are_exact(hostile: Company) -> None:
    done = posture("query", "select display_name from users", "--format", "json", "--config", hostile.config)

    assert {row["display_name"] for row in done.json()} == set(NAMES)
    assert done.out.isascii()


def test_no_cell_of_a_csv_is_a_formula(hostile: Company, tmp_path: Path) -> None:
    file = tmp_path / "users.csv"

    done = posture(
        "query", "select display_name, id from users", "--format", "csv", "--output", file, "--config", hostile.config
    )

    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8"), newline="")))
    cells = [row["display_name"] for row in rows]
    assert done.code == 0
    assert not [cell for cell in cells if cell.startswith(FORMULA)]
    assert {cell.removeprefix("'") if cell[1:].startswith(FORMULA) else cell for cell in cells} == set(NAMES)
    assert all(re.fullmatch(r"[0-9a-f-]{36}", row["id"]) for row in rows)


def test_owner_and_reason_of_an_exemption(hostile: Company, findings: list[dict[str, Any]]) -> None:
    finding = findings[0]
    file = hostile.config.with_name("exemptions.yaml")
    entry = {
        "tenant": "contoso",
        "check": finding["check"],
        "resource": finding["resource"]["id"],
        "owner": "Eve\x1b[2J\u202e\nFORGED",
        "reason": "because\r\nFORGED \x9b2J [bold]x[/]",
        "until": f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}",
    }
    file.write_text(json.dumps({"exemptions": [entry]}), encoding="utf-8")  # JSON is YAML

    listed = posture("exempt", "list", "--config", hostile.config)
    shown = posture("findings", "show", finding["id"], "--config", hostile.config)
    file.unlink()

    assert_harmless(listed)
    assert_harmless(shown)
    assert "FORGED" in listed.out
    assert "exempted" in shown.out


def test_what_doctor_says(hostile: Company) -> None:
    assert_harmless(posture("doctor", "--config", hostile.config))
