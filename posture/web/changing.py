"""The page while its settings change: one application is followed by the next, between two requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOK_SECONDS: Final = 5.0


class Changing:
    """Passes requests on to the application that is in force.

    ``look`` is asked now and then, when somebody comes; it returns the application that follows, None while the
    present one stays. What was begun ends with the application that it was begun with.
    """

    def __init__(
        self, app: ASGIApp, look: Callable[[], ASGIApp | None], *, every_seconds: float = _LOOK_SECONDS
    ) -> None:
        self._app = app
        self._look = look
        self._every = every_seconds
        self._looked_at = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if time.monotonic() - self._looked_at >= self._every:
            # Noted before, so that of many who come at once only one looks.
            self._looked_at = time.monotonic()
            following = await run_in_threadpool(self._look)
            if following is not None:
                self._app = following
        await self._app(scope, receive, send)
