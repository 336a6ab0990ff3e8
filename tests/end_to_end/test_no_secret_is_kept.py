"""Codes, passwords, tokens and secrets: after acting, with faults and mistakes, no file, table, log line or output
has one, but for what ``execute`` shows once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import duckdb
import psycopg
import pytest

from posture.domain.plan import Plan
from posture.simulator.fault_effects import Delivery
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.messages import GraphRequest
from posture.simulator.server import SimulatorServer
from tests.store.postgresql import Cluster, free_port, running_cluster, server_programs

from .acting_company import REMEDIATOR, SECRETS
from .conftest import Done, posture, write_settings
from .large_company import LargeOffice, large_office, staff_id

PASS = "issue-temporary-access-pass"
WRONG_SECRET = "wrong-secret-of-nobody-0123456789"
WRONG_TOKEN = "posture-token-of-nobody-0123456789"
PROXY_PASSWORD = "password-of-the-proxy-0123456789"
DATABASE_PASSWORD = "password-of-the-database-0123456789"
_EVERY_TABLE = "select table_name from information_schema.tables where table_schema = 'public'"


@dataclass(kw_only=True)
class Traces:
    """What went over the wire and must not be seen elsewhere, and every place where it might be."""

    codes: set[str] = field(default_factory=set)
    passwords: set[str] = field(default_factory=set)
    access_tokens: set[str] = field(default_factory=set)
    settings: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    places: dict[str, bytes] = field(default_factory=dict)

    def found(self, secrets: set[str]) -> set[str]:
        """Return the places where one of the texts is, as it is or as in an address or in JSON."""
        written = {text.encode() for one in secrets for text in (one, quote(one, safe=""), json.dumps(one)[1:-1])}
        return {name for name, content in self.places.items() if any(text in content for text in written)}

    def overhear(self, server: SimulatorServer) -> None:
        """Note every secret that reaches the tenant or leaves it from now on, whether or not it arrives."""
        deliver = server.exchange.deliver

        def noted(request: GraphRequest) -> Delivery:
            delivery = deliver(request)
            self._note(_json(request.body), _json(delivery.answer.body))
            form = parse_qs(request.body.decode("utf-8", "replace"))
            self.settings.update(form.get("client_secret", []))
            return delivery

        server.exchange.deliver = noted  # type: ignore[method-assign]

    def _note(self, sent: Any, answered: Any) -> None:
        if isinstance(sent, dict) and isinstance(sent.get("passwordProfile"), dict):
            self.passwords.add(sent["passwordProfile"]["password"])
        if isinstance(answered, dict):
            self.codes |= {answered["temporaryAccessPass"]} if answered.get("temporaryAccessPass") else set()
            self.access_tokens |= {answered["access_token"]} if "access_token" in answered else set()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


@dataclass(frozen=True, kw_only=True)
class Drill:
    """Everything that is done while somebody looks for traces."""

    office: LargeOffice
    traces: Traces
    directory: Path
    numbers: Iterator[int] = field(default_factory=count)

    def run(self, *arguments: str, config: Path | None = None, is_shown: bool = False, **environment: str) -> Done:
        """Run a command with every logger at its loudest; ``is_shown`` says that its output may show secrets."""
        secrets = SECRETS | {"POSTURE_TOKEN": self.office.tokens["grace"]}
        done = posture(
            *arguments,
            "--config",
            config or self.office.config,
            cwd=self.directory,
            is_loud=True,
            **(secrets | environment),
        )
        number = next(self.numbers)
        self.traces.places[f"{number}: errors of {' '.join(arguments)}"] = done.err.encode()
        if is_shown:
            self.traces.shown.append(done.out)
        else:
            self.traces.places[f"{number}: output of {' '.join(arguments)}"] = done.out.encode()
        return done

    def passes(self, first: int) -> Plan:
        return self.office.approved(PASS, staff_id(first), staff_id(first + 1))

    def newcomer(self, name: str) -> Plan:
        return self.office.approved(
            "create-user",
            self.office.tenant.tenant_id,
            user_principal_name=f"{name}@contoso.example.com",
            display_name=name,
            mail_nickname=name,
        )

    def act(self) -> list[Plan]:
        """Hand out passes and create users: shown as a table, as JSON, with answers lost, cut and not understood."""
        plans = [self.passes(0), self.passes(2), self.newcomer("tabular"), self.newcomer("jsonic")]
        for plan, format in zip(plans, ("table", "json", "table", "json"), strict=True):
            assert self.run("plans", "execute", plan.id, "--format", format, is_shown=True).code == 0
        for number, kind in enumerate((FaultKind.ANSWER_LOST, FaultKind.TRUNCATED, FaultKind.MALFORMED_JSON)):
            unlucky = [self.passes(10 + 2 * number), self.newcomer(f"unlucky{number}")]
            self.office.server.faults.add(
                Fault(kind=kind, path="/users", methods=("POST",), times=None, probability=1)
            )
            # At the same time: most of it is waiting for a change that does not show.
            with ThreadPoolExecutor(len(unlucky)) as threads:
                list(threads.map(lambda plan: self.run("plans", "execute", plan.id, is_shown=True), unlucky))
            self.office.server.faults.clear()
            plans += unlucky
        return plans

    def err(self, plan: Plan) -> None:
        """Do what goes wrong: wrong secrets, a wrong token of an operator, a proxy that is not there."""
        for variable in SECRETS:
            assert self.run("plans", "execute", plan.id, **{variable: WRONG_SECRET}).code == 4
        assert self.run("plans", "execute", plan.id, POSTURE_TOKEN=WRONG_TOKEN).code != 0
        proxy = f"http://somebody:{PROXY_PASSWORD}@127.0.0.1:{free_port()}"
        config = write_settings(self.directory / "proxied", self.office.server, more=REMEDIATOR)
        text = config.read_text().replace("proxy: null", f'proxy: "{proxy}"')
        config.write_text(text.replace("./data", str(self.office.config.parent / "data")))
        self.run("scan", config=config)
        self.run("doctor", config=config)

    def look(self, plans: list[Plan]) -> None:
        """Ask for everything that can be asked for, and copy everything that was written."""
        for arguments in (
            *(("plans", "show", plan.id, "--format", "json") for plan in plans),
            *(("plans", "show", plan.id) for plan in plans[::4]),
            ("plans", "list", "--format", "json"),
            ("operators", "list", "--format", "json"),
            ("audit", "export"),
            ("audit", "list", "--limit", "1000", "--format", "json"),
            ("findings", "list", "--format", "json"),
        ):
            assert self.run(*arguments).code == 0, arguments
        for path in self.office.config.parent.rglob("*"):
            if path.is_file() and "simulator" not in path.parts and path.suffix not in (".yaml", ".events"):
                self.traces.places[str(path)] = path.read_bytes()
            if path.suffix == ".parquet":
                with duckdb.connect() as connection:
                    rows = connection.execute("select * from read_parquet(?)", [str(path)]).fetchall()
                self.traces.places[f"rows of {path}"] = repr(rows).encode()
            if path.suffix == ".events":
                kept = [line for line in path.read_text().splitlines() if '"ShownOnce"' not in line]
                self.traces.places[str(path)] = "\n".join(kept).encode()


@contextmanager
def traces_on(kind: str, directory: Path) -> Iterator[Traces]:
    with ExitStack() as stack:
        cluster, database, store = None, "", None
        if kind == "postgresql":
            cluster = stack.enter_context(running_cluster(_programs()))
            database = cluster.new_database()
            store = cluster.url(database, password=DATABASE_PASSWORD)
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("LOG_LEVEL", "DEBUG")
        office = stack.enter_context(large_office(directory, store=store))
        heard = Traces()
        heard.overhear(office.server)
        drill = Drill(office=office, traces=heard, directory=directory)
        plans = drill.act()
        plans += _worked(drill)
        drill.err(drill.passes(40))
        drill.look(plans)
        if cluster is not None:
            heard.places |= _tables(cluster, database)
        heard.settings |= {WRONG_SECRET, WRONG_TOKEN, PROXY_PASSWORD, *SECRETS.values(), *office.tokens.values()}
        heard.settings |= {DATABASE_PASSWORD}
        yield heard


def _worked(drill: Drill) -> list[Plan]:
    """Let a worker execute whose every logger writes everything, once undisturbed and once with a lost answer."""
    plans = [drill.passes(30), drill.newcomer("logged"), drill.passes(32), drill.newcomer("lost")]
    with drill.office.workers(drill.directory / "work") as workers:
        for number, plan in enumerate(plans):
            if number >= 2:
                drill.office.server.faults.add(Fault(kind=FaultKind.ANSWER_LOST, path="/users", methods=("POST",)))
            workers.execute(plan.id, f"worker{number}")
            assert workers.wait(f"worker{number}") == 0
            drill.office.server.faults.clear()
    return plans


def _programs() -> Path:
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return programs


def _tables(cluster: Cluster, database: str) -> dict[str, bytes]:
    """Return every row of every table as text."""
    with psycopg.connect(cluster.url(database)) as connection:
        names = [str(row[0]) for row in connection.execute(_EVERY_TABLE).fetchall()]
        return {name: repr(connection.execute(f'table "{name}"'.encode()).fetchall()).encode() for name in names}


def the_drill_left_traces_of_everything_that_is_looked_for(traces: Traces) -> None:
    assert len(traces.codes) >= 10
    assert len(traces.passwords) >= 7
    assert traces.access_tokens
    logs = b"".join(content for name, content in traces.places.items() if name.endswith(".log"))
    assert b"DEBUG" in logs
    everything = b"".join(traces.places.values())
    assert PASS.encode() in everything
    assert b"unlucky2@contoso.example.com" in everything


def codes_are_shown_once_and_kept_nowhere(traces: Traces) -> None:
    shown = "".join(traces.shown)

    assert traces.found(traces.codes) == set()
    assert {shown.count(code) for code in traces.codes} <= {0, 1}
    assert sum(shown.count(code) for code in traces.codes) == 4
    whole = b"".join(traces.places.values())
    assert re.search(rb"TAP-[0-9a-f]{8}\b", whole) is None


def new_passwords_are_shown_once_and_kept_nowhere(traces: Traces) -> None:
    shown = "".join(traces.shown)

    assert traces.found(traces.passwords) == set()
    assert {shown.count(password) for password in traces.passwords} <= {0, 1}
    assert sum(shown.count(password) for password in traces.passwords) >= 2


def access_tokens_are_kept_nowhere(traces: Traces) -> None:
    signatures = {token.rpartition(".")[2] for token in traces.access_tokens}

    assert traces.found(traces.access_tokens | signatures) == set()
    assert not [token for token in traces.access_tokens if token in "".join(traces.shown)]


def secrets_of_the_settings_and_tokens_of_operators_are_kept_nowhere(traces: Traces) -> None:
    assert traces.found(traces.settings) == set()
    assert not [secret for secret in traces.settings if secret in "".join(traces.shown)]


# One test and not one for each: they look at the same traces, and those are made once.
PROMISES: tuple[Callable[[Traces], None], ...] = (
    the_drill_left_traces_of_everything_that_is_looked_for,
    codes_are_shown_once_and_kept_nowhere,
    new_passwords_are_shown_once_and_kept_nowhere,
    access_tokens_are_kept_nowhere,
    secrets_of_the_settings_and_tokens_of_operators_are_kept_nowhere,
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_secret_is_left_anywhere(kind: str, tmp_path: Path) -> None:
    broken = []
    with traces_on(kind, tmp_path) as traces:
        for promise in PROMISES:
            try:
                promise(traces)
            except AssertionError as error:
                broken.append(f"{promise.__name__}: {error}")

    assert broken == []
