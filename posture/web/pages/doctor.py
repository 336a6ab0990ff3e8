"""The doctor: what a worker found when it asked every tenant, and the stop switches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.access import Access
from posture.domain.examination import Examination
from posture.domain.exemption import EVERY_TENANT
from posture.domain.judgement import Value
from posture.errors import UsageError
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import SentForm, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.told import sentence_of, status_of
from posture.web.render import render

router = APIRouter()

CLOCK_MAY_BE_OFF: Final = timedelta(minutes=2)
_DONE: Final = {"stop": "Actions are stopped there.", "allow": "Actions are allowed there again."}
_EXAMINATIONS: Final = Table(
    name="doctor",
    columns=(
        "tenant", "examined_at", "reader_refused", "permissions_missing", "licences", "clock_skew_seconds",
        "tables_asked", "tables_refused", "checks_skipped", "remediator_refused", "actions_impossible",
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TenantExamined:
    """A tenant and its latest examination; ``is_good``: what it found may still be relied on."""

    name: str
    examination: Examination | None
    is_good: bool

    @property
    def clock_is_off(self) -> bool:
        """Return whether the worker's clock is so wrong that tokens may be refused for it."""
        skew = self.examination.reader.clock_skew if self.examination is not None else None
        return skew is not None and abs(skew) > CLOCK_MAY_BE_OFF

    @property
    def standing(self) -> str:
        """Return in a word or two how it stands: well, limited, cannot work, not examined."""
        if self.examination is None:
            return "not examined"
        reader, remediator = self.examination.reader, self.examination.remediator
        if reader.refused or (remediator is not None and remediator.refused):
            return "cannot work"
        is_limited = reader.missing or reader.tables_refused or reader.skips or self.clock_is_off
        return "limited" if is_limited or (remediator is not None and remediator.impossible) else "well"


@router.get("/doctor")
def show(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show how every tenant was found, and which switches are pulled."""
    return _page(request, access)


@router.get("/doctor.{kind}")
def export(request: Request, access: CurrentAccess, kind: FileKind) -> Response:
    """Send the latest examination of every tenant."""
    return table_file(_EXAMINATIONS, map(_row, _examined(request, access)), kind)


@router.post("/doctor")
def examine_now(access: CurrentAccess, form: SentForm) -> Response:
    """Ask a worker to examine a tenant, and go to the job."""
    return gone_to(f"/jobs/{access.examine_now(sent(form, 'tenant')).id}")


@router.post("/stops")
def stop(request: Request, access: CurrentAccess, form: SentForm) -> Response:
    """Stop all actions, in a tenant or everywhere."""
    try:
        access.stop(_where(form), reason=sent(form, "reason"))
    except UsageError as refused:
        return _page(request, access, problem=sentence_of(refused), status=status_of(refused))
    return gone_to("/doctor", done="stop")


@router.post("/stops/allow")
def allow(access: CurrentAccess, form: SentForm) -> Response:
    """Allow what was stopped, in a tenant or everywhere."""
    access.allow(_where(form))
    return gone_to("/doctor", done="allow")


def _where(form: FormData) -> str | None:
    """Return the tenant that a form names, None for everywhere. A form that names nothing means no tenant that is
    there."""
    tenant = sent(form, "tenant")
    return None if tenant == EVERY_TENANT else tenant


def _page(request: Request, access: Access, *, problem: str | None = None, status: int = 200) -> HTMLResponse:
    names = {line.tenant_id: line.name for line in access.tenants()}
    everywhere = [(EVERY_TENANT, "Everywhere")] if access.me().sees_everything else []
    return render(
        request,
        "doctor/page.html",
        status=status,
        tenants=list(_examined(request, access)),
        names=names,
        switches=access.stops(),
        stop_options=[*everywhere, *((name, name) for name in names.values())],
        may_stop=access.may("stop"),
        may_allow=access.may("allow"),
        may_examine=access.may("examine_now"),
        done=done_at(request, _DONE),
        problem=problem,
    )


def _examined(request: Request, access: Access) -> Iterator[TenantExamined]:
    now = frame_of(request).application.clock.now()
    wanted = value_of(request, "tenant")
    found = {examination.tenant_id: examination for examination in access.examinations()}
    for line in access.tenants():
        if wanted is None or line.name == wanted:
            examination = found.get(line.tenant_id)
            is_good = examination is not None and examination.is_good(now)
            yield TenantExamined(name=line.name, examination=examination, is_good=is_good)


def _row(each: TenantExamined) -> Sequence[Value]:
    found = each.examination
    if found is None:
        return (each.name, *[None] * (len(_EXAMINATIONS.columns) - 1))
    reader, remediator = found.reader, found.remediator
    licences: list[Value] | None = None
    if reader.licences is not None:
        licences = [*sorted(licence.value for licence in reader.licences)]
    return (
        each.name,
        time_cell(found.at),
        reader.refused,
        list(reader.missing),
        licences,
        reader.clock_skew.total_seconds() if reader.clock_skew is not None else None,
        reader.tables_asked,
        {table.table: table.reason for table in reader.tables_refused},
        {check: reason.detail for check, reason in reader.skips.items()},
        remediator.refused if remediator else None,
        {action: why for action, why in remediator.impossible.items()} if remediator else None,
    )
