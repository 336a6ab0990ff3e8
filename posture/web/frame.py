"""What every request needs, made once with the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from jinja2 import Environment
from starlette.requests import Request

from posture.bootstrap import Application
from posture.config import ServiceSettings
from posture.web.safety.limits import Limits

if TYPE_CHECKING:
    from posture.web.signing_in.provider import Provider
    from posture.web.watching import Watch


@dataclass(frozen=True, kw_only=True)
class Frame:
    """``provider`` is None where people sign in with operator tokens."""

    application: Application
    settings: ServiceSettings
    pages: Environment
    limits: Limits
    provider: Provider | None
    watch: Watch


def frame_of(request: Request) -> Frame:
    """Return the frame that the request came into."""
    return cast(Frame, request.app.state.frame)


def request_id_of(request: Request) -> str:
    """Return the id of a request, as in its answer's ``X-Request-ID`` and in the log."""
    return str(getattr(request.state, "request_id", ""))
