"""What one check needs of a tenant by itself: permissions of the reader, and plans that the tenant has. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from posture.definitions.loaded import LoadedCheck
from posture.tables import TABLES
from posture.tables.table import SourceTable, WithoutLicence


@dataclass(frozen=True, kw_only=True)
class Needs:
    """``permissions`` are the least privileged application permissions for what the check reads, ``licences`` the
    plans without which it is skipped; both sorted."""

    permissions: tuple[str, ...]
    licences: tuple[str, ...]


def needs_of(loaded: LoadedCheck) -> Needs:
    names = loaded.reads.source_columns.keys() | loaded.reads.previous
    sources = [table.source for table in TABLES if isinstance(table, SourceTable) and table.name in names]
    return Needs(
        permissions=tuple(sorted({permission for source in sources for permission in source.permissions})),
        licences=tuple(
            sorted(
                {
                    source.licence.value
                    for source in sources
                    if source.licence is not None and source.without_licence is WithoutLicence.UNKNOWN
                }
            )
        ),
    )
