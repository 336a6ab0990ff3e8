"""``posture schedule``: when jobs are due, and doing them now or not for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import Format, out
from posture.cli.options import ConfigOption, FormatOption
from posture.domain.judgement import Value

if TYPE_CHECKING:
    from pathlib import Path

    from posture.bootstrap.access import Access
    from posture.domain.schedule_line import ScheduleLine

schedule_app = typer.Typer(help="When scans and other jobs are due.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of a schedule, from posture schedule list.")]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Only in this tenant. Without it: in all that it is for.")
]


def register(app: typer.Typer) -> None:
    app.add_typer(schedule_app, name="schedule")


@schedule_app.command("list")
def list_schedules(
    tenant: TenantOption = None, format: FormatOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """List schedules with when they come next and what became of the last time."""
    from posture.bootstrap import load_application
    from posture.cli.grid import print_grid
    from posture.report.schedule_json import schedule_line_json

    application = load_application(config)
    chosen = application.settings.tenant(tenant).name if tenant is not None else None
    lines = [line for line in application.working.schedules() if chosen is None or line.tenant in (None, chosen)]
    if format is Format.JSON:
        typer.echo(json.dumps([schedule_line_json(line) for line in lines], indent=2))
        return
    columns = ["schedule", "job", "tenant", "when", "next (UTC)", "last job", "paused"]
    print_grid(out(), columns, map(_row, lines))


@schedule_app.command("run")
def run(
    name: NameArgument, tenant: TenantOption = None, format: FormatOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Ask a worker to do now what a schedule does. The times of the schedule stay as they are."""
    from posture.report.job_json import job_json

    jobs = _access(config).run_schedule(name, tenant=tenant)
    if format is Format.JSON:
        typer.echo(json.dumps([job_json(job) for job in jobs], indent=2))
        return
    what = "1 job waits" if len(jobs) == 1 else f"{len(jobs)} jobs wait"
    out().print(f"{what} for a worker. If none runs: posture worker")


@schedule_app.command("pause")
def pause(
    name: NameArgument,
    reason: Annotated[str, typer.Option(help="Why, for the others.")],
    tenant: TenantOption = None,
    config: ConfigOption = None,
) -> None:
    """Let a schedule make no jobs until it is resumed. What comes meanwhile is not caught up."""
    made = _access(config).pause_schedule(name, tenant=tenant, reason=reason)
    where, only = ("everywhere", "") if tenant is None else (f"in {tenant}", f" --tenant {tenant}")
    out().print(f"{made.schedule} is paused {where}. Next: posture schedule resume {made.schedule}{only}")


@schedule_app.command("resume")
def resume(name: NameArgument, tenant: TenantOption = None, config: ConfigOption = None) -> None:
    """Let a paused schedule make jobs again."""
    _access(config).resume_schedule(name, tenant=tenant)
    out().print(f"{name} makes jobs again {'wherever it is not paused' if tenant is None else f'in {tenant}'}")


def _access(config: Path | None) -> Access:
    """Return posture as whoever types may use it."""
    from posture.bootstrap import load_application
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    return application.access(signed_in(application.acting))


def _row(line: ScheduleLine) -> Sequence[Value]:
    latest, pause = line.latest, line.pause
    return [
        line.schedule.name,
        str(line.schedule.job),
        line.tenant or "",
        line.schedule.sentence,
        f"{line.next_at:%Y-%m-%d %H:%M}" if line.next_at else "",
        f"{latest.state} {latest.ended_at or latest.enqueued_at:%Y-%m-%d %H:%M}" if latest else "",
        f"by {pause.by}: {pause.reason}" if pause else "",
    ]
