"""Plans: proposed, decided on, executed, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from posture.domain.plan import PlanState
from posture.report.job_json import job_json, job_schema
from posture.report.json_types import Schema
from posture.report.plan_json import plan_line_json
from posture.report.plan_schema import plan_line_schema
from posture.web.api.answering import answer, answer_page, answers, page_of
from posture.web.api.asking import MOST_NAMED, WITHOUT_BODY, Body, Name, NoParameters, Paged, PathName, Text, body_of
from posture.web.api.current import CurrentAccess
from posture.web.api.plan_detail import plan_detail_json, plan_detail_schema

router = APIRouter(tags=["plans"])

_MOST_PARAMETERS = 50


class PlansQuery(Paged):
    """Which plans."""

    state: list[PlanState] = Field(default=[], max_length=len(PlanState))
    tenant: Name | None = Field(None, description="Name of a tenant.")


class ProposalBody(Body):
    """What is proposed, and for what: findings, all open findings of a check, or resources by id or name."""

    action: Name
    tenant: Name
    findings: list[Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]] = Field(
        default=[], max_length=MOST_NAMED, description="Fingerprints."
    )
    check: Name | None = Field(None, description="Every open finding of this check.")
    targets: list[Name] = Field(default=[], max_length=MOST_NAMED, description="Ids or names of resources.")
    parameters: dict[Name, Text] = Field(
        default={}, max_length=_MOST_PARAMETERS, description="Values as they are typed on the command line."
    )
    reason: Text = Field(description="Those who approve read it.")


class ReasonBody(Body):
    """Why."""

    reason: Text


class ApprovalBody(Body):
    """A yes to exactly what has this digest."""

    digest: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    note: Text


class NoteBody(Body):
    """Why, for the record."""

    note: Text


@router.get("/plans", **answers("Plans", names_things=True))
def plans(access: CurrentAccess, query: Annotated[PlansQuery, Query()]) -> Response:
    """List plans, the newest first."""
    page = access.plans(states=query.state, tenant=query.tenant, cursor=query.cursor, limit=query.limit)
    return answer_page(page, plan_line_json)


@router.get("/plans/{plan}", **answers("Plan", names_things=True))
def plan(access: CurrentAccess, plan: PathName, _: NoParameters) -> Response:
    """Return a plan: each target with its requests, the journal, and what you may do about it."""
    return answer(plan_detail_json(access.plan(plan)))


@router.post("/plans", **answers("PlanLine", status=201, body=ProposalBody, names_things=True))
def propose(
    access: CurrentAccess, _: NoParameters, body: Annotated[ProposalBody, Depends(body_of(ProposalBody))]
) -> Response:
    """Propose an action. Others approve it; then it is executed."""
    proposed = access.propose(
        action=body.action,
        tenant=body.tenant,
        findings=body.findings,
        check=body.check,
        targets=body.targets,
        parameters=body.parameters,
        reason=body.reason,
    )
    return answer(plan_line_json(proposed), status=201)


@router.post("/plans/{plan}/approve", **answers("PlanLine", body=ApprovalBody, names_things=True))
def approve(
    access: CurrentAccess,
    plan: PathName,
    _: NoParameters,
    body: Annotated[ApprovalBody, Depends(body_of(ApprovalBody))],
) -> Response:
    """Approve a plan. Once enough people have, a worker executes it."""
    return answer(plan_line_json(access.approve(plan, digest=body.digest, note=body.note)))


@router.post("/plans/{plan}/reject", **answers("PlanLine", body=NoteBody, names_things=True))
def reject(
    access: CurrentAccess, plan: PathName, _: NoParameters, body: Annotated[NoteBody, Depends(body_of(NoteBody))]
) -> Response:
    """Reject a plan for good."""
    return answer(plan_line_json(access.reject(plan, note=body.note)))


@router.post("/plans/{plan}/execute", dependencies=[WITHOUT_BODY], **answers("Job", status=202, names_things=True))
def execute(access: CurrentAccess, plan: PathName, _: NoParameters) -> Response:
    """Have an approved plan executed in your name."""
    return answer(job_json(access.execute(plan)), status=202)


@router.post("/plans/{plan}/undo", **answers("PlanLine", status=201, body=ReasonBody, names_things=True))
def undo(
    access: CurrentAccess,
    plan: PathName,
    _: NoParameters,
    body: Annotated[ReasonBody, Depends(body_of(ReasonBody))],
) -> Response:
    """Propose to take back what a plan did. It is a plan of its own."""
    return answer(plan_line_json(access.propose_undo(plan, reason=body.reason)), status=201)


BODIES: Final[Sequence[type[Body]]] = (
    ProposalBody,
    ReasonBody,
    ApprovalBody,
    NoteBody,
)
SHAPES: Final[Mapping[str, Schema]] = {
    "PlanLine": plan_line_schema(),
    "Plans": page_of("PlanLine"),
    "Plan": plan_detail_schema(),
    "Job": job_schema(),
}
