"""Two hundred scans with faults mixed by a seeded schedule: what a scan says is true, or it does not say it.

Each is of some of the checks, as DuckDB takes most of the time of a small scan; all together ask every check often. A
failure names its seed: ``schedule(seed)`` and ``some_checks(seed)`` make the same scan again.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from posture.bootstrap import Application
from posture.domain.run import RunState
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import DEMO_SECRET
from posture.simulator.server import SimulatorServer

from .conftest import Scan, application_of, scan, write_settings
from .never_wrong import OF_SCANS, assert_never_wrong

PAGE = 30
SCANS = 200
SCANS_A_TEST = 10
CHECKS_A_SCAN = 6
# Ids of a tenant's own objects are in no path: a 404 on one of Microsoft's applications means that it is not there.
KINDS = [kind for kind in OF_SCANS if kind not in (FaultKind.CLOCK_SKEW, FaultKind.NOT_IN_THIS_CLOUD)]
PATHS = (
    r"/v1\.0/", r"/v1\.0/(?!organization)", r"/users\?", "signInActivity", "userRegistrationDetails", "applications",
    "servicePrincipals", "appRoleAssignedTo", "roleManagement", "groups", "conditionalAccess", "policies",
    "riskyUsers", "skiptoken",
)  # fmt: skip


def schedule(seed: int) -> list[Fault]:
    """Return the faults of one scan, always the same for a seed."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    return [a_fault(chance) for _ in range(chance.randint(2, 6))]


def some_checks(seed: int, truth: Scan) -> list[str]:
    """Return the checks of one scan, always the same for a seed."""
    chance = random.Random(f"checks of {seed}")  # noqa: S311 - repeatable on purpose
    return chance.sample(sorted(truth.checks), CHECKS_A_SCAN)


def said_of(checks: Sequence[str], truth: Scan) -> Scan:
    """Return what the undisturbed scan says of some checks."""
    kept = tuple(check for check in truth.summary.checks if check.check in checks)
    judged = [event for event in truth.judged if event.judgement.check in checks]
    return replace(truth, judged=judged, summary=replace(truth.summary, checks=kept))


def a_fault(chance: random.Random) -> Fault:
    return Fault(
        kind=chance.choice(KINDS),
        path=chance.choice(PATHS),
        after=chance.choice([0, 0, 1, 3]),
        times=chance.choice([1, 1, 2, 5, 12, None]),
        probability=chance.choice([0.1, 0.3, 0.6, 1.0]),
        seed=chance.randrange(1000),
        seconds=0.02,
        retry_after=chance.choice([None, None, None, 0]),
    )


@pytest.fixture(scope="module")
def truth(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    shared.faults.clear()
    return scan(fresh_application(shared, tmp_path_factory.mktemp("truth")), page_size=PAGE)


def fresh_application(server: SimulatorServer, directory: Path) -> Application:
    return application_of(write_settings(directory, server, credential=f'client_secret: "{DEMO_SECRET}"'))


@pytest.mark.parametrize("first", range(0, SCANS, SCANS_A_TEST))
def test_scans_under_mixed_faults_are_never_wrong(
    truth: Scan, server: SimulatorServer, tmp_path: Path, first: int
) -> None:
    application = fresh_application(server, tmp_path)
    opened: set[str] = set()
    for seed in range(first, first + SCANS_A_TEST):
        server.faults.clear()
        server.faults.add(*schedule(seed))
        checks = some_checks(seed, truth)
        result = scan(application, page_size=PAGE, checks=checks)
        assert_never_wrong(result, said_of(checks, truth), application, told=f"seed {seed}: {schedule(seed)}")
        for event in result.judged:
            # Nothing was mended meanwhile, so nothing may be resolved, and nothing is new twice.
            assert event.change in ("new", "open", None), f"seed {seed}"
            fingerprint = event.judgement.fingerprint
            assert (event.change == "new") <= (fingerprint not in opened), f"seed {seed}"
            opened |= {fingerprint} if event.change == "new" else set()


def test_the_schedule_brings_every_fault_and_spares_no_table_and_no_check(truth: Scan) -> None:
    faults = [fault for seed in range(SCANS) for fault in schedule(seed)]
    asked = Counter(check for seed in range(SCANS) for check in some_checks(seed, truth))

    assert {fault.kind for fault in faults} == set(KINDS)
    assert {fault.path for fault in faults} == set(PATHS)
    assert min(asked[check] for check in truth.checks) >= SCANS // 10


def test_not_every_scan_is_aborted_and_not_every_one_complete(
    truth: Scan, server: SimulatorServer, tmp_path: Path
) -> None:
    application = fresh_application(server, tmp_path)
    states = set()
    for seed in range(8):
        server.faults.clear()
        server.faults.add(*schedule(seed))
        result = scan(application, page_size=PAGE, checks=some_checks(seed, truth))
        states.add(result.summary.run.state)

    assert len(states) > 1
    assert states <= {RunState.COMPLETE, RunState.INCOMPLETE, RunState.ABORTED}
