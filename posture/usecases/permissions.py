"""The fewest permissions with which every enabled check can run, and why each is needed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from posture.definitions.compiled import CompiledCheck
from posture.domain.check import CheckId
from posture.tables.table import SourceTable, WantedTable

EVERY_SCAN: Final = "Organization.Read.All"
"""Every scan asks for the tenant's name and plans. Narrower readers of /organization do not see the plans."""

_COVERS_EVERY_SCAN: Final = frozenset({"Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})


@dataclass(frozen=True, kw_only=True)
class NeededPermission:
    """One application permission of Microsoft Graph, and what would be missing without it.

    ``tables`` and ``checks`` are sorted. ``is_for_every_scan`` tells that a scan needs it whatever it reads.
    ``accepted`` has one set for each request: any permission of the set opens it.
    """

    permission: str
    tables: tuple[str, ...]
    checks: tuple[CheckId, ...]
    is_for_every_scan: bool
    accepted: frozenset[frozenset[str]]

    def is_granted_by(self, granted: frozenset[str]) -> bool:
        """Say whether the granted permissions, this one or wider ones, open everything it is needed for."""
        return all(granted & enough for enough in self.accepted)


@dataclass(frozen=True, kw_only=True)
class _Request:
    """Something that a permission opens; ``table`` None is what every scan asks."""

    table: str | None
    permission: str
    accepted: frozenset[str]


def needed_permissions(
    wanted: Sequence[WantedTable], checks: Sequence[CompiledCheck]
) -> tuple[NeededPermission, ...]:
    """Return the least set of permissions that opens every wanted table, sorted by name.

    Only permissions that some table names as its least are chosen. One that another chosen one covers, for every
    request it is needed for, is left out, and its reasons move there.
    """
    requests = [*_requests(wanted)]
    chosen = _smallest({request.permission for request in requests}, requests)
    served: dict[str, list[_Request]] = defaultdict(list)
    for request in requests:
        served[_chosen_for(request, chosen)].append(request)
    readers = _readers(checks)
    return tuple(_needed(permission, served[permission], readers) for permission in sorted(served))


def missing_permissions(needed: Sequence[NeededPermission], granted: frozenset[str]) -> tuple[NeededPermission, ...]:
    """Return the needed permissions that neither are granted nor covered by granted ones."""
    return tuple(need for need in needed if not need.is_granted_by(granted))


def _requests(wanted: Sequence[WantedTable]) -> Iterator[_Request]:
    yield _Request(table=None, permission=EVERY_SCAN, accepted=_COVERS_EVERY_SCAN | {EVERY_SCAN})
    for table in wanted:
        yield from _requests_of(table.table)


def _requests_of(table: SourceTable) -> Iterator[_Request]:
    for permission in table.source.permissions:
        wider = table.source.covered_by.get(permission, frozenset())
        yield _Request(table=table.name, permission=permission, accepted=wider | {permission})


def _smallest(permissions: set[str], requests: Sequence[_Request]) -> frozenset[str]:
    """Drop, in the order of names, whatever the rest makes unnecessary."""
    kept = set(permissions)
    for permission in sorted(permissions):
        rest = kept - {permission}
        if all(request.accepted & rest for request in requests if permission in request.accepted):
            kept = rest
    return frozenset(kept)


def _chosen_for(request: _Request, chosen: frozenset[str]) -> str:
    return request.permission if request.permission in chosen else min(request.accepted & chosen)


def _readers(checks: Sequence[CompiledCheck]) -> Mapping[str, frozenset[CheckId]]:
    """Map each source table to the checks that read it, in this snapshot or the one before."""
    readers: dict[str, set[CheckId]] = defaultdict(set)
    for compiled in checks:
        for table in compiled.reads.source_columns.keys() | compiled.reads.previous:
            readers[table].add(compiled.check.id)
    return {table: frozenset(ids) for table, ids in readers.items()}


def _needed(
    permission: str, requests: Sequence[_Request], readers: Mapping[str, frozenset[CheckId]]
) -> NeededPermission:
    tables = sorted({request.table for request in requests if request.table is not None})
    checks = frozenset[CheckId]().union(*(readers.get(table, frozenset()) for table in tables))
    return NeededPermission(
        permission=permission,
        tables=tuple(tables),
        checks=tuple(sorted(checks)),
        is_for_every_scan=any(request.table is None for request in requests),
        accepted=frozenset(request.accepted for request in requests),
    )
