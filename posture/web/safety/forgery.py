"""Whether a change was asked for by our own page, and not by another one in the same browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from starlette.requests import Request

from posture.errors import NotAllowed

FIELD: Final = "csrf_token"
HEADER: Final = "x-csrf-token"
_PURPOSE: Final = b"posture csrf"
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def csrf_token_of(sign_in_id: str) -> str:
    """Return the token of a sign-in. It changes with the id, which only the browser's cookie holds."""
    digest = hmac.digest(sign_in_id.encode(), _PURPOSE, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def refuse_other_pages(request: Request) -> None:
    """Raise NotAllowed unless the browser says that our own page asks.

    Every browser of the last years sends at least one of the two headers with a form. The host was checked before.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}".lower()
    if (origin is None and site is None) or (origin is not None and origin.lower() != own):
        raise NotAllowed("this was not asked for by a page of posture; open the page and try again")
    if site is not None and site != "same-origin":
        raise NotAllowed("this was asked for by another site; open the page of posture and try again")


async def refuse_forgery(request: Request, *, expected: str) -> None:
    """Raise NotAllowed unless the request carries the token of its sign-in, in a header or a field of its form."""
    refuse_other_pages(request)
    given = request.headers.get(HEADER)
    if given is None and request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        field = (await request.form()).get(FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not given.isascii() or not hmac.compare_digest(given, expected):
        raise NotAllowed("the form is of an earlier sign-in; load the page anew and try again")
