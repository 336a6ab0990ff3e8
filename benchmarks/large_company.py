"""A large company that lets itself go: what the benchmark of the page looks at.

    python benchmarks/large_company.py serve DIRECTORY USERS      its directory, behind the simulator
    python benchmarks/large_company.py scan CONFIG                scan it again and again

``furnish`` fills a database with it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from posture.bootstrap import Application, load_application
from posture.domain.check import CheckId
from posture.domain.finding_pages import FindingQuery, FindingSort
from posture.domain.finding_view import FindingView, Standing
from posture.domain.operator import Operator, Role
from posture.domain.run import RunState, RunSummary
from posture.errors import ActionRefused
from posture.graph.throttle import PUBLISHED, faster
from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.registrations import demo_registration
from posture.simulator.server import SimulatorServer
from posture.usecases.events import ScanFinished, SnapshotPublished
from posture.usecases.operators import add_operator
from posture.worker import give_way

SCANS: Final = "scans.json"
_TENANT: Final = "contoso"
_PACE: Final = faster(PUBLISHED, factor=1000)
_LONG: Final = timedelta(days=250)
_NIGHTS: Final = 30
_EXEMPTIONS: Final = 200
_PLANS: Final = 30
_TARGETS: Final = 5
_REGISTRATIONS: Final = "reports/authenticationMethods/userRegistrationDetails"


class _EarlierClock:
    """The time a month ago: most of what is wrong has been so for a while."""

    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=_NIGHTS)


def serve(directory: Path, users: int) -> None:
    """Serve the company until told to stop; print where, once it is served."""
    now = datetime.now(UTC)
    company = demo_tenant(users=users, seed=1, now=now)
    company.registrations.append(demo_registration())
    add_remediator(company, now)
    for line in company.collections[_REGISTRATIONS]:
        line["isMfaCapable"] = line["isMfaRegistered"] = False
    long_ago = f"{now - _LONG:%Y-%m-%dT%H:%M:%SZ}"
    for activity in company.sign_in_activity.values():
        activity.update({name: long_ago for name in activity if name.endswith("DateTime")})

    def announce(server: SimulatorServer) -> None:
        ready = {"url": server.url, "ca_bundle": str(server.ca_bundle), "tenant_id": company.tenant_id}
        print(json.dumps(ready), flush=True)

    SimulatorServer(tenants=[company], directory=directory, throttling=False).serve_forever(announce)


def scan_on(config: Path) -> None:
    """Scan the company again and again, as a worker; note when each begins to write findings, and when it has."""
    give_way()
    application = load_application(config, pace=_PACE)
    with config.with_name(SCANS).open("w", encoding="utf-8") as lines:

        def note(is_writing: bool) -> None:
            print(json.dumps({"at": time.time(), "is_writing": is_writing}), file=lines, flush=True)

        while True:
            _scan(application, note)


def furnish(config: Path, *, people: int) -> tuple[int, list[str]]:
    """Fill the database of a configuration; return how many findings are open and the tokens of the people."""
    summary = _scan(load_application(config, pace=_PACE, clock=_EarlierClock()))
    application = load_application(config, pace=_PACE)
    _recall_runs(application, summary)
    _scan(application)
    operators, tokens = _add_people(application, people)
    _exempt_and_propose(application, operators[0])
    with application.store.reading() as reader:
        counts = reader.overview.open_counts([summary.run.tenant_id])
    application.store.close()
    return sum(count.findings for count in counts), tokens


def _scan(application: Application, note: Callable[[bool], None] = lambda _: None) -> RunSummary:
    """Scan once; ``note`` is told when findings begin to be written, and when they are."""
    tenant = application.tenant_named(None)
    selection = application.selection(tenant, checks=[], tags=[])
    summary: RunSummary | None = None
    for event in application.scan(tenant, selection, all_verdicts=False):
        if isinstance(event, SnapshotPublished):
            note(True)
        if isinstance(event, ScanFinished):
            summary = event.summary
    if summary is None or summary.run.state is not RunState.COMPLETE:
        raise SystemExit(f"a scan did not complete: {summary and summary.run}")
    note(False)
    return summary


def _recall_runs(application: Application, first: RunSummary) -> None:
    """Record a run of each night since the first one, alike to it."""
    with application.store.open_unit(first.run.tenant_id) as unit:
        for night in range(1, _NIGHTS):
            after = timedelta(days=night)
            run = replace(
                first.run,
                id=f"{night:02}{first.run.id[2:]}",
                taken_at=first.run.taken_at + after,
                finished_at=(first.run.finished_at or first.run.taken_at) + after,
            )
            unit.save_summary(replace(first, run=run))


def _add_people(application: Application, count: int) -> tuple[list[Operator], list[str]]:
    operators: list[Operator] = []
    tokens: list[str] = []
    for number in range(count):
        operator, token = add_operator(
            f"person-{number}",
            tuple(Role)[-1] if number == 0 else tuple(Role)[number % len(Role)],
            account=None,
            lasts=timedelta(days=2),
            by=operators[0] if operators else None,
            open_unit=application.store.open_acting_unit,
            clock=application.clock,
        )
        operators.append(operator)
        tokens.append(token)
    return operators, tokens


def _exempt_and_propose(application: Application, admin: Operator) -> None:
    access = application.access(admin)
    views = _inactive_users(application, admin)
    for view in views[:_EXEMPTIONS]:
        access.exempt(
            tenant=_TENANT,
            resource=view.finding.resource.id,
            check=view.finding.check,
            reason="on leave",
            ends_at=application.clock.now() + timedelta(days=30),
        )
    left = [view.finding.fingerprint for view in views[_EXEMPTIONS:]]
    # A small company may not change so many people in a day.
    with suppress(ActionRefused):
        for start in range(0, len(left), _TARGETS):
            access.propose(
                action="disable-user",
                tenant=_TENANT,
                findings=left[start : start + _TARGETS],
                parameters={},
                reason="nobody uses them",
            )


def _inactive_users(application: Application, admin: Operator) -> Sequence[FindingView]:
    query = FindingQuery(
        tenants=(),
        checks=(CheckId("inactive-users"),),
        severities=(),
        tags=(),
        frameworks=(),
        standings=(Standing.OPEN,),
        text=None,
        sort=FindingSort.RESOURCE,
        descending=False,
        cursor=None,
        limit=_EXEMPTIONS + _PLANS * _TARGETS,
    )
    return application.access(admin).findings(query).items


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        scan_on(Path(sys.argv[2]))
