"""Which checks of a tenant are wanted, compiled for it, and what they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from posture.bootstrap.own_credentials import own_checks
from posture.config import Settings, TenantSettings
from posture.definitions.catalog import Catalog
from posture.definitions.check_sql import compile_check
from posture.definitions.compiled import CompiledCheck
from posture.definitions.loaded import LoadedCheck
from posture.tables import TABLES
from posture.tables.table import WantedTable
from posture.usecases.permissions import NeededPermission, needed_permissions
from posture.usecases.wanted import wanted_tables


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The checks of one tenant that somebody wants evaluated, and what they need.

    ``switched_off`` are those that the configuration skips.
    """

    checks: tuple[CompiledCheck, ...]
    switched_off: tuple[CompiledCheck, ...]
    wanted: tuple[WantedTable, ...]
    permissions: tuple[NeededPermission, ...]


def select_checks(
    catalog: Catalog, settings: Settings, tenant: TenantSettings, *, checks: Sequence[str], tags: Sequence[str]
) -> Selection:
    """Return the checks of a tenant, narrowed to ``checks`` and ``tags``.

    Raises:
        UsageError: an id or a tag does not exist.
        SettingsError: a parameter has a value that does not fit.
    """
    chosen = catalog.select(only=checks, tags=tags)
    in_scope = [loaded for loaded in chosen if checks or _is_in_scope(settings, tenant, loaded)]
    compiled = {
        loaded.check.id: compile_check(loaded, settings.parameters_of(tenant, loaded.check.id)) for loaded in in_scope
    }
    off = () if checks else tuple(id for id in compiled if not settings.wants(tenant, id))
    on = tuple(check for id, check in compiled.items() if id not in off)
    wanted = _wanted(on, own_checks(catalog, warn_days=settings.notify.credential_notice.days))
    return Selection(
        checks=on,
        switched_off=tuple(compiled[id] for id in off),
        wanted=wanted,
        permissions=needed_permissions(wanted, on),
    )


def _wanted(checks: Sequence[CompiledCheck], own: Sequence[CompiledCheck]) -> tuple[WantedTable, ...]:
    """Return what the checks read. Of those tables, also the columns that posture's own credentials are judged by:
    whoever skips the checks for all the others wants to hear of these all the same."""
    wanted = wanted_tables(checks, TABLES)
    read = {table.table.name for table in wanted}
    return wanted_tables([*checks, *(check for check in own if check.reads.source_columns.keys() <= read)], TABLES)


def _is_in_scope(settings: Settings, tenant: TenantSettings, loaded: LoadedCheck) -> bool:
    """Say whether the check is on, or was on but for a "skip", which a scan reports."""
    id = loaded.check.id
    scopes = (settings.checks, tenant.checks)
    return all(not scope.only or id in scope.only or id in scope.skip for scope in scopes)
