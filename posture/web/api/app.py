"""The application of the API: who may come in, and which areas there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.middleware import Middleware

from posture.domain.operator import Operator
from posture.web.api.failures import register_failures
from posture.web.api.middleware import BearersOnly, OnlyJson, Tagged

if TYPE_CHECKING:
    from posture.bootstrap import Application

PREFIX: Final = "/api/v1"
_PUBLIC: Final = frozenset({"/openapi.json"})


def create_api(application: Application, *, sign_in: Callable[[str, str], Operator]) -> FastAPI:
    """Return the API, to be mounted at ``PREFIX``.

    ``sign_in`` takes a bearer token and the address of the client and returns the operator whose it is, or raises
    ``NotAllowedToDecide``. What is around it limits bodies and rates, checks the host, sets headers and gives each
    request an id (``request.state.request_id``).
    """
    api = FastAPI(
        openapi_url=None,  # the document is our own: it has the exact shapes
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(OnlyJson),
            Middleware(BearersOnly, sign_in=sign_in, public=_PUBLIC),
            Middleware(Tagged),
        ],
    )
    api.state.application = application
    register_failures(api)
    return api
