"""``posture audit``: who did what when, and whether somebody rewrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import ExitCode, Format, err, out, output_file
from posture.cli.options import ConfigOption, FormatOption, OutputOption, TenantOption
from posture.domain.counted import counted
from posture.domain.printable import printable
from posture.report.audit_json import event_json

if TYPE_CHECKING:
    from posture.domain.audit import ChainedEvent

audit_app = typer.Typer(help="Who did what when: a record that shows if somebody rewrote it.", no_args_is_help=True)

_LIMIT = 50
_DETAILS_SHOWN = 400
PlanOption = Annotated[
    str | None, typer.Option("--plan", help="Only about this plan: its id, or the beginning of it.")
]
ActorOption = Annotated[str | None, typer.Option("--actor", help="Only what this operator did.")]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only from this time on, in UTC."),
]


def register(app: typer.Typer) -> None:
    app.add_typer(audit_app, name="audit")


@audit_app.command("list")
def list_events(
    tenant: TenantOption = None,
    plan: PlanOption = None,
    actor: ActorOption = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = _LIMIT,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List what was done, the oldest first."""
    from posture.cli.grid import print_grid

    with _events(config, tenant=tenant, plan=plan, actor=actor, since=since, limit=limit) as events:
        if format is Format.JSON:
            typer.echo(json.dumps([event_json(link) for link in events], indent=2))
            return
        columns = ["at (UTC)", "#", "who", "what", "plan", "details"]
        print_grid(out(), columns, (_row(link) for link in events), longest_cell=_DETAILS_SHOWN)


@audit_app.command("export")
def export(
    tenant: TenantOption = None,
    plan: PlanOption = None,
    actor: ActorOption = None,
    since: SinceOption = None,
    output: OutputOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the events as JSON Lines, the oldest first, each with its place in the chain."""
    with (
        _events(config, tenant=tenant, plan=plan, actor=actor, since=since, limit=None) as events,
        output_file(output) as stream,
    ):
        for link in events:
            stream.write(json.dumps(event_json(link), ensure_ascii=True, allow_nan=False) + "\n")


@audit_app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option(help="Hash of a head that was kept elsewhere: it must still be in the chain.")
    ] = None,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Find out whether somebody changed, removed or moved an event. Exit code 1 if so.

    Whoever may write to the database can also remove the newest events together with the head. Keep a head elsewhere
    from time to time, and give it to --head: then that is found out, too.
    """
    from posture.bootstrap import load_application
    from posture.store.audit_reader import AuditFilter

    with load_application(config).store.reading() as reader:
        problem = reader.audit.first_break()
        last = reader.audit.head()
        if problem is None and head is not None and not _is_in(reader.audit.events(AuditFilter()), head):
            problem = f"the event with the hash {head} is no longer there: the newest events were removed"
    number, hash = (last.number, last.hash) if last is not None else (0, "")
    if format is Format.JSON:
        document = {"holds": problem is None, "problem": problem, "events": number, "head": hash}
        typer.echo(json.dumps(document, indent=2))
    elif problem is None:
        out().print(
            f"The audit holds: {counted(number, 'event')}. Its head, to keep elsewhere:\n{hash}", soft_wrap=True
        )
    else:
        err().print(f"error: the audit does not hold: {problem}", style="red")
    if problem is not None:
        raise typer.Exit(ExitCode.FAILING)


@contextmanager
def _events(
    config: Path | None,
    *,
    tenant: str | None,
    plan: str | None,
    actor: str | None,
    since: datetime | None,
    limit: int | None,
) -> Iterator[Iterator[ChainedEvent]]:
    """Give the events that the options ask for, streamed."""
    from posture.bootstrap import load_application
    from posture.store.audit_reader import AuditFilter

    application = load_application(config)
    wanted = AuditFilter(
        tenant_id=application.tenant_named(tenant).tenant_id if tenant is not None else None,
        plan_id=application.acting.plan(plan).id if plan is not None else None,
        actor=actor,
        since=since.replace(tzinfo=UTC) if since is not None else None,
        limit=limit,
    )
    with application.store.reading() as reader:
        yield reader.audit.events(wanted)


def _is_in(events: Iterator[ChainedEvent], hash: str) -> bool:
    return any(link.hash == hash for link in events)


def _row(link: ChainedEvent) -> list[str | int]:
    event = link.event
    details = ", ".join(f"{name}: {_shown(value)}" for name, value in event.details.items())
    return [
        f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        link.number,
        printable(event.actor),
        event.kind.value.replace("_", " "),
        event.plan_id[:8] if event.plan_id else "",
        details,
    ]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
