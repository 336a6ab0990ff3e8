"""The metrics of this process and of the whole of posture, for Prometheus."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from posture.domain.operator import Role, Scope
from posture.errors import NotAllowed, NotAllowedToDecide
from posture.telemetry.metrics import CONTENT_TYPE
from posture.usecases.access import Right, require_right
from posture.web.current import CurrentFrame
from posture.web.signing_in.bearers import bearer_of

router = APIRouter(include_in_schema=False)

_RIGHT: Final = Right(doing="seeing metrics", role=Role.VIEWER, scope=Scope.READ, everywhere=True)
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="posture"'}


@router.get("/metrics")
def metrics(request: Request, frame: CurrentFrame, authorization: Annotated[str, Header()] = "") -> Response:
    """Answer Prometheus, which comes with the token of an operator for all tenants."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return PlainTextResponse("send an operator's token\n", status_code=401, headers=_CHALLENGE)
    try:
        operator = bearer_of(frame, token.strip(), request.client.host if request.client else "")
        require_right(operator, _RIGHT, now=frame.application.clock.now())
    except NotAllowedToDecide:
        return PlainTextResponse("the token is not good\n", status_code=401, headers=_CHALLENGE)
    except NotAllowed:
        return PlainTextResponse("not allowed\n", status_code=403)
    return Response(frame.watch.metrics.text(), media_type=CONTENT_TYPE)
