"""Frameworks: which of their controls the checks cover, and how those stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from posture.bootstrap.access import Access
from posture.domain.frameworks import ControlLine, FrameworkLine
from posture.domain.judgement import Value
from posture.domain.numbers import Numbers, numbers_of
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import value_of
from posture.web.pages.exports import FileKind, Table, table_file
from posture.web.render import render

router = APIRouter()

_LIST: Final = Table(
    name="frameworks",
    columns=(
        "framework", "controls", "checks", "tenant", "passed", "failed", "unknown", "not_judged", "score",
    ),
)  # fmt: skip
_CONTROLS: Final = ("framework", "control", "checks", "tenant", "mark")


@router.get("/frameworks")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show the frameworks that checks name."""
    tenant = _tenant(request, access)
    lines = [(line, _numbers(line, tenant)) for line in access.frameworks()]
    return render(request, "frameworks/list.html", lines=lines, tenant=tenant)


@router.get("/frameworks.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> StreamingResponse:
    """Send the frameworks, one row for each tenant."""
    tenant = _tenant(request, access)
    return table_file(_LIST, _rows(access.frameworks(), tenant), kind)


# Before the page of one: its name could end like a file.
@router.get("/frameworks/{name}.{kind}")
def export_one(request: Request, access: CurrentAccess, name: str, kind: FileKind) -> StreamingResponse:
    """Send the controls of a framework, one row for each tenant."""
    framework, tenant = access.framework(name), _tenant(request, access)
    table = Table(name=f"framework-{name}", columns=_CONTROLS)
    rows = (cells for control in framework.controls for cells in _control_rows(name, control, tenant))
    return table_file(table, rows, kind)


@router.get("/frameworks/{name}")
def show_one(request: Request, access: CurrentAccess, name: str) -> HTMLResponse:
    """Show one framework with its controls."""
    framework, tenant = access.framework(name), _tenant(request, access)
    titles = frame_of(request).application.titles
    controls = [
        (control, numbers_of(mark for name, mark in control.by_tenant.items() if tenant in (None, name)))
        for control in framework.controls
    ]
    return render(
        request,
        "frameworks/one.html",
        framework=framework,
        numbers=_numbers(framework.line, tenant),
        controls=controls,
        titles=titles,
        tenant=tenant,
    )


def _tenant(request: Request, access: Access) -> str | None:
    """Return the tenant that is looked at; None for all of several."""
    names = [line.name for line in access.tenants()]
    asked = value_of(request, "tenant")
    if asked in names:
        return asked
    return names[0] if len(names) == 1 else None


def _numbers(line: FrameworkLine, tenant: str | None) -> Numbers:
    return line.by_tenant.get(tenant, numbers_of(())) if tenant else line.numbers


def _rows(lines: Sequence[FrameworkLine], tenant: str | None) -> Iterator[Sequence[Value]]:
    for line in lines:
        for name, numbers in line.by_tenant.items():
            if tenant in (None, name):
                yield (
                    line.name,
                    line.controls,
                    line.checks,
                    name,
                    numbers.passed,
                    numbers.failed,
                    numbers.unknown,
                    numbers.not_judged,
                    None if numbers.score is None else round(numbers.score, 4),
                )


def _control_rows(framework: str, control: ControlLine, tenant: str | None) -> Iterator[Sequence[Value]]:
    for name, mark in control.by_tenant.items():
        if tenant in (None, name):
            yield (
                framework,
                control.control,
                list(control.checks),
                name,
                "switched_off" if mark is None else mark.value,
            )
