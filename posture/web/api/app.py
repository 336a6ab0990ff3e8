"""The application of the API: who may come in, and which areas there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from posture.bootstrap import Application
from posture.domain.operator import Operator
from posture.web.api.answering import answer
from posture.web.api.document import PREFIX, ROUTERS, api_document
from posture.web.api.failures import problem_with, register_failures, told
from posture.web.api.middleware import BearersOnly, OnlyJson, Tagged
from posture.web.api.once import AnsweredOnce

_DOCUMENT: Final = "/openapi.json"


class Api(FastAPI):
    """The API. What nobody expected is left to what is around it, which catches everything."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the layers without the outermost, which would answer a surprise in words of its own."""
        outermost: Any = super().build_middleware_stack()
        inside: ASGIApp = outermost.app
        return inside


def create_api(
    application: Application, *, sign_in: Callable[[str, str], Operator], count: Callable[[str], None]
) -> FastAPI:
    """Return the API, to be mounted at ``PREFIX``.

    ``sign_in`` takes a bearer token and the address of the client and returns the operator whose it is, or raises
    ``NotAllowedToDecide``. ``count`` takes the name of an operator who is about to change something, and raises
    ``TooMany`` if that is too often. What is around it bounds bodies, checks the host, sets headers, gives each
    request an id (``request.state.request_id``), and answers what it refuses itself with ``refuse``.
    """
    api = Api(
        openapi_url=None,  # the document is our own: it has the exact shapes
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(OnlyJson),
            Middleware(BearersOnly, sign_in=sign_in, public=frozenset({_DOCUMENT})),
            Middleware(Tagged),
            Middleware(AnsweredOnce, application=application, count=count),
        ],
    )
    api.state.application = application
    register_failures(api)
    for router in ROUTERS:
        api.include_router(router)
    api.add_api_route(_DOCUMENT, _document, include_in_schema=False)
    return api


def is_of_api(scope: Scope) -> bool:
    """Say whether a request is for the API."""
    path: str = scope["path"]
    return path == PREFIX or path.startswith(f"{PREFIX}/")


async def refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    """Answer a request with nothing but a status, before or after it was here."""
    await told(Request(scope), problem_with(status))(scope, receive, send)


def _document() -> Response:
    return answer(api_document())
