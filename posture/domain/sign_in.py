"""Sign-ins: how long somebody who proved who they are may use the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from posture.domain.operator import Operator


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One person at one browser.

    ``operator`` is the person as on record now, with ``signed_in_at`` of this sign-in: when they last proved who they
    are. ``started_at`` is when the browser began to be known, ``used_at`` when it was last seen, to the minute.
    It ends at ``ends_at`` whatever happens, and at ``ended_at`` if somebody ended it before. ``sign_out_hint`` is
    what the OpenID provider wants to be told when the person signs out.
    """

    operator: Operator
    signed_in_at: datetime
    started_at: datetime
    used_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    sign_out_hint: str | None

    def is_good(self, now: datetime, *, idle: timedelta) -> bool:
        """Say whether the page may be used: nobody ended it, it was used within ``idle``, and the person is still an
        operator."""
        return (
            self.ended_at is None
            and now < self.ends_at
            and now < self.used_at + idle
            and self.operator.is_active(now)
        )
