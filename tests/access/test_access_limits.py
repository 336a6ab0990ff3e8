"""Every method of ``Access`` asks whether this operator may, and knows only of the operator's tenants."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from posture.bootstrap.access import Access
from posture.domain.finding_pages import FindingQuery
from posture.domain.operator import Role
from posture.errors import NotAllowed, NotAllowedToDecide, NotThere
from tests.access.conftest import desk_over
from tests.access.desk import DAY, NOON, USER, Desk, Things


@dataclass(frozen=True, kw_only=True)
class At:
    """What an operator reaches for: ``things`` in a tenant."""

    access: Access
    things: Things
    tenant: str = "contoso"


Call = Callable[[At], object]

# How each method is called.
READING: Final[Mapping[str, Call]] = {
    "tenants": lambda at: at.access.tenants(),
    "overview": lambda at: at.access.overview(at.tenant),
    "findings": lambda at: at.access.findings(FindingQuery(tenants=(at.tenant,))),
    "every_finding": lambda at: _drained(at.access, FindingQuery(tenants=(at.tenant,))),
    "finding": lambda at: at.access.finding(at.things.finding.fingerprint),
    "checks": lambda at: at.access.checks(),
    "check": lambda at: at.access.check("inactive-users"),
    "frameworks": lambda at: at.access.frameworks(),
    "framework": lambda at: at.access.framework("cis-m365"),
    "plans": lambda at: at.access.plans(tenant=at.tenant),
    "plan": lambda at: at.access.plan(at.things.plan.id),
    "waiting_plans": lambda at: at.access.waiting_plans(at.tenant),
    "stops": lambda at: at.access.stops(),
    "exemptions": lambda at: at.access.exemptions(),
    "runs": lambda at: at.access.runs(tenant=at.tenant),
    "run": lambda at: at.access.run("no-run"),
    "audit": lambda at: at.access.audit(tenant=at.tenant),
    "audit_chain": lambda at: at.access.audit_chain(),
    "schedules": lambda at: at.access.schedules(),
    "jobs": lambda at: at.access.jobs(),
    "job": lambda at: at.access.job(at.things.job.id),
    "stalled_queues": lambda at: at.access.stalled_queues(),
    "channels": lambda at: at.access.channels(),
    "deliveries": lambda at: at.access.deliveries(),
    "operators": lambda at: at.access.operators(),
    "examinations": lambda at: at.access.examinations(),
}
WRITING: Final[Mapping[str, Call]] = {
    "propose": lambda at: at.access.propose(
        action="revoke-sessions",
        tenant=at.tenant,
        findings=[at.things.finding.fingerprint],
        parameters={},
        reason="r",
    ),
    "propose_undo": lambda at: at.access.propose_undo(at.things.ready.id, reason="r"),
    "approve": lambda at: at.access.approve(at.things.plan.id, digest=at.things.plan.digest, note="n"),
    "reject": lambda at: at.access.reject(at.things.plan.id, note="n"),
    "execute": lambda at: at.access.execute(at.things.ready.id),
    "exempt": lambda at: at.access.exempt(
        tenant=at.tenant, resource=USER, check="inactive-users", reason="r", ends_at=NOON + DAY
    ),
    "end_exemption": lambda at: at.access.end_exemption(at.things.exemption),
    "scan_now": lambda at: at.access.scan_now(at.tenant),
    "examine_now": lambda at: at.access.examine_now(at.tenant),
    "run_schedule": lambda at: at.access.run_schedule("scan", tenant=at.tenant),
    "pause_schedule": lambda at: at.access.pause_schedule("scan", tenant=at.tenant, reason="r"),
    "resume_schedule": lambda at: at.access.resume_schedule("scan", tenant=at.tenant),
    "cancel_job": lambda at: at.access.cancel_job(at.things.job.id),
    "test_channel": lambda at: at.access.test_channel("siem"),
    "retry_deliveries": lambda at: at.access.retry_deliveries([]),
    "add_operator": lambda at: at.access.add_operator("new", Role.VIEWER, lasts=DAY, tenants=frozenset({at.tenant})),
    "revoke_operator": lambda at: at.access.revoke_operator(f"someone-of-{at.tenant}"),
    "readmit_operator": lambda at: at.access.readmit_operator(f"gone-of-{at.tenant}"),
    "stop": lambda at: at.access.stop(at.tenant, reason="r"),
    "allow": lambda at: at.access.allow(at.tenant),
}
EVERYWHERE: Final = ("test_channel", "retry_deliveries")
OF_A_TENANT: Final = [
    *(method for method in WRITING if method not in EVERYWHERE),
    *("overview", "finding", "plans", "plan", "waiting_plans", "runs", "run", "audit", "job"),
]


def _drained(access: Access, query: FindingQuery) -> list[object]:
    with access.every_finding(query) as findings:
        return list(findings)


@pytest.fixture(scope="module")
def desk(empty_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all: nothing of this changes anything but who there is."""
    with desk_over(empty_data, tmp_path_factory.mktemp("limits")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def now(desk: Desk) -> None:
    desk.clock.at = NOON


@pytest.fixture(scope="module")
def things(desk: Desk) -> Things:
    """What is in contoso; somebody works there, and somebody did."""
    for name, revoked_at in (("someone-of-contoso", None), ("gone-of-contoso", NOON - DAY)):
        desk.somebody(name, tenants=frozenset({"contoso"}), subject=f"i|{name}", revoked_at=revoked_at)
    desk.examined("contoso")
    return desk.furnish("contoso")


def test_every_method_is_called_below() -> None:
    methods = {name for name, _ in inspect.getmembers(Access, inspect.isfunction) if not name.startswith("_")}

    assert methods - {"me", "may"} == READING.keys() | WRITING.keys()


@pytest.mark.parametrize("method", [*READING, *WRITING])
def test_whose_token_is_for_nothing_gets_nothing(desk: Desk, things: Things, method: str) -> None:
    access, before = desk.access(scopes=frozenset()), desk.on_record()

    with pytest.raises(NotAllowed, match="not for"):
        (READING | WRITING)[method](At(access=access, things=things))

    assert not access.may(method)
    assert desk.on_record() == before


@pytest.mark.parametrize("method", [*READING, *WRITING])
def test_who_has_ended_gets_nothing(desk: Desk, things: Things, method: str) -> None:
    access, before = desk.access(), desk.on_record()
    desk.clock.at = NOON + 91 * DAY

    with pytest.raises(NotAllowed, match="no operator any more"):
        (READING | WRITING)[method](At(access=access, things=things))

    assert desk.on_record() == before


@pytest.mark.parametrize("method", WRITING)
def test_a_viewer_changes_nothing(desk: Desk, things: Things, method: str) -> None:
    access, before = desk.access(role=Role.VIEWER), desk.on_record()

    with pytest.raises(NotAllowed, match="is viewer"):
        WRITING[method](At(access=access, things=things))

    assert desk.on_record() == before


@pytest.mark.parametrize("method", OF_A_TENANT)
def test_what_is_in_another_tenant_is_not_there(desk: Desk, things: Things, method: str) -> None:
    access, before = desk.access(tenants=frozenset({"fabrikam"})), desk.on_record()

    with pytest.raises(NotThere) as refused:
        (READING | WRITING)[method](At(access=access, things=things))

    # Nobody learns by asking that there is such a thing.
    assert "forbidden" not in str(refused.value)
    assert "allow" not in str(refused.value)
    assert desk.on_record() == before


def test_lists_leave_out_what_is_in_another_tenant(desk: Desk, things: Things) -> None:
    all_of_it, of_fabrikam = desk.access(role=Role.ADMIN), desk.access(tenants=frozenset({"fabrikam"}))

    def seen(access: Access) -> dict[str, int]:
        return {
            "findings": len(access.findings(FindingQuery()).items),
            "every finding": len(_drained(access, FindingQuery())),
            "plans": len(access.plans().items),
            "exemptions": len(access.exemptions()),
            "jobs": len(access.jobs().items),
            "examinations": len(access.examinations()),
            "tenants": len(access.overview().tenants) - 1,
            "operators": sum("contoso" in operator.name for operator in access.operators()),
        }

    assert all(number > 0 for number in seen(all_of_it).values()), seen(all_of_it)
    assert set(seen(of_fabrikam).values()) == {0}, seen(of_fabrikam)
    assert all(line.tenant == "fabrikam" for line in of_fabrikam.schedules())


@pytest.mark.parametrize("method", ["audit_chain", "channels", "deliveries"])
def test_what_tells_of_all_tenants_is_not_shown_to_who_is_limited(desk: Desk, things: Things, method: str) -> None:
    access = desk.access(tenants=frozenset({"contoso", "fabrikam"}))

    with pytest.raises(NotAllowed, match="limited to some tenants"):
        READING[method](At(access=access, things=things))


@pytest.mark.parametrize("method", EVERYWHERE)
def test_what_is_of_all_tenants_is_not_for_who_is_limited(desk: Desk, things: Things, method: str) -> None:
    access = desk.access(tenants=frozenset({"contoso", "fabrikam"}))

    with pytest.raises(NotAllowed, match="limited to some tenants"):
        WRITING[method](At(access=access, things=things))


@pytest.mark.parametrize("method", ["run_schedule", "pause_schedule", "resume_schedule"])
def test_a_schedule_in_all_tenants_is_not_for_who_is_limited(desk: Desk, method: str) -> None:
    access = desk.access(tenants=frozenset({"contoso"}))
    more = {"reason": "r"} if method == "pause_schedule" else {}

    with pytest.raises(NotAllowed, match="limited to some tenants"):
        getattr(access, method)("scan", **more)


@pytest.mark.parametrize("method", ["stop", "allow"])
def test_stopping_everywhere_is_not_for_who_is_limited(desk: Desk, method: str) -> None:
    access = desk.access(tenants=frozenset({"contoso"}))
    more = {"reason": "r"} if method == "stop" else {}

    with pytest.raises(NotAllowed, match="limited to some tenants"):
        getattr(access, method)(None, **more)


def test_who_is_for_no_tenant_finds_none(desk: Desk, things: Things) -> None:
    access = desk.access(tenants=frozenset())

    with pytest.raises(NotThere, match=r'no tenant "contoso"; there are: none'):
        access.scan_now("contoso")


def test_a_limited_administrator_makes_no_operator_with_more(desk: Desk) -> None:
    access = desk.access(tenants=frozenset({"contoso"}))
    lasts = timedelta(days=1)

    with pytest.raises(NotAllowedToDecide, match="limited to contoso"):
        access.add_operator("eve", Role.VIEWER, lasts=lasts)
    with pytest.raises(NotThere):
        access.add_operator("eve", Role.VIEWER, lasts=lasts, tenants=frozenset({"contoso", "fabrikam"}))
    added, _ = access.add_operator("eve", Role.ADMIN, lasts=lasts, tenants=frozenset({"contoso"}))

    assert added.tenants == {"contoso"}


def test_an_administrator_with_few_scopes_makes_no_operator_with_more(desk: Desk) -> None:
    few = frozenset(desk.somebody("whole").scopes) - {"decide"}
    access = desk.access(scopes=few)

    with pytest.raises(NotAllowedToDecide, match="not for decide"):
        access.add_operator("eve", Role.HELPDESK, lasts=DAY)
    added, _ = access.add_operator("mallory", Role.VIEWER, lasts=DAY)

    assert added.role is Role.VIEWER


def test_a_limited_administrator_revokes_nobody_with_more(desk: Desk) -> None:
    desk.somebody("boss")
    access = desk.access(tenants=frozenset({"contoso"}))

    with pytest.raises(NotThere, match="boss"):
        access.revoke_operator("boss")
