"""Each fault alone, on the first page, on a later one, and for good: no wrong verdict comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.bootstrap import Application
from posture.domain.judgement import CheckOutcome
from posture.domain.outcome import Outcome
from posture.domain.run import RunState
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import DEMO_SECRET
from posture.simulator.server import SimulatorServer

from .conftest import Scan, application_of, scan, write_settings
from .never_wrong import OF_SCANS, assert_never_wrong

PAGE = 25
USERS = r"/users\?.*userPrincipalName"
HARMLESS = {
    FaultKind.THROTTLED, FaultKind.SERVER_ERROR, FaultKind.UNAVAILABLE, FaultKind.GATEWAY_TIMEOUT,
    FaultKind.CONNECTION_RESET, FaultKind.TRUNCATED, FaultKind.SLOW, FaultKind.DUPLICATED_ITEMS,
    FaultKind.EMPTY_PAGE, FaultKind.EXPIRED_PAGE_TOKEN, FaultKind.CLAIMS_CHALLENGE, FaultKind.REVOKED_TOKEN,
    FaultKind.MALFORMED_JSON, FaultKind.CLOCK_SKEW,
}  # fmt: skip


@pytest.fixture(scope="module")
def application(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Application:
    directory = tmp_path_factory.mktemp("alone")
    return application_of(write_settings(directory, shared, credential=f'client_secret: "{DEMO_SECRET}"'))


@pytest.fixture(scope="module")
def truth(application: Application, shared: SimulatorServer) -> Scan:
    shared.faults.clear()
    return scan(application, page_size=PAGE)


def fault(kind: FaultKind, **changes: object) -> Fault:
    known = {"kind": kind, "path": USERS, "seconds": 0.05, "times": 1}
    return Fault(**(known | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [0, 2], ids=["first page", "later page"])
@pytest.mark.parametrize("kind", OF_SCANS)
def test_a_fault_that_strikes_once(
    application: Application, truth: Scan, server: SimulatorServer, kind: FaultKind, after: int
) -> None:
    server.faults.add(fault(kind, after=after))

    result = scan(application, page_size=PAGE)

    assert server.faults.hits[kind] >= 1
    assert_never_wrong(result, truth, application, told=f"{kind} after {after}")
    assert (result.tables["users"].outcome is Outcome.COMPLETE) == (kind in HARMLESS)
    if kind in HARMLESS:
        assert result.verdicts == truth.verdicts


@pytest.mark.parametrize("kind", OF_SCANS)
def test_a_fault_that_stays(application: Application, truth: Scan, server: SimulatorServer, kind: FaultKind) -> None:
    server.faults.add(fault(kind, after=1, times=None))

    result = scan(application, page_size=PAGE)

    assert_never_wrong(result, truth, application, told=f"{kind} for good")


@pytest.mark.parametrize("kind", OF_SCANS)
def test_a_fault_everywhere_but_now_and_then(
    application: Application, truth: Scan, server: SimulatorServer, kind: FaultKind
) -> None:
    server.faults.add(fault(kind, path=r"/v1\.0/(?!servicePrincipals\()", probability=0.2, seed=7, times=None))

    result = scan(application, page_size=PAGE)

    assert_never_wrong(result, truth, application, told=f"{kind} now and then")


@pytest.mark.parametrize(
    "path",
    [
        "groups/delta",
        "conditionalAccess/policies",
        "riskyUsers",
        "appRoleAssignedTo",
        "applications",
        "roleAssignments",
    ],
)
def test_a_table_that_is_down_takes_only_its_checks_with_it(
    application: Application, truth: Scan, server: SimulatorServer, path: str
) -> None:
    server.faults.add(fault(FaultKind.UNAVAILABLE, path=path, times=None))

    result = scan(application, page_size=PAGE)

    assert_never_wrong(result, truth, application, told=path)
    assert result.summary.run.state is RunState.INCOMPLETE
    outcomes = {check.outcome for check in result.checks.values()}
    assert outcomes == {CheckOutcome.EVALUATED, CheckOutcome.SKIPPED}


def test_no_fault_resolved_or_reopened_anything(
    application: Application, truth: Scan, server: SimulatorServer, tmp_path: Path
) -> None:
    for kind in (FaultKind.UNAVAILABLE, FaultKind.NEXT_LINK_LOOP, FaultKind.CONNECTION_RESET):
        server.faults.add(fault(kind, path=r"/v1\.0/", after=20, probability=0.5, times=None))
    server.faults.add(fault(FaultKind.NEXT_LINK_LOOP, times=None))

    disturbed = scan(application, page_size=PAGE)
    server.faults.clear()
    after = scan(application, page_size=PAGE)

    assert disturbed.summary.run.state is RunState.INCOMPLETE
    assert {event.change for event in (*disturbed.judged, *after.judged)} <= {"open", None}
    assert after.verdicts == truth.verdicts
