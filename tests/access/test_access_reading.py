"""What operators see through ``Access``: the moment they look at it, and only of their tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from posture.bootstrap.access import Access
from posture.domain.action import ActionId
from posture.domain.audit import AuditKind
from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState, Resolution, fingerprint
from posture.domain.finding_pages import FindingQuery, FindingSort
from posture.domain.finding_view import Standing
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, SkipKind, SkipReason
from posture.domain.numbers import Mark, Numbers
from posture.domain.operator import Role
from posture.domain.page import Page
from posture.domain.plan import PlanState
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity
from posture.errors import NotThere, UsageError
from tests.access.desk import DAY, NOON, TENANT_IDS, Desk
from tests.domain.builders import a_check_result, a_finding, a_resource, a_run, a_table_outcome, an_exemption
from tests.domain.plans import a_rule, a_target

INACTIVE, GAPS, RISKY = CheckId("inactive-users"), CheckId("mfa-gaps"), CheckId("risky-users")


def keep(desk: Desk, *findings: Finding, tenant: str = "contoso") -> list[Finding]:
    """Record findings in a tenant and return them as they are there."""
    tenant_id = TENANT_IDS[tenant]
    there = [replace(finding, tenant_id=tenant_id, fingerprint=_print_of(finding, tenant_id)) for finding in findings]
    with desk.store.open_unit(tenant_id) as unit:
        unit.findings.save(there)
    return there


def _print_of(finding: Finding, tenant_id: str) -> str:
    resource_id, identity = finding.resource.id, finding.identity
    return fingerprint(check=finding.check, tenant_id=tenant_id, resource_id=resource_id, identity=identity)


def some(*ids: str, **changes: Any) -> list[Finding]:
    return [a_finding(resource=a_resource(id=id, name=f"Name of {id}"), **changes) for id in ids]


def judged(check: CheckId, *, failed: int = 0, unknown: int = 0) -> CheckResult:
    counts = Counts(passed=1, failed=failed, unknown=unknown, not_applicable=0, exempted=0)
    return a_check_result(check=check, counts=counts)


def skipped(check: CheckId) -> CheckResult:
    reason = SkipReason(kind=SkipKind.LICENCE_MISSING, detail="needs P2")
    return a_check_result(check=check, outcome=CheckOutcome.SKIPPED, skipped=reason, counts=None)


def end_run(desk: Desk, id: str, at: datetime, *checks: CheckResult, tenant: str = "contoso") -> None:
    run = a_run(
        id=id,
        tenant_id=TENANT_IDS[tenant],
        tenant_name=tenant,
        taken_at=at,
        finished_at=at + timedelta(minutes=1),
        state=RunState.COMPLETE,
    )
    summary = RunSummary(run=run, tenant_display_name="Contoso", tables=(a_table_outcome(),), checks=checks)
    with desk.store.open_unit(run.tenant_id) as unit:
        unit.save_summary(summary)


def accept(desk: Desk, resource_id: str, *, check: CheckId | None = INACTIVE, **changes: Any) -> int:
    exemption = an_exemption(resource_id=resource_id, check=check, **({"ends_at": NOON + DAY} | changes))
    return desk.store.add_exemption(exemption, at=NOON, by="ada").number


def shown(access: Access, **query: Any) -> list[tuple[str, Standing]]:
    return [(view.finding.resource.id, view.standing) for view in access.findings(FindingQuery(**query)).items]


# Findings


def test_a_finding_is_exempted_up_to_the_moment_its_exemption_ends(desk: Desk) -> None:
    keep(desk, *some("a", "b"))
    accept(desk, "A")
    access, by_name = desk.access(), {"sort": FindingSort.RESOURCE, "descending": False}

    desk.clock.at = NOON + DAY - timedelta(microseconds=1)
    before = shown(access, **by_name)
    only_open = shown(access, standings=(Standing.OPEN,))
    only_exempted = shown(access, standings=(Standing.EXEMPTED,))
    desk.clock.at = NOON + DAY
    after = shown(access, standings=(Standing.OPEN,), **by_name)

    assert before == [("a", Standing.EXEMPTED), ("b", Standing.OPEN)]
    assert (only_open, only_exempted) == ([("b", Standing.OPEN)], [("a", Standing.EXEMPTED)])
    assert after == [("a", Standing.OPEN), ("b", Standing.OPEN)]


def test_an_exemption_of_one_tenant_or_check_exempts_nothing_elsewhere(desk: Desk) -> None:
    keep(desk, *some("a", check=INACTIVE), *some("a", check=GAPS))
    keep(desk, *some("a", check=GAPS), tenant="fabrikam")
    accept(desk, "a", check=GAPS)

    exempted = desk.access().findings(FindingQuery(standings=(Standing.EXEMPTED,))).items

    assert [(view.finding.check, view.finding.tenant_id) for view in exempted] == [(GAPS, TENANT_IDS["contoso"])]


def test_the_file_of_exemptions_counts_and_is_read_again_when_it_changes(desk: Desk) -> None:
    keep(desk, *some("a", "b"))
    file = desk.application.settings.path.parent / "exemptions.yaml"
    entry = (
        "- {{tenant: contoso, check: inactive-users, resource: {id}, owner: ada, reason: agreed, until: 2026-12-31}}"
    )
    access = desk.access()

    file.write_text("exemptions:\n" + entry.format(id="a"), encoding="utf-8")
    first = shown(access, standings=(Standing.EXEMPTED,))
    file.write_text("exemptions:\n" + entry.format(id="bb"), encoding="utf-8")
    second = shown(access, standings=(Standing.EXEMPTED,))
    file.unlink()

    assert first == [("a", Standing.EXEMPTED)]
    assert second == shown(access, standings=(Standing.EXEMPTED,)) == []


def test_tags_and_frameworks_are_those_of_the_checks(desk: Desk) -> None:
    keep(desk, *some("a", check=INACTIVE), *some("b", check=RISKY), *some("c", check=CheckId("left-the-catalog")))
    access = desk.access()

    assert shown(access, tags=("hygiene",)) == [("a", Standing.OPEN)]
    assert {id for id, _ in shown(access, tags=("risk", "hygiene"))} == {"a", "b"}
    assert shown(access, tags=("user",), frameworks=("cisco_identity_intelligence",), checks=(INACTIVE,)) == [
        ("a", Standing.OPEN)
    ]
    assert shown(access, tags=("user",), checks=(CheckId("left-the-catalog"),)) == []
    assert shown(access, checks=(CheckId("left-the-catalog"),)) == [("c", Standing.OPEN)]


def test_a_list_names_tenants_and_leaves_out_those_of_others(desk: Desk) -> None:
    keep(desk, *some("a"))
    keep(desk, *some("b"), tenant="fabrikam")
    mine = desk.access(tenants=frozenset({"contoso"}))

    assert shown(mine) == [("a", Standing.OPEN)]
    assert shown(mine, tenants=("fabrikam",)) == []
    assert shown(desk.access(), tenants=("fabrikam",)) == [("b", Standing.OPEN)]
    with mine.every_finding(FindingQuery(tenants=("contoso", "fabrikam"))) as every:
        assert [view.finding.resource.id for view in every] == ["a"]


def test_pages_are_counted_and_lead_on_and_back(desk: Desk) -> None:
    keep(desk, *some("a", "b", "c"))
    access = desk.access()

    first = access.findings(FindingQuery(limit=2))
    second = access.findings(FindingQuery(limit=2, cursor=first.next_cursor))
    back = access.findings(FindingQuery(limit=2, cursor=second.previous_cursor))

    assert (first.total, first.total_is_more, len(second.items)) == (3, False, 1)
    assert back.items == first.items
    with pytest.raises(UsageError, match="begin at the first page"):
        access.findings(FindingQuery(cursor=first.next_cursor, sort=FindingSort.CHECK))


def test_every_finding_is_given_although_more_come_meanwhile(desk: Desk) -> None:
    keep(desk, *some(*(f"{number:04d}" for number in range(1001))))

    with desk.access().every_finding(FindingQuery(sort=FindingSort.RESOURCE, descending=False, limit=7)) as every:
        first = next(every)
        keep(desk, *some("0000a", "new"))
        rest = list(every)

    assert first.finding.resource.id == "0000"
    assert [view.finding.resource.id for view in rest] == [f"{number:04d}" for number in range(1, 1001)]


def test_a_finding_comes_with_its_history_plans_and_exemptions(desk: Desk) -> None:
    (finding,) = keep(desk, *some("a"))
    keep(desk, replace(finding, state=FindingState.RESOLVED, resolution=Resolution.PASSED, judged_at=NOON))
    target = a_target(fingerprint=finding.fingerprint, check=finding.check, resource=finding.resource)
    desk.plan("contoso", "p1", targets=(target,))
    accept(desk, "A", ends_at=NOON - DAY)
    accept(desk, "b")

    detail = desk.access().finding(finding.fingerprint)

    assert (detail.tenant, detail.view.standing) == ("contoso", Standing.RESOLVED)
    assert [event.change.value for event in detail.history] == ["new", "resolved"]
    assert [plan.id for plan in detail.plans] == ["p1"]
    assert [exemption.resource_id for exemption in detail.exemptions] == ["A"]
    assert detail.check is not None
    assert detail.check.check.id == INACTIVE
    assert all(action.impossible_because == "the finding is resolved" for action in detail.fitting)


def test_a_finding_of_a_check_that_left_the_catalog_is_still_there(desk: Desk) -> None:
    (finding,) = keep(desk, *some("a", check=CheckId("left-the-catalog")))

    detail = desk.access().finding(finding.fingerprint)

    assert (detail.check, list(detail.fitting)) == (None, [])


@pytest.mark.parametrize("name", ["", "x", "%", "\x00", "a" * 5000])
def test_what_is_no_finding_is_not_there(desk: Desk, name: str) -> None:
    (finding,) = keep(desk, *some("a"), tenant="fabrikam")

    for wanted in (name, finding.fingerprint):
        with pytest.raises(NotThere):
            desk.access(tenants=frozenset({"contoso"})).finding(wanted)


def test_exemptions_say_how_many_findings_they_cover(desk: Desk) -> None:
    keep(desk, *some("a", check=INACTIVE), *some("a", check=GAPS))
    keep(desk, *some("a"), tenant="fabrikam")
    number = accept(desk, "a", check=None)
    ended = accept(desk, "a", check=GAPS, ends_at=NOON)
    theirs = accept(desk, "a", tenant="fabrikam")
    everywhere = accept(desk, "zz", tenant="*")

    lines = {line.number: line for line in desk.access(tenants=frozenset({"contoso"})).exemptions()}

    assert lines.keys() == {number, ended, everywhere}
    assert [(lines[one].findings, lines[one].is_in_force) for one in (number, ended, everywhere)] == [
        (2, True),
        (0, False),
        (0, True),
    ]
    assert theirs not in lines


# How tenants and checks stand


def test_the_overview_says_how_tenants_stand_now_and_stood_a_week_ago(desk: Desk) -> None:
    end_run(desk, "1", NOON - 8 * DAY, judged(INACTIVE), judged(GAPS, unknown=1), skipped(RISKY))
    keep(desk, *some("a", "b", severity=Severity.HIGH))
    end_run(desk, "2", NOON - DAY, judged(INACTIVE, failed=2), judged(GAPS))
    keep(desk, *some("z", severity=Severity.CRITICAL), tenant="fabrikam")

    overview = desk.access().overview()

    contoso, fabrikam = overview.tenants
    assert contoso.before == Numbers(passed=1, failed=0, unknown=1, not_judged=1)
    assert contoso.numbers == Numbers(passed=1, failed=1, unknown=0, not_judged=1)
    assert [point.at for point in contoso.trend] == [NOON - 8 * DAY, NOON - DAY]
    assert contoso.latest_run is not None
    assert contoso.latest_run.id == "2"
    assert (fabrikam.numbers, fabrikam.before, fabrikam.trend, fabrikam.latest_run) == (None, None, (), None)
    assert dict(contoso.open_by_severity)[Severity.HIGH] == 2
    assert list(overview.open_by_severity.items())[:2] == [(Severity.CRITICAL, 1), (Severity.HIGH, 2)]


def test_an_exemption_shows_in_the_numbers_at_once(desk: Desk) -> None:
    keep(desk, *some("a"))
    end_run(desk, "1", NOON - DAY, judged(INACTIVE, failed=1))
    access = desk.access()
    before = access.overview("contoso")

    accept(desk, "a")
    after = access.overview("contoso")

    assert before.tenants[0].numbers == Numbers(passed=0, failed=1, unknown=0, not_judged=0)
    assert after.tenants[0].numbers == Numbers(passed=1, failed=0, unknown=0, not_judged=0)
    assert sum(after.open_by_severity.values()) == 0


def test_worse_is_what_failed_less_a_week_ago_and_was_judged_then(desk: Desk) -> None:
    end_run(desk, "1", NOON - 8 * DAY, judged(INACTIVE), judged(RISKY))
    end_run(desk, "2", NOON - DAY, judged(INACTIVE, failed=3), judged(RISKY, failed=1), judged(GAPS, failed=1))
    recent = {"first_failed_at": NOON - DAY, "judged_at": NOON - DAY}
    keep(desk, *some("a", "b", "c", **recent), *some("d", check=GAPS, **recent))
    keep(desk, *some("e", check=RISKY, severity=Severity.CRITICAL, **recent))
    accept(desk, "a")

    worse = desk.access().overview().worse

    # Of the three one is exempted; the check that was judged for the first time found what was there before.
    assert [(one.tenant, one.check, one.severity, one.opened) for one in worse] == [
        ("contoso", RISKY, Severity.CRITICAL, 1),
        ("contoso", INACTIVE, Severity.MEDIUM, 2),
    ]
    assert worse[1].title == desk.application.titles[INACTIVE]


def test_plans_wait_for_those_who_may_decide_on_them(desk: Desk) -> None:
    desk.plan("contoso", "mine", proposed_by="ada")
    desk.plan("contoso", "hers", proposed_by="grace")
    desk.plan("contoso", "for-admins", rule=a_rule(role=Role.ADMIN))
    desk.plan("contoso", "late", expires_at=NOON)
    desk.plan("contoso", "approved", state=PlanState.APPROVED)
    desk.plan("fabrikam", "elsewhere")

    def waiting(access: Access) -> set[str]:
        return {plan.id for plan in access.overview().waiting_plans}

    assert waiting(desk.access("ada", role=Role.HELPDESK, tenants=frozenset({"contoso"}))) == {"hers"}
    assert waiting(desk.access("grace")) == {"mine", "for-admins", "elsewhere"}
    assert waiting(desk.access("vic", role=Role.VIEWER)) == set()


def test_stops_of_other_tenants_are_not_told(desk: Desk) -> None:
    admin = desk.access()
    admin.stop("fabrikam", reason="a drill")

    assert desk.access(tenants=frozenset({"contoso"})).overview().stops == ()
    assert [stop.reason for stop in admin.overview().stops] == ["a drill"]
    assert admin.overview("contoso").stops == ()


def test_a_check_says_how_it_stands_in_each_tenant_and_what_it_needs(desk: Desk) -> None:
    keep(desk, *some("a", severity=Severity.HIGH))
    end_run(desk, "1", NOON - DAY, judged(INACTIVE, failed=1), skipped(RISKY))
    end_run(desk, "2", NOON - DAY, judged(INACTIVE), tenant="fabrikam")

    detail = desk.access().check(INACTIVE)
    lines = {line.check.id: line for line in desk.access(tenants=frozenset({"contoso"})).checks()}

    assert {name: one.mark for name, one in detail.line.by_tenant.items()} == {
        "contoso": Mark.FAILED,
        "fabrikam": Mark.PASSED,
    }
    assert detail.line.by_tenant["contoso"].severity is Severity.HIGH
    assert detail.line.permissions
    assert detail.parameters["contoso"] == detail.loaded.defaults
    assert lines.keys() == desk.application.catalog.ids
    assert lines[RISKY].by_tenant["contoso"].mark is Mark.NOT_JUDGED
    assert lines[RISKY].licences == ("Entra ID P2",)
    assert lines[INACTIVE].by_tenant.keys() == {"contoso"}
    assert lines[GAPS].by_tenant == {}


def test_frameworks_count_controls_in_the_tenants_of_the_operator(desk: Desk) -> None:
    end_run(desk, "1", NOON - DAY, judged(INACTIVE))
    access = desk.access(tenants=frozenset({"contoso"}))

    framework = access.framework("cisco_identity_intelligence")

    assert framework.line in access.frameworks()
    inactive = next(control for control in framework.controls if control.control == "Inactive Users")
    assert inactive.by_tenant == {"contoso": Mark.PASSED}
    assert framework.line.by_tenant["contoso"].passed >= 1
    for name in ("no-such", "", "../etc"):
        with pytest.raises(NotThere):
            access.framework(name)


def test_tenants_are_named_as_the_directory_calls_itself_once_it_was_read(desk: Desk) -> None:
    end_run(desk, "1", NOON - DAY)

    assert [(line.name, line.display_name) for line in desk.access().tenants()] == [
        ("contoso", "Contoso"),
        ("fabrikam", None),
    ]
    for tenant in ("nobody", "fabrikam"):
        with pytest.raises(NotThere):
            desk.access(tenants=frozenset({"contoso"})).overview(tenant)


# Plans


def test_a_plan_shows_each_target_with_its_finding_and_the_requests_that_will_be_sent(desk: Desk) -> None:
    (finding,) = keep(desk, *some("a/b"))
    version = desk.application.catalog.action("revoke-sessions").action.version
    target = a_target(resource=finding.resource, check=finding.check, fingerprint=finding.fingerprint)
    desk.plan("contoso", "p1", targets=(target, a_target(2)), action_version=version)

    detail = desk.access("grace").plan("p1")

    first, second = detail.targets
    assert first.finding is not None
    assert first.finding.finding == finding
    assert [(one.method, one.path, one.is_for_each) for one in first.requests] == [
        ("POST", "/users/a%2Fb/revokeSignInSessions", False)
    ]
    assert second.finding is None
    assert (detail.is_changed, detail.closed, detail.not_approve, detail.not_reject) == (False, None, None, None)
    assert "only an approved plan" in str(detail.not_execute)
    assert "cannot be undone" in str(detail.not_undo)


def test_a_plan_of_another_version_of_its_action_does_not_show_what_was_not_proposed(desk: Desk) -> None:
    desk.plan("contoso", "p1", action_version="another")

    detail = desk.access("grace").plan("p1")

    assert detail.is_changed
    assert [target.requests for target in detail.targets] == [(), ()]


def test_a_plan_whose_action_left_the_catalog_is_shown_and_cannot_be_approved(desk: Desk) -> None:
    desk.plan("contoso", "p1", action=ActionId("gone"))

    detail = desk.access("grace").plan("p1")

    assert detail.loaded is None
    assert "no longer in the catalog" in str(detail.not_approve)
    assert detail.not_reject is None


def test_a_plan_says_why_this_person_may_not_decide(desk: Desk) -> None:
    desk.plan("contoso", "p1", proposed_by="ada", rule=a_rule(role=Role.ADMIN))

    assert "somebody else must approve" in str(desk.access("ada").plan("p1").not_approve)
    assert "needs the role admin" in str(desk.access("hal", role=Role.HELPDESK).plan("p1").not_reject)
    assert "needs the role helpdesk" in str(desk.access("vic", role=Role.VIEWER).plan("p1").not_approve)


def test_stopped_actions_may_be_approved_and_not_executed(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    desk.plan("contoso", "p2")
    desk.examined("contoso")
    desk.access("bob").approve("p1", digest=plan.digest, note="agreed")
    desk.access("admin").stop("contoso", reason="a drill")

    assert "a drill" in str(desk.access("grace").plan("p1").not_execute)
    assert desk.access("hopper").plan("p2").not_approve is None


def test_plans_are_listed_by_state_and_tenant(desk: Desk) -> None:
    desk.plan("contoso", "p1")
    desk.plan("contoso", "p2", state=PlanState.DONE)
    desk.plan("fabrikam", "p3")
    access = desk.access()

    assert [plan.id for plan in access.plans().items] == ["p3", "p2", "p1"]
    assert [plan.id for plan in access.plans(states=[PlanState.PROPOSED], tenant="contoso").items] == ["p1"]
    assert [plan.id for plan in desk.access(tenants=frozenset({"fabrikam"})).plans().items] == ["p3"]


# Runs, the audit, jobs, channels


def test_a_run_is_shown_with_the_one_before_it(desk: Desk) -> None:
    end_run(desk, "1", NOON - 2 * DAY, judged(INACTIVE))
    end_run(desk, "2", NOON - DAY, judged(INACTIVE, failed=1))
    access = desk.access(tenants=frozenset({"contoso"}))

    first, second = access.run("1"), access.run("2")

    assert first.before is None
    assert second.before is not None
    assert second.before.run.id == "1"
    assert (second.line.requests, second.line.rows) == (3, 2000)
    assert second.summary.checks == (judged(INACTIVE, failed=1),)
    with pytest.raises(NotThere):
        desk.access(tenants=frozenset({"fabrikam"})).run("1")


def walked(pages: Any) -> list[Page[Any]]:
    """Turn every page, on to the last."""
    found = [pages(None)]
    while found[-1].next_cursor is not None:
        found.append(pages(found[-1].next_cursor))
    return found


def test_the_audit_is_read_from_its_end_by_kind_tenant_and_plan(desk: Desk) -> None:
    admin = desk.access("admin")
    for tenant in ("contoso", "fabrikam"):
        admin.stop(tenant, reason="a drill")
        admin.allow(tenant)
    admin.stop(None, reason="all")

    def numbers(pages: Sequence[Page[Any]]) -> list[int]:
        return [link.number for page in pages for link in page.items]

    every = numbers(walked(lambda cursor: admin.audit(cursor=cursor, limit=2)))
    stopped = admin.audit(kind=AuditKind.ACTIONS_STOPPED).items
    mine = desk.access("hal", tenants=frozenset({"contoso"})).audit().items

    assert every == sorted(every, reverse=True)
    assert len(every) == len(set(every)) >= 5
    assert [link.event.tenant_id for link in stopped] == [None, TENANT_IDS["fabrikam"], TENANT_IDS["contoso"]]
    assert {link.event.tenant_id for link in mine} == {TENANT_IDS["contoso"]}
    assert admin.audit(plan="none").items == ()
    assert [link.event.tenant_id for link in admin.audit(tenant="fabrikam", limit=1).items] == [
        TENANT_IDS["fabrikam"]
    ]


def test_the_chain_of_the_audit_is_checked(desk: Desk) -> None:
    admin = desk.access("admin")
    assert admin.audit_chain().broken is None

    admin.stop("contoso", reason="a drill")
    chain = admin.audit_chain()

    assert chain.events == len(admin.audit().items)
    assert (chain.hash, chain.broken) == (admin.audit().items[0].hash, None)


def test_jobs_of_no_tenant_are_there_for_those_who_are_for_all(desk: Desk) -> None:
    channel = desk.access("admin").test_channel("siem")
    scan = desk.access("ada").scan_now("contoso")
    mine = desk.access("hal", tenants=frozenset({"contoso"}))

    assert [job.id for job in mine.jobs().items] == [scan.id]
    assert [job.id for job in desk.access("all").jobs().items] == [scan.id, channel.id]
    with pytest.raises(NotThere):
        mine.job(channel.id)


def test_channels_are_listed_without_a_look_at_their_secrets(desk: Desk) -> None:
    (channel,) = desk.access().channels()

    assert (channel.name, channel.kind, channel.closed, channel.waiting) == ("siem", "webhook", None, 0)
    assert desk.access().deliveries().items == ()


def test_schedules_are_those_of_the_tenants(desk: Desk) -> None:
    mine = desk.access(tenants=frozenset({"contoso"})).schedules()

    assert {line.tenant for line in mine} == {"contoso"}
    assert {line.tenant for line in desk.access().schedules()} == {"contoso", "fabrikam", None}


def test_the_latest_examination_of_each_tenant_is_shown(desk: Desk) -> None:
    desk.examined("contoso", at=NOON - DAY)
    desk.examined("contoso", at=NOON)
    desk.examined("fabrikam", at=NOON)

    found = desk.access(tenants=frozenset({"contoso"})).examinations()

    assert [(one.tenant_id, one.at) for one in found] == [(TENANT_IDS["contoso"], NOON)]


def test_what_no_database_can_hold_is_not_there(desk: Desk) -> None:
    access = desk.access()

    for asked in (access.finding, access.run, access.job, access.plan):
        for id in ("a\x00", "\ud800"):
            with pytest.raises(NotThere):
                asked(id)
    assert shown(access, checks=(CheckId("\x00"),)) == shown(access, text="\x00\ud800") == []
    assert access.audit(plan="\x00").items == ()
