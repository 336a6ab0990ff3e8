"""``posture exempt``: a person accepts a finding for a while."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from posture.cli.console import Format, out
from posture.cli.options import ConfigOption, FormatOption, TenantOption
from posture.domain.exemption import Exemption
from posture.domain.printable import printable
from posture.report.finding_json import exemption_json

exempt_app = typer.Typer(
    help="Accept findings for a while, with an owner, a reason and an end.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(exempt_app, name="exempt")


@exempt_app.command("add")
def add(
    resource: Annotated[str, typer.Argument(help="Object id of the resource.")],
    reason: Annotated[str, typer.Option(help="Why this is acceptable.")],
    until: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The last day it counts, in UTC."),
    ],
    check: Annotated[str | None, typer.Option(help="Id of a check. Without it: every check.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for it. Without it: you.")] = None,
    tenant: TenantOption = None,
    config: ConfigOption = None,
) -> None:
    """Exempt a resource from a check, or from all."""
    from posture.bootstrap import load_application
    from posture.errors import UsageError

    application = load_application(config)
    now = application.clock.now()
    ends_at = until.replace(tzinfo=UTC) + timedelta(days=1)
    if ends_at <= now:
        raise UsageError(f"--until {until:%Y-%m-%d} is over already")
    if not reason.strip():
        raise UsageError("--reason is empty: say why this is acceptable")
    me = _os_account()
    recorded = application.store.add_exemption(
        Exemption(
            tenant=application.tenant_named(tenant).name,
            check=application.known_check(check) if check is not None else None,
            resource_id=resource,
            owner=owner or me,
            reason=reason,
            ends_at=ends_at,
            origin="",
        ),
        at=now,
        by=me,
    )
    out().print(f"Exemption {recorded.number} counts until the end of {until:%Y-%m-%d}. It shows at once.")


@exempt_app.command("end")
def end(
    number: Annotated[int, typer.Argument(help="Number of the exemption, from `posture exempt list`.")],
    config: ConfigOption = None,
) -> None:
    """End an exemption now. It stays on record."""
    from posture.bootstrap import load_application

    application = load_application(config)
    application.store.end_exemption(number, at=application.clock.now(), by=_os_account())
    out().print(f"Exemption {number} no longer counts.")


@exempt_app.command("list")
def list_exemptions(
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List the exemptions in force, of the file and of the database."""
    from posture.bootstrap import load_application
    from posture.cli.grid import print_grid

    application = load_application(config)
    now = application.clock.now()
    exemptions = [exemption for exemption in application.exemptions() if now < exemption.ends_at]
    if format is Format.JSON:
        typer.echo(json.dumps([exemption_json(exemption) for exemption in exemptions], indent=2))
        return
    if not exemptions:
        out().print("No exemptions in force.")
        return
    rows = [
        [
            exemption.origin,
            exemption.tenant,
            exemption.check or "every check",
            exemption.resource_id,
            printable(exemption.owner),
            f"{exemption.ends_at:%Y-%m-%d %H:%M}",
            printable(exemption.reason),
        ]
        for exemption in exemptions
    ]
    print_grid(out(), ["from", "tenant", "check", "resource", "owner", "until (UTC)", "reason"], rows)


def _os_account() -> str:
    """Return who runs this, as the operating system knows it: in a container it may know a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
