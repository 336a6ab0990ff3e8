"""The command line as people and scripts use it: one process for each command, against a company over TLS."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main
from jsonschema import Draft202012Validator

from posture.cli.main import app
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import demo_registration
from posture.simulator.server import SimulatorServer

from .conftest import (
    REPOSITORY,
    TRACEBACK,
    UNLICENSED_ID,
    Done,
    command_environment,
    company,
    posture,
    tenant_lines,
    write_settings,
)

LIMITED_ID = "44444444-4444-4444-8444-444444444444"
WITHHELD = "Policy.Read.All"
LATER = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
EARLIER = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"
HEAVY = ("msgraph", "msgraph_core", "kiota_http", "duckdb", "sqlalchemy", "alembic", "azure", "sqlglot", "pydantic")
HELP_AND_ITS_IMPORTS = """\
import sys
sys.argv = ["posture", "--help"]
from posture.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def every_command(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the words of every command and group; only a group has ``commands``."""
    yield path
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from every_command(below, (*path, name))


COMMANDS = tuple(every_command(typer.main.get_command(app)))


def refused(done: Done, *says: str, code: int) -> None:
    """The command ended with one sentence that says all of ``says``."""
    assert done.code == code, done.err
    assert TRACEBACK not in done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    assert all(part in errors[0] for part in says), errors


# Help


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    done = posture(*words, "--help")

    assert done.code == 0
    assert done.out.lstrip().startswith(" ".join(["Usage: python -m posture", *words]))
    assert done.err == ""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP_AND_ITS_IMPORTS], capture_output=True, env=command_environment(), check=True
    )

    loaded = done.stderr.decode("utf-8").split()
    assert "typer" in loaded
    assert set(loaded).isdisjoint(HEAVY)


@pytest.mark.parametrize("words", [["scam"], ["scan", "--frobnicate"], ["findings", "list", "--severity", "awful"]])
def test_a_slip_of_the_keyboard_is_wrong_usage(words: list[str]) -> None:
    done = posture(*words)

    assert done.code == 2
    assert done.out == ""
    assert TRACEBACK not in done.err


def test_a_reader_that_goes_away_hears_nothing_more(scanned: tuple[Path, Done]) -> None:
    command = [sys.executable, "-m", "posture", "findings", "list", "--format", "json", "--config", str(scanned[0])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode("utf-8")

    assert said == ""
    assert process.returncode == 0  # 1 would say that something fails


def test_a_table_whose_reader_goes_away_is_no_failure_either(scanned: tuple[Path, Done]) -> None:
    command = [sys.executable, "-m", "posture", "findings", "list", "--config", str(scanned[0])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=command_environment()
    ) as process:
        assert process.stdout is not None
        process.stdout.close()

    assert process.returncode == 0


@pytest.mark.parametrize("words", [["--version"], ["checks", "list", "-f", "json"], ["tables", "show", "users"]])
def test_a_result_that_is_sent_to_a_full_disk_is_said(words: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "posture", *words],
            stdout=full, stderr=subprocess.PIPE, env=command_environment(), cwd=tmp_path, check=False,
        )  # fmt: skip

    said = Done(code=done.returncode, out="", err=done.stderr.decode("utf-8"))
    refused(said, "cannot write to standard output: No space left on device", code=4)


# Scan


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--check", "admin-no-mfa", "--fail-on", "critical"], 1),
        (["--check", "authz-guest-invites-restricted", "--fail-on", "high"], 0),
        (["--check", "authz-guest-invites-restricted", "--fail-on", "medium"], 1),
    ],
)
def test_fail_on_decides_the_exit_code(config: Path, options: list[str], code: int) -> None:
    assert posture("scan", *options, "--config", config).code == code


def test_a_failing_check_does_not_hide_an_aborted_tenant(server: SimulatorServer, tmp_path: Path) -> None:
    unknown = tenant_lines(server, name="gone", tenant_id="99999999-2222-4333-8444-555555555555")
    config = write_settings(tmp_path, server, tenants=tenant_lines(server) + unknown)

    done = posture("scan", "--check", "admin-no-mfa", "--fail-on", "info", "--config", config)

    refused(done, "gone: ", code=4)
    assert "Contoso" in done.out


@pytest.fixture(scope="module")
def two_tenants(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tenants, each scanned once for a few checks."""
    second = tenant_lines(shared, name="fabrikam", tenant_id=UNLICENSED_ID)
    directory = tmp_path_factory.mktemp("two")
    config = write_settings(directory, shared, tenants=tenant_lines(shared) + second)
    done = posture("scan", "--tag", "mfa", "--output", directory / "summary.txt", "--config", config)
    assert (done.code, done.out) == (0, ""), done.err
    return config


def test_all_tenants_are_scanned_into_one_file(two_tenants: Path) -> None:
    text = two_tenants.with_name("summary.txt").read_text(encoding="utf-8")

    assert text.count("(contoso)") == 1
    assert text.count("(fabrikam)") == 1
    assert "\x1b" not in text


def test_one_of_several_tenants_is_chosen_by_name(two_tenants: Path) -> None:
    by_name = {
        name: posture("findings", "list", "--tenant", name, "--format", "json", "--config", two_tenants).json()
        for name in ("contoso", "fabrikam")
    }
    everything = posture("findings", "list", "--format", "json", "--config", two_tenants).json()

    assert {found["tenant_id"] for found in by_name["fabrikam"]} == {UNLICENSED_ID}
    assert len(everything) == len(by_name["contoso"]) + len(by_name["fabrikam"])
    asked = posture("query", "select id from tenants", "--tenant", "fabrikam", "-f", "json", "--config", two_tenants)
    assert [row["id"] for row in asked.json()] == [UNLICENSED_ID]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["query", "select 1"], "choose one with --tenant: contoso, fabrikam"),
        (["scan", "--tenant", "contosso"], "contoso"),
        (["findings", "list", "--tenant", "contosso"], "contoso"),
    ],
)
def test_a_tenant_that_is_not_clear_is_asked_for(two_tenants: Path, words: list[str], says: str) -> None:
    refused(posture(*words, "--config", two_tenants), says, code=2)


