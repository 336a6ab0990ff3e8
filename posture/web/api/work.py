"""Schedules and the jobs that workers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from posture.report.job_json import job_json, stalled_queue_json, stalled_queue_schema
from posture.report.json_types import Schema
from posture.report.schedule_json import pause_json, pause_schema, schedule_line_json, schedule_line_schema
from posture.web.api.answering import (
    answer,
    answer_list,
    answer_nothing,
    answer_page,
    answers,
    page_of,
    whole_list_of,
)
from posture.web.api.asking import WITHOUT_BODY, Body, Name, NoParameters, Paged, PathName, Text, body_of
from posture.web.api.current import CurrentAccess

router = APIRouter(tags=["work"])


class TenantBody(Body):
    """In which of the schedule's tenants."""

    tenant: Name | None = Field(None, description="Name of a tenant; null for all that it is for.")


class PauseBody(TenantBody):
    """In which of the schedule's tenants, and why."""

    reason: Text


@router.get("/schedules", **answers("Schedules"))
def schedules(access: CurrentAccess, _: NoParameters) -> Response:
    """List every schedule in each of its tenants, with its next time and its latest job."""
    return answer_list(access.schedules(), schedule_line_json)


@router.post("/schedules/{schedule}/run", **answers("AskedJobs", status=202, body=TenantBody, names_things=True))
def run_schedule(
    access: CurrentAccess,
    schedule: PathName,
    _: NoParameters,
    body: Annotated[TenantBody, Depends(body_of(TenantBody))],
) -> Response:
    """Ask now for what a schedule makes."""
    jobs = access.run_schedule(schedule, tenant=body.tenant)
    return answer({"items": [job_json(job) for job in jobs]}, status=202)


@router.post("/schedules/{schedule}/pause", **answers("SchedulePause", body=PauseBody, names_things=True))
def pause_schedule(
    access: CurrentAccess,
    schedule: PathName,
    _: NoParameters,
    body: Annotated[PauseBody, Depends(body_of(PauseBody))],
) -> Response:
    """Let a schedule make no jobs until it is resumed."""
    return answer(pause_json(access.pause_schedule(schedule, tenant=body.tenant, reason=body.reason)))


@router.post("/schedules/{schedule}/resume", **answers(None, status=204, body=TenantBody, names_things=True))
def resume_schedule(
    access: CurrentAccess,
    schedule: PathName,
    _: NoParameters,
    body: Annotated[TenantBody, Depends(body_of(TenantBody))],
) -> Response:
    """Let a paused schedule make jobs again."""
    access.resume_schedule(schedule, tenant=body.tenant)
    return answer_nothing()


@router.get("/jobs", **answers("Jobs"))
def jobs(access: CurrentAccess, query: Annotated[Paged, Query()]) -> Response:
    """List jobs, the newest first."""
    return answer_page(access.jobs(cursor=query.cursor, limit=query.limit), job_json)


@router.get("/jobs/{job}", **answers("Job", names_things=True))
def job(access: CurrentAccess, job: PathName, _: NoParameters) -> Response:
    """Return a job: how far it is, and what came of it."""
    return answer(job_json(access.job(job)))


@router.post("/jobs/{job}/cancel", dependencies=[WITHOUT_BODY], **answers("Job", names_things=True))
def cancel_job(access: CurrentAccess, job: PathName, _: NoParameters) -> Response:
    """Cancel a job that waits. One that runs is stopped by stopping its worker."""
    return answer(job_json(access.cancel_job(job)))


@router.get("/stalled-queues", **answers("StalledQueues"))
def stalled_queues(access: CurrentAccess, _: NoParameters) -> Response:
    """List the queues in which jobs wait and none runs: perhaps no worker takes from them."""
    return answer_list(access.stalled_queues(), stalled_queue_json)


BODIES: Final[Sequence[type[Body]]] = (
    TenantBody,
    PauseBody,
)
SHAPES: Final[Mapping[str, Schema]] = {
    "Jobs": page_of("Job"),
    "AskedJobs": whole_list_of("Job"),
    "ScheduleLine": schedule_line_schema(),
    "Schedules": whole_list_of("ScheduleLine"),
    "SchedulePause": pause_schema(),
    "StalledQueue": stalled_queue_schema(),
    "StalledQueues": whole_list_of("StalledQueue"),
}
