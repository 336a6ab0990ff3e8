"""``posture operators``: the people who may propose and approve."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import Format, err, out
from posture.cli.options import ConfigOption, FormatOption
from posture.domain.operator import Operator, Role, Scope, scopes_of
from posture.domain.printable import printable

if TYPE_CHECKING:
    from posture.bootstrap.acting import Acting

operators_app = typer.Typer(help="The people who may propose, approve and execute.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(operators_app, name="operators")


@operators_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="How the operator is called in plans and in the audit.")],
    role: Annotated[
        Role, typer.Option(help="viewer looks; helpdesk and admin propose, approve and execute what asks for it.")
    ],
    account: Annotated[
        str | None,
        typer.Option(help="Their own account in the tenants: no plan that they approved is carried out on it."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long the token counts.")] = 90,
    tenant: Annotated[
        list[str] | None,
        typer.Option(help="Only this tenant, others are not there for them; repeat for more. Without it: all."),
    ] = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What the token is for; repeat for more. Without it: all that the role allows."),
    ] = None,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Add an operator and print the token, once. It takes an admin's token, unless there is no active admin."""
    from posture.bootstrap import load_application
    from posture.report.operator_json import operator_json
    from posture.report.scan_json import json_time

    application = load_application(config)
    acting = application.acting
    operator, token = acting.add_operator(
        name,
        role,
        account=account,
        lasts=timedelta(days=days),
        tenants=frozenset(one.name for one in application.tenants_named(tenant)) if tenant else None,
        scopes=frozenset(scope) if scope else None,
        by=_admin_or_first(acting),
    )
    if format is Format.JSON:
        document = operator_json(operator) | {"token": token}
        typer.echo(json.dumps(document, indent=2))
        return
    err().print(
        f"{printable(operator.name)} is {operator.role} until {json_time(operator.expires_at)}. "
        "The token is shown this once; they put it in POSTURE_TOKEN:"
    )
    typer.echo(token)


@operators_app.command("list")
def list_operators(format: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """List the operators, those whose token has ended too."""
    from posture.bootstrap import load_application
    from posture.cli.grid import print_grid
    from posture.report.operator_json import operator_json

    application = load_application(config)
    operators, now = application.acting.operators(), application.clock.now()
    if format is Format.JSON:
        typer.echo(json.dumps([operator_json(operator) for operator in operators], indent=2))
        return
    if not operators:
        out().print("No operators. The first one: posture operators add NAME --role admin")
        return
    rows = [
        [
            printable(operator.name),
            operator.role.value,
            "all" if operator.tenants is None else ", ".join(sorted(operator.tenants)) or "none",
            "all" if operator.scopes >= scopes_of(operator.role) else ", ".join(sorted(operator.scopes)),
            printable(operator.account) if operator.account else None,
            f"{operator.added_at:%Y-%m-%d}",
            _standing(operator, now),
        ]
        for operator in operators
    ]
    print_grid(out(), ["operator", "role", "tenants", "for", "account", "added", "counts (UTC)"], rows)


@operators_app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the operator.")],
    config: ConfigOption = None,
) -> None:
    """End an operator now: the token, and every sign-in on the page."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    acting = load_application(config).acting
    acting.revoke_operator(name, by=signed_in(acting))
    out().print(f"The token of {printable(name)} no longer counts.")


@operators_app.command("readmit")
def readmit(
    name: Annotated[str, typer.Argument(help="Name of the operator.")],
    config: ConfigOption = None,
) -> None:
    """Let somebody who signs in with an OpenID provider, and was revoked, sign in again."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    acting = load_application(config).acting
    operator = acting.readmit_operator(name, by=signed_in(acting))
    out().print(f"{printable(operator.name)} can sign in again.")


def _admin_or_first(acting: Acting) -> Operator | None:
    """Return who adds an operator; None while there is nobody who could."""
    from posture.cli.operator_token import signed_in

    now = datetime.now(UTC)
    has_admin = any(one.administers_everything and one.is_active(now) for one in acting.operators())
    return signed_in(acting) if has_admin else None


def _standing(operator: Operator, now: datetime) -> str:
    if operator.revoked_at is not None:
        return f"revoked {operator.revoked_at:%Y-%m-%d %H:%M}"
    ended = "counts until" if operator.is_active(now) else "ended"
    return f"{ended} {operator.expires_at:%Y-%m-%d %H:%M}"
