"""``posture plans``: look at plans, decide on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli import execute, propose, rehearsal
from posture.cli.console import Format, err, out
from posture.cli.next_step import called, short
from posture.cli.options import ConfigOption, FormatOption, PlanArgument, TenantsOption
from posture.cli.show_plan import action_of, show, show_next
from posture.cli.tell import NoNotifyOption, tell
from posture.domain.judgement import Value
from posture.domain.plan import PlanState
from posture.errors import UsageError

if TYPE_CHECKING:
    from posture.bootstrap import Application
    from posture.domain.plan import Plan

plans_app = typer.Typer(help="What is proposed, approved and done.", no_args_is_help=True)

_LIMIT = 50
NoteOption = Annotated[str | None, typer.Option(help="Why, for the record. On a terminal it is asked for.")]


def register(app: typer.Typer) -> None:
    app.add_typer(plans_app, name="plans")
    rehearsal.register(plans_app)
    execute.register(plans_app)
    plans_app.command("undo")(propose.undo)


@plans_app.command("list")
def list_plans(
    tenant: TenantsOption = None,
    state: Annotated[
        list[PlanState] | None, typer.Option("--state", help="Only plans in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = _LIMIT,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List plans, the newest first."""
    from posture.bootstrap import load_application
    from posture.cli.grid import print_grid
    from posture.report.plan_json import plan_json
    from posture.usecases.ports import PlanQuery

    application = load_application(config)
    tenant_ids = tuple(settings.tenant_id for settings in application.tenants_named(tenant or []))
    plans = application.acting.plans(PlanQuery(tenant_ids=tenant_ids, states=tuple(state or ()), limit=limit))
    if format is Format.JSON:
        typer.echo(json.dumps([plan_json(plan) for plan in plans], indent=2))
        return
    if not plans:
        out().print("No plans.")
        return
    columns = ["plan", "state", "action", "tenant", "targets", "proposed by", "at (UTC)", "approvals"]
    print_grid(out(), columns, (_row(plan) for plan in plans))


def _row(plan: Plan) -> list[Value]:
    from posture.cli.plan_view import words

    return [
        short(plan.id),
        words(plan.state),
        called(plan),
        plan.tenant_name,
        len(plan.targets),
        plan.proposed_by,
        f"{plan.proposed_at:%Y-%m-%d %H:%M}",
        f"{len(plan.approvals)} of {plan.rule.people}",
    ]


@plans_app.command("show")
def show_plan(plan: PlanArgument, format: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Show one plan: what it does, who decided, how each target went, every request."""
    from posture.bootstrap import load_application

    application = load_application(config)
    show(application, application.acting.plan(plan), format=format, config=config)


@plans_app.command("approve")
def approve(
    plan: PlanArgument,
    note: NoteOption = None,
    digest: Annotated[
        str | None,
        typer.Option(help="Approve just this plan: its digest, from `posture plans show`. Then nothing is asked."),
    ] = None,
    no_notify: NoNotifyOption = False,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Say yes to a plan, after looking at it."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    acting = application.acting
    shown = acting.plan(plan)
    _require_terminal_or(digest, shown)
    operator = signed_in(acting)
    if digest is None:
        _ask_for_yes(application, shown)
    approved = acting.approve(operator, shown, digest=digest or shown.digest, note=_note(note))
    _show_decided(application, approved, format=format, config=config)
    tell(application, no_notify=no_notify)


@plans_app.command("reject")
def reject(
    plan: PlanArgument,
    note: NoteOption = None,
    no_notify: NoNotifyOption = False,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Say no to a plan, for good. Whoever proposed it takes it back in the same way."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    acting = application.acting
    rejected = acting.reject(signed_in(acting), acting.plan(plan), note=_note(note))
    _show_decided(application, rejected, format=format, config=config)
    tell(application, no_notify=no_notify)


def _require_terminal_or(digest: str | None, plan: Plan) -> None:
    from posture.cli.operator_token import is_terminal

    if digest is None and not is_terminal():
        raise UsageError(
            f"nobody can be asked here: look at the plan with posture plans show {short(plan.id)}, "
            "then approve what was shown with --digest"
        )


def _ask_for_yes(application: Application, plan: Plan) -> None:
    from posture.cli.plan_view import print_plan

    print_plan(err(), plan, action_of(application, plan))
    if not typer.confirm("\nApprove?", default=False, err=True):
        raise UsageError("nothing was approved")


def _note(given: str | None) -> str:
    from posture.cli.operator_token import is_terminal

    if given is None and is_terminal():
        given = str(typer.prompt("Note (why)", err=True))
    if given is None or not given.strip():
        raise UsageError("a decision needs a note that says why: add --note")
    return given


def _show_decided(application: Application, plan: Plan, *, format: Format, config: Path | None) -> None:
    from posture.cli.plan_view import words

    if format is Format.JSON:
        show(application, plan, format=format, config=config)
        return
    out().print(f"Plan {short(plan.id)} is {words(plan.state)}: {_what_is_missing(plan)}")
    show_next(plan, action_of(application, plan), (), config)


def _what_is_missing(plan: Plan) -> str:
    if plan.state is PlanState.PROPOSED:
        return f"{len(plan.approvals)} of {plan.rule.people} have approved it"
    if plan.state is PlanState.APPROVED and plan.approved_until is not None:
        return f"it may be executed until {plan.approved_until:%Y-%m-%d %H:%M} UTC"
    return "nothing more can be done with it"
