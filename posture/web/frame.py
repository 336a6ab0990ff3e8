"""What every request needs, made once with the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from jinja2 import Environment
from starlette.requests import Request

from posture.bootstrap import Application
from posture.config import ServiceSettings
from posture.domain.action import ActionId
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

    @property
    def action_titles(self) -> Mapping[ActionId, str]:
        """What the actions of the catalog are called."""
        return {loaded.action.id: loaded.action.title for loaded in self.application.catalog.actions}


def frame_of(request: Request) -> Frame:
    """Return the frame that the request came into."""
    return cast(Frame, request.app.state.frame)


def request_id_of(request: Request) -> str:
    """Return the id of a request, as in its answer's ``X-Request-ID`` and in the log."""
    return str(getattr(request.state, "request_id", ""))
