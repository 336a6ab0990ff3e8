"""``posture permissions``: the least-privilege set, with reasons, and how to grant it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import out, output_file, warn
from posture.cli.options import ConfigOption, OutputOption, TenantOption

if TYPE_CHECKING:
    from posture.config import TenantSettings
    from posture.usecases.permissions import NeededPermission

_CHECKS_SHOWN = 6


class PermissionsFormat(StrEnum):
    """How the permissions are written."""

    TABLE = "table"
    JSON = "json"
    STEPS = "steps"
    SCRIPT = "script"
    MANIFEST = "manifest"


def register(app: typer.Typer) -> None:
    app.command()(permissions)


def permissions(
    tenant: TenantOption = None,
    format: Annotated[
        PermissionsFormat,
        typer.Option("--format", "-f", help="script: for the Azure CLI; manifest: requiredResourceAccess."),
    ] = PermissionsFormat.TABLE,
    display_name: Annotated[str, typer.Option(help="Name of the app registration.")] = "posture reader",
    output: OutputOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the fewest permissions with which every enabled check can run, and the reason for each."""
    from posture.bootstrap import load_application

    application = load_application(config)
    for warning in application.warnings:
        warn(warning)
    settings = application.tenant_named(tenant)
    needed = application.selection(settings, checks=[], tags=[]).permissions
    if format is PermissionsFormat.TABLE and output is None:
        _print_table(needed)
        return
    with output_file(output) as stream:
        stream.write(_written(needed, settings, format, display_name))


def _written(
    needed: Sequence[NeededPermission],
    tenant: TenantSettings,
    format: PermissionsFormat,
    display_name: str,
) -> str:
    from posture.report.app_registration import manifest, script, steps

    names = [need.permission for need in needed]
    if format is PermissionsFormat.MANIFEST:
        return manifest(names)
    if format is PermissionsFormat.SCRIPT:
        return script(names, display_name=display_name, tenant_id=tenant.tenant_id, cloud=tenant.cloud)
    if format is PermissionsFormat.STEPS:
        sentences = steps(names, display_name=display_name, cloud=tenant.cloud)
        return "".join(f"{number}. {sentence}\n" for number, sentence in enumerate(sentences, start=1))
    if format is PermissionsFormat.JSON:
        return json.dumps([permission_json(need) for need in needed], indent=2) + "\n"
    return "".join(f"{need.permission}\t{', '.join(need.tables)}\t{', '.join(need.checks)}\n" for need in needed)


def permission_json(need: NeededPermission) -> dict[str, object]:
    """Return a needed permission as JSON values."""
    return {
        "permission": need.permission,
        "every_scan": need.is_for_every_scan,
        "tables": list(need.tables),
        "checks": list(need.checks),
    }


def _print_table(needed: Sequence[NeededPermission]) -> None:
    from posture.cli.grid import print_grid

    rows = [[need.permission, _tables(need), _checks(need)] for need in needed]
    print_grid(out(), ["application permission", "opens", "for"], rows, longest_cell=400)
    out().print(
        "\nAll of them read only. To grant them: posture permissions --format steps | script | manifest", style="dim"
    )


def _tables(need: NeededPermission) -> str:
    return ", ".join([*(["every scan: the tenant's plans"] if need.is_for_every_scan else []), *need.tables])


def _checks(need: NeededPermission) -> str:
    shown = ", ".join(need.checks[:_CHECKS_SHOWN])
    more = len(need.checks) - _CHECKS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
