"""Who asks: what routes take as a parameter."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from posture.bootstrap import Application
from posture.bootstrap.access import Access
from posture.domain.operator import Operator


def application_of(request: Request) -> Application:
    return cast("Application", request.app.state.application)


def _access(request: Request) -> Access:
    operator: Operator = request.state.operator
    return application_of(request).access(operator)


CurrentAccess = Annotated[Access, Depends(_access)]
"""posture as the operator whose token it is may see and use it."""
