"""The made-up company behind the simulator over TLS, configurations that point at it, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from posture.bootstrap import Application, Selection, load_application
from posture.domain.judgement import CheckOutcome, CheckResult, Judgement
from posture.domain.outcome import TableOutcome
from posture.domain.run import RunSummary
from posture.graph.pursuit import RetryBudget
from posture.graph.throttle import PUBLISHED, faster
from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.registrations import DEMO_CLIENT_ID, DEMO_SECRET, demo_registration
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import Tenant
from posture.usecases.events import JudgementMade, ScanEvent, ScanFinished, ScanStarted

from .warm_commands import run_warm

if TYPE_CHECKING:
    from .acting_company import Headquarters, Office, OpenOffice

USERS = 120
REPOSITORY = Path(__file__).resolve().parents[2]
FAST = faster(PUBLISHED, factor=1000)
PATIENT = RetryBudget(
    tries=6, waiting_seconds=20, first_pause_seconds=0.01, longest_pause_seconds=0.05, answer_seconds=20
)
SECRET_VARIABLE = "POSTURE_TEST_SECRET"
UNLICENSED_ID = "aaaaaaaa-2222-4333-8444-555555555555"
LOUD = "import logging, runpy; logging.basicConfig(level=1); runpy.run_module('posture', run_name='__main__')"
TRACEBACK = "Traceback (most recent call last)"

CONFIG = """\
data_dir: ./data
http: {{ca_bundle: {ca_bundle}, proxy: null}}
tenants:
{tenants}
"""
TENANT = """\
  - name: {name}
    tenant_id: {tenant_id}
    cloud: custom
    endpoints: {{graph: "{url}", login: "{url}"}}
    reader:
      client_id: {client_id}
      {credential}
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(kw_only=True)
class Scan:
    """Everything one scan said."""

    started: ScanStarted | None = None
    judged: list[JudgementMade] = field(default_factory=list)
    summary: RunSummary

    @property
    def tables(self) -> dict[str, TableOutcome]:
        return {table.table: table for table in self.summary.tables}

    @property
    def checks(self) -> dict[str, CheckResult]:
        return {check.check: check for check in self.summary.checks}

    @property
    def evaluated(self) -> set[str]:
        return {name for name, check in self.checks.items() if check.outcome is CheckOutcome.EVALUATED}

    def judgements(self, check: str, verdict: str) -> list[Judgement]:
        return [e.judgement for e in self.judged if e.judgement.check == check and e.judgement.verdict == verdict]

    def ids(self, check: str, verdict: str) -> set[str]:
        """Ids of the resources with this verdict."""
        return {judgement.resource.id for judgement in self.judgements(check, verdict)}

    @property
    def verdicts(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Check → fingerprint → verdict and severity, of every check that was evaluated."""
        found: dict[str, dict[str, tuple[str, str]]] = {check: {} for check in self.evaluated}
        for event in self.judged:
            judgement = event.judgement
            found[judgement.check][judgement.fingerprint] = (judgement.verdict.value, judgement.severity.value)
        return found


def company(**changes: Any) -> Tenant:
    """The made-up company with a reader that may read everything."""
    tenant = demo_tenant(**({"users": USERS, "seed": 1, "now": datetime.now(UTC)} | changes))
    tenant.registrations.append(demo_registration())
    return tenant


def tenant_lines(server: SimulatorServer, **changes: Any) -> str:
    """One entry of ``tenants:``; keywords replace its values."""
    values = {
        "name": "contoso",
        "tenant_id": server.tenants[0].tenant_id,
        "url": server.url,
        "client_id": DEMO_CLIENT_ID,
        "credential": f"client_secret: ${{env:{SECRET_VARIABLE}}}",
    }
    return TENANT.format_map(values | changes)


def write_settings(
    directory: Path, server: SimulatorServer, *, tenants: str | None = None, more: str = "", **changes: Any
) -> Path:
    """Write a configuration for the simulator and return its path; keywords replace values of its one tenant."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "posture.yaml"
    bundle = changes.pop("ca_bundle", None) or json.dumps(str(server.ca_bundle))
    text = CONFIG.format(ca_bundle=bundle, tenants=tenants or tenant_lines(server, **changes))
    path.write_text(text + more, encoding="utf-8")
    return path


def command_environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("POSTURE", "COLUMNS"))}
    return kept | {"PYTHONPATH": str(REPOSITORY), SECRET_VARIABLE: DEMO_SECRET, "COLUMNS": "200"} | changes


