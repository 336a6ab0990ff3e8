"""``posture actions`` and ``posture plans`` against a made-up tenant: from a proposal to the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from posture.bootstrap import Application, load_application
from posture.domain.operator import Operator, Role
from posture.domain.plan import Plan
from posture.errors import ActionRefused, NotAllowedToDecide, UsageError
from posture.report.plan_schema import plan_schema
from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.registrations import (
    REMEDIATOR_CLIENT_ID,
    REMEDIATOR_SECRET,
    demo_registration,
    remediator_registration,
)
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import Tenant
from tests.cli.conftest import Said, run, write_settings
from tests.cli.terminal_session import TerminalSession

ACTIONS = Path(__file__).parent / "actions"
HOSTILE = "eve\x1b[2J\u202enod"


@dataclass(frozen=True, kw_only=True)
class Office:
    """A tenant that may be changed, and two people who may change it: ada proposes, bob approves.

    ``application`` does what is not the command under test: it has loaded every definition already.
    """

    settings: Path
    tenant: Tenant
    application: Application
    ada: str
    bob: str
    members: tuple[str, ...]

    def run(self, *arguments: str, token: str | None = None) -> Said:
        return run(*arguments, "--config", self.settings, POSTURE_TOKEN=token or "")

    def propose(self, action: str, *targets: str) -> Plan:
        acting = self.application.acting
        return acting.propose(
            acting.login(self.ada),
            action=action,
            tenant=self.application.tenant_named(None),
            findings=(),
            check=None,
            targets=targets,
            parameters={},
            reason="drill",
        )

    def approved(self, action: str, *targets: str) -> Plan:
        acting, plan = self.application.acting, self.propose(action, *targets)
        return acting.approve(acting.login(self.bob), plan, digest=plan.digest, note="seen")

    def approve(self, plan: Plan, *, digest: str | None = None, token: str | None = None) -> Said:
        decision = ("plans", "approve", plan.id, "--digest", digest or plan.digest, "--note", "seen")
        return self.run(*decision, "--format", "json", token=token or self.bob)

    def execute(self, plan: Plan, *options: str) -> Said:
        return self.run("plans", "execute", plan.id, *options, token=self.ada)

    def may_sign_in(self, id: str) -> bool:
        enabled: bool = next(user for user in self.tenant.collections["users"] if user["id"] == id)["accountEnabled"]
        return enabled


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    tenant = demo_tenant(users=40, seed=1, now=datetime.now(UTC))
    tenant.registrations += [demo_registration(), remediator_registration()]
    # Others hold roles, and Graph protects those.
    plain = [
        user
        for user in tenant.collections["users"]
        if user["userPrincipalName"].startswith("member.") and user["userType"] == "Member" and user["accountEnabled"]
    ]
    plain[-1]["userPrincipalName"] = HOSTILE
    methods = tenant.singletons["policies/authenticationMethodsPolicy"]["authenticationMethodConfigurations"]
    next(method for method in methods if method["id"] == "TemporaryAccessPass")["state"] = "enabled"
    directory = tmp_path_factory.mktemp("office")
    with SimulatorServer(tenants=[tenant], directory=directory, throttling=False) as server:
        settings = write_settings(directory, server)
        remediator = f'remediator: {{client_id: {REMEDIATOR_CLIENT_ID}, client_secret: "{REMEDIATOR_SECRET}"}}'
        text = settings.read_text(encoding="utf-8")
        settings.write_text(f"actions: {{directories: [{ACTIONS}]}}\n{text}    {remediator}\n", encoding="utf-8")
        assert run("scan", "--config", settings).error is None
        application = load_application(settings)
        ada, token = _added(application, "ada", by=None)
        _, other = _added(application, "bob", by=ada)
        yield Office(
            settings=settings,
            tenant=tenant,
            application=application,
            ada=token,
            bob=other,
            members=tuple(user["id"] for user in plain),
        )


def _added(application: Application, name: str, *, by: Operator | None) -> tuple[Operator, str]:
    return application.acting.add_operator(name, Role.ADMIN, account=None, lasts=timedelta(days=1), by=by)


def test_a_proposal_says_what_would_be_done_and_what_to_type_next(office: Office) -> None:
    said = office.run(
        *("actions", "propose", "block-user", "--target", office.members[0], "--reason", "left the company"),
        token=office.ada,
    )

    assert said.code == 0, said.error
    assert office.members[0] in said.out
    assert "left the company" in said.out
    assert "the yes of 1 person" in said.out
    id = said.out.split("Plan ")[1][:8]
    assert f'Next: posture plans approve {id} --note "…" --config' in said.out
    assert id in office.run("plans", "list", "--state", "proposed").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("block-user", "--reason", "x"), "name what to act on"),
        (("block-user", "--target", "u1"), "--reason is missing"),
        (("block-usr", "--target", "u1", "--reason", "x"), 'Did you mean "block-user"?'),
        (("block-user", "--target", "u1", "--reason", "x", "--param", "a"), "is no name=value"),
        (("block-user", "--target", "u1", "--reason", "x", "--param", "a=1", "--param", "a=2"), "given twice"),
    ],
)
def test_a_proposal_without_sense_is_refused(office: Office, arguments: tuple[str, ...], sentence: str) -> None:
    said = office.run("actions", "propose", *arguments, token=office.ada)

    assert isinstance(said.error, UsageError)
    assert sentence in str(said.error)


def test_every_document_of_a_plan_fits_the_published_schema(office: Office) -> None:
    arguments = ("block-user", "--target", office.members[1], "--reason", "drill", "--format", "json")
    proposed = office.run("actions", "propose", *arguments, token=office.ada).json()
    plan = office.application.acting.plan(proposed["id"])
    approved = office.approve(plan).json()
    done = office.execute(plan, "--format", "json").json()
    shown = office.run("plans", "show", plan.id[:8], "--format", "json").json()

    for document in (proposed, approved, done, shown):
        jsonschema.validate(document, plan_schema())
    assert [document["state"] for document in (proposed, approved, done)] == ["proposed", "approved", "done"]
    assert [request["method"] for request in shown["journal"]] == ["PATCH"]
    assert not office.may_sign_in(office.members[1])


def test_a_dry_run_shows_every_request_and_sends_none(office: Office) -> None:
    plan = office.propose("block-user", office.members[2])

    said = office.run("plans", "dry-run", plan.id)
    document = office.run("plans", "dry-run", plan.id, "--format", "json").json()

    assert said.code == 0
    assert f"users/{office.members[2]}" in said.out
    assert '{"accountEnabled": false}' in said.out
    (target,) = document["targets"]
    assert (target["refused"], target["requests"][0]["method"]) == (None, "PATCH")
    assert office.may_sign_in(office.members[2])


def test_a_dry_run_says_why_a_target_would_be_refused(office: Office) -> None:
    guest = next(user["id"] for user in office.tenant.collections["users"] if user["userType"] == "Guest")

    said = office.run("plans", "dry-run", office.propose("block-user", guest).id)

    assert said.code == 1
    assert "would be refused: members-only: the user is no member" in said.out


def test_without_a_terminal_an_approval_names_digest_and_note(office: Office) -> None:
    plan = office.propose("block-user", office.members[3])

    blind = office.run("plans", "approve", plan.id, "--note", "seen", token=office.bob)
    other = office.approve(plan, digest="0" * 64)
    silent = office.run("plans", "approve", plan.id, "--digest", plan.digest, token=office.bob)

    assert isinstance(blind.error, UsageError)
    assert "--digest" in str(blind.error)
    assert isinstance(other.error, NotAllowedToDecide)
    assert isinstance(silent.error, UsageError)
    assert "--note" in str(silent.error)


def test_what_is_not_approved_by_others_is_not_executed(office: Office) -> None:
    plan = office.propose("block-user", office.members[12])

    assert isinstance(office.approve(plan, token=office.ada).error, NotAllowedToDecide)
    assert isinstance(office.execute(plan).error, NotAllowedToDecide)
    assert office.may_sign_in(office.members[12])


def test_a_rejected_plan_stays_rejected(office: Office) -> None:
    plan = office.propose("block-user", office.members[13])

    said = office.run("plans", "reject", plan.id, "--note", "still works here", token=office.bob)

    assert (said.code, "is rejected" in said.out) == (0, True)
    assert isinstance(office.approve(plan).error, NotAllowedToDecide)
    assert "still works here" in office.run("plans", "show", plan.id).out


def test_progress_goes_line_by_line_to_standard_error(office: Office) -> None:
    plan = office.approved("block-user", *office.members[4:6])

    said = office.execute(plan)

    assert said.code == 0
    assert f"contoso: plan {plan.id[:8]}, block-user, 2 targets" in said.err
    assert f"1/2 {plan.targets[0].resource.name} ({office.members[4]}): done" in said.err
    assert f"To take it back: posture plans undo {plan.id[:8]}" in said.out


def test_what_was_done_is_taken_back_by_a_plan_of_its_own(office: Office) -> None:
    done = office.approved("block-user", office.members[6])
    assert office.execute(done).code == 0

    proposed = office.run("actions", "undo", done.id, "--reason", "came back", token=office.ada)
    undo = office.application.acting.plan(proposed.out.split("Plan ")[1][:8])
    assert office.approve(undo).code == 0
    assert office.execute(undo).code == 0

    assert undo.undoes == done.id
    assert "what block-user did is taken back by PATCH /users/{resource_id}" in proposed.out
    assert "undo block-user" in office.run("plans", "list").out
    assert office.may_sign_in(office.members[6])


def test_a_code_is_shown_once_where_it_is_executed_and_nowhere_else(office: Office) -> None:
    plans = [office.approved("hand-out-code", member) for member in office.members[7:9]]

    table = office.execute(plans[0])
    (revealed,) = office.execute(plans[1], "--format", "json").json()["revealed"]

    block = table.out.split("Shown once, kept nowhere\n")[1].splitlines()
    assert block[0].endswith("temporaryAccessPass:")
    codes = (block[1].strip(), revealed["value"])
    assert all(len(code) >= 8 for code in codes)
    rest = table.err + office.run("audit", "export").out
    rest += "".join(office.run("plans", "show", plan.id, "--format", "json").out for plan in plans)
    assert not [code for code in codes if code in rest]


def test_the_exit_code_tells_whether_all_or_some_targets_are_refused(office: Office) -> None:
    alone = office.approved("block-user", office.members[9])
    among_others = office.approved("block-user", *office.members[9:11])
    exempted = ("exempt", "add", office.members[9], "--reason", "leave it", "--until", "2099-01-01")
    assert office.run(*exempted).code == 0

    none = office.execute(alone)
    some = office.execute(among_others, "--format", "json")

    assert (none.code, some.code) == (1, 3)
    assert "refused" in none.out
    assert [target["state"] for target in some.json()["targets"]] == ["refused", "done"]
    assert office.may_sign_in(office.members[9])


def test_while_actions_are_stopped_nothing_is_proposed(office: Office) -> None:
    assert office.run("actions", "stop", "--tenant", "contoso", "--reason", "drill", token=office.bob).code == 0
    said = office.run(
        *("actions", "propose", "block-user", "--target", office.members[0], "--reason", "x"), token=office.ada
    )
    assert office.run("actions", "allow", "--tenant", "contoso", token=office.bob).code == 0

    assert isinstance(said.error, ActionRefused)
    assert "stopped by bob: drill" in str(said.error)


def test_a_hostile_name_steers_no_terminal(office: Office) -> None:
    plan = office.approved("block-user", office.members[-1])

    done = office.execute(plan)
    shown = office.run("plans", "show", plan.id)
    document = office.run("plans", "show", plan.id, "--format", "json")

    everything = done.out + done.err + shown.out + document.out
    assert "\x1b" not in everything
    assert "\u202e" not in everything
    assert "eve\\x1b[2J\\u202enod" in done.err


def test_on_a_terminal_the_plan_is_shown_before_a_yes_is_asked_for(office: Office) -> None:
    plan = office.propose("block-user", office.members[11])
    command = ("plans", "approve", plan.id[:8], "--note", "seen", "--config", office.settings)

    with TerminalSession(*command, POSTURE_TOKEN=office.bob) as session:
        session.answer("Approve? [y/N]", "n")
        refused = session.end()
    with TerminalSession(*command, POSTURE_TOKEN=office.bob) as session:
        session.answer("Approve? [y/N]", "y")
        approved = session.end()

    assert (refused, approved) == (2, 0)
    before, after = session.said.split("Approve?")
    assert plan.digest in before
    assert office.members[11] in before
    assert "is approved" in after


def test_a_finding_names_the_actions_that_fit_and_the_plans_it_is_in(office: Office) -> None:
    listed = office.run("findings", "list", "--check", "inactive-guests", "--format", "json").json()
    finding = listed[0]["fingerprint"]
    propose = (
        "actions",
        "propose",
        "disable-user",
        "--finding",
        finding[:12],
        "--reason",
        "idle",
        "--format",
        "json",
    )

    before = office.run("findings", "show", finding)
    plan = office.run(*propose, token=office.ada).json()
    said = office.run("findings", "show", finding)
    document = office.run("findings", "show", finding, "--format", "json").json()

    assert [target["finding"] for target in plan["targets"]] == [finding]
    assert f"Next: posture actions propose ACTION --finding {finding[:8]}" in before.out, "several fit: people choose"
    assert f"Next: posture plans show {plan['id'][:8]}" in said.out
    assert f"{plan['id'][:8]}  disable-user: proposed" in said.out
    assert {"id": plan["id"], "action": "disable-user", "state": "proposed"} in document["plans"]
    assert {each["impossible_because"] for each in document["actions"]} == {None}


def test_without_a_remediator_a_finding_says_why_nothing_can_be_done(scanned: Path) -> None:
    found = run("findings", "list", "--check", "inactive-guests", "--config", scanned, "--format", "json").json()[0]

    said = run("findings", "show", found["fingerprint"], "--config", scanned)
    document = run("findings", "show", found["fingerprint"], "--config", scanned, "--format", "json").json()

    assert "delete-guest" in {action["id"] for action in document["actions"]}
    assert "not possible now: contoso is read-only" in said.out
    assert "Next:" not in said.out
