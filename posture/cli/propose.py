"""``posture actions propose``, ``undo``, ``stop`` and ``allow``: what people do with actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import Format, out
from posture.cli.options import ConfigOption, FormatOption, PlanArgument, TenantOption
from posture.cli.show_plan import show
from posture.cli.tell import NoNotifyOption, tell
from posture.domain.printable import printable
from posture.errors import UsageError

if TYPE_CHECKING:
    from posture.bootstrap import Application
    from posture.config import TenantSettings


def register(app: typer.Typer) -> None:
    app.command("propose")(propose)
    app.command("stop")(stop)
    app.command("allow")(allow)
    app.command("undo")(undo)


def propose(
    action: Annotated[str, typer.Argument(help="Id of an action, from `posture actions list`.")],
    finding: Annotated[
        list[str] | None,
        typer.Option("--finding", help="A finding's id, or the beginning of it; may be repeated."),
    ] = None,
    check: Annotated[str | None, typer.Option(help="Every open finding of this check in the tenant.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Id or name of a resource, with or without a finding; may be repeated."),
    ] = None,
    tenant: TenantOption = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="A parameter of the action, name=value; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why. Those who approve read it.")] = "",
    no_notify: NoNotifyOption = False,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Propose an action for findings or for resources. Others approve it; then it can be executed."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    if not (finding or check or target):
        raise UsageError("name what to act on: --finding ID, --check ID or --target ID")
    if not reason.strip():
        raise UsageError("--reason is missing: say why, those who approve read it")
    application = load_application(config)
    parameters = _parameters(param or [])
    application.acting.action(action)
    plan = application.acting.propose(
        signed_in(application.acting),
        action=action,
        tenant=_tenant(application, tenant, finding or []),
        findings=finding or [],
        check=check,
        targets=target or [],
        parameters=parameters,
        reason=reason,
    )
    show(application, plan, format=format, config=config)
    tell(application, no_notify=no_notify)


def stop(
    reason: Annotated[str, typer.Option(help="Why, for those who wonder when it may end.")],
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Only in this tenant. Without it: everywhere.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Stop all actions at once: nothing is proposed or executed, and running plans end before their next target."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    where = application.settings.tenant(tenant) if tenant is not None else None
    application.acting.stop(signed_in(application.acting), where, reason=reason)
    out().print(f"Actions are stopped {_place(where)}. To allow them again: posture actions allow{_option(where)}")


def allow(
    tenant: Annotated[str | None, typer.Option("--tenant", help="What was stopped in this tenant alone.")] = None,
    config: ConfigOption = None,
) -> None:
    """Allow actions again that were stopped. This takes an admin."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    where = application.settings.tenant(tenant) if tenant is not None else None
    application.acting.allow(signed_in(application.acting), where)
    out().print(f"The stop {_place(where)} is lifted.")
    for left in application.acting.stops():
        out().print(f"Still stopped by {printable(left.by)}: {printable(left.reason)}")


def undo(
    plan: PlanArgument,
    reason: Annotated[str, typer.Option(help="Why it is taken back. Those who approve read it.")] = "",
    no_notify: NoNotifyOption = False,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Propose to take back what a plan did. The new plan needs approval as every other."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    acting = application.acting
    proposed = acting.propose_undo(signed_in(acting), acting.plan(plan), reason=reason)
    show(application, proposed, format=format, config=config)
    tell(application, no_notify=no_notify)


def _tenant(application: Application, name: str | None, findings: list[str]) -> TenantSettings:
    """Return the tenant that was named, else the one of the first finding, else the only one there is."""
    if name is None and findings:
        view, _ = application.finding(findings[0])
        return application.tenant_by_id(view.finding.tenant_id)
    return application.tenant_named(name)


def _parameters(given: list[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise UsageError(f"--param {printable(text)} is no name=value")
        if name in parameters:
            raise UsageError(f"--param {printable(name)} is given twice")
        parameters[name] = value
    return parameters


def _place(tenant: TenantSettings | None) -> str:
    return "everywhere" if tenant is None else f"in {tenant.name}"


def _option(tenant: TenantSettings | None) -> str:
    return "" if tenant is None else f" --tenant {tenant.name}"
