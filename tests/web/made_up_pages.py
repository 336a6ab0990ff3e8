"""Pages that do what a test asks for, in the frame of the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Form
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from posture.web.current import CurrentAccess, guarded


class MadeUpPages:
    """``/made-up`` does ``before`` and fails with ``failure``, if it is set; ``changes`` are notes posted to it."""

    def __init__(self, app: FastAPI) -> None:
        self.failure: Exception | None = None
        self.before: Callable[[], None] = lambda: None
        self.changes: list[str] = []
        router = APIRouter()
        router.add_api_route("/made-up", self._look, methods=["GET"])
        router.add_api_route("/made-up", self._change, methods=["POST"])
        router.add_api_route("/made-up/half", _half, methods=["GET"])
        router.add_api_route("/made-up/endless", _endless, methods=["GET"])
        app.include_router(router, dependencies=[Depends(guarded)])

    def _look(self, access: CurrentAccess) -> Response:
        self._fail()
        return PlainTextResponse(access.me().name)

    def _change(self, access: CurrentAccess, note: Annotated[str, Form()]) -> Response:
        self._fail()
        self.changes.append(note)
        return PlainTextResponse(access.me().name)

    def _fail(self) -> None:
        self.before()
        if self.failure is not None:
            raise self.failure


def _half() -> StreamingResponse:
    def pieces() -> Iterator[str]:
        yield "the first half"
        raise RuntimeError("the second half is not there")

    return StreamingResponse(pieces())


def _endless() -> StreamingResponse:
    return StreamingResponse("x" * 65_536 for _ in count())
