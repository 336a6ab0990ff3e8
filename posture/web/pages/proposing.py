"""Proposing a plan for findings: choose the tenant, choose the action, say why."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.access import Access
from posture.errors import ActionRefused, NotAllowedToDecide, NotThere, UsageError
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import SentForm, address, all_sent, sent, value_of, values_of
from posture.web.pages.finding_filters import finding_query
from posture.web.pages.going import gone_to
from posture.web.pages.offers import MOST_CHOSEN, Chosen, Offer, all_matching, offers_of, these
from posture.web.pages.told import sentence_of
from posture.web.render import render

router = APIRouter()

_PARAMETER = "parameter-"


@router.get("/propose")
def choose(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show what can be done about findings: those that are named, or all open ones of a list."""
    chosen = _chosen(request, access)
    tenant = value_of(request, "in") or (next(iter(chosen.by_tenant)) if len(chosen.by_tenant) == 1 else None)
    if tenant is None or tenant not in chosen.by_tenant:
        return render(
            request, "findings/propose_where.html", chosen=chosen, again=_again(request, "in", *chosen.by_tenant)
        )
    offers = offers_of(access, chosen.by_tenant[tenant], tenant, frame_of(request).application.settings)
    wanted = value_of(request, "action")
    offer = next((one for one in offers if one.loaded.action.id == wanted), None)
    if wanted is None or offer is None:
        names = [one.loaded.action.id for one in offers]
        return render(
            request,
            "findings/propose_what.html",
            chosen=chosen,
            tenant=tenant,
            offers=offers,
            again=_again(request, "action", *names),
        )
    return _form_of(request, offer, typed={}, problem=None)


@router.post("/propose")
def propose(request: Request, access: CurrentAccess, form: SentForm) -> Response:
    """Propose the plan and go to it, or say in the form why it cannot be."""
    tenant, action, reason = sent(form, "tenant"), sent(form, "action"), sent(form, "reason")
    fingerprints = all_sent(form, "finding")
    parameters = {
        name.removeprefix(_PARAMETER): sent(form, name)
        for name in form
        if name.startswith(_PARAMETER) and sent(form, name)
    }
    try:
        plan = access.propose(
            action=action, tenant=tenant, findings=fingerprints, parameters=parameters, reason=reason
        )
    except NotThere:
        raise
    except (UsageError, ActionRefused, NotAllowedToDecide) as refused:
        chosen = these(access, fingerprints)
        offers = offers_of(access, chosen.by_tenant.get(tenant, ()), tenant, frame_of(request).application.settings)
        offer = next((one for one in offers if one.loaded.action.id == action), None)
        if offer is None:
            raise
        return _form_of(request, offer, typed=parameters | {"reason": reason}, problem=sentence_of(refused))
    return gone_to(f"/plans/{plan.id}", done="proposed")


def _form_of(request: Request, offer: Offer, *, typed: dict[str, str], problem: str | None) -> HTMLResponse:
    return render(
        request,
        "findings/propose.html",
        status=200 if problem is None else 422,
        offer=offer,
        choices_of={one.name: [(choice, choice) for choice in one.choices] for one in offer.to_type},
        typed=typed,
        problem=problem,
    )


def _chosen(request: Request, access: Access) -> Chosen:
    if value_of(request, "all"):
        return all_matching(access, finding_query(request), tenant=value_of(request, "in"))
    fingerprints = values_of(request, "finding")
    if len(fingerprints) > MOST_CHOSEN:
        raise UsageError(f"at most {MOST_CHOSEN} findings can be ticked at once")
    return these(access, fingerprints)


def _again(request: Request, name: str, *values: str) -> dict[str, str]:
    """Return for each value the address of this page with one more thing chosen."""
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != name and pair[1]]
    return {value: address(request.url.path, [*pairs, (name, value)]) for value in values}
