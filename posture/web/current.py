"""Who asks: what pages take as parameters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from posture.bootstrap.access import Access
from posture.web.answering import NotSignedIn
from posture.web.frame import Frame, frame_of
from posture.web.safety.forgery import SAFE_METHODS, refuse_forgery
from posture.web.signing_in.browsers import SignedIn, signed_in_at


async def _frame(request: Request) -> Frame:
    # Not left to a thread, as nothing is waited for: under load a change of threads costs more than many a page.
    return frame_of(request)


CurrentFrame = Annotated[Frame, Depends(_frame)]


def _signed_in(request: Request, frame: CurrentFrame) -> SignedIn:
    """Return who is signed in at this browser; render and the guard of changes find it in ``request.state`` too."""
    found = signed_in_at(request, frame)
    if found is None:
        raise NotSignedIn
    request.state.signed_in = found
    return found


CurrentSignIn = Annotated[SignedIn, Depends(_signed_in)]


async def _access(signed_in: CurrentSignIn, frame: CurrentFrame) -> Access:
    return frame.application.access(signed_in.operator)


CurrentAccess = Annotated[Access, Depends(_access)]
"""posture as the person at this browser may see and use it."""


async def guarded(request: Request, signed_in: CurrentSignIn, frame: CurrentFrame) -> None:
    """Let nobody but a signed-in person to a page, and no change that another page asks for. Holds for all pages."""
    if request.method in SAFE_METHODS:
        return
    await refuse_forgery(request, expected=signed_in.csrf_token)
    frame.limits.write(signed_in.operator.name)
