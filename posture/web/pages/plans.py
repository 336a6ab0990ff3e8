"""Plans: the queue, and one plan's page with its decision, its progress and its results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from posture.bootstrap.access import Access
from posture.bootstrap.views import PlanDetail
from posture.domain.job import Job
from posture.domain.judgement import Value
from posture.domain.operator import Scope
from posture.domain.page import LONGEST_PAGE
from posture.domain.plan import FINAL, Plan, PlanState
from posture.errors import ActionRefused, NotAllowedToDecide, PostureError, SignInTooOld, UsageError
from posture.report.plan_json import plan_document
from posture.usecases.unattended import not_by_worker
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import SentForm, members_of, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.paged import every
from posture.web.pages.plan_progress import execution_of, progress_of
from posture.web.pages.plan_targets import plan_target
from posture.web.pages.told import sentence_of, status_of
from posture.web.render import render
from posture.web.safety.local import AGAIN, LONGEST

router = APIRouter()

_PAGE: Final = 50
_DONE: Final = {
    "proposed": "The plan is proposed. Somebody else approves it.",
    "approved": "Your yes is on record.",
    "rejected": "The plan is rejected, for good.",
    "asked": "A worker was asked to carry it out.",
}
_TO_EXECUTE: Final = (PlanState.APPROVED, PlanState.EXECUTING)
_REFUSALS: Final = (NotAllowedToDecide, ActionRefused, UsageError)


@router.get("/plans")
def list_plans(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show one page of the plans that the address asks for, and above it those that wait for this person."""
    states, tenant = members_of(request, "state", PlanState), value_of(request, "tenant")
    cursor = value_of(request, "cursor")
    page = access.plans(states=states, tenant=tenant, cursor=cursor, limit=_PAGE)
    is_whole = not states and cursor is None
    return render(
        request,
        "plans/list.html",
        page=page,
        # The queue stands above the whole list only: who filters looks for something else.
        waiting=access.waiting_plans(tenant) if is_whole else (),
        titles=frame_of(request).action_titles,
        states=[(one.value, one.value.replace("_", " ")) for one in PlanState],
        chosen_states=[one.value for one in states],
        chosen_tenants=[tenant] if tenant else [],
    )


@router.get("/plans.{kind}")
def export_plans(request: Request, access: CurrentAccess, kind: FileKind) -> Response:
    """Send all plans that the address asks for, not only one page."""
    states, tenant = members_of(request, "state", PlanState), value_of(request, "tenant")
    plans = every(lambda cursor: access.plans(states=states, tenant=tenant, cursor=cursor, limit=LONGEST_PAGE))
    return table_file(Table(name="plans", columns=_COLUMNS), (_row(plan) for plan in plans), kind)


@router.get("/plans/{plan_id}.json")
def export_plan(access: CurrentAccess, plan_id: str) -> Response:
    """Send one plan with its journal, in the form that ``posture plans show --format json`` has."""
    detail = access.plan(plan_id)
    journal = [entry for target in detail.targets for entry in target.journal]
    return Response(
        plan_document(detail.plan, journal=journal),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="posture-plan.json"'},
    )


@router.get("/plans/{plan_id}")
def show_plan(request: Request, access: CurrentAccess, plan_id: str) -> HTMLResponse:
    """Show one plan. A ``note`` in the address fills the form: who had to sign in again finds it as it was left."""
    return _plan_page(request, access, access.plan(plan_id), note=value_of(request, "note") or "")


@router.get("/plans/{plan_id}/progress")
def show_progress(request: Request, access: CurrentAccess, plan_id: str) -> HTMLResponse:
    """Show how far a plan is: the part of its page that asks for itself anew."""
    plan = access.plan(plan_id).plan
    progress = progress_of(plan, _job_of(access, plan), is_update=True)
    return render(request, "plans/progress.html", progress=progress)


@router.post("/plans/{plan_id}/approve")
def approve(request: Request, access: CurrentAccess, plan_id: str, form: SentForm) -> Response:
    """Say yes to the plan that was shown. Who signed in too long ago is led to sign in, and back."""
    note = sent(form, "note")
    if not note:
        return _unsaid(request, access, plan_id)
    try:
        access.approve(plan_id, digest=sent(form, "digest"), note=note)
    except SignInTooOld:
        return RedirectResponse(f"{AGAIN}?{urlencode({'next': _with_note(plan_id, note)})}", status_code=303)
    except _REFUSALS as error:
        return _refused(request, access, plan_id, error, note=note)
    return gone_to(f"/plans/{plan_id}", done="approved")