def posture(
    *arguments: str | Path,
    timeout: float = 120,
    cwd: Path | None = None,
    is_loud: bool = False,
    **environment: str,
) -> Done:
    """Run the command line in a process of its own; ``is_loud`` lets every logger write all that it has."""
    words, surroundings = [str(argument) for argument in arguments], command_environment(**environment)
    warm = run_warm(words, surroundings, cwd=cwd, timeout=timeout, is_loud=is_loud)
    if warm is not None:
        code, out, err = warm
        return Done(code=code, out=out.decode("utf-8"), err=err.decode("utf-8"))
    done = subprocess.run(
        [sys.executable, *(["-c", LOUD] if is_loud else ["-m", "posture"]), *words],
        capture_output=True,
        env=surroundings,
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout.decode("utf-8"), err=done.stderr.decode("utf-8"))


def application_of(config: Path) -> Application:
    """The real application, in a hurry: the simulator does not throttle."""
    return load_application(config, pace=FAST, budget=PATIENT)


def small_pages(selection: Selection, size: int) -> Selection:
    """Ask for pages of ``size`` items, so that a small company has many pages."""
    wanted = []
    for table in selection.wanted:
        source = table.table.source
        smaller = replace(source, page_size=size) if source.page_size else source
        wanted.append(replace(table, table=replace(table.table, source=smaller)))
    return replace(selection, wanted=tuple(wanted))


def scan(application: Application, *, page_size: int | None = None, checks: Sequence[str] = ()) -> Scan:
    """Scan the only tenant of an application to the end, with every verdict."""
    tenant = application.tenant_named(None)
    selection = application.selection(tenant, checks=checks, tags=[])
    if page_size is not None:
        selection = small_pages(selection, page_size)
    return gathered(application.scan(tenant, selection, all_verdicts=True))


def gathered(events: Iterator[ScanEvent]) -> Scan:
    started, judged, summary = None, [], None
    for event in events:
        if isinstance(event, ScanStarted):
            started = event
        elif isinstance(event, JudgementMade):
            judged.append(event)
        elif isinstance(event, ScanFinished):
            summary = event.summary
    assert summary is not None
    return Scan(started=started, judged=judged, summary=summary)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    """One simulator for every test that leaves the company as it is: with licences, and one without."""
    unlicensed = company(tenant_id=UNLICENSED_ID)
    unlicensed.licences = frozenset()
    directory = tmp_path_factory.mktemp("simulator")
    with SimulatorServer(tenants=[company(), unlicensed], directory=directory, throttling=False) as server:
        yield server


@pytest.fixture
def server(shared: SimulatorServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorServer]:
    monkeypatch.setenv(SECRET_VARIABLE, DEMO_SECRET)
    shared.faults.clear()
    shared.requests.clear()
    yield shared
    shared.faults.clear()


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorServer]:
    """A simulator of its own, whose company the test may change."""
    monkeypatch.setenv(SECRET_VARIABLE, DEMO_SECRET)
    with SimulatorServer(tenants=[company()], directory=tmp_path / "simulator", throttling=False) as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, server: SimulatorServer) -> Path:
    return write_settings(tmp_path, server)


@pytest.fixture(scope="session")
def scanned(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The configuration of a company that was scanned once through the command line, and what that said."""
    config = write_settings(tmp_path_factory.mktemp("scanned"), shared)
    return config, posture("scan", "--config", config, "--format", "json", "--all-verdicts")


@pytest.fixture
def scan_once(server: SimulatorServer, tmp_path: Path) -> Callable[..., Scan]:
    """Scan the shared company with a configuration of its own."""

    def run(**changes: Any) -> Scan:
        return scan(application_of(write_settings(tmp_path / "once", server, **changes)))

    return run


@pytest.fixture(scope="session")
def headquarters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Headquarters]:
    from .acting_company import headquarters_in

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SECRET_VARIABLE, DEMO_SECRET)
        with headquarters_in(tmp_path_factory.mktemp("acting")) as made:
            yield made


@pytest.fixture
def open_office(headquarters: Headquarters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenOffice]:
    """Open offices, one after the other, each in the company as it was when it was scanned."""
    from .acting_company import SECRETS, office_in

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    opened: list[Office] = []

    def opening(**changes: Any) -> Office:
        opened.append(office_in(tmp_path / f"office {len(opened)}", headquarters, **changes))
        return opened[-1]

    yield opening
    headquarters.server.faults.clear()


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    return open_office()
