"""Whether the process lives and can serve: for probes, without sign-in and without anything of the inside."""

from __future__ import annotations

import logging
from typing import Final

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from posture.errors import PostureError
from posture.web.current import CurrentFrame

router = APIRouter(include_in_schema=False)
_LOG: Final = logging.getLogger(__name__)


@router.get("/healthz")
def alive() -> PlainTextResponse:
    """Say that the process answers."""
    return PlainTextResponse("alive\n")


@router.get("/readyz")
def ready(frame: CurrentFrame) -> PlainTextResponse:
    """Say whether the database answers. It is of the right version once it was opened."""
    try:
        with frame.application.store.reading() as reader:
            reader.acting.stops()
    except PostureError as error:
        _LOG.warning("not ready: %s", error, extra={"action": "not_ready"})
        return PlainTextResponse("not ready\n", status_code=503)
    return PlainTextResponse("ready\n")
