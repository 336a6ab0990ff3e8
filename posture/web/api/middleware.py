"""What every request to the API passes before it comes to its route: what is accepted, and who asks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from posture.domain.operator import Operator
from posture.errors import NotAllowedToDecide, PostureError
from posture.web.api.collected import Collected
from posture.web.api.failures import problem_of, told
from posture.web.api.problem import Problem, ProblemKind

_NO_WEIGHT: Final = re.compile(r"q=0(\.0*)?")
_OFFERED: Final = ("*/*", "application/*", "application/json", "application/problem+json")


class OnlyJson:
    """Refuses who takes no JSON. A weight of zero (``q=0``) is a no."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _takes_json(Headers(scope=scope).get("accept")):
            await self._app(scope, receive, send)
            return
        problem = Problem(ProblemKind.NOT_ACCEPTABLE, "the API answers as application/json only")
        await told(Request(scope), problem)(scope, receive, send)


class BearersOnly:
    """Lets through who has an operator's token, and writes who it is into ``request.state.operator``.

    ``sign_in`` takes the token and the address of the client. ``public`` are paths that anybody may read.
    """

    def __init__(self, app: ASGIApp, *, sign_in: Callable[[str, str], Operator], public: frozenset[str]) -> None:
        self._app = app
        self._sign_in = sign_in
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] == "GET" and _path_below(scope) in self._public):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            request.state.operator = await run_in_threadpool(self._operator, request)
        except Problem as problem:
            await told(request, problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _operator(self, request: Request) -> Operator:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unknown("send an operator's token: Authorization: Bearer …", error=None)
        try:
            return self._sign_in(token.strip(), request.client.host if request.client else "")
        except NotAllowedToDecide:
            # One sentence for both: who found a token that has ended need not learn whose it was.
            because = "this token does not count, or not any more; an administrator can add a new one"
            raise _unknown(because, error="invalid_token") from None
        except PostureError as error:
            raise problem_of(error) from error


class Tagged:
    """Gives every successful answer to a GET an ``ETag`` of its content, and answers 304 to who has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        answer = Collected()
        await self._app(scope, receive, answer.take)
        if answer.status == 200:
            _tag(answer, Headers(scope=scope).get("if-none-match", ""))
        await answer.send(send)


def _tag(answer: Collected, known: str) -> None:
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    answer.headers["etag"] = tag
    wanted = {each.strip().removeprefix("W/") for each in known.split(",")}
    if tag in wanted or known.strip() == "*":
        del answer.headers["content-length"], answer.headers["content-type"]
        answer.become(304, b"")


def _takes_json(accept: str | None) -> bool:
    if accept is None or not accept.strip():
        return True
    return any(_is_offered(each) for each in accept.split(","))


def _is_offered(media_range: str) -> bool:
    name, *parameters = (part.strip().lower().replace(" ", "") for part in media_range.split(";"))
    is_refused = any(_NO_WEIGHT.fullmatch(part) for part in parameters)
    return name in _OFFERED and not is_refused


def _path_below(scope: Scope) -> str:
    """Return the path below where the API is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _unknown(detail: str, *, error: str | None) -> Problem:
    """Return the problem of who is not known, as RFC 6750 has it."""
    challenge = 'Bearer realm="posture"' + (f', error="{error}"' if error else "")
    return Problem(ProblemKind.NOT_SIGNED_IN, detail, headers={"WWW-Authenticate": challenge})
