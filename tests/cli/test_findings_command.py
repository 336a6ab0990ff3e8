"""``posture findings`` and ``posture exempt`` on the findings of one scan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posture.domain.severity import Severity
from posture.errors import StoreError, UsageError
from tests.cli.conftest import run


@pytest.fixture
def findings(scanned: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = run("findings", "list", "--config", scanned, "--format", "json").json()
    return listed


@pytest.fixture
def exempted(scanned: Path, findings: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """An open finding while it is exempted."""
    finding = findings[0]
    resource = finding["resource"]["id"]
    said = run(
        *("exempt", "add", resource, "--check", finding["check"], "--reason", "leaves\x1b[2J soon"),
        *("--until", "2099-12-31", "--owner", "adele@contoso.com", "--config", scanned),
    )
    assert said.code == 0, said.error
    number = said.out.split()[1]
    yield finding
    assert run("exempt", "end", number, "--config", scanned).code == 0


def test_findings_come_the_worst_first(findings: list[dict[str, Any]]) -> None:
    ranks = [Severity(finding["severity"]).rank for finding in findings]

    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) > 1
    assert {finding["standing"] for finding in findings} == {"open"}


def test_the_list_for_people_says_how_many_it_left_out(scanned: Path, findings: list[dict[str, Any]]) -> None:
    said = run("findings", "list", "--config", scanned, "--limit", "3")

    assert len(said.out.splitlines()) == 1 + 3
    assert f"{len(findings) - 3:,} more" in said.err
    assert said.out.splitlines()[1].split()[0] == findings[0]["fingerprint"][:8]


def test_filters_narrow_the_list(scanned: Path, findings: list[dict[str, Any]]) -> None:
    chosen = findings[-1]
    filters = ("--check", chosen["check"], "--resource", chosen["resource"]["id"].upper(), "--severity", "info")

    narrowed = run("findings", "list", "--config", scanned, "--format", "json", *filters).json()

    assert {(each["check"], each["resource"]["id"]) for each in narrowed} == {
        (chosen["check"], chosen["resource"]["id"])
    }


def test_only_the_severity_asked_for_and_worse_is_listed(scanned: Path, findings: list[dict[str, Any]]) -> None:
    high = run("findings", "list", "--config", scanned, "--format", "json", "--severity", "high").json()

    assert [each["fingerprint"] for each in high] == [
        each["fingerprint"] for each in findings if each["severity"] in ("high", "critical")
    ]


def test_nothing_resolved_yet_is_said_so(scanned: Path) -> None:
    assert run("findings", "list", "--config", scanned, "--state", "resolved").out == "No findings.\n"
    assert run("findings", "list", "--config", scanned, "--state", "resolved", "-f", "json").json() == []


def test_a_list_goes_to_a_file(scanned: Path, tmp_path: Path, findings: list[dict[str, Any]]) -> None:
    table, document = tmp_path / "findings.txt", tmp_path / "findings.json"

    assert run("findings", "list", "--config", scanned, "--output", table).out == ""
    assert run("findings", "list", "--config", scanned, "--format", "json", "--output", document).out == ""

    assert findings[0]["fingerprint"][:8] in table.read_text(encoding="utf-8")
    assert json.loads(document.read_text(encoding="utf-8")) == findings


def test_an_unknown_check_is_refused(scanned: Path) -> None:
    said = run("findings", "list", "--config", scanned, "--check", "mfa-gap")

    assert isinstance(said.error, UsageError)
    assert "mfa-gaps" in str(said.error)


def test_a_finding_is_shown_by_the_beginning_of_its_id(scanned: Path, findings: list[dict[str, Any]]) -> None:
    finding = findings[0]

    said = run("findings", "show", finding["fingerprint"][:12], "--config", scanned)

    assert finding["fingerprint"] in said.out
    for heading in ("Evidence", "Why it matters", "How to fix it", "History"):
        assert f"\n{heading}\n" in said.out
    assert said.out.rstrip().endswith("new")


def test_a_finding_as_json_has_its_history_and_what_to_do(scanned: Path, findings: list[dict[str, Any]]) -> None:
    shown = run("findings", "show", findings[0]["fingerprint"], "--config", scanned, "--format", "json").json()

    assert {key: shown[key] for key in findings[0]} == findings[0]
    assert [event["change"] for event in shown["history"]] == ["new"]
    assert shown["why"]
    assert shown["fix"]


@pytest.mark.parametrize(("prefix", "sentence"), [("zz", "no finding has an id"), ("", "give more of it")])
def test_an_id_that_names_none_or_many_is_refused(scanned: Path, prefix: str, sentence: str) -> None:
    said = run("findings", "show", prefix, "--config", scanned)

    assert isinstance(said.error, UsageError)
    assert sentence in str(said.error)


def test_an_exempted_finding_leaves_the_open_ones_at_once(scanned: Path, exempted: dict[str, Any]) -> None:
    def listed(state: str) -> set[str]:
        found = run("findings", "list", "--config", scanned, "--state", state, "--format", "json").json()
        return {each["fingerprint"] for each in found}

    assert exempted["fingerprint"] not in listed("open")
    assert exempted["fingerprint"] in listed("exempted")
    assert listed("all") == listed("open") | listed("exempted")


def test_an_exempted_finding_shows_by_whom_and_why(scanned: Path, exempted: dict[str, Any]) -> None:
    said = run("findings", "show", exempted["fingerprint"], "--config", scanned)

    assert "by adele@contoso.com until 2100-01-01 00:00 UTC" in said.out
    assert "leaves" in said.out
    assert "\x1b" not in said.out


def test_exemptions_in_force_are_listed(scanned: Path, exempted: dict[str, Any]) -> None:
    (listed,) = run("exempt", "list", "--config", scanned, "--format", "json").json()
    said = run("exempt", "list", "--config", scanned)

    assert (listed["check"], listed["resource"]) == (exempted["check"], exempted["resource"]["id"])
    assert exempted["resource"]["id"] in said.out
    assert "\x1b" not in said.out


def test_an_exemption_that_ended_is_not_listed(scanned: Path) -> None:
    assert run("exempt", "list", "--config", scanned, "--format", "json").json() == []
    assert run("exempt", "list", "--config", scanned).out == "No exemptions in force.\n"


def test_an_exemption_without_a_check_covers_every_check_and_is_mine_unless_said(scanned: Path) -> None:
    number = run(
        "exempt", "add", "app-1", "--reason", "test", "--until", "2099-01-01", "--config", scanned, LOGNAME="adele"
    ).out.split()[1]
    said = run("exempt", "list", "--config", scanned)
    run("exempt", "end", number, "--config", scanned)

    assert "every check" in said.out
    assert "adele" in said.out
    assert "2099-01-02 00:00" in said.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--reason", "x", "--until", "2020-01-01"), "--until 2020-01-01 is over already"),
        (("--reason", "  ", "--until", "2099-01-01"), "--reason is empty"),
        (("--reason", "x", "--until", "2099-01-01", "--check", "mfa-gap"), "mfa-gaps"),
    ],
)
def test_an_exemption_that_makes_no_sense_is_refused(
    scanned: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    said = run("exempt", "add", "u1", *arguments, "--config", scanned)

    assert isinstance(said.error, UsageError)
    assert sentence in str(said.error)


def test_an_exemption_that_does_not_exist_cannot_end(scanned: Path) -> None:
    said = run("exempt", "end", "4711", "--config", scanned)

    assert isinstance(said.error, StoreError | UsageError)
    assert "4711" in str(said.error)
