"""A made-up company behind the simulator, and commands run against it in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from posture.cli.main import app
from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.registrations import DEMO_CLIENT_ID, DEMO_SECRET, demo_registration, mailer_registration
from posture.simulator.server import SimulatorServer

LIMITED_CLIENT_ID = "33333333-3333-4333-8333-333333333333"

_SETTINGS = """\
data_dir: ./data
http: {{ca_bundle: {ca_bundle}, proxy: null}}
checks: {{skip: [ca-block-device-code]}}
tenants:
  - name: contoso
    tenant_id: {tenant_id}
    cloud: custom
    endpoints: {{graph: "{url}", login: "{url}"}}
    reader: {{client_id: {client_id}, client_secret: "${{file:./secret}}"}}
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command wrote and how it ended. ``error`` is the exception that ``main`` turns into a sentence."""

    code: int
    out: str
    err: str
    error: BaseException | None

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


def run(*arguments: str | Path, **environment: str) -> Said:
    """Run a command as the shell would, on a wide terminal-less console."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "250", **environment})
    return Said(
        code=done.exit_code,
        out=done.stdout,
        err=done.stderr,
        error=None if isinstance(done.exception, SystemExit) else done.exception,
    )


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    tenant = demo_tenant(users=80, seed=1, now=datetime.now(UTC))
    limited = demo_registration(client_id=LIMITED_CLIENT_ID, withhold=frozenset({"Policy.Read.All"}))
    tenant.registrations += [demo_registration(), limited, mailer_registration()]
    directory = tmp_path_factory.mktemp("simulator")
    with SimulatorServer(tenants=[tenant], directory=directory, throttling=False) as server:
        yield server


def write_settings(directory: Path, company: SimulatorServer, **changes: str) -> Path:
    """Write settings for the company and return their path; keywords replace their values."""
    values = {
        "ca_bundle": json.dumps(str(company.ca_bundle)),
        "tenant_id": company.tenants[0].tenant_id,
        "url": company.url,
        "client_id": DEMO_CLIENT_ID,
    }
    (directory / "secret").write_text(DEMO_SECRET, encoding="utf-8")
    path = directory / "posture.yaml"
    path.write_text(_SETTINGS.format_map(values | changes), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def scanned(company: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of the company after one scan. Tests that add exemptions end them again."""
    settings = write_settings(tmp_path_factory.mktemp("scanned"), company)
    said = run("scan", "--config", settings)
    assert said.error is None
    assert said.code == 0, said.err
    return settings
