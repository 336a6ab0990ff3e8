"""``posture permissions``: the fewest that one of the two identities needs, with reasons, and how to grant them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import out, output_file, warn
from posture.cli.options import ConfigOption, OutputOption, TenantOption
from posture.report.app_registration import Identity

if TYPE_CHECKING:
    from posture.bootstrap import Application
    from posture.config import TenantSettings
    from posture.usecases.permissions import NeededPermission

_SHOWN = 6


class PermissionsFormat(StrEnum):
    """How the permissions are written."""

    TABLE = "table"
    JSON = "json"
    STEPS = "steps"
    SCRIPT = "script"
    MANIFEST = "manifest"


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A permission for people: ``cells``, and in the last one the checks or actions that need it."""

    cells: tuple[str, ...]
    needed_by: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What one identity needs. ``roles`` are sentences about directory roles that some actions need besides.

    ``columns`` head ``rows``, a table for people; ``document`` is for scripts; ``remark`` ends the table.
    """

    identity: Identity
    permissions: tuple[str, ...]
    roles: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[_Row, ...]
    document: Sequence[object]
    remark: str


def register(app: typer.Typer) -> None:
    app.command()(permissions)


def permissions(
    tenant: TenantOption = None,
    actions: Annotated[
        bool, typer.Option("--actions", help="Those of the remediator, which carries out actions, instead.")
    ] = False,
    format: Annotated[
        PermissionsFormat,
        typer.Option("--format", "-f", help="script: for the Azure CLI; manifest: requiredResourceAccess."),
    ] = PermissionsFormat.TABLE,
    display_name: Annotated[
        str | None,
        typer.Option(help="Name of the app registration. Without it: posture reader, or posture remediator."),
    ] = None,
    output: OutputOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the fewest permissions with which every enabled check, or every action, can run, and the reasons."""
    from posture.bootstrap import load_application

    application = load_application(config)
    for warning in application.warnings:
        warn(warning)
    settings = application.tenant_named(tenant)
    needed = registration_of_remediator(application) if actions else registration_of_reader(application, settings)
    if format is PermissionsFormat.TABLE and output is None:
        _print_table(needed)
        return
    with output_file(output) as stream:
        stream.write(_written(needed, settings, format, display_name or needed.identity.display_name))


def registration_of_reader(application: Application, tenant: TenantSettings) -> Registration:
    """Return what reading the tables of every enabled check needs."""
    needed = application.selection(tenant, checks=[], tags=[]).permissions
    return Registration(
        identity=Identity.READER,
        permissions=tuple(need.permission for need in needed),
        roles=(),
        columns=("application permission", "opens", "for"),
        rows=tuple(_Row(cells=(need.permission, _tables(need)), needed_by=need.checks) for need in needed),
        document=[permission_json(need) for need in needed],
        remark="All of them read only. To grant them: posture permissions --format steps | script | manifest",
    )


def registration_of_remediator(application: Application) -> Registration:
    """Return what carrying out every action needs."""
    from posture.usecases.action_permissions import write_permissions

    loaded = application.catalog.actions
    needed = write_permissions(loaded)
    actions = [one.action for one in loaded]
    return Registration(
        identity=Identity.REMEDIATOR,
        permissions=tuple(need.permission for need in needed),
        roles=tuple(f"{action.id}: {action.directory_role}" for action in actions if action.directory_role),
        columns=("application permission", "for"),
        rows=tuple(_Row(cells=(need.permission,), needed_by=need.actions) for need in needed),
        document=[{"permission": need.permission, "actions": list(need.actions)} for need in needed],
        remark=(
            "They change the tenant: for an application of its own, never the reader's. "
            "To grant them: posture permissions --actions --format steps | script | manifest"
        ),
    )


def steps_of(needed: Registration, tenant: TenantSettings, *, display_name: str, is_managed: bool) -> tuple[str, ...]:
    """Return what to do for the identity, one sentence a step."""
    from posture.report.app_registration import managed_identity_steps, steps

    if is_managed:
        return managed_identity_steps(needed.permissions, roles=needed.roles)
    return steps(needed.permissions, display_name=display_name, cloud=tenant.cloud, roles=needed.roles)


def _written(needed: Registration, tenant: TenantSettings, format: PermissionsFormat, display_name: str) -> str:
    from posture.report.app_registration import manifest, script

    if format is PermissionsFormat.MANIFEST:
        return manifest(needed.permissions)
    if format is PermissionsFormat.SCRIPT:
        return script(
            needed.permissions,
            display_name=display_name,
            tenant_id=tenant.tenant_id,
            cloud=tenant.cloud,
            identity=needed.identity,
            roles=needed.roles,
        )
    if format is PermissionsFormat.STEPS:
        sentences = steps_of(needed, tenant, display_name=display_name, is_managed=False)
        return "".join(f"{number}. {sentence}\n" for number, sentence in enumerate(sentences, start=1))
    if format is PermissionsFormat.JSON:
        return json.dumps(needed.document, indent=2) + "\n"
    return "".join("\t".join([*row.cells, ", ".join(row.needed_by)]) + "\n" for row in needed.rows)


def permission_json(need: NeededPermission) -> dict[str, object]:
    """Return a needed permission as JSON values."""
    return {
        "permission": need.permission,
        "every_scan": need.is_for_every_scan,
        "tables": list(need.tables),
        "checks": list(need.checks),
    }


def _print_table(needed: Registration) -> None:
    from posture.cli.grid import print_grid

    rows = ([*row.cells, _some(row.needed_by)] for row in needed.rows)
    print_grid(out(), needed.columns, rows, longest_cell=400)
    for role in needed.roles:
        out().print(f"\nA directory role besides, for {' '.join(role.split())}")
    out().print(f"\n{needed.remark}", style="dim")


def _tables(need: NeededPermission) -> str:
    return ", ".join([*(["every scan: the tenant's plans"] if need.is_for_every_scan else []), *need.tables])


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:_SHOWN])
    more = len(ids) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
