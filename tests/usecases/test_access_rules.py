"""Who may do what, as one table: role, scope, and whether limits to tenants rule it out."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.bootstrap.access import Access
from posture.domain.operator import Operator, Role, Scope, is_within, scopes_of
from posture.domain.severity import Severity
from posture.errors import NotAllowed
from posture.usecases.access import RIGHTS, may_exempt, require_may_exempt, require_right
from tests.domain.plans import MONDAY, an_operator

# method, the roles that may (viewer, helpdesk, admin), the scope of the token, and for whom: those who are limited to
# some tenants as well, or only those who are not.
TABLE: Final = """
    tenants            vha  read        limited
    overview           vha  read        limited
    findings           vha  read        limited
    every_finding      vha  read        limited
    finding            vha  read        limited
    checks             vha  read        limited
    check              vha  read        limited
    frameworks         vha  read        limited
    framework          vha  read        limited
    plans              vha  read        limited
    plan               vha  read        limited
    waiting_plans      vha  read        limited
    stops              vha  read        limited
    exemptions         vha  read        limited
    runs               vha  read        limited
    run                vha  read        limited
    audit              vha  read        limited
    audit_chain        vha  read        unlimited
    schedules          vha  read        limited
    jobs               vha  read        limited
    job                vha  read        limited
    stalled_queues     vha  read        limited
    channels           vha  read        unlimited
    deliveries         vha  read        unlimited
    examinations       vha  read        limited
    operators          --a  administer  limited
    propose            -ha  propose     limited
    propose_undo       -ha  propose     limited
    approve            -ha  decide      limited
    reject             -ha  decide      limited
    execute            -ha  execute     limited
    exempt             -ha  propose     limited
    end_exemption      -ha  propose     limited
    scan_now           -ha  execute     limited
    examine_now        -ha  execute     limited
    stop               -ha  propose     limited
    allow              --a  administer  limited
    run_schedule       --a  administer  limited
    pause_schedule     --a  administer  limited
    resume_schedule    --a  administer  limited
    cancel_job         --a  administer  limited
    test_channel       --a  administer  unlimited
    retry_deliveries   --a  administer  unlimited
    add_operator       --a  administer  limited
    revoke_operator    --a  administer  limited
    readmit_operator   --a  administer  limited
"""
LINES: Final = [line.split() for line in TABLE.strip().splitlines()]
LETTERS: Final = {"v": Role.VIEWER, "h": Role.HELPDESK, "a": Role.ADMIN}
ASKING_NOTHING: Final = {"me", "may"}


def has(operator: Operator, method: str) -> bool:
    try:
        require_right(operator, RIGHTS[method], now=MONDAY)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(("method", "roles", "scope", "whose"), LINES, ids=[line[0] for line in LINES])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("tenants", [None, frozenset({"contoso"}), frozenset()], ids=["all", "one", "none"])
def test_the_table_holds_for_every_role_scope_and_limit(
    method: str, roles: str, scope: str, whose: str, role: Role, tenants: frozenset[str] | None
) -> None:
    is_right_role = role in {LETTERS[letter] for letter in roles if letter != "-"}
    is_right_tenant = tenants is None or whose == "limited"

    for only in Scope:
        operator = an_operator(role=role, scopes=frozenset({only}), tenants=tenants)
        assert has(operator, method) is (is_right_role and only == scope and is_right_tenant), only

    assert has(an_operator(role=role, tenants=tenants), method) is (is_right_role and is_right_tenant)
    assert not has(an_operator(role=role, tenants=tenants, scopes=frozenset()), method)


def test_the_table_has_a_line_for_everything_there_is() -> None:
    methods = {name for name, _ in inspect.getmembers(Access, inspect.isfunction) if not name.startswith("_")}

    assert {line[0] for line in LINES} == RIGHTS.keys()
    assert methods - ASKING_NOTHING <= RIGHTS.keys()


@pytest.mark.parametrize("ended", [{"expires_at": MONDAY}, {"revoked_at": MONDAY - timedelta(days=1)}])
def test_who_has_ended_may_nothing(ended: dict[str, Any]) -> None:
    assert not [method for method in RIGHTS if has(an_operator(**ended), method)]


def test_a_scope_that_the_role_does_not_have_gives_nothing() -> None:
    viewer = an_operator(role=Role.VIEWER, scopes=frozenset(Scope))

    assert {RIGHTS[method].scope for method in RIGHTS if has(viewer, method)} == {Scope.READ}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"revoked_at": MONDAY}, "grace is no operator any more"),
        ({"role": Role.HELPDESK}, "grace is helpdesk; testing a channel needs the role admin"),
        ({"scopes": frozenset({Scope.READ})}, "not for administer, which testing a channel needs"),
        ({"tenants": frozenset({"contoso"})}, "grace is limited to some tenants; testing a channel for all"),
    ],
)
def test_a_refusal_says_what_is_missing(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotAllowed, match=sentence):
        require_right(an_operator(**change), RIGHTS["test_channel"], now=MONDAY)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("severity", [*Severity, None])
def test_helpdesk_accepts_what_is_below_high_and_an_admin_everything(role: Role, severity: Severity | None) -> None:
    mild = severity in (Severity.INFO, Severity.LOW, Severity.MEDIUM)
    operator = an_operator(role=role)

    assert may_exempt(operator, severity) is (role is Role.ADMIN or mild)
    if role is not Role.ADMIN and not mild:
        with pytest.raises(NotAllowed, match="needs the role admin"):
            require_may_exempt(operator, severity)


TENANTS: Final = st.none() | st.frozensets(st.sampled_from(["contoso", "fabrikam", "tailspin"]))
SCOPES: Final = st.frozensets(st.sampled_from(Scope))


@given(role=st.sampled_from(Role), scopes=SCOPES, tenants=TENANTS, data=st.data())
def test_nobody_ever_gets_more_by_being_narrowed(
    role: Role, scopes: frozenset[Scope], tenants: frozenset[str] | None, data: st.DataObject
) -> None:
    before = an_operator(role=role, scopes=scopes, tenants=tenants)
    after = an_operator(
        role=data.draw(st.sampled_from([one for one in Role if role.covers(one)])),
        scopes=scopes & data.draw(SCOPES),
        tenants=data.draw(TENANTS.filter(lambda fewer: is_within(fewer, tenants))),
    )

    assert {method for method in RIGHTS if has(after, method)} <= {method for method in RIGHTS if has(before, method)}
    for tenant in ("contoso", "fabrikam", "tailspin", "unheard-of"):
        assert before.sees(tenant) or not after.sees(tenant)
    for severity in (*Severity, None):
        assert may_exempt(before, severity) or not may_exempt(after, severity)
    assert before.administers_everything or not after.administers_everything


@given(role=st.sampled_from(Role), scopes=SCOPES)
def test_no_token_may_more_than_its_role(role: Role, scopes: frozenset[Scope]) -> None:
    narrowed, whole = an_operator(role=role, scopes=scopes), an_operator(role=role)

    assert {scope for scope in Scope if narrowed.may(scope)} <= scopes_of(role)
    assert {method for method in RIGHTS if has(narrowed, method)} <= {
        method for method in RIGHTS if has(whole, method)
    }


@given(role=st.sampled_from(Role))
def test_each_role_may_what_those_before_it_may(role: Role) -> None:
    for lower in Role:
        if role.covers(lower):
            assert scopes_of(lower) <= scopes_of(role)