def test_the_document_of_a_scan_goes_to_a_file(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "scan.json"

    done = posture("scan", "--check", "admin-no-mfa", "-f", "json", "-o", file, "--config", config)

    document = json.loads(file.read_text(encoding="utf-8"))
    assert (done.code, done.out) == (0, "")
    assert [check["id"] for check in document["checks"]] == ["admin-no-mfa"]


def test_a_second_scan_of_the_same_tenant_is_told_to_wait(server: SimulatorServer, config: Path) -> None:
    server.faults.add(Fault(kind=FaultKind.SLOW, path=r"/users\?", seconds=20.0))
    command = [sys.executable, "-m", "posture", "scan", "--config", str(config)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=command_environment()
    ) as first:
        wait_until_slowed(server, first)
        second = posture("scan", "--config", config)
        code = first.wait(timeout=120)

    refused(second, "contoso: another scan of this tenant is running", code=4)
    assert code == 0


def wait_until_slowed(server: SimulatorServer, scan: subprocess.Popen[bytes]) -> None:
    while not server.faults.hits[FaultKind.SLOW]:
        assert scan.poll() is None, "the scan ended before it asked for users"
        time.sleep(0.05)


# Findings and queries


def listed(config: Path, *options: str) -> list[dict[str, Any]]:
    done = posture("findings", "list", *options, "--format", "json", "--config", config)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = done.json()
    return found


def test_filters_of_findings_work_together(scanned: tuple[Path, Done]) -> None:
    config, everything = scanned[0], listed(scanned[0])
    chosen = next(found for found in everything if found["severity"] == "high")

    found = listed(config, "--check", chosen["check"], "--severity", "high", "--resource", chosen["resource"]["id"])

    assert found == [
        other
        for other in everything
        if other["check"] == chosen["check"]
        and other["severity"] in ("high", "critical")
        and chosen["resource"]["id"] in other["resource"]["id"]
    ]
    assert listed(config, "--state", "resolved") == listed(config, "--state", "exempted") == []


def test_findings_are_the_failing_judgements(scanned: tuple[Path, Done]) -> None:
    config, scan = scanned

    judged = {found["fingerprint"] for found in scan.json()["judgements"] if found["verdict"] == "fail"}

    assert {found["fingerprint"] for found in listed(config)} == judged


def test_every_form_of_a_query_tells_the_same(scanned: tuple[Path, Done], tmp_path: Path) -> None:
    config = scanned[0]
    sql = "select id, account_enabled as enabled, created_at from users order by id limit 5"

    as_json = posture("query", sql, "-f", "json", "--config", config).json()
    as_csv = list(csv.DictReader(io.StringIO(posture("query", sql, "-f", "csv", "--config", config).out)))
    as_table = posture("query", sql, "--config", config)

    assert [row["id"] for row in as_json] == [row["id"] for row in as_csv]
    assert [json.dumps(row["enabled"]) for row in as_json] == [row["enabled"] for row in as_csv]
    assert as_table.out.split("\n")[0].split() == ["id", "enabled", "created_at"]
    assert [line.split()[0] for line in as_table.out.split("\n")[1:6]] == [row["id"] for row in as_json]
    assert as_table.err == "5 rows\n"


@pytest.mark.parametrize(
    "sql",
    [
        "select nonsense from users",
        "drop table users",
        "copy users to '{}/out.csv'",
        "select * from read_text('{}/*')",
    ],
)
def test_a_query_that_may_not_be_is_refused(scanned: tuple[Path, Done], tmp_path: Path, sql: str) -> None:
    done = posture("query", sql.format(tmp_path), "--config", scanned[0])

    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert TRACEBACK not in done.err
    assert list(tmp_path.iterdir()) == []


# Exemptions


@pytest.fixture
def one_check(config: Path) -> tuple[Path, dict[str, Any]]:
    """Settings of a tenant with a few findings of its own, and one of them."""
    assert posture("scan", "--check", "admin-no-mfa", "--config", config).code == 0
    return config, listed(config)[0]


def test_an_exemption_from_its_beginning_to_its_end(one_check: tuple[Path, dict[str, Any]]) -> None:
    config, finding = one_check
    resource, name = finding["resource"]["id"], finding["fingerprint"]

    added = posture(
        "exempt", "add", resource, "--check", "admin-no-mfa", "--owner", "it@example.com",
        "--reason", "watched closely", "--until", LATER, "--config", config,
    )  # fmt: skip
    while_it_counts = {found["fingerprint"] for found in listed(config)}
    exempted = listed(config, "--state", "exempted")
    rescanned = posture("scan", "--check", "admin-no-mfa", "-f", "json", "--config", config).json()
    recorded = posture("exempt", "list", "-f", "json", "--config", config).json()
    ended = posture("exempt", "end", "1", "--config", config)

    assert (added.code, ended.code) == (0, 0), added.err + ended.err
    assert name not in while_it_counts
    assert [(found["fingerprint"], found["exemption"]["owner"]) for found in exempted] == [(name, "it@example.com")]
    assert rescanned["checks"][0]["counts"]["exempted"] == 1
    assert {j["fingerprint"]: j["finding"] for j in rescanned["judgements"]}[name] == "exempted"
    assert [(line["resource"], line["reason"]) for line in recorded] == [(resource, "watched closely")]
    assert name in {found["fingerprint"] for found in listed(config)}
    assert posture("exempt", "list", "-f", "json", "--config", config).json() == []


@pytest.mark.parametrize(("tenant", "until", "standing"), [("contoso", LATER, "exempted"), ('"*"', EARLIER, "open")])
def test_an_exemption_in_the_file_counts_until_its_day(
    one_check: tuple[Path, dict[str, Any]], tenant: str, until: str, standing: str
) -> None:
    config, finding = one_check
    entry = f"{{tenant: {tenant}, resource: {finding['resource']['id']}, owner: me, reason: tried, until: {until}}}"
    config.with_name("exemptions.yaml").write_text(f"exemptions:\n  - {entry}\n", encoding="utf-8")

    found = {other["fingerprint"]: other["standing"] for other in listed(config, "--state", "all")}

    assert found[finding["fingerprint"]] == standing
    assert set(found.values()) - {"open"} <= {standing}


@pytest.mark.parametrize(
    ("entry", "place", "says"),
    [
        ("{tenant: contoso, resource: r, owner: me, reason: tried}", ":2:5", '"until"'),
        ("{tenant: contoso, resource: r, owner: me, reason: tried, until: soon}", ":2:", '"soon"'),
        ("{tenant: contosso, resource: r, owner: me, reason: tried, until: 2030-01-01}", ":2:", "contoso"),
        ("{tenant: contoso, check: admin-mfa, resource: r, owner: m, reason: t, until: 2030-01-01}", ":2:", "mfa"),
        ("{tenant: contoso, resource: r, owner: me, reason: tried, until: 2030-01-01, untill: 1}", ":2:", "untill"),
    ],
)
def test_a_mistake_in_the_file_of_exemptions_has_a_place(config: Path, entry: str, place: str, says: str) -> None:
    config.with_name("exemptions.yaml").write_text(f"exemptions:\n  - {entry}\n", encoding="utf-8")

    refused(posture("findings", "list", "--config", config), f"exemptions.yaml{place}", says, code=2)


# Definitions


def test_the_checks_of_a_directory_hold() -> None:
    done = posture("checks", "test", REPOSITORY / "checks" / "authorization")

    assert done.code == 0, done.out
    assert "none with problems" in done.out


def test_nothing_is_to_be_said_of_any_shipped_check(tmp_path: Path) -> None:
    done = posture("checks", "lint", cwd=tmp_path)

    assert (done.code, done.out) == (0, "")


def test_the_schema_is_one(tmp_path: Path) -> None:
    done = posture("checks", "schema", cwd=tmp_path)

    Draft202012Validator.check_schema(done.json())


def test_a_check_of_ones_own_is_listed_tested_and_evaluated(server: SimulatorServer, tmp_path: Path) -> None:
    shipped = REPOSITORY / "checks" / "authorization" / "authz-users-create-apps.yaml"
    own = tmp_path / "own" / "our-users-create-apps.yaml"
    own.parent.mkdir()
    text = shipped.read_text(encoding="utf-8").replace("authz-users-create-apps", "our-users-create-apps")
    own.write_text(text, encoding="utf-8")
    config = write_settings(tmp_path, server, more="checks: {directories: [./own]}\n")

    tested = posture("checks", "test", own)
    known = {check["id"] for check in posture("checks", "list", "-f", "json", "--config", config).json()}
    scan = posture("scan", "--check", "our-users-create-apps", "-f", "json", "--config", config)

    assert tested.code == 0, tested.out
    assert {"our-users-create-apps", "authz-users-create-apps"} <= known
    assert [check["outcome"] for check in scan.json()["checks"]] == ["evaluated"]


def test_tables_without_any_settings(tmp_path: Path) -> None:
    names = {table["name"] for table in posture("tables", "list", "-f", "json", cwd=tmp_path).json()}

    assert {"users", "applications", "privileged_principals"} <= names
    assert posture("tables", "show", "users", cwd=tmp_path).code == 0
    assert posture("tables", "show", "usres", cwd=tmp_path).code == 2


# Permissions and doctor


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    """A company that did not grant everything to one of its two readers."""
    tenant = company()
    tenant.registrations.append(demo_registration(client_id=LIMITED_ID, withhold=frozenset({WITHHELD})))
    directory = tmp_path_factory.mktemp("limited")
    with SimulatorServer(tenants=[tenant], directory=directory, throttling=False) as server:
        yield server


def test_doctor_finds_nothing_wrong_where_everything_is_granted(config: Path) -> None:
    done = posture("doctor", "--config", config)

    assert done.code == 0, done.out
    assert "every enabled check can run" in done.out


def test_doctor_and_scan_agree_on_what_a_missing_permission_costs(limited: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, limited, client_id=LIMITED_ID)

    doctor = posture("doctor", "-f", "json", "--config", config)
    scan = posture("scan", "-f", "json", "--config", config)

    (diagnosis,) = doctor.json()
    skipped = {check["id"]: check["reason"]["kind"] for check in scan.json()["checks"] if check["reason"]}
    assert doctor.code == 3
    assert diagnosis["missing"] == [WITHHELD]
    assert {check["check"]: check["kind"] for check in diagnosis["skipped"]} == skipped
    assert set(skipped.values()) == {"permission_missing"}
    assert scan.code == 0


def test_doctor_without_a_token_says_why(limited: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, limited, client_id="55555555-4444-4444-8444-444444444444")

    done = posture("doctor", "--config", config)

    assert done.code == 4
    assert "AADSTS700016" in done.out
    assert TRACEBACK not in done.err


def test_fewer_checks_need_fewer_permissions(server: SimulatorServer, tmp_path: Path) -> None:
    only = "checks: {only: [authz-users-create-apps]}\n"
    few = write_settings(tmp_path / "few", server, more=only)
    every = write_settings(tmp_path / "every", server)

    needed = {
        config: {need["permission"] for need in posture("permissions", "-f", "json", "--config", config).json()}
        for config in (few, every)
    }

    assert needed[few] < needed[every]
    assert any(name.startswith("Policy.Read") for name in needed[few])


# From nothing


def test_from_init_to_findings(limited: SimulatorServer, tmp_path: Path) -> None:
    root = ["--graph", limited.url, "--login", limited.url]
    options = ["--name", "contoso", "--tenant-id", limited.tenants[0].tenant_id, "--cloud", "custom", *root]
    identity = ["--client-id", LIMITED_ID, "--credential", "secret"]

    written = posture("init", "--no-input", *options, *identity, cwd=tmp_path)
    scanned = posture(
        "scan", "--check", "admin-no-mfa", "-f", "json", cwd=tmp_path,
        SSL_CERT_FILE=str(limited.ca_bundle), POSTURE_CONTOSO_SECRET=command_environment()["POSTURE_TEST_SECRET"],
    )  # fmt: skip

    assert written.code == 0, written.err
    assert scanned.code == 0, scanned.err
    assert scanned.json()["checks"][0]["counts"]["fail"] > 0


def test_the_demonstration(tmp_path: Path) -> None:
    done = posture("demo", "--users", "60", cwd=tmp_path)
    asked = posture("findings", "list", "--config", tmp_path / "posture-demo" / "posture.yaml")

    assert done.code == 0, done.err
    assert TRACEBACK not in done.err
    assert "Worst findings" in done.out
    assert "--config posture-demo/posture.yaml" in done.out
    assert asked.code == 0, asked.err
    assert len(asked.out.splitlines()) > 10


def test_the_demonstration_has_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "posture-demo").write_text("precious", encoding="utf-8")

    refused(posture("demo", "--users", "60", cwd=tmp_path), "posture-demo", code=2)
