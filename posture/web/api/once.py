"""Writes that are carried out once: a repeat with the same ``Idempotency-Key`` gets the first answer again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posture.bootstrap import Application
from posture.domain.answer import Answer, Begun, FirstRequest, OtherRequest, Repeated, StillAnswering
from posture.domain.operator import Operator
from posture.errors import PostureError
from posture.web.api.collected import Collected
from posture.web.api.failures import leads_somewhere, problem_of, told
from posture.web.api.problem import Problem, ProblemKind

HEADER: Final = "Idempotency-Key"
KEY_PATTERN: Final = r"^[ -~]{1,200}$"
REPEATED: Final = "Idempotency-Repeated"
WRITES: Final = frozenset({"POST", "DELETE"})
_KEY: Final = re.compile(KEY_PATTERN)
_KEPT_HEADERS: Final = ("content-type",)
_RETRY_AFTER_SECONDS: Final = 1
# Refused before anything was done, for a reason that passes: the key is as good as new.
_NOT_BEGUN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


def keep_instead(request: Request, answer: Response) -> None:
    """Have a repeat answered with this, because the first answer has a secret in it, which is kept nowhere."""
    request.state.kept_answer = answer


class AnsweredOnce:
    """Takes the key of a write, keeps the answer, and answers repeats with it.

    Of several who ask at the same time with the same key one is carried out; the others are told to come again.
    """

    def __init__(self, app: ASGIApp, *, application: Application, count: Callable[[str], None]) -> None:
        self._app = app
        self._application = application
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in WRITES or not leads_somewhere(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            self._count(cast("Operator", request.state.operator).name)
            key = _key(request.headers)
            if key is None:
                await self._app(scope, receive, send)
                return
            body = await request.body()
            begun = await run_in_threadpool(self._begin, request, key, body)
            await self._answer(begun, request, key, body, send)
        except Problem as problem:
            await told(request, problem)(scope, receive, send)
        except PostureError as error:
            await told(request, problem_of(error))(scope, receive, send)

    async def _answer(self, begun: Begun, request: Request, key: str, body: bytes, send: Send) -> None:
        match begun:
            case FirstRequest():
                answer = Collected()
                await self._app(request.scope, _replayed(body), answer.take)
                await run_in_threadpool(self._finish, request, key, answer)
                await answer.send(send)
            case Repeated(answer=kept):
                again = Response(
                    kept.body or None, status_code=kept.status, headers={**kept.headers, REPEATED: "true"}
                )
                await again(request.scope, request.receive, send)
            case StillAnswering(is_cut_off=True):
                raise Problem(
                    ProblemKind.OUTCOME_UNKNOWN,
                    "nobody knows what came of the first request with this key: look, then ask with another key",
                )
            case StillAnswering():
                raise Problem(
                    ProblemKind.IN_PROGRESS,
                    "the first request with this key is still being answered; ask again in a moment",
                    headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
                )
            case OtherRequest():
                raise Problem(ProblemKind.KEY_REUSED, "something else was asked with this key; take another one")

    def _begin(self, request: Request, key: str, body: bytes) -> Begun:
        with self._application.store.open_answers() as answers:
            return answers.begin(
                request.state.operator, key, request=_hash(request, body), at=self._application.clock.now()
            )

    def _finish(self, request: Request, key: str, answer: Collected) -> None:
        """Keep the answer. If it gets lost on the way to the database, the key stays taken without one."""
        kept: Response | None = getattr(request.state, "kept_answer", None)
        with self._application.store.open_answers() as answers:
            if answer.status in _NOT_BEGUN:
                answers.give_back(request.state.operator, key)
                return
            headers = answer.headers if kept is None else kept.headers
            answers.finish(
                request.state.operator,
                key,
                Answer(
                    status=answer.status,
                    headers={name: headers[name] for name in _KEPT_HEADERS if name in headers},
                    body=(answer.body if kept is None else bytes(kept.body)).decode(),
                ),
            )


def _key(headers: Headers) -> str | None:
    keys = headers.getlist(HEADER)
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Problem(ProblemKind.INVALID, f"one {HEADER} of 1 to 200 printable ASCII characters is taken")
    return keys[0]


def _hash(request: Request, body: bytes) -> str:
    """Return the same for the same request: method, address and body."""
    asked = [request.method, request.url.path, request.url.query]
    digest = hashlib.sha256("\n".join(asked).encode())
    digest.update(b"\n" + body)
    return digest.hexdigest()


def _replayed(body: bytes) -> Receive:
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return whole.pop() if whole else {"type": "http.disconnect"}

    return again
