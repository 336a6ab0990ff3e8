"""Jobs: one of them as it goes on, and all of them as a file. Their list stands on the page of the schedules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.domain.job import Job
from posture.domain.judgement import Value
from posture.domain.page import LONGEST_PAGE
from posture.web.current import CurrentAccess
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.paged import every
from posture.web.render import render

router = APIRouter()

_JOBS: Final = Table(
    name="jobs",
    columns=(
        "id", "kind", "tenant_id", "arguments", "asked_by", "schedule", "due_at", "queue", "state", "tries",
        "enqueued_at", "started_at", "ended_at", "result", "error",
    ),
)  # fmt: skip


@router.get("/jobs.{kind}")
def export_list(access: CurrentAccess, kind: FileKind) -> Response:
    """Send all jobs on record."""
    jobs = every(lambda cursor: access.jobs(cursor=cursor, limit=LONGEST_PAGE))
    return table_file(_JOBS, map(_row, jobs), kind)


@router.get("/jobs/{job_id}")
def show_job(request: Request, access: CurrentAccess, job_id: str) -> HTMLResponse:
    """Show one job."""
    names = {line.tenant_id: line.name for line in access.tenants()}
    return render(request, "schedules/job.html", job=access.job(job_id), names=names)


@router.get("/jobs/{job_id}/state")
def show_state(request: Request, access: CurrentAccess, job_id: str) -> HTMLResponse:
    """Show how a job stands: the part of its page that asks for itself anew."""
    names = {line.tenant_id: line.name for line in access.tenants()}
    return render(request, "schedules/job_state.html", job=access.job(job_id), names=names)


def _row(job: Job) -> Sequence[Value]:
    return (
        job.id,
        job.kind.value,
        job.tenant_id,
        dict(job.arguments),
        job.asked_by,
        job.slot.schedule if job.slot else None,
        time_cell(job.slot.due_at) if job.slot else None,
        job.queue,
        job.state.value,
        job.tries,
        time_cell(job.enqueued_at),
        time_cell(job.started_at),
        time_cell(job.ended_at),
        dict(job.result) if job.result is not None else None,
        job.error,
    )
