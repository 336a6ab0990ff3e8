"""``posture doctor``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from posture.cli.console import ExitCode, Format, err, out, warn
from posture.cli.doctor_channels import channels_json, print_channels
from posture.cli.options import ConfigOption, FormatOption, TenantsOption
from posture.domain.counted import counted

if TYPE_CHECKING:
    from posture.domain.examination import RemediatorExamined
    from posture.domain.outcome import TableOutcome
    from posture.domain.tenant import TenantFacts
    from posture.usecases.diagnose import Diagnosis
    from posture.usecases.permissions import NeededPermission

_TOLERATED_SKEW = timedelta(minutes=2)


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(tenant: TenantsOption = None, format: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Try everything a scan needs, without scanning: token, permissions, licences, every table's first page; and what
    the remediator may do, if there is one. It also says which channels are closed, lack a secret,
    or fail; nothing is sent.

    Exit codes: 0 every enabled check can run; 3 some cannot, or a channel needs somebody; 4 there is no token or no
    answer.
    """
    from posture.bootstrap import load_application

    application = load_application(config)
    for warning in application.warnings:
        warn(warning)
    codes = []
    documents = []
    for settings in application.tenants_named(tenant or []):
        selection = application.selection(settings, checks=[], tags=[])
        with err().status(f"{settings.name}: asking"):
            diagnosis = application.diagnose(settings, selection)
            remediator = application.acting.examine(settings)
        if format is Format.JSON:
            document = _diagnosis_json(settings.name, diagnosis, selection.permissions)
            documents.append(document | {"remediator": _remediator_json(remediator)})
        else:
            _print_diagnosis(out(), settings.name, diagnosis, selection.permissions)
            _print_remediator(out(), remediator)
        codes.append(max(_exit_code(diagnosis), ExitCode.ABORTED if remediator and remediator.refused else 0))
    states = application.telling.examine() if application.settings.notify.channels else []
    if states and format is Format.TABLE:
        print_channels(out(), states)
    elif states:
        documents.append(channels_json(states))
    codes.append(ExitCode.DONE if all(state.is_well for state in states) else ExitCode.INCOMPLETE)
    if format is Format.JSON:
        typer.echo(json.dumps(documents, indent=2))
    raise typer.Exit(max(codes, default=ExitCode.DONE))


def _exit_code(diagnosis: Diagnosis) -> int:
    if diagnosis.refused is not None:
        return ExitCode.ABORTED
    return ExitCode.DONE if diagnosis.is_ready else ExitCode.INCOMPLETE


def _missing(needed: Sequence[NeededPermission], facts: TenantFacts) -> list[str]:
    from posture.usecases.permissions import missing_permissions

    if facts.granted is None:
        return []
    return [need.permission for need in missing_permissions(needed, facts.granted)]


def _print_diagnosis(console: Console, name: str, diagnosis: Diagnosis, needed: Sequence[NeededPermission]) -> None:
    console.print(Text(name, style="bold"))
    facts = diagnosis.facts
    if facts is None:
        console.print(Text(f"  ✗ {diagnosis.refused}", style="red"))
        return
    _good(console, "token obtained")
    _print_permissions(console, needed, facts)
    _print_licences(console, facts)
    _print_clock(console, facts.clock_skew)
    _print_tables(console, diagnosis.outcomes)
    _print_skips(console, diagnosis)


def _good(console: Console, sentence: str) -> None:
    console.print(Text("  ✓ ", style="green").append(sentence, style="default"))


def _bad(console: Console, sentence: str) -> None:
    console.print(Text("  ✗ ", style="red").append(sentence, style="default"))


def _doubt(console: Console, sentence: str) -> None:
    console.print(Text("  ? ", style="yellow").append(sentence, style="default"))


def _print_permissions(console: Console, needed: Sequence[NeededPermission], facts: TenantFacts) -> None:
    missing = _missing(needed, facts)
    if facts.granted is None:
        _doubt(console, "the token does not tell which permissions are granted; the tables below show it")
    elif missing:
        _bad(console, f"permissions missing: {', '.join(missing)}")
    else:
        _good(console, f"all {len(needed)} permissions granted")


def _print_licences(console: Console, facts: TenantFacts) -> None:
    if facts.licences is None:
        _doubt(console, "licences unknown: the tenant's plans could not be read (Organization.Read.All)")
    elif facts.licences:
        _good(console, f"licences: {', '.join(sorted(licence.value for licence in facts.licences))}")
    else:
        _doubt(console, "licences: neither Entra ID P1 nor P2")


def _print_clock(console: Console, skew: timedelta | None) -> None:
    if skew is None:
        _doubt(console, "clock: Graph sent no date to compare with")
    elif abs(skew) > _TOLERATED_SKEW:
        _bad(console, f"clock: this machine is {abs(skew).total_seconds():.0f} s off; tokens may be refused")
    else:
        _good(console, f"clock: within {max(1, round(abs(skew).total_seconds()))} s of Graph's")


def _print_tables(console: Console, outcomes: Sequence[TableOutcome]) -> None:
    readable = [outcome for outcome in outcomes if outcome.reason is None]
    _good(console, f"{len(readable)} of {len(outcomes)} tables answer")
    for outcome in outcomes:
        if outcome.reason is not None:
            _bad(console, f"{outcome.table}: {outcome.outcome.value.replace('_', ' ')}: {outcome.reason}")


def _print_skips(console: Console, diagnosis: Diagnosis) -> None:
    if diagnosis.is_ready:
        _good(console, "every enabled check can run")
        return
    _bad(console, f"{counted(len(diagnosis.skips), 'check')} will be skipped:")
    for check, reason in sorted(diagnosis.skips.items()):
        console.print(Text(f"      {check}: {reason.kind.value.replace('_', ' ')}", style="yellow"))


def _print_remediator(console: Console, remediator: RemediatorExamined | None) -> None:
    if remediator is None:
        _good(console, "read-only: no remediator is configured")
    elif remediator.refused is not None:
        _bad(console, f"the remediator gets no token: {remediator.refused}")
    elif remediator.impossible:
        possible = remediator.actions - len(remediator.impossible)
        _doubt(console, f"the remediator may carry out {possible} of {remediator.actions} actions")
        for sentence in remediator.impossible.values():
            console.print(Text(f"      {sentence}", style="yellow"))
    else:
        _good(console, f"the remediator may carry out all {remediator.actions} actions")


def _remediator_json(remediator: RemediatorExamined | None) -> dict[str, object] | None:
    if remediator is None:
        return None
    return {"refused": remediator.refused, "impossible": dict(sorted(remediator.impossible.items()))}


def _diagnosis_json(name: str, diagnosis: Diagnosis, needed: Sequence[NeededPermission]) -> dict[str, object]:
    facts = diagnosis.facts
    return {
        "tenant": name,
        "refused": diagnosis.refused,
        "granted": sorted(facts.granted) if facts and facts.granted is not None else None,
        "missing": _missing(needed, facts) if facts else None,
        "licences": sorted(facts.licences) if facts and facts.licences is not None else None,
        "clock_skew_seconds": facts.clock_skew.total_seconds() if facts and facts.clock_skew is not None else None,
        "tables": [
            {"name": outcome.table, "outcome": outcome.outcome.value, "reason": outcome.reason}
            for outcome in diagnosis.outcomes
        ],
        "skipped": [
            {"check": check, "kind": reason.kind.value, "detail": reason.detail}
            for check, reason in sorted(diagnosis.skips.items())
        ],
        "ready": diagnosis.is_ready,
    }
