"""``posture findings``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from posture.cli.console import Format, err, out, output_file
from posture.cli.fitting import print_fitting, print_next_action, print_plans
from posture.cli.grid import print_facts
from posture.cli.next_step import ID_SHOWN
from posture.cli.options import ConfigOption, FormatOption, OutputOption, TenantsOption
from posture.domain.finding import FindingState
from posture.domain.finding_view import FindingEvent, FindingFilter, FindingView, Standing
from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.domain.severity import Severity
from posture.report.finding_json import finding_json, history_json
from posture.report.rows import shown

if TYPE_CHECKING:
    from posture.domain.check import Check

findings_app = typer.Typer(help="Problems found, followed through time.", no_args_is_help=True)

_LIMIT = 50


class State(StrEnum):
    """Which findings to list: those that stand so now."""

    OPEN = "open"
    EXEMPTED = "exempted"
    RESOLVED = "resolved"
    ALL = "all"


def register(app: typer.Typer) -> None:
    app.add_typer(findings_app, name="findings")


@findings_app.command("list")
def list_findings(
    tenant: TenantsOption = None,
    check: Annotated[list[str] | None, typer.Option("--check", help="Id of a check; may be repeated.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only this severity and worse.")] = None,
    state: Annotated[State, typer.Option(help="How the finding stands now.")] = State.OPEN,
    resource: Annotated[str | None, typer.Option(help="Part of the resource's name or id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many; JSON is not limited unless asked.")] = _LIMIT,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    config: ConfigOption = None,
) -> None:
    """List findings, the worst first."""
    from posture.bootstrap import load_application

    application = load_application(config)
    tenants = application.tenants_named(tenant or [])
    wanted = FindingFilter(
        tenant_ids=tuple(settings.tenant_id for settings in tenants),
        checks=tuple(application.known_check(name) for name in check or ()),
        at_least=severity,
        state=_stored_state(state),
        resource=resource,
    )
    with application.finding_views(wanted) as views, output_file(output) as stream:
        standing = (view for view in views if state is State.ALL or view.standing.value == state.value)
        if format is Format.JSON:
            stream.write("[")
            for number, view in enumerate(standing):
                stream.write(("," if number else "") + "\n " + json.dumps(finding_json(view)))
            stream.write("\n]\n")
            return
        console = out(stream)
        _print_list(console, list(islice(standing, limit)))
        more = sum(1 for _ in standing)
    if more:
        err().print(f"{more:,} more: narrow them down, or ask for more with --limit", style="dim")


def _stored_state(state: State) -> FindingState | None:
    """Return what the database can filter by; whether an open finding is exempted depends on the clock."""
    match state:
        case State.ALL:
            return None
        case State.RESOLVED:
            return FindingState.RESOLVED
        case _:
            return FindingState.OPEN


def _print_list(console: Console, views: Sequence[FindingView]) -> None:
    from posture.cli.summary import STYLES

    if not views:
        console.print("No findings.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    table.add_column("id", no_wrap=True, min_width=ID_SHOWN)
    table.add_column("severity", no_wrap=True, min_width=len(Severity.CRITICAL))
    table.add_column("check", no_wrap=True, min_width=max(len(view.finding.check) for view in views))
    table.add_column("resource", overflow="ellipsis", no_wrap=True, ratio=2)
    table.add_column("what", overflow="ellipsis", no_wrap=True, ratio=3)
    table.add_column("since", no_wrap=True, min_width=len("2026-01-01"))
    for view in views:
        finding = view.finding
        table.add_row(
            Text(finding.fingerprint[:ID_SHOWN]),
            Text(finding.severity.value, style=STYLES[finding.severity]),
            Text(finding.check),
            Text(printable(finding.resource.name or finding.resource.id)),
            Text(finding.message, style="dim"),
            Text(f"{finding.first_failed_at:%Y-%m-%d}"),
        )
    console.print(table)


@findings_app.command("show")
def show_finding(
    id: Annotated[str, typer.Argument(help="The finding's id, or the beginning of it.")],
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Show one finding: what, since when, why it matters, how to fix it."""
    from posture.bootstrap import load_application
    from posture.report.action_json import fitting_json

    application = load_application(config)
    view, events = application.finding(id)
    check = next((known.check for known in application.catalog.checks if known.check.id == view.finding.check), None)
    fitting = application.acting.fitting(view)
    plans = application.acting.plans_of_finding(view.finding.fingerprint)
    if format is Format.JSON:
        document = finding_json(view) | {
            "history": history_json(events),
            "why": check.why if check else None,
            "fix": check.fix if check else None,
            "actions": [
                fitting_json(each.loaded.action, impossible_because=each.impossible_because) for each in fitting
            ],
            "plans": [{"id": plan.id, "action": plan.action, "state": plan.state.value} for plan in plans],
        }
        typer.echo(json.dumps(document, indent=2))
        return
    _print_finding(out(), view, check)
    print_fitting(out(), fitting)
    print_plans(out(), plans)
    _print_history(out(), events)
    print_next_action(out(), view, fitting, plans, config=config)


def _print_finding(console: Console, view: FindingView, check: Check | None) -> None:
    finding = view.finding
    title = check.title if check else "a check that is no longer in the catalog"
    console.print(Text(f"{finding.check}: {title}", style="bold"))
    print_facts(console, _facts(view))
    console.print(Text("\nEvidence", style="bold"))
    for name, value in {**finding.identity, **finding.evidence}.items():
        console.print(f"  {name}: {_evidence(value)}")
    if check is not None:
        console.print(Text("\nWhy it matters", style="bold"))
        console.print(check.why.strip())
        console.print(Text("\nHow to fix it", style="bold"))
        console.print(check.fix.strip())
        for reference in check.references:
            console.print(reference, style="dim", soft_wrap=True)


def _print_history(console: Console, events: Sequence[FindingEvent]) -> None:
    console.print(Text("\nHistory", style="bold"))
    for event in events:
        console.print(f"  {event.at:%Y-%m-%d %H:%M}  {event.change.value}")


def _evidence(value: Value) -> str:
    if value is None:
        return "unknown"
    return printable(shown(value), longest=400) or "none"


def _facts(view: FindingView) -> list[tuple[str, str]]:
    finding = view.finding
    facts = [
        ("id", finding.fingerprint),
        ("severity", finding.severity.value),
        ("standing", _standing(view)),
        (finding.resource.type, f"{printable(finding.resource.name or '')} ({printable(finding.resource.id)})"),
        ("what", finding.message),
        ("first seen", f"{finding.first_failed_at:%Y-%m-%d %H:%M} UTC{_reopened(finding.times_opened)}"),
        ("last seen", f"{finding.last_failed_at:%Y-%m-%d %H:%M} UTC"),
    ]
    if view.exemption is not None:
        facts.append(
            ("exempted", f"by {printable(view.exemption.owner)} until {view.exemption.ends_at:%Y-%m-%d %H:%M} UTC")
        )
        facts.append(("because", printable(view.exemption.reason, longest=400)))
    return facts


def _reopened(times_opened: int) -> str:
    return f", came back {times_opened - 1} times" if times_opened > 1 else ""


def _standing(view: FindingView) -> str:
    if view.standing is Standing.RESOLVED and view.finding.resolution is not None:
        return f"resolved ({view.finding.resolution.value.replace('_', ' ')}) {view.finding.judged_at:%Y-%m-%d}"
    return view.standing.value
