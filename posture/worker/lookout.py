"""Look at the clock again and again: make jobs of what is due, and hand over what may begin."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from posture.domain.counted import counted
from posture.errors import PostureError
from posture.usecases.ports import StopSign
from posture.worker.settings_in_force import SettingsInForce

_LOG: Final = logging.getLogger(__name__)
_LOOK_ANYWAY: Final = timedelta(minutes=1)
"""Schedules are looked at so often although nothing is due: clocks are set, and another worker may have died."""


class Lookout:
    """Watches the clock and the settings for one worker."""

    def __init__(self, in_force: SettingsInForce, *, stop: StopSign, tick_seconds: float) -> None:
        self._in_force = in_force
        self._stop = stop
        self._tick_seconds = tick_seconds
        self._looked_at: datetime | None = None
        self._next_at: datetime | None = None
        self._trouble: str | None = None

    def run(self) -> None:
        """Look until the worker is to stop. Trouble is logged, and the next look tries again."""
        while not self._stop.is_set():
            try:
                self.look()
                self._tell_of(None)
            except PostureError as error:
                self._tell_of(str(error))
            except Exception:  # noqa: BLE001 - a worker that notices nothing any more would look as if it worked
                _LOG.exception("A look at the schedules broke", extra={"action": "look_broke"})
            self._stop.wait(self._tick_seconds)

    def look(self) -> None:
        """Look once.

        Raises:
            PostureError: the database or a reference in the settings cannot be used; nothing is lost by that.
        """
        has_changed = self._in_force.read_anew()
        application = self._in_force.application
        now = application.clock.now()
        if has_changed or self._is_due(now):
            done = application.working.notice()
            self._looked_at, self._next_at = now, done.next_at
            for schedule, slots in done.missed.items():
                _LOG.warning(
                    "The schedule %s came %s while nobody looked; these are not caught up",
                    schedule,
                    counted(slots, "time"),
                    extra={"action": "slots_missed", "schedule": schedule, "slots": slots},
                )
        application.working.hand_over()

    def _tell_of(self, trouble: str | None) -> None:
        """Log trouble once, however often it is met, and when it has passed."""
        if trouble is not None and trouble != self._trouble:
            _LOG.warning("Schedules wait: %s", trouble, extra={"action": "schedules_wait"})
        if trouble is None and self._trouble is not None:
            _LOG.info("Schedules are looked at again", extra={"action": "schedules_go_on"})
        self._trouble = trouble

    def _is_due(self, now: datetime) -> bool:
        if self._looked_at is None or now < self._looked_at or now - self._looked_at >= _LOOK_ANYWAY:
            return True
        return self._next_at is not None and now >= self._next_at
