"""Checks: the catalog, and one of them with its result in every tenant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from posture.bootstrap.views import CheckLine
from posture.domain.judgement import Value
from posture.web.current import CurrentAccess
from posture.web.pages.asked import conditions_of, value_of
from posture.web.pages.check_filters import asked_rows, check_choices, check_sort, rows_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.render import render

router = APIRouter()

_LIST: Final = Table(
    name="checks",
    columns=(
        "check", "title", "severity", "maturity", "resource", "tags", "frameworks", "permissions", "licences",
        "tenant", "mark", "failing", "reason", "evaluated_at",
    ),
)  # fmt: skip
_FILTERS: Final = ("severity", "tag", "framework", "mark", "text")
_MARK_WORDS: Final = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_judged": "not judged"}


@router.get("/checks")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show the checks of the catalog with how they stand, in one tenant or in all."""
    lines = access.checks()
    tenants = tuple(line.name for line in access.tenants())
    tenant = value_of(request, "tenant")
    sort, descending = check_sort(request)
    rows = asked_rows(request, rows_of(lines, (tenant,) if tenant in tenants else tenants))
    return render(
        request,
        "checks/list.html",
        rows=rows,
        sort=sort,
        descending=descending,
        tenant=tenant if tenant in tenants else tenants[0] if len(tenants) == 1 else None,
        choices=check_choices(line.check for line in lines),
        known=len(lines),
        words=_MARK_WORDS,
        conditions=conditions_of(request, {name: _MARK_WORDS if name == "mark" else {} for name in _FILTERS}),
    )


@router.get("/checks.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> StreamingResponse:
    """Send the checks that the address asks for: one row for each tenant that was asked about it."""
    tenants = tuple(line.name for line in access.tenants())
    tenant = value_of(request, "tenant")
    rows = asked_rows(request, rows_of(access.checks(), (tenant,) if tenant in tenants else tenants))
    return table_file(_LIST, (cells for row in rows for cells in _cells(row.line, row.tenants)), kind)


@router.get("/checks/{check_id}")
def show_one(request: Request, access: CurrentAccess, check_id: str) -> HTMLResponse:
    """Show one check."""
    detail = access.check(check_id)
    names = [line.name for line in access.tenants()]
    row = next(iter(rows_of([detail.line], names)))
    worst_first = sorted(
        names, key=lambda name: (-_failing(detail.line, name), name not in detail.line.by_tenant, name)
    )
    return render(
        request, "checks/one.html", detail=detail, numbers=row.numbers, failing=row.failing, tenants=worst_first
    )


def _failing(line: CheckLine, tenant: str) -> int:
    found = line.by_tenant.get(tenant)
    return found.failing if found else 0


def _cells(line: CheckLine, tenants: Sequence[str]) -> Iterator[Sequence[Value]]:
    check = line.check
    about: tuple[Value, ...] = (
        check.id,
        check.title,
        check.severity.default.value,
        check.maturity.value,
        check.resource,
        list(check.tags),
        {name: list(ids) for name, ids in check.frameworks.items()},
        list(line.permissions),
        list(line.licences),
    )
    stood = [(tenant, line.by_tenant[tenant]) for tenant in tenants if tenant in line.by_tenant]
    if not stood:
        yield (*about, None, None, None, None, None)
    for tenant, standing in stood:
        yield (
            *about,
            tenant,
            "switched_off" if standing.mark is None else standing.mark.value,
            standing.failing,
            standing.skipped.detail if standing.skipped else standing.error,
            time_cell(standing.evaluated_at),
        )