@router.post("/plans/{plan_id}/reject")
def reject(request: Request, access: CurrentAccess, plan_id: str, form: SentForm) -> Response:
    """Say no to the plan, for good."""
    note = sent(form, "note")
    if not note:
        return _unsaid(request, access, plan_id)
    try:
        access.reject(plan_id, note=note)
    except _REFUSALS as error:
        return _refused(request, access, plan_id, error, note=note)
    return gone_to(f"/plans/{plan_id}", done="rejected")


@router.post("/plans/{plan_id}/execute")
def execute(request: Request, access: CurrentAccess, plan_id: str) -> Response:
    """Ask a worker to carry the plan out."""
    try:
        access.execute(plan_id)
    except _REFUSALS as error:
        return _refused(request, access, plan_id, error)
    return gone_to(f"/plans/{plan_id}", done="asked")


@router.post("/plans/{plan_id}/undo")
def undo(request: Request, access: CurrentAccess, plan_id: str, form: SentForm) -> Response:
    """Propose to take the plan back, and go to the plan that would."""
    try:
        plan = access.propose_undo(plan_id, reason=sent(form, "reason"))
    except _REFUSALS as error:
        return _refused(request, access, plan_id, error)
    return gone_to(f"/plans/{plan.id}", done="proposed")


def _plan_page(
    request: Request,
    access: Access,
    detail: PlanDetail,
    *,
    note: str = "",
    problem: str | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    plan = detail.plan
    job = _job_of(access, plan)
    progress = progress_of(plan, job, is_update=False)
    return render(
        request,
        "plans/plan.html",
        status=status,
        detail=detail,
        targets=[plan_target(target) for target in detail.targets],
        progress=progress,
        shows_progress=plan.started_at is not None or progress.goes_on,
        waits_for_asking=plan.state in _TO_EXECUTE and (job is None or job.state.is_end),
        is_over=plan.state in FINAL,
        begins_at_once=_begins_at_once(access, detail),
        may_scan=access.may("scan_now"),
        has_findings=any(target.fingerprint for target in plan.targets),
        not_by_worker=_not_by_worker(detail),
        note=note,
        errors=errors or {},
        problem=problem,
        done=done_at(request, _DONE),
    )


def _job_of(access: Access, plan: Plan) -> Job | None:
    """Return the latest job that executes the plan; None if it needs none now, or it is too long ago."""
    if plan.state not in _TO_EXECUTE:
        return None
    return execution_of(plan, access.jobs(limit=_PAGE).items)


def _begins_at_once(access: Access, detail: PlanDetail) -> bool:
    """Say whether a yes of this person would let a worker begin."""
    is_enough = len(detail.plan.approvals) + 1 >= detail.plan.rule.people
    return is_enough and access.me().may(Scope.EXECUTE) and _not_by_worker(detail) is None


def _not_by_worker(detail: PlanDetail) -> str | None:
    """Return why no worker carries the plan out; None if one does."""
    return None if detail.loaded is None else not_by_worker(detail.loaded.action, detail.plan)


def _unsaid(request: Request, access: Access, plan_id: str) -> Response:
    errors = {"note": "Say why: the note stays on record."}
    return _plan_page(request, access, access.plan(plan_id), errors=errors, status=422)


def _refused(request: Request, access: Access, plan_id: str, error: PostureError, *, note: str = "") -> Response:
    """Show the plan again, with what was typed and why it was refused."""
    detail, problem = access.plan(plan_id), sentence_of(error)
    return _plan_page(request, access, detail, note=note, problem=problem, status=status_of(error))


def _with_note(plan_id: str, note: str) -> str:
    """Return the address of the filled form; without the note if that would be too long for an address."""
    path = f"/plans/{plan_id}"
    filled = f"{path}?{urlencode({'note': note})}"
    return filled if len(filled) <= LONGEST else path


_COLUMNS: Final = (
    "id",
    "state",
    "tenant",
    "action",
    "undoes",
    "risk",
    "targets",
    "reason",
    "proposed_by",
    "proposed_at",
    "approved_by",
    "started_at",
    "ended_at",
    "ended_because",
)


def _row(plan: Plan) -> Sequence[Value]:
    approved_by: list[Value] = [yes.by for yes in plan.approvals]
    return list(_cells(plan, approved_by))


def _cells(plan: Plan, approved_by: list[Value]) -> Iterator[Value]:
    yield from (plan.id, plan.state.value, plan.tenant_name, plan.action, plan.undoes, plan.risk.value)
    yield from (len(plan.targets), plan.reason, plan.proposed_by, time_cell(plan.proposed_at), approved_by)
    yield from (time_cell(plan.started_at), time_cell(plan.ended_at), plan.ended_because)
