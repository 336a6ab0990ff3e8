"""``posture query`` on the snapshot of one scan."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from posture.errors import QueryRefused, SettingsError, UsageError
from posture.simulator.server import SimulatorServer
from tests.cli.conftest import run, write_settings


def test_rows_are_shown_and_counted(scanned: Path, company: SimulatorServer) -> None:
    said = run("query", "select id, user_principal_name from users order by id", "--config", scanned)

    ids = sorted(user["id"] for user in company.tenants[0].collections["users"])
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ids
    assert said.err == f"{len(ids)} rows\n"


def test_a_long_answer_is_cut_and_says_how_to_get_all(scanned: Path) -> None:
    said = run("query", "select range as n from range(1500)", "--config", scanned)

    assert len(said.out.splitlines()) == 1 + 1000
    assert "1,000 rows shown, there are more: use --format csv" in said.err


@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_file_gets_every_row(scanned: Path, tmp_path: Path, format: str) -> None:
    output = tmp_path / "answer"

    said = run(
        *("query", "select range as n from range(1500)", "--config", scanned),
        *("--format", format, "--output", output),
    )

    assert (said.code, said.out) == (0, "")
    lines = output.read_text(encoding="utf-8").splitlines()
    assert len(lines) == {"json": 1500 + 2, "csv": 1500 + 1}[format]


def test_a_table_for_a_file_is_written_as_csv(scanned: Path, tmp_path: Path) -> None:
    run("query", "select 1 as a, 'x' as b", "--config", scanned, "--output", tmp_path / "answer")

    assert list(csv.reader(io.StringIO((tmp_path / "answer").read_text()))) == [["a", "b"], ["1", "x"]]


def test_a_wrong_statement_is_refused_with_the_place(scanned: Path) -> None:
    said = run("query", "select nosuch from users", "--config", scanned)

    assert isinstance(said.error, QueryRefused)
    assert "nosuch" in str(said.error)


def test_a_file_that_cannot_be_written_is_named(scanned: Path, tmp_path: Path) -> None:
    said = run("query", "select 1", "--config", scanned, "--format", "csv", "--output", tmp_path)

    assert isinstance(said.error, UsageError)
    assert str(tmp_path) in str(said.error)


def test_before_the_first_scan_there_is_nothing_to_ask(tmp_path: Path, company: SimulatorServer) -> None:
    said = run("query", "select 1", "--config", write_settings(tmp_path, company))

    assert isinstance(said.error, UsageError)
    assert "posture scan" in str(said.error)


def test_of_several_tenants_one_must_be_chosen(tmp_path: Path, company: SimulatorServer) -> None:
    settings = write_settings(tmp_path, company)
    first = settings.read_text(encoding="utf-8")
    entry = first[first.index("  - name: contoso") :]
    other = entry.replace("contoso", "fabrikam").replace(
        company.tenants[0].tenant_id, "4" * 8 + "-4444" * 3 + "-" + "4" * 12
    )
    settings.write_text(first + other, encoding="utf-8")

    said = run("query", "select 1", "--config", settings)
    unknown = run("query", "select 1", "--config", settings, "--tenant", "fabrikan")

    assert isinstance(said.error, UsageError)
    assert "--tenant: contoso, fabrikam" in str(said.error)
    assert isinstance(unknown.error, SettingsError | UsageError)
    assert "fabrikam" in str(unknown.error)
