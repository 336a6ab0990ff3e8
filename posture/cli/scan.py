"""``posture scan``."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from posture.cli.console import ExitCode, Format, err, out, output_file, warn
from posture.cli.options import ConfigOption, FormatOption, OutputOption, TenantsOption
from posture.cli.tell import NoNotifyOption, tell
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity

if TYPE_CHECKING:
    from posture.bootstrap import Application
    from posture.cli.worst import WorstFindings
    from posture.config import TenantSettings

_WORST_SHOWN = 12
_WORST_PER_CHECK = 2


def register(app: typer.Typer) -> None:
    app.command()(scan)


def scan(
    tenant: TenantsOption = None,
    check: Annotated[list[str] | None, typer.Option("--check", help="Id of a check; may be repeated.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="Only checks with this tag; may be repeated.")
    ] = None,
    fail_on: Annotated[
        Severity | None, typer.Option("--fail-on", help="Exit with 1 if anything at or above this severity fails.")
    ] = None,
    all_verdicts: Annotated[bool, typer.Option("--all-verdicts", help="JSON: write passing judgements too.")] = False,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    no_notify: NoNotifyOption = False,
    config: ConfigOption = None,
) -> None:
    """Read tenants through Microsoft Graph, judge them, and follow the findings.

    Exit codes: 0 done; 1 something at or above --fail-on fails; 2 wrong usage or configuration; 3 done, but a
    table failed or is partial, or a check broke; 4 aborted: no token, or the tenant cannot be reached. Of several
    tenants the gravest counts: 4 before 1 before 3.
    """
    from posture.bootstrap import load_application

    application = load_application(config)
    for warning in application.warnings:
        warn(warning)
    codes = []
    with output_file(output) as stream:
        for settings in application.tenants_named(tenant or []):
            summary, worst = _scan_one(
                application,
                settings,
                checks=check or [],
                tags=tag or [],
                all_verdicts=all_verdicts,
                format=format,
                stream=stream,
                config=config,
            )
            codes.append(exit_code(summary, worst, fail_on=fail_on))
    tell(application, no_notify=no_notify)
    raise typer.Exit(gravest(codes))


def _scan_one(
    application: Application,
    tenant: TenantSettings,
    *,
    checks: list[str],
    tags: list[str],
    all_verdicts: bool,
    format: Format,
    stream: IO[str],
    config: Path | None,
) -> tuple[RunSummary, WorstFindings]:
    from posture.cli.progress import ScanProgress
    from posture.cli.summary import print_summary
    from posture.cli.worst import WorstFindings
    from posture.report.scan_json import ScanDocument
    from posture.usecases.events import JudgementMade, ScanFinished

    selection = application.selection(tenant, checks=checks, tags=tags)
    worst = WorstFindings(size=_WORST_SHOWN, per_check=_WORST_PER_CHECK)
    with ScanDocument() as document:
        with ScanProgress(err()) as progress:
            for event in application.scan(tenant, selection, all_verdicts=all_verdicts):
                progress.show(event)
                if isinstance(event, JudgementMade):
                    worst.add(event.judgement, event.change)
                    if format is Format.JSON:
                        document.add(event.judgement, event.change)
                if isinstance(event, ScanFinished):
                    summary = event.summary
        if summary.run.aborted_because is not None:
            err().print(f"error: {tenant.name}: {summary.run.aborted_because}", style="red")
        if format is Format.JSON:
            document.write(summary, stream)
        elif summary.run.aborted_because is None:
            print_summary(out(stream), summary, worst, titles=application.titles, config=config)
    return summary, worst


def exit_code(summary: RunSummary, worst: WorstFindings, *, fail_on: Severity | None) -> int:
    """Return the exit code of one tenant's scan."""
    if summary.run.state is RunState.ABORTED:
        return ExitCode.ABORTED
    if fail_on is not None and worst.reaches(fail_on):
        return ExitCode.FAILING
    return ExitCode.INCOMPLETE if summary.run.state is RunState.INCOMPLETE else ExitCode.DONE


def gravest(codes: list[int]) -> int:
    """Return the code that says most: aborted before failing before incomplete before done."""
    order = (ExitCode.ABORTED, ExitCode.FAILING, ExitCode.INCOMPLETE)
    return next((code for code in order if code in codes), ExitCode.DONE)
