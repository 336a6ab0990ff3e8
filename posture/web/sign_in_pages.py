"""The pages of signing in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from posture.errors import NotAllowed, NotAllowedToDecide, UsageError
from posture.web.current import CurrentFrame, guarded
from posture.web.frame import Frame
from posture.web.render import render
from posture.web.safety.failing import whole_sentence
from posture.web.safety.forgery import refuse_other_pages
from posture.web.safety.local import AGAIN, SIGN_IN, local_path
from posture.web.signing_in.browsers import (
    forget_way,
    keep_way,
    kept_way,
    sign_in_at,
    sign_out_at,
    signed_in_at,
)
from posture.web.signing_in.provider import CALLBACK, WAY_LASTS, Provider
from posture.web.signing_in.refused import SignInRefused

router = APIRouter(include_in_schema=False)

_COUNTS: Final = timedelta(days=30)
"""So long after the last sign-in with the provider somebody is an operator, whose approvals count."""


@router.get(SIGN_IN)
def sign_in_page(request: Request, frame: CurrentFrame, next: str = "/", sent: bool = False) -> Response:
    """Show how to sign in; who is signed in already goes on. ``sent``: a form came after the sign-in had ended."""
    if signed_in_at(request, frame) is not None:
        return RedirectResponse(local_path(next), status_code=303)
    return _page(request, frame, next=next, sent=sent)


@router.get(AGAIN)
def sign_in_again_page(request: Request, frame: CurrentFrame, next: str = "/") -> Response:
    """Show how to prove anew who one is."""
    return _page(request, frame, next=next, again=signed_in_at(request, frame) is not None)


@router.post(SIGN_IN)
def sign_in_with_token(
    request: Request,
    frame: CurrentFrame,
    token: Annotated[str, Form(max_length=500)] = "",
    next: Annotated[str, Form(max_length=5000)] = "/",
) -> Response:
    """Sign in with an operator token, where there is no provider."""
    if frame.provider is not None:
        raise NotAllowed("people sign in with the provider here; tokens are for scripts and the command line")
    refuse_other_pages(request)
    address = _address(request)
    frame.limits.refuse_tired(address=address, token=token)
    try:
        operator = frame.application.signing_in.by_token(token, address=address)
    except NotAllowedToDecide as error:
        frame.limits.sign_in_failed(address=address, token=token)
        return _page(request, frame, next=next, problem=whole_sentence(str(error)), status=403)
    response = RedirectResponse(local_path(next), status_code=303)
    sign_in_at(request, response, frame, operator, proved_at=None)
    return response


@router.get(f"{SIGN_IN}/start")
def start(request: Request, frame: CurrentFrame, next: str = "/", again: bool = False) -> Response:
    """Send the browser to the provider."""
    provider = _provider(frame)
    frame.limits.way(address=_address(request))
    try:
        address, kept = provider.way(next=local_path(next), again=again)
    except SignInRefused as error:
        return _page(request, frame, next=next, problem=whole_sentence(str(error)), status=503)
    response = RedirectResponse(address, status_code=303)
    keep_way(response, frame, kept, lasts=WAY_LASTS)
    return response


@router.get(CALLBACK)
def callback(request: Request, frame: CurrentFrame) -> Response:
    """Take the browser back from the provider and sign the person in."""
    provider = _provider(frame)
    frame.limits.way(address=_address(request))
    try:
        response = _come_back(request, frame, provider)
    except SignInRefused as error:
        if error.subject is not None:
            frame.application.signing_in.refused(error.subject, str(error))
        response = _page(request, frame, next="/", problem=whole_sentence(str(error)), status=403)
    except (NotAllowedToDecide, UsageError) as error:
        response = _page(request, frame, next="/", problem=whole_sentence(str(error)), status=403)
    forget_way(response, frame)
    return response


@router.post("/sign-out", dependencies=[Depends(guarded)])
def sign_out(request: Request, frame: CurrentFrame) -> Response:
    """Sign out here, and lead on to signing out at the provider."""
    response = RedirectResponse(SIGN_IN, status_code=303)
    ended = sign_out_at(request, response, frame)
    if frame.provider is None:
        return response
    farewell = frame.provider.farewell(None if ended is None else ended.sign_out_hint)
    if farewell is None:
        return response
    # No redirect: browsers would hold the provider, and all it redirects to, against the policy on forms.
    page = render(request, "signed_out.html", farewell=farewell, provider=frame.provider.name)
    sign_out_at(request, page, frame)
    return page


def _come_back(request: Request, frame: Frame, provider: Provider) -> Response:
    back = provider.back(request.query_params, kept=kept_way(request, frame))
    operator = frame.application.signing_in.by_provider(back.proof.claimed, lasts=_COUNTS)
    response = RedirectResponse(local_path(back.next), status_code=303)
    sign_in_at(
        request,
        response,
        frame,
        operator,
        proved_at=back.proof.at_or_long_ago,
        hint=provider.sealed_hint(back.id_token),
    )
    return response


def _page(
    request: Request,
    frame: Frame,
    *,
    next: str,
    again: bool = False,
    sent: bool = False,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "sign_in.html",
        status=status,
        next=local_path(next),
        again=again,
        sent=sent,
        problem=problem,
        provider=None if frame.provider is None else frame.provider.name,
    )


def _provider(frame: Frame) -> Provider:
    if frame.provider is None:
        raise NotAllowed("there is no provider of sign-ins here; sign in with your operator token")
    return frame.provider


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
