"""Failures → answers: an error page of the same shape for everything; who must sign in is led there."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from posture.errors import PostureError, SignInTooOld
from posture.web.frame import frame_of, request_id_of
from posture.web.render import render
from posture.web.safety.failing import Failure, failure_of, failure_with
from posture.web.safety.forgery import SAFE_METHODS
from posture.web.safety.local import AGAIN, SIGN_IN, local_path
from posture.web.signing_in.browsers import signed_in_at


class NotSignedIn(Exception):
    """Nobody is signed in at this browser, or no longer."""


def register_failures(app: FastAPI) -> None:
    """Answer every failure of the pages."""
    for kind in (PostureError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _told)
    app.add_exception_handler(NotSignedIn, lambda request, _: led_to(request, SIGN_IN))
    app.add_exception_handler(SignInTooOld, lambda request, _: led_to(request, AGAIN))


def led_to(request: Request, path: str) -> Response:
    """Lead to a page of signing in, and from there back to where the person is now."""
    was_sent = path == SIGN_IN and request.method not in SAFE_METHODS
    query = urlencode({"next": _where(request), **({"sent": "true"} if was_sent else {})})
    if "hx-request" in request.headers:
        # A redirect would put the page of signing in into a part of this one.
        return Response(status_code=401, headers={"HX-Redirect": f"{path}?{query}"})
    return RedirectResponse(f"{path}?{query}", status_code=303)


def error_page(request: Request, failure: Failure) -> Response:
    """Return the page that tells a failure."""
    answer = render(request, "error.html", status=failure.status, failure=failure, request_id=request_id_of(request))
    answer.headers.update(failure.headers)
    return answer


async def refuse_page(app: FastAPI, scope: Scope, receive: Receive, send: Send, status: int) -> None:
    """Answer a request with nothing but a status, before it came to any page."""
    request = Request({**scope, "app": app})
    answer = await run_in_threadpool(error_page, request, failure_with(status))
    await answer(scope, receive, send)


def _told(request: Request, error: Exception) -> Response:
    _look_who_asks(request)
    return error_page(request, failure_of(error, request_id=request_id_of(request)))


def _look_who_asks(request: Request) -> None:
    """Find out who is signed in where no page did, so that who went astray keeps the navigation."""
    if getattr(request.state, "signed_in", None) is None:
        with suppress(PostureError):
            request.state.signed_in = signed_in_at(request, frame_of(request))


def _where(request: Request) -> str:
    """Return where the person is, as a local path: for a change, the page with its form."""
    if request.method in SAFE_METHODS and "hx-request" not in request.headers:
        return local_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    came_from = request.headers.get("hx-current-url") or request.headers.get("referer") or ""
    parts = urlsplit(came_from)
    if parts.netloc.lower() != request.headers.get("host", "").lower():
        return "/"
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
