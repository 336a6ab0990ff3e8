"""Schedules: when jobs are due, and running, pausing and resuming them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.access import Access
from posture.domain.job import JobState
from posture.domain.judgement import Value
from posture.domain.schedule import Schedule
from posture.domain.schedule_line import ScheduleLine
from posture.errors import NotThere, UsageError
from posture.web.current import CurrentAccess
from posture.web.pages.asked import SentForm, member_named, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.told import sentence_of, status_of
from posture.web.render import render

router = APIRouter()

_PAGE: Final = 50
_DONE: Final = {
    "run": "Workers were asked. The jobs stand below.",
    "pause": "The schedule is paused.",
    "resume": "The schedule makes jobs again.",
}
_SCHEDULES: Final = Table(
    name="schedules",
    columns=(
        "schedule", "job", "timing", "tags", "tenant", "next_at", "paused_by", "paused_at", "paused_because",
        "last_job", "last_state",
    ),
)  # fmt: skip


class Change(StrEnum):
    """What can be done to a schedule."""

    RUN = "run"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, kw_only=True)
class ScheduleGroup:
    """One schedule in the tenants that the person sees; ``lines`` has at least one."""

    schedule: Schedule
    lines: Sequence[ScheduleLine]

    @property
    def is_paused_everywhere(self) -> bool:
        pause = self.lines[0].pause
        return pause is not None and pause.tenant_id is None

    @property
    def paused(self) -> int:
        """In how many tenants it is paused."""
        return sum(line.pause is not None for line in self.lines)

    @property
    def failed(self) -> int:
        """In how many tenants its latest job has failed."""
        return sum(line.latest is not None and line.latest.state is JobState.FAILED for line in self.lines)


@router.get("/schedules")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show the schedules, and below them one page of jobs."""
    return render(
        request,
        "schedules/list.html",
        groups=_groups(access.schedules(), value_of(request, "tenant")),
        page=access.jobs(cursor=value_of(request, "cursor"), limit=_PAGE),
        names={line.tenant_id: line.name for line in access.tenants()},
        stalled=access.stalled_queues(),
        may_run=access.may("run_schedule"),
        done=done_at(request, _DONE),
        problem=None,
    )


@router.get("/schedules.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> Response:
    """Send the schedules as they stand in each tenant."""
    groups = _groups(access.schedules(), value_of(request, "tenant"))
    return table_file(_SCHEDULES, (_row(line) for group in groups for line in group.lines), kind)


@router.get("/schedules/change")
def ask(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Ask whether a schedule is to be run, paused or resumed, in one tenant or in all."""
    change = member_named(Change, value_of(request, "what") or "", "what")
    schedule = _schedule_named(access, value_of(request, "schedule") or "")
    return _change_page(request, schedule, change, tenant=value_of(request, "tenant"))


@router.post("/schedules/{change}")
def change(request: Request, access: CurrentAccess, change: Change, form: SentForm) -> Response:
    """Do it, or say why not."""
    name, tenant, reason = sent(form, "schedule"), sent(form, "tenant") or None, sent(form, "reason")
    schedule = _schedule_named(access, name)
    if change is Change.PAUSE and not reason:
        errors = {"reason": "Say why: everybody who looks at the schedules sees it."}
        return _change_page(request, schedule, change, tenant=tenant, errors=errors, status=422)
    try:
        _do(access, change, name, tenant=tenant, reason=reason)
    except UsageError as refused:
        return _change_page(
            request,
            schedule,
            change,
            tenant=tenant,
            reason=reason,
            problem=sentence_of(refused),
            status=status_of(refused),
        )
    return gone_to("/schedules", done=change.value)


def _do(access: Access, change: Change, name: str, *, tenant: str | None, reason: str) -> None:
    match change:
        case Change.RUN:
            access.run_schedule(name, tenant=tenant)
        case Change.PAUSE:
            access.pause_schedule(name, tenant=tenant, reason=reason)
        case Change.RESUME:
            access.resume_schedule(name, tenant=tenant)


def _change_page(
    request: Request,
    schedule: Schedule,
    change: Change,
    *,
    tenant: str | None,
    reason: str = "",
    errors: Mapping[str, str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    return render(
        request,
        "schedules/change.html",
        status=status,
        schedule=schedule,
        what=change.value,
        tenant=tenant,
        reason=reason,
        errors=errors or {},
        problem=problem,
    )


def _schedule_named(access: Access, name: str) -> Schedule:
    for line in access.schedules():
        if line.schedule.name == name:
            return line.schedule
    raise NotThere(f'there is no schedule "{name}"')


def _groups(lines: Sequence[ScheduleLine], tenant: str | None) -> list[ScheduleGroup]:
    """Return the lines by schedule, in their order; those that are about no single tenant are always among them."""
    wanted = [line for line in lines if tenant is None or line.tenant in (None, tenant)]
    return [
        ScheduleGroup(schedule=group[0].schedule, lines=group)
        for group in (list(found) for _, found in groupby(wanted, key=lambda line: line.schedule.name))
    ]


def _row(line: ScheduleLine) -> Sequence[Value]:
    schedule, pause, latest = line.schedule, line.pause, line.latest
    return (
        schedule.name,
        schedule.job.value,
        schedule.sentence,
        list(schedule.tags),
        line.tenant,
        time_cell(line.next_at),
        pause.by if pause else None,
        time_cell(pause.at) if pause else None,
        pause.reason if pause else None,
        latest.id if latest else None,
        latest.state.value if latest else None,
    )
