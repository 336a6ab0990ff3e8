"""Graph grows: a condition or control that nobody here has heard of makes its policy unknown, never a pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posture.simulator.server import SimulatorServer

from .conftest import application_of, scan, write_settings

POLICIES = "identity/conditionalAccess/policies"
CHECK = "ca-mfa-all-users"


def protecting_everybody(tenant: Any) -> dict[str, Any]:
    """Leave one policy: multifactor authentication for everybody, and return it."""
    policy: dict[str, Any] = next(
        policy
        for policy in tenant.collections[POLICIES]
        if policy["grantControls"] and policy["grantControls"]["builtInControls"] == ["mfa"]
    )
    users, applications = policy["conditions"]["users"], policy["conditions"]["applications"]
    policy["state"] = "enabled"
    users.update({name: [] for name in users if isinstance(users[name], list)} | {"includeUsers": ["All"]})
    users["excludeGuestsOrExternalUsers"] = None
    applications.update(includeApplications=["All"], excludeApplications=[])
    for narrow in ("locations", "platforms", "devices"):
        policy["conditions"][narrow] = None
    policy["conditions"]["clientAppTypes"] = ["all"]
    tenant.collections[POLICIES][:] = [policy]
    return policy


@pytest.mark.parametrize(
    ("where", "what", "verdict"),
    [
        ((), {}, "pass"),
        (("conditions",), {"moods": ["grumpy"]}, "unknown"),
        (("conditions", "users"), {"excludeRobots": ["All"]}, "unknown"),
        (("conditions", "applications"), {"excludeMoods": ["grumpy"]}, "unknown"),
        (("grantControls",), {"riddle": {"id": "r1"}}, "unknown"),
        (("conditions",), {"moods": None, "tastes": []}, "pass"),
    ],
)
def test_a_policy_is_judged_by_what_is_understood_of_it(
    own_server: SimulatorServer, tmp_path: Path, where: tuple[str, ...], what: dict[str, Any], verdict: str
) -> None:
    place = policy = protecting_everybody(own_server.tenants[0])
    for step in where:
        place = place[step]
    place.update(what)

    result = scan(application_of(write_settings(tmp_path, own_server)), checks=[CHECK])

    assert [event.judgement.verdict for event in result.judged] == [verdict], policy
