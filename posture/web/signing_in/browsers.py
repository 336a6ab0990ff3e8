"""Which browser is signed in: a random id in a cookie, of which the store keeps the hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from posture.domain.operator import Operator
from posture.domain.sign_in import SignIn
from posture.web.frame import Frame
from posture.web.safety.forgery import csrf_token_of

_SIGN_IN: Final = "posture_sign_in"
_WAY: Final = "posture_way"
_LONGEST_ID: Final = 200


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The person at a browser. ``csrf_token`` goes with every change that their pages ask for."""

    sign_in: SignIn
    csrf_token: str

    @property
    def operator(self) -> Operator:
        return self.sign_in.operator


def signed_in_at(request: Request, frame: Frame) -> SignedIn | None:
    """Return who is signed in at the browser that asks; None if nobody is, or no longer."""
    id = _id_of(request, frame)
    if id is None:
        return None
    found = frame.application.signing_in.find(id, idle=frame.settings.idle)
    return None if found is None else SignedIn(sign_in=found, csrf_token=csrf_token_of(id))


def sign_in_at(
    request: Request,
    response: Response,
    frame: Frame,
    operator: Operator,
    *,
    proved_at: datetime | None,
    hint: str | None = None,
) -> None:
    """Sign somebody in at the browser that asks, under a new id; the one that it had is good for nothing.

    ``proved_at`` None means just now.
    """
    _, id = frame.application.signing_in.begin(
        operator,
        lasts=frame.settings.longest,
        before=_id_of(request, frame),
        signed_in_at=proved_at,
        sign_out_hint=hint,
    )
    _set(response, frame, _SIGN_IN, id, lasts=None)


def sign_out_at(request: Request, response: Response, frame: Frame) -> SignIn | None:
    """Sign out whoever is signed in at the browser that asks, and return the sign-in as it was; None without one."""
    id = _id_of(request, frame)
    response.delete_cookie(
        _named(_SIGN_IN, frame), path="/", secure=frame.settings.is_secure, httponly=True, samesite="lax"
    )
    return None if id is None else frame.application.signing_in.end(id)


def keep_way(response: Response, frame: Frame, sealed: str, *, lasts: timedelta) -> None:
    """Let the browser keep what it needs on the way to the provider and back."""
    _set(response, frame, _WAY, sealed, lasts=lasts)


def kept_way(request: Request, frame: Frame) -> str:
    """Return what the browser kept on its way; empty if nothing."""
    return request.cookies.get(_named(_WAY, frame), "")


def forget_way(response: Response, frame: Frame) -> None:
    """Let the browser forget the way, so that it is gone once only."""
    response.delete_cookie(
        _named(_WAY, frame), path="/", secure=frame.settings.is_secure, httponly=True, samesite="lax"
    )


def _id_of(request: Request, frame: Frame) -> str | None:
    id = request.cookies.get(_named(_SIGN_IN, frame), "")
    return id if 0 < len(id) <= _LONGEST_ID else None


def _set(response: Response, frame: Frame, name: str, value: str, *, lasts: timedelta | None) -> None:
    response.set_cookie(
        _named(name, frame),
        value,
        max_age=None if lasts is None else int(lasts.total_seconds()),
        path="/",
        secure=frame.settings.is_secure,
        httponly=True,
        # Not strict: whoever follows a link in a message would seem to be signed out.
        samesite="lax",
    )


def _named(name: str, frame: Frame) -> str:
    """Return the name of a cookie: the prefix lets browsers take it over TLS and from this very host only."""
    return f"__Host-{name}" if frame.settings.is_secure else name
